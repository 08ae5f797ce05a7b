import {Component, onWillStart, useState} from "@odoo/owl";
import {formatFloat, formatInteger, formatMonetary} from "@web/views/fields/formatters";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

/**
 * What came of a mailing: figures with their definition, each opens its persons.
 *
 * They are asked for once the page is there, so that the form never waits for them.
 */
export class MailingResults extends Component {
    static template = "email_marketing_crm.MailingResults";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({results: null});
        onWillStart(() => {
            this.load();
        });
    }

    async load() {
        const {resModel, resId} = this.props.record;
        if (resId) {
            this.state.results = await this.orm.silent.call(resModel, "get_results", [
                resId,
            ]);
        }
    }

    countText(figure) {
        return formatInteger(figure.count);
    }

    shareText(figure) {
        return _t("%s%", formatFloat(100 * figure.share, {digits: [16, 1]}));
    }

    money(amount) {
        return formatMonetary(amount, {currencyId: this.state.results.currency_id});
    }

    /**
     * @param {string} code
     */
    async open(code) {
        const {resModel, resId} = this.props.record;
        await this.action.doActionButton({
            type: "object",
            name: "action_view_result",
            resModel,
            resId,
            args: JSON.stringify([code]),
        });
    }
}

registry.category("view_widgets").add("marketing_mailing_results", {
    component: MailingResults,
});
