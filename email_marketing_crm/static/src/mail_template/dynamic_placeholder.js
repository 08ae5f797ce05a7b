import {DynamicPlaceholderPopover} from "@web/views/fields/dynamic_placeholder_popover";
import {patch} from "@web/core/utils/patch";

/** Fields of the mail rather than of the person: nothing that could be searched for. */
const MAIL_FIELDS = ["marketing_topic_name"];

/**
 * A field that links to a record is written by its name. Odoo puts the record itself
 * into the mail, which reads "res.users(2,)".
 */
patch(DynamicPlaceholderPopover.prototype, {
    filter(fieldDef, path) {
        if (!path && MAIL_FIELDS.includes(fieldDef.name)) {
            return true;
        }
        return super.filter(...arguments);
    },

    validate() {
        if (this.fieldType === "many2one" && this.state.path) {
            this.state.path += ".display_name";
        }
        return super.validate(...arguments);
    },
});
