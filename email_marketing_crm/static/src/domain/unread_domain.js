import {DomainField} from "@web/views/fields/domain/domain_field";
import {patch} from "@web/core/utils/patch";

/** State of a domain that is right, but whose records the user may not read. */
const UNREAD = "unread";

/**
 * Marketers choose records that they may not read, such as leads without a right in
 * CRM. Odoo counts them as the user, fails, and calls the domain invalid.
 */
patch(DomainField.prototype, {
    async checkProps(props = this.props) {
        await super.checkProps(props);
        if (this.state.isValid === false && (await this.quickValidityCheck(props))) {
            this.updateState({isValid: UNREAD, recordCount: 0});
        }
    },
});
