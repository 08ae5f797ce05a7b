import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_journey", {
    steps: () => [
        {
            content: "Start a journey",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Tour Journey",
        },
        {
            trigger: ".o_field_widget[name=segment_id] input",
            run: "edit Tour Newcomers",
        },
        {
            trigger: ".ui-autocomplete a:contains(Tour Newcomers)",
            run: "click",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Everybody of the segment would enter",
            trigger: ".o_field_widget[name=entry_count]:contains(3)",
        },
        {
            content: "The first step",
            trigger: "button[name=action_add_step]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=kind] input[data-value='tag']",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=category_ids] input",
            run: "edit Tour Engaged",
        },
        {
            trigger: ".ui-autocomplete a:contains(Tour Engaged)",
            run: "click",
        },
        {
            trigger: ".modal button[special=save]",
            run: "click",
        },
        {
            content: "The step is in the outline; add another one after it",
            trigger:
                ".o_kanban_record:contains('Add tag: Tour Engaged') button[name=action_add_after]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=kind] input[data-value='end']",
            run: "click",
        },
        {
            trigger: ".modal button[special=save]",
            run: "click",
        },
        {
            trigger: ".o_kanban_record .fa-flag-checkered",
        },
        {
            content: "Publish",
            trigger: "button[name=action_publish]",
            run: "click",
        },
        {
            trigger: ".modal .modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status [aria-checked=true]:contains(Running)",
        },
        {
            content: "Three people are at the first step",
            trigger: ".o_kanban_record [name=action_view_here]:contains('3 here')",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Ana) td[name=person_id]",
            run: "click",
        },
        {
            content: "Read the story",
            trigger: ".o_field_widget[name=log_ids]:contains('Entered the journey')",
        },
        {
            content: "Back to the journey",
            trigger: ".breadcrumb-item:contains('Tour Journey')",
            run: "click",
        },
        {
            content: "See the tree",
            trigger: "button[name=action_view_steps]",
            run: "click",
        },
        {
            trigger:
                ".o_marketing_journey_tree_branch .o_hierarchy_node .fa-flag-checkered",
        },
    ],
});
