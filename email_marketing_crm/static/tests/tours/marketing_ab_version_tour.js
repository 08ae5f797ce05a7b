import {BACK, SAVE, select} from "./field_steps";
import {EDITED} from "./editor_steps";
import {registry} from "@web/core/registry";

const VERSIONS = ".o_field_widget[name=arm_ids]";
const SECOND = `${VERSIONS} .o_data_row:eq(1)`;

/** Opens a mailing in its list, and the A/B test of what it differs in. */
function compare(subject, difference) {
    return [
        {
            content: `Open “${subject}”`,
            trigger: `.o_list_view .o_data_row:contains(${subject}) td[name=subject]`,
            run: "click",
        },
        {
            trigger: "button[name=action_open_ab_test]:contains(Add A/B Test)",
            run: "click",
        },
        ...select("varies", difference),
        {
            content: "Everybody takes part",
            trigger: ".o_field_widget[name=test_percent] input",
            run: "edit 100",
        },
    ];
}

registry.category("web_tour.tours").add("marketing_ab_test_versions", {
    steps: () => [
        {
            content: "Among the tests one runs",
            trigger:
                ".o_data_row:contains(A test to stop):contains(Running) td[name=mailing_id]",
            run: "click",
        },
        {
            content: "It was a mistake: end it",
            trigger: "button[name=action_stop]",
            run: "click",
        },
        {
            trigger:
                ".modal:contains(gets no mail; this cannot be undone) .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "What became of the rest is said",
            trigger:
                "body:not(:has(.modal)) .alert-warning .o_field_widget[name=explanation]:contains(The test was stopped)",
        },
        {
            content: "To the mailings",
            trigger: "[data-menu-xmlid='mass_mailing.mass_mailing_menu']",
            run: "click",
        },
        ...compare("Who writes to you", "Sender"),
        {
            content: "The second version comes from Sam",
            trigger: `${SECOND} td[name=email_from]`,
            run: "click",
        },
        {
            trigger: `${SECOND} td[name=email_from] input`,
            run: "edit Sam <sam@pumps.example.com>",
        },
        ...SAVE,
        BACK,
        {
            trigger: "button[name=action_open_ab_test]:contains(/^\\s*A.B Test\\s*$/)",
        },
        BACK,
        ...compare("What we write to you", "Content"),
        {
            content: "Write other words",
            trigger: `${SECOND} button[name=action_edit_body]`,
            run: "click",
        },
        {
            content: "They begin as those of the mailing",
            trigger: `${EDITED} .odoo-editor-editable p:contains(Look at our pumps)`,
            run: "editor Hear how quiet they are",
        },
        ...SAVE,
        BACK,
        {
            content: "They are kept, and the first version is still the mailing",
            trigger: `${SECOND} button[name=action_edit_body]`,
            run: "click",
        },
        {
            trigger: `${EDITED} p:contains(Hear how quiet they are)`,
        },
        BACK,
        {
            trigger: `${VERSIONS} .o_data_row:eq(0)`,
        },
    ],
});
