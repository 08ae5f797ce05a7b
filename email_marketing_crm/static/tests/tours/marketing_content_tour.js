import {EDITED, askFor} from "./editor_steps";
import {SAVE} from "./field_steps";
import {registry} from "@web/core/registry";

const SHOWN = ".o_marketing_mail_preview :iframe";
const FOR_SOME = "longest morning of the month";

registry.category("web_tour.tours").add("marketing_content", {
    steps: () => [
        {
            content: "Templates in Chinese, too",
            trigger: ".o_marketing_template_gallery button[data-lang=zh_CN]",
            run: "click",
        },
        {
            trigger: ".o_marketing_template[data-name=新品发布]",
        },
        {
            trigger: ".o_marketing_template_gallery button[data-lang=en_US]",
            run: "click",
        },
        {
            content: "Take the product announcement",
            trigger: ".o_marketing_template[data-name='Product announcement']",
            run: "click",
        },
        {
            content: "A block for whom there is no condition yet",
            trigger: `${EDITED} .o_mail_snippet_general p:contains(You can have it today)`,
            run: "click",
        },
        {
            trigger: ".o_marketing_condition_open:contains(New Condition)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Best fits",
        },
        {
            trigger: ".modal .o_field_widget[name=grades] input",
            run: "edit A",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: `${EDITED} section[data-marketing-condition]:contains(You can have it today)`,
        },
        {
            content: "Choose a block",
            trigger: `${EDITED} .o_mail_snippet_general p:contains(${FOR_SOME})`,
            run: "click",
        },
        {
            content: "Who is it for?",
            trigger: "[data-label='Shown To'] .o-hb-selectMany2X-toggle",
            run: "click",
        },
        {
            trigger:
                ".o-hb-selectMany2X-dropdown .o-dropdown-item:contains(Readers of Chinese)",
            run: "click",
        },
        {
            content: "The block is marked",
            trigger: `${EDITED} section[data-marketing-condition]:contains(${FOR_SOME})`,
        },
        {
            trigger: ".o_marketing_condition_open:contains(Change Condition)",
        },
        ...SAVE,
        {
            content: "Look at it as the first person",
            trigger: "button[name=action_preview]",
            run: "click",
        },
        {
            trigger: `${SHOWN} body:contains(Hello Ana Pereira)`,
        },
        {
            trigger: `${SHOWN} body:not(:contains(${FOR_SOME}))`,
        },
        {
            content: "And as the next one",
            trigger: ".modal button[name=action_next]",
            run: "click",
        },
        {
            trigger: `${SHOWN} body:contains(Hello Li Xiaolong)`,
        },
        {
            trigger: `${SHOWN} p:contains(${FOR_SOME})`,
        },
        {
            trigger: ".modal [name=condition_ids] .o_tag:contains(Readers of Chinese)",
        },
        {
            content: "On a phone",
            trigger: ".o_marketing_mail_preview button:has(.fa-mobile)",
            run: "click",
        },
        {
            trigger: ".o_marketing_mail_preview iframe[style*='375px']",
        },
        {
            content: "Send just this to a colleague",
            trigger: ".modal-footer button[name=action_test]",
            run: "click",
        },
        {
            content: "As Li gets it",
            trigger: ".modal .o_field_widget[name=res_id] input:value(Li Xiaolong)",
        },
        {
            trigger: ".modal .o_field_widget[name=email_to] textarea",
            run: "edit colleague@pumps.example.com",
        },
        {
            trigger: ".modal-footer button[name=send_mail_test]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_condition_mailings", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Readers of Chinese) td[name=name]",
            run: "click",
        },
        {
            content: "One mailing has a block for them: which one?",
            trigger:
                "button[name=action_open_mailings]:has(.o_stat_value:contains(/^1$/))",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:not(:has(.o_data_row:contains(Summer))) .o_data_row:contains(Spring) td[name=subject]",
            run: "click",
        },
        {
            content: "The block is in it",
            trigger: `${EDITED} section[data-marketing-condition]:contains(${FOR_SOME})`,
        },
    ],
});

registry.category("web_tour.tours").add("marketing_content_field", {
    steps: () => [
        {
            content: "Take a mail as if typed by hand",
            trigger:
                ".o_marketing_template[data-name='Meeting request, typed by hand']",
            run: "click",
        },
        ...askFor("Dynamic Placeholder", "Half an hour"),
        {
            trigger: ".o_model_field_selector_popover_search input",
            run: "edit Persona",
        },
        {
            trigger: ".o_model_field_selector_popover_item_name:contains(Persona)",
            run: "click",
        },
        {
            content: "And what stands there without one",
            trigger: ".o_model_field_selector_default_value_input input",
            run: "edit practitioner",
        },
        {
            trigger: ".o_model_field_selector_popover button:first-child",
            run: "click",
        },
        {
            content: "The name of the persona stands in the mail",
            trigger: `${EDITED} t[t-out='object.marketing_persona_id.display_name']:contains(practitioner)`,
        },
        ...SAVE,
    ],
});
