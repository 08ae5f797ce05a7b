import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_results", {
    steps: () => [
        {
            trigger: ".nav-link:contains(Results)",
            run: "click",
        },
        {
            content: "Figures are there, each with its definition",
            trigger:
                ".o_marketing_result[data-code=delivered] sup[data-tooltip*='did not come back']",
        },
        {
            content: "The mail is shown with a number over the link",
            trigger: ".o_marketing_click_map iframe:iframe .o_place button:contains(1)",
        },
        {
            content: "Both places of one link are listed",
            trigger: ".o_marketing_click_map tr:contains(Look here (2))",
        },
        {
            content: "A number opens its persons",
            trigger:
                ".o_marketing_click_map tr:contains(Look here) td .btn-link:enabled",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(ana@example.com)",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(Pumps of spring)",
            run: "click",
        },
        {
            trigger: ".nav-link:contains(Results)",
            run: "click",
        },
        {
            trigger: ".o_marketing_result[data-code=clicked] .btn-link:enabled",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(ana@example.com)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_suppression_lift", {
    steps: () => [
        {
            trigger: "button[name=action_lift_suppression]",
            run: "click",
        },
        {
            content: "Without a reason nothing happens",
            trigger: ".modal button[name=action_lift]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_invalid[name=reason]",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit She called: the mailbox works again",
        },
        {
            trigger: ".modal button[name=action_lift]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) button[name=action_suppress]",
        },
    ],
});
