import {Component, onWillStart, useState} from "@odoo/owl";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

/**
 * Shows something counted of a mailing, each number of which opens its persons.
 *
 * It is asked for once the page is there, so that the form never waits for it.
 */
export class MailingWidget extends Component {
    static props = {...standardWidgetProps};
    // The method of the mailing that counts it.
    static method = "";

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({data: null});
        onWillStart(() => {
            this.load();
        });
    }

    /**
     * @param {...string} args what else the method is told
     */
    async load(...args) {
        const {resModel, resId} = this.props.record;
        if (resId) {
            this.state.data = await this.orm.silent.call(
                resModel,
                this.constructor.method,
                [resId, ...args]
            );
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
