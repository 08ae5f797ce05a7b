import {Component, onMounted, onWillUnmount, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** How often the figures of a running import are read again. */
const PERIOD = 2000;

/** Reads the record again as long as its import runs, so that its progress moves. */
export class ImportRefresh extends Component {
    static template = xml`<span class="o_marketing_import_refresh"/>`;
    static props = {...standardWidgetProps};

    setup() {
        onMounted(() => {
            this.timer = setInterval(() => this.refresh(), PERIOD);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async refresh() {
        const {record} = this.props;
        if (
            record.data.state !== "running" ||
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
});
