import {DomainField} from "@web/views/fields/domain/domain_field";
import {patch} from "@web/core/utils/patch";
import {user} from "@web/core/user";

/** State of a domain that is right, but whose records the user may not read. */
const UNREAD = "unread";

/**
 * Marketers choose records that they may not read, such as leads without a right in
 * CRM. Odoo counts them as the user, fails, and calls the domain invalid. Only of models
 * that he may not read: whatever else fails stays as Odoo shows it.
 */
patch(DomainField.prototype, {
    async checkProps(props = this.props) {
        await super.checkProps(props);
        if (this.state.isValid !== false) {
            return;
        }
        const isRead = await user.checkAccessRight(this.getResModel(props), "read");
        if (!isRead && (await this.quickValidityCheck(props))) {
            this.updateState({isValid: UNREAD, recordCount: 0});
        }
    },
});
