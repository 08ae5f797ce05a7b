import {Component, useState} from "@odoo/owl";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

/**
 * Shows something counted of a mailing, each number of which opens its persons.
 *
 * It is asked for once the page is there, so that the form never waits for it, and again
 * when the form shows another mailing or is read anew.
 */
export class MailingWidget extends Component {
    static props = {...standardWidgetProps};
    // The method of the mailing that counts it.
    static method = "";

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({data: null});
        this.request = 0;
        useRecordObserver((record) => {
            if (record.resId !== this.resId) {
                this.resId = record.resId;
                this.state.data = null;
                this.choice = [];
            }
            this.load(...this.choice);
        });
    }

    /**
     * @param {...string} args what else the method is told
     */
    async load(...args) {
        const request = ++this.request;
        this.choice = args;
        if (!this.resId) {
            return;
        }
        const data = await this.orm.silent.call(
            this.props.record.resModel,
            this.constructor.method,
            [this.resId, ...args]
        );
        if (request === this.request) {
            this.state.data = data;
        }
    }

    /**
     * @param {string} figure a code of a figure, or `link-<id>`, of a version
     *     of the mail `link-<id>.<version>`
     */
    async open(figure) {
        const {resModel, resId} = this.props.record;
        await this.action.doActionButton({
            type: "object",
            name: "action_view_result",
            resModel,
            resId,
            args: JSON.stringify([figure]),
        });
    }
}
