import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_check", {
    steps: () => [
        {
            content: "Look at the mailing before anybody gets it",
            trigger: "button[name=action_marketing_check]",
            run: "click",
        },
        {
            content: "Something stops it",
            trigger: ".o_form_view .alert-danger:contains(stop the mailing)",
        },
        {
            content: "Go where it stands",
            trigger: ".o_data_row:contains('[NAME]') button[name=action_open]",
            run: "click",
        },
        {
            content: "Put it right",
            trigger: ".o_field_widget[name=subject] input",
            run: "edit Our new pumps are here",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "What was found is about another text",
            trigger: "button[name=action_view_check]:contains(outdated)",
        },
        {
            content: "Check again",
            trigger: "button[name=action_marketing_check]",
            run: "click",
        },
        {
            content: "Nothing stops it any more",
            trigger:
                ".o_form_view:has(.o_data_row:contains(City)):not(:has(.o_data_row:contains('[NAME]')))",
        },
        {
            content: "Who has no city?",
            trigger: ".o_data_row:contains(City) button[name=action_open]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Bo Check) .o_data_cell:first",
            run: "click",
        },
        {
            content: "Fill it in",
            trigger: ".o_field_widget[name=city] input",
            run: "edit Berlin",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Back to the check",
            trigger: ".o_form_status_indicator_buttons.invisible:not(:visible)",
        },
        {
            trigger: ".breadcrumb-item.o_back_button a, .breadcrumb .o_back_button a",
            run: "click",
        },
        {
            trigger: ".o_list_view, .o_view_nocontent",
        },
        {
            trigger: ".breadcrumb-item.o_back_button a, .breadcrumb .o_back_button a",
            run: "click",
        },
        {
            trigger: "button[name=action_again]",
            run: "click",
        },
        {
            content: "Nothing is left",
            trigger: ".alert-success:contains(Nothing speaks against)",
        },
        {
            trigger: "button[name=action_open_mailing]",
            run: "click",
        },
        {
            content: "Send it",
            trigger: "button[name=action_launch]",
            run: "click",
        },
        {
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "It leaves, without a question",
            trigger: "button[name=action_cancel]:contains(Cancel)",
        },
    ],
});
