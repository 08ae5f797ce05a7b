import {EDITED} from "./editor_steps";
import {registry} from "@web/core/registry";

const VERSIONS = ".o_field_widget[name=arm_ids]";
const SECOND = `${VERSIONS} .o_data_row:eq(1)`;
const BACK = {
    trigger: ".o_back_button",
    run: "click",
};

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
        {
            content: `Compare: ${difference}`,
            trigger: ".o_field_widget[name=varies] input",
            run: "click",
        },
        {
            trigger: `.o_select_menu_item:contains(${difference})`,
            run: "click",
        },
        {
            content: "Everybody takes part",
            trigger: ".o_field_widget[name=test_percent] input",
            run: "edit 100",
        },
    ];
}

const save = [
    {
        content: "Save",
        trigger: ".o_form_button_save",
        run: "click",
    },
    {
        trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible",
    },
];

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
        ...save,
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
        ...save,
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
