import {EDITED} from "./editor_steps";
import {SAVE, addTag, configure, select} from "./field_steps";
import {registry} from "@web/core/registry";

const box = (name) => `.o_setting_box .o_field_widget[name=${name}]`;
const setting = (name) => `${box(name)} input`;
const SUBJECT = ".o_form_view .o_field_widget[name=subject] input";

registry.category("web_tour.tours").add("marketing_configuration", {
    steps: () => [
        {
            content: "Mails that came back five times in a row stop the mail",
            trigger: setting("marketing_soft_bounce_limit"),
            run: "edit 5",
        },
        {
            trigger: setting("marketing_soft_bounce_days"),
            run: "edit 60",
        },
        // So does an open complaint, for as long as it is open.
        ...addTag(box("marketing_complaint_segment_ids"), "Tour service case"),
        {
            content: "A second person looks at each mailing",
            trigger: setting("marketing_needs_approval"),
            run: "click",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is kept",
            trigger: `${setting("marketing_soft_bounce_limit")}:value(5)`,
        },
        {
            trigger: `${setting("marketing_needs_approval")}:checked`,
        },
        ...configure("marketing_check_policy_menu", "Check Before Sending: Policy"),
        {
            content: "Words that filters look for stop a mailing",
            trigger: ".o_list_button_add",
            run: "click",
        },
        ...select(".o_selected_row [name=code]", "Words that filters look for"),
        ...select(".o_selected_row [name=level]", "Stops the mailing"),
        {
            trigger: ".o_list_button_save",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:not(:has(.o_selected_row)) .o_data_row:contains(Words that filters look for):contains(Stops the mailing)",
        },
        ...configure("marketing_check_word_menu", "Words to Avoid"),
        {
            content: "Here is one of them",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=word] input",
            run: "edit pumpatastic",
        },
        ...select("severity", "Stops the mailing"),
        ...SAVE,
        ...configure("marketing_mail_template_menu", "Mail Templates"),
        {
            content: "Somebody spoilt a template",
            trigger: ".o_data_row:contains(A spoilt subject) td[name=name]",
            run: "click",
        },
        {
            trigger: `${SUBJECT}:value(A spoilt subject)`,
        },
        {
            content: "Put it back",
            trigger: "button[name=action_restore]",
            run: "click",
        },
        {
            trigger:
                ".modal:contains(Your changes of this template are lost) .modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)) ${SUBJECT}:not(:value(A spoilt subject))`,
        },
        {
            content: "Write to somebody with it",
            trigger: "button[name=action_use]:contains(New Mailing)",
            run: "click",
        },
        {
            content: "A draft with its words",
            trigger: ".o_statusbar_status [aria-checked=true]:contains(Draft)",
        },
        {
            trigger: `${EDITED} body:contains(/\\w/)`,
        },
    ],
});
