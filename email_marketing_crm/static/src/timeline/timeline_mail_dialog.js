import {Component} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";

/**
 * A mail as the person saw it. The frame runs no scripts and shares nothing with the
 * page around it: mails are written by users.
 */
export class TimelineMailDialog extends Component {
    static template = "email_marketing_crm.TimelineMailDialog";
    static components = {Dialog};
    static props = {
        mail: {type: Object, shape: {subject: String, body: String}},
        close: Function,
    };
}
