import {Component} from "@odoo/owl";
import {formatDate} from "@web/core/l10n/dates";
import {formatInteger} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const WIDTH = 300;
const HEIGHT = 60;

/**
 * The size of a segment over the last days as a line; needs two days at least.
 */
export class SegmentSizeChart extends Component {
    static template = "email_marketing_crm.SegmentSizeChart";
    static props = {...standardFieldProps};

    /** Rows of [day, members], oldest first. */
    get points() {
        return this.props.record.data[this.props.name] || [];
    }

    get isDrawn() {
        return this.points.length > 1;
    }

    get viewBox() {
        return `0 0 ${WIDTH} ${HEIGHT}`;
    }

    /** The line, over days: a day without a row leaves a longer way. */
    get path() {
        const days = this.points.map(([day]) => luxon.DateTime.fromISO(day).toMillis());
        const first = days[0];
        const span = days.at(-1) - first || 1;
        const top = Math.max(...this.points.map(([, size]) => size), 1);
        return this.points
            .map(([, size], index) => {
                const x = ((days[index] - first) / span) * WIDTH;
                const y = HEIGHT - (size / top) * HEIGHT;
                return `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
            })
            .join(" ");
    }

    get first() {
        return this.describe(this.points[0]);
    }

    get last() {
        return this.describe(this.points.at(-1));
    }

    describe([day, size]) {
        return {
            day: formatDate(luxon.DateTime.fromISO(day)),
            size: formatInteger(size),
        };
    }
}

registry.category("fields").add("marketing_segment_size_chart", {
    component: SegmentSizeChart,
    supportedTypes: ["json"],
});
