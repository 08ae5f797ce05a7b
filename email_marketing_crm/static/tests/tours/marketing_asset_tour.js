import {EDITED, askFor} from "./editor_steps";
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
        {
            trigger: ".o_field_widget[name=kind] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(Case study)",
            run: "click",
        },
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
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible",
        },
    ],
});
