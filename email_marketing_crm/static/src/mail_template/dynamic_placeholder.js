import {DynamicPlaceholderPopover} from "@web/views/fields/dynamic_placeholder_popover";
import {patch} from "@web/core/utils/patch";

/**
 * A field that links to a record is written by its name. Odoo puts the record itself
 * into the mail, which reads "res.users(2,)".
 */
patch(DynamicPlaceholderPopover.prototype, {
    validate() {
        if (this.fieldType === "many2one" && this.state.path) {
            this.state.path += ".display_name";
        }
        return super.validate(...arguments);
    },
});
