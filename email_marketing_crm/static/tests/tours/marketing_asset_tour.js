import {EDITED, askFor} from "./editor_steps";
import {BACK, SAVE, select} from "./field_steps";
import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_asset", {
    steps: () => [
        {
            content: "Keep something worth reading",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Half the current",
        },
        ...select("kind", "Case study"),
        {
            trigger: ".o_field_widget[name=source] input[data-value=url]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=url] input",
            run: "edit https://pumps.com/half",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It has a link of its own",
            trigger: ".o_field_widget[name=share_url]:contains(/marketing/content/)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_asset_in_mail", {
    steps: () => [
        {
            content: "Take a mail as if typed by hand",
            trigger:
                ".o_marketing_template[data-name='Meeting request, typed by hand']",
            run: "click",
        },
        ...askFor("Content", "several firms"),
        {
            content: "Choose what it offers",
            trigger: ".modal .o_data_row:contains(Half the current) .o_data_cell",
            run: "click",
        },
        {
            trigger: `${EDITED} a[href*='/marketing/content/']:contains(Half the current)`,
        },
        ...askFor("Dynamic Placeholder", "Half an hour"),
        {
            content: "Name the topic of the mailing",
            trigger: ".o_model_field_selector_popover_search input",
            run: "edit Topic of the Mailing",
        },
        {
            trigger:
                ".o_model_field_selector_popover_item_name:contains(Topic of the Mailing)",
            run: "click",
        },
        {
            trigger: ".o_model_field_selector_default_value_input input",
            run: "edit our news",
        },
        {
            trigger: ".o_model_field_selector_popover button:first-child",
            run: "click",
        },
        {
            trigger: `${EDITED} t[t-out='object.marketing_topic_name']:contains(our news)`,
        },
        ...SAVE,
    ],
});

registry.category("web_tour.tours").add("marketing_asset_taken", {
    steps: () => [
        {
            content: "One person took it",
            trigger:
                ".o_data_row:contains(Half the current):has(td[name=person_count]:contains(/^1$/)) td[name=name]",
            run: "click",
        },
        {
            content: "Who was it?",
            trigger:
                "button[name=action_view_taken]:has(.o_stat_text:contains(Took It)):has(.o_stat_value:contains(/^1$/))",
            run: "click",
        },
        {
            trigger: ".o_group_header:only:contains(Ana Pereira)",
            run: "click",
        },
        {
            content: "By which mail",
            trigger:
                ".o_data_row:only:contains(Took “Half the current”, from “A case study”)",
        },
        BACK,
        {
            content: "The mails that offer it",
            trigger:
                "button[name=action_view_mailings]:has(.o_stat_value:contains(/^1$/))",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:only:contains(A case study)",
        },
        BACK,
        {
            content: "Write to who takes it from now on",
            trigger: "button[name=action_make_segment]",
            run: "click",
        },
        {
            trigger:
                ".o_form_view .o_field_widget[name=name] input:value(Took “Half the current”)",
        },
        {
            content: "It asks for this very asset",
            trigger:
                ".o_field_widget[name=rule_ids] .o_data_row:only:contains(Document downloaded) .o_list_record_open_form_view button",
            run: "click",
        },
        {
            trigger:
                ".o_form_view:has(.o_horizontal_separator:contains(How Often)) .o_field_widget[name=asset_id] input:value(Half the current)",
        },
        BACK,
        {
            content: "And finds who took it",
            trigger:
                ".o_form_view:has(.o_field_widget[name=rule_ids]) .o_data_row:contains(Ana Pereira)",
        },
    ],
});
