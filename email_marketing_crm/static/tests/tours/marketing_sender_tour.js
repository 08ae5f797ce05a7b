import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_sender_brake", {
    steps: () => [
        {
            content: "The list shows which sender is braked",
            trigger:
                ".o_data_row:has(.o_data_cell:contains('news.tour.example.com')) .badge:contains('Braked')",
        },
        {
            content: "Open it",
            trigger: ".o_data_row .o_data_cell:contains('news.tour.example.com')",
            run: "click",
        },
        {
            content: "Why it stopped, with the numbers",
            trigger: ".alert-danger:contains('8 of 40 mails')",
        },
        {
            content: "Since when",
            trigger: ".nav-link:contains('Brakes')",
            run: "click",
        },
        {
            content: "The brake is in the list",
            trigger:
                ".o_field_widget[name='brake_ids'] .o_data_row:contains('Too many bounces')",
        },
        {
            content: "Go on",
            trigger: "button[name='action_go_on']",
            run: "click",
        },
        {
            content: "The numbers again",
            trigger: ".modal .alert-warning:contains('8 of 40 mails')",
        },
        {
            content: "Say what was done",
            trigger: ".modal div[name='note'] input",
            run: "edit Took the old list out",
        },
        {
            content: "Know what it can lead to",
            trigger: ".modal div[name='is_acknowledged'] input",
            run: "click",
        },
        {
            content: "Let the mails leave",
            trigger: ".modal button[name='action_go_on']",
            run: "click",
        },
        {
            content: "It runs again",
            trigger:
                ".o_arrow_button_current:contains('Running'), .o_statusbar_status button[aria-current='step']:contains('Running')",
        },
        {
            content: "Who did it, and why, stays",
            trigger:
                ".o_field_widget[name='brake_ids'] .o_data_row:contains('Took the old list out')",
        },
        {
            content: "It is known by now: end its warm-up",
            trigger: "button[name='action_stop_warm_up']",
            run: "click",
        },
        {
            content: "Know what it can lead to",
            trigger:
                ".modal:contains('may get onto block lists') .modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .nav-link:contains('Warm-up')",
            run: "click",
        },
        {
            content: "Only the quotas hold, and it can be begun again",
            trigger: ".o_field_widget[name='warm_up_text']:contains('ended by hand')",
        },
        {
            trigger: "button[name='action_start_warm_up']",
        },
        {
            content: "What it sent, day by day",
            trigger: "button[name='action_view_days']",
            run: "click",
        },
        {
            trigger: ".o_graph_view",
        },
        {
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_breadcrumb:contains('Days of')",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_sender_waiting", {
    steps: () => [
        {
            content: "Three wait for their minute: which ones?",
            trigger:
                "button[name=action_view_waiting]:has(.o_stat_value:contains(/^3$/))",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:has(.o_breadcrumb:contains(Waiting at pumps.example.com)) .o_data_row:count(3)",
        },
        {
            content: "By what they are held",
            trigger:
                ".o_list_view .o_data_row:contains(tour_reader):contains(New pumps):contains(Waiting):contains(Quota of the sender)",
        },
    ],
});
