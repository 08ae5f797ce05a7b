import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_privacy", {
    steps: () => [
        {
            content: "Open the person",
            trigger:
                ".o_data_row td[name=email_normalized]:contains(ana@pumps.example)",
            run: "click",
        },
        {
            content: "A copy of the data can be handed over",
            trigger: ".o_form_view button[name=action_disclose]",
        },
        {
            content: "Erase",
            trigger: ".o_form_view button:contains(Erase Data)",
            run: "click",
        },
        {
            content: "The preview says what is found and what becomes of it",
            trigger:
                ".modal .o_field_widget[name=line_ids] .o_data_row:contains(Made anonymous)",
        },
        {
            content: "Leave contacts and leads as they are",
            trigger: ".modal .o_field_widget[name=records] input[data-value='keep']",
            run: "click",
        },
        {
            content: "The preview follows",
            trigger:
                ".modal .o_field_widget[name=line_ids] .o_data_row:contains(You chose to leave them)",
        },
        {
            trigger: ".modal button[name=action_erase]",
            run: "click",
        },
        {
            content: "It cannot be undone: confirm",
            trigger: ".modal:contains(cannot be undone) .btn-primary",
            run: "click",
        },
        {
            content: "The request says what was done",
            trigger: ".o_form_view .o_field_widget[name=line_ids] .o_data_row",
        },
        {
            content: "The person is without identity",
            trigger: "button[name=action_view_persons]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(erased.invalid)",
        },
    ],
});
