import {Component, useState} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** Widths mails are read at: a mail program on a desk, and a phone. */
const WIDTHS = {desk: 640, phone: 375};

/**
 * A mail as it is sent, in a frame where nothing runs and no link leads away.
 */
export class MailPreviewField extends Component {
    static template = "email_marketing_crm.MailPreviewField";
    static props = {...standardFieldProps};

    setup() {
        this.state = useState({device: this.env.isSmall ? "phone" : "desk"});
    }

    get mail() {
        return String(this.props.record.data[this.props.name] || "");
    }

    get width() {
        return WIDTHS[this.state.device];
    }
}

registry.category("fields").add("marketing_mail_preview", {
    component: MailPreviewField,
    supportedTypes: ["html"],
});
