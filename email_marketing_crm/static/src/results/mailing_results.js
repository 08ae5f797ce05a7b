import {formatFloat, formatInteger, formatMonetary} from "@web/views/fields/formatters";
import {MailingWidget} from "./mailing_widget";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

/**
 * What came of a mailing: figures with their definition, each opens its persons.
 */
export class MailingResults extends MailingWidget {
    static template = "email_marketing_crm.MailingResults";
    static method = "get_results";

    countText(figure) {
        return formatInteger(figure.count);
    }

    shareText(figure) {
        return _t("%s%", formatFloat(100 * figure.share, {digits: [16, 1]}));
    }

    /** A rate of the comparison with who was held out, which may be small. */
    liftText(figure) {
        return _t("%s%", formatFloat(100 * figure.share, {digits: [16, 2]}));
    }

    money(amount) {
        return formatMonetary(amount, {currencyId: this.state.data.currency_id});
    }

    get keptText() {
        return _t(
            "Counted on %s. Who it was is not known any more: events that are too old are deleted.",
            this.state.data.kept_since
        );
    }
}

registry.category("view_widgets").add("marketing_mailing_results", {
    component: MailingResults,
});
