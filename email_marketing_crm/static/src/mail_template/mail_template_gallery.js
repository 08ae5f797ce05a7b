import {Component, markup, onWillStart, useState} from "@odoo/owl";
import {MassMailingHtmlField} from "@mass_mailing/fields/html_field/mass_mailing_html_field";
import {ThemeSelector} from "@mass_mailing/themes/theme_selector/theme_selector";
import {patch} from "@web/core/utils/patch";
import {useService} from "@web/core/utils/hooks";

/**
 * The mail templates, shown above Odoo's own designs where a mail has no text yet.
 *
 * Each is shown as it looks: its very text, made small.
 */
export class MailTemplateGallery extends Component {
    static template = "email_marketing_crm.MailTemplateGallery";
    static props = {useTemplate: Function};

    setup() {
        this.orm = useService("orm");
        this.state = useState({lang: null, langs: [], templates: []});
        onWillStart(() => this.load());
    }

    async load(lang = false) {
        Object.assign(
            this.state,
            await this.orm.call("marketing.mail.template", "get_choices", [lang])
        );
    }

    getDocument(template) {
        return `<!DOCTYPE html><html><head><base target="_blank"/><style>
            body { margin: 0; overflow: hidden; }</style></head>
            <body>${template.html}</body></html>`;
    }
}

ThemeSelector.components = {...ThemeSelector.components, MailTemplateGallery};

patch(MassMailingHtmlField.prototype, {
    getThemeSelectorConfig() {
        return {
            ...super.getThemeSelectorConfig(),
            useMailTemplate: (template) => this.useMailTemplate(template),
        };
    },

    /** Takes over the text of a template, and its subject where there is none yet. */
    async useMailTemplate(template) {
        const {record, name, inlineField} = this.props;
        const values = await this.env.services.orm.call(
            "marketing.mail.template",
            "get_mailing_values",
            [[template.id], record.data.mailing_model_real || "res.partner"]
        );
        // The editor makes the text that is sent when it finds none.
        const changes = {[name]: markup(values.body_arch), [inlineField]: ""};
        for (const field of ["subject", "preview"]) {
            if (field in record.activeFields && !record.data[field]) {
                changes[field] = values[field];
            }
        }
        if ("marketing_template_id" in record.activeFields) {
            changes.marketing_template_id = {
                id: template.id,
                display_name: template.name,
            };
        }
        if ("marketing_lang_id" in record.activeFields && values.marketing_lang_id) {
            changes.marketing_lang_id = {
                id: values.marketing_lang_id,
                display_name: template.lang_name,
            };
        }
        return this.mutex.exec(() => record.update(changes));
    },
});
