import {Component, useState} from "@odoo/owl";
import {formatFloat, formatInteger} from "@web/views/fields/formatters";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

/**
 * How many persons of a segment can be mailed, and why the others cannot.
 *
 * While the form is edited, the figures come with each change. Those of a saved
 * segment are asked for once the form is there, so that it never waits for them.
 */
export class SegmentOutcomes extends Component {
    static template = "email_marketing_crm.SegmentOutcomes";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({outcomes: null});
        this.request = 0;
        useRecordObserver((record) => this.follow(record));
    }

    /**
     * Shows what the form computed; else asks for the figures of the saved segment,
     * again whenever its members were refreshed.
     *
     * @param {object} record
     */
    follow(record) {
        const {[this.props.name]: outcomes, member_count, refreshed_at} = record.data;
        this.asOf = [member_count, refreshed_at];
        const request = ++this.request;
        if (outcomes) {
            this.state.outcomes = outcomes;
        } else if (record.resId) {
            this.state.outcomes = null;
            this.load(record.resId, request);
        }
    }

    async load(segmentId, request) {
        const outcomes = await this.orm.silent.call(
            this.props.record.resModel,
            "get_mailing_outcomes",
            [segmentId]
        );
        if (request === this.request) {
            this.state.outcomes = outcomes;
        }
    }

    get total() {
        return this.state.outcomes.figures.reduce((sum, {count}) => sum + count, 0);
    }

    get figures() {
        const total = this.total;
        return this.state.outcomes.figures.map((figure) => {
            const percent = total ? (100 * figure.count) / total : 0;
            return {
                ...figure,
                isMailable: figure.code === "mailable",
                countText: formatInteger(figure.count),
                percentText: _t("%s%", formatFloat(percent, {digits: [16, 1]})),
                width: `width: ${percent}%`,
            };
        });
    }

    /**
     * Opens the persons behind a figure; what was changed is saved before.
     *
     * @param {string} code
     */
    async open(code) {
        const {record} = this.props;
        if (!(await record.save())) {
            return;
        }
        await this.action.doActionButton({
            type: "object",
            name: "action_view_people",
            resModel: record.resModel,
            resId: record.resId,
            args: JSON.stringify([code]),
        });
    }
}

registry.category("fields").add("marketing_segment_outcomes", {
    component: SegmentOutcomes,
    supportedTypes: ["json"],
});
