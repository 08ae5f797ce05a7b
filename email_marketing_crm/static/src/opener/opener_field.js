import {formatFloat, formatInteger} from "@web/views/fields/formatters";
import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

/** Least and most width in lists, in pixels; words take what room there is. */
const WIDTHS = {integer: [60, 80], float: [76, 90], char: [150]};

/**
 * What a list shows of a record, as a button that opens what is behind it: a number its
 * persons, for example. `options`: `action` is the method that is called, `argument`
 * what it is told; `percent` says that the number is one of a hundred.
 */
export class OpenerField extends Component {
    static template = "email_marketing_crm.OpenerField";
    static props = {
        ...standardFieldProps,
        action: String,
        argument: {type: String, optional: true},
        percent: {type: Boolean, optional: true},
    };

    setup() {
        this.actionService = useService("action");
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    /** Nothing is behind a zero. */
    get hasMore() {
        return Boolean(this.value && this.props.record.resId);
    }

    get text() {
        const {type, digits} = this.props.record.fields[this.props.name];
        if (this.props.percent) {
            return _t("%s%", formatFloat(this.value, {digits: [16, 1]}));
        }
        if (type === "float") {
            return formatFloat(this.value, {digits});
        }
        return type === "integer" ? formatInteger(this.value) : this.value || "";
    }

    async open() {
        const {record, action, argument} = this.props;
        const {root} = record.model;
        if (root.save && (await root.isDirty()) && !(await root.save())) {
            return;
        }
        await this.actionService.doActionButton({
            type: "object",
            name: action,
            resModel: record.resModel,
            resId: record.resId,
            args: JSON.stringify(argument ? [argument] : []),
        });
    }
}

registry.category("fields").add("marketing_opener", {
    component: OpenerField,
    supportedTypes: ["char", "float", "integer"],
    listViewWidth: ({type}) => WIDTHS[type],
    extractProps: ({options}) => ({
        action: options.action,
        argument: options.argument,
        percent: options.percent,
    }),
});
