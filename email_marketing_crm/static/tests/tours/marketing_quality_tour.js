import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_quality", {
    url: "/odoo/data-quality",
    steps: () => [
        {
            content: "A number opens its persons",
            trigger:
                ".o_kanban_record:contains(Telephone is not known) a[name=action_open]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(Data Quality)",
            run: "click",
        },
        {
            content: "Open the likely duplicates",
            trigger:
                ".o_kanban_record:contains(Pairs of persons to decide) a[name=action_open]",
            run: "click",
        },
        {
            content: "Two that are not the same",
            trigger:
                ".o_data_row:contains(eve@example.com) button[name=action_not_same]",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_row:contains(eve@example.com)))",
        },
        {
            content: "Look at a pair side by side",
            trigger: ".o_data_row:contains(ana@example.com) td[name=first_name]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=reason_text]:contains(plus)",
        },
        {
            trigger: "button[name=action_merge]",
            run: "click",
        },
        {
            content: "What moves is said before",
            trigger: ".modal .o_data_row:contains('contacts: 1')",
        },
        {
            trigger: ".modal button[name=action_merge]",
            run: "click",
        },
        {
            content: "A merge is confirmed",
            trigger:
                ".modal:not(.o_inactive_modal):contains(cannot be undone) .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_notification:contains('Merged pairs: 1')",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_persona_grid", {
    url: "/odoo/persona-grid",
    steps: () => [
        {
            content: "Make a segment of a cell",
            trigger:
                ".o_kanban_group:contains(Decision) .o_kanban_record:contains(Head nurse):contains(1 may be mailed) a[name=action_make_segment]",
            run: "click",
        },
        {
            trigger:
                ".o_form_view .o_field_widget[name=name] input:value(Head nurse · Decision)",
        },
        {
            trigger: "button[name=action_refresh]",
            run: "click",
        },
        {
            content: "Its members are the persons of the cell",
            trigger: "button[name=action_view_members]:contains(1)",
        },
    ],
});
