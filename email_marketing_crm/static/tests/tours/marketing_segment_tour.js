import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_segment", {
    url: "/odoo/segments",
    steps: () => [
        {
            content: "Create a segment",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Visitors of the stand",
        },
        {
            content: "Add a rule on behavior",
            trigger: ".o_field_widget[name=rule_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name=type_id] input",
            run: "edit Visited the stand",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Visited the stand)",
            run: "click",
        },
        {
            content: "See who that is before saving",
            trigger: ".o_field_widget[name=preview_count]:contains(2)",
        },
        {
            trigger:
                ".o_field_widget[name=preview_person_ids] td:contains(ana@example.com)",
        },
        {
            content: "Save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Compute the members",
            trigger: "button[name=action_refresh]",
            run: "click",
        },
        {
            trigger: "button[name=action_view_members]:contains(2)",
            run: "click",
        },
        {
            content: "Keep somebody out",
            trigger:
                ".o_data_row:contains(bo@example.com) .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: "button[name=action_remove]",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "Who was kept out is gone",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(bo@example.com)))",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(Visitors)",
            run: "click",
        },
        {
            content: "And is counted as such",
            trigger: "button[name=action_view_excluded]:contains(1)",
        },
    ],
});
