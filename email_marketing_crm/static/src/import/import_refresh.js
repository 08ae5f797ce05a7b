import {Component, onMounted, onWillUnmount, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** How often the figures of a running import are read again. */
const PERIOD = 2000;

/**
 * Reads the record again as long as its work runs, so that its progress moves.
 *
 * The attribute `state_field` names the field that says so, by default `state`.
 */
export class ImportRefresh extends Component {
    static template = xml`<span class="o_marketing_import_refresh"/>`;
    static props = {...standardWidgetProps, stateField: {type: String, optional: true}};
    static defaultProps = {stateField: "state"};

    setup() {
        onMounted(() => {
            this.timer = setInterval(() => this.refresh(), PERIOD);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async refresh() {
        const {record, stateField} = this.props;
        if (
            record.data[stateField] !== "running" ||
            this.loading ||
            (await record.isDirty())
        ) {
            return;
        }
        this.loading = true;
        try {
            await record.load();
        } finally {
            this.loading = false;
        }
    }
}

registry.category("view_widgets").add("marketing_import_refresh", {
    component: ImportRefresh,
    extractProps: ({attrs}) => ({stateField: attrs.state_field}),
});
