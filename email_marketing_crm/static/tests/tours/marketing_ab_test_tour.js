import {BACK, SAVE, select} from "./field_steps";
import {registry} from "@web/core/registry";

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
        ...SAVE,
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
            trigger:
                ".o_list_view:has(.o_breadcrumb:contains(Version B of New pumps: did it)) .o_data_row:count(2)",
        },
        BACK,
        {
            content: "See who waits",
            trigger: "button[name=action_view_waiting]",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:has(.o_breadcrumb:contains(Audience of New pumps)) .o_data_row:contains(Winner of the A/B test)",
        },
        BACK,
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

registry.category("web_tour.tours").add("marketing_ab_test_control", {
    steps: () => [
        {
            content: "What came of the versions …",
            trigger:
                ".o_data_row:contains(Pumps that never leak) td[name=sent_count]:contains(/^3$/)",
        },
        {
            content: "… and of those who got no mail",
            trigger: ".o_horizontal_separator:contains(Who was held out)",
        },
        {
            trigger: ".o_field_widget[name=control_rate]:contains(25)",
        },
        {
            content: "Who got none?",
            trigger: ".o_field_widget[name=control_size] button:contains(/^4$/)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_breadcrumb:contains(Held out of New pumps)",
        },
        {
            trigger:
                ".o_list_view:not(:has(.o_data_row:not(:contains(/held.*Held out/)))) .o_data_row:count(4)",
        },
        BACK,
        {
            content: "Who became a lead all the same?",
            trigger: ".o_field_widget[name=control_total] button:contains(/^1$/)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:only:contains(held)",
        },
    ],
});
