import {registry} from "@web/core/registry";

/** Chooses a value of a selection field. */
function select(field, label) {
    return [
        {
            content: `Choose ${label}`,
            trigger: `.o_field_widget[name=${field}] input`,
            run: "click",
        },
        {
            trigger: `.o_select_menu_item:contains(${label})`,
            run: "click",
        },
        {
            trigger: `.o_field_widget[name=${field}] input:value(/${label}/)`,
        },
    ];
}

const secondSubject =
    ".o_field_widget[name=arm_ids] .o_data_row:eq(1) td[name=subject]";

registry.category("web_tour.tours").add("marketing_ab_test_build", {
    steps: () => [
        {
            content: "Add a test to the mailing",
            trigger: "button[name=action_open_ab_test]:contains(Add A/B Test)",
            run: "click",
        },
        {
            content: "Be told what its size can show",
            trigger: ".o_field_widget[name=size_help]:contains(each version needs)",
        },
        ...select("varies", "Hour of sending"),
        {
            content: "Versions have an hour then",
            trigger: ".o_field_widget[name=arm_ids] .o_data_row:eq(1) td[name=hour]",
        },
        ...select("varies", "Subject and preview"),
        ...select("metric", "Won revenue per person"),
        ...select("metric", "Clicked by a human"),
        ...select("inconclusive", "Send the first version"),
        {
            content: "Write another subject",
            trigger: secondSubject,
            run: "click",
        },
        {
            trigger: `${secondSubject} input`,
            run: "edit Pumps that never leak",
        },
        {
            content: "Let half of the audience take part",
            trigger: ".o_field_widget[name=test_percent] input",
            run: "edit 50",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_ab_test_choose", {
    steps: () => [
        {
            content: "See what came of each version",
            trigger:
                ".o_data_row:contains(Pumps that never leak) td[name=success_count]:contains(2)",
        },
        {
            content: "See who that is",
            trigger:
                ".o_data_row:contains(Pumps that never leak) td[name=success_count] button",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:eq(1)",
        },
        {
            trigger: ".breadcrumb-item:last a, .o_back_button",
            run: "click",
        },
        {
            content: "See who waits",
            trigger: "button[name=action_view_waiting]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Winner of the A/B test)",
        },
        {
            trigger: ".breadcrumb-item:last a, .o_back_button",
            run: "click",
        },
        {
            content: "Send the second version to them",
            trigger:
                ".o_data_row:contains(Pumps that never leak) button[name=action_choose]",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "Read what was decided",
            trigger: ".o_field_widget[name=explanation]:contains(chose version B)",
        },
    ],
});
