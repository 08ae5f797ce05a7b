import {Component, useState} from "@odoo/owl";
import {deserializeDateTime, formatDateTime} from "@web/core/l10n/dates";
import {useService} from "@web/core/utils/hooks";
import {KeepLast} from "@web/core/utils/concurrency";
import {TimelineMailDialog} from "./timeline_mail_dialog";
import {TimelineSummary} from "./timeline_summary";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";

const PAGE = 40;

/**
 * What happened with the person of the record, newest first, below a summary.
 *
 * The server decides what is shown (`marketing.timeline`), names included; here it is
 * grouped by day and loaded page by page.
 */
export class MarketingTimeline extends Component {
    static template = "email_marketing_crm.Timeline";
    static components = {TimelineSummary};
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.keepLast = new KeepLast();
        this.state = useState({
            status: "loading",
            error: "",
            isLoadingMore: false,
            summary: null,
            touchpoints: [],
            next: false,
            kinds: [],
        });
        // Whenever the record was loaded or saved: its person may be another one.
        useRecordObserver((record) => {
            const {data, resId} = record;
            if (data) {
                this.load(resId);
            }
        });
    }

    get record() {
        return this.props.record;
    }

    get days() {
        const days = [];
        for (const touchpoint of this.state.touchpoints) {
            const date = deserializeDateTime(touchpoint.date);
            const key = date.toISODate();
            if (!days.length || days.at(-1).key !== key) {
                days.push({key, label: this.formatDay(date), touchpoints: []});
            }
            days.at(-1).touchpoints.push({
                ...touchpoint,
                time: date.toLocaleString(luxon.DateTime.TIME_SIMPLE),
                moment: formatDateTime(date),
            });
        }
        return days;
    }

    get emptyText() {
        if (!this.state.summary.person_id) {
            return _t(
                "Without a usable email address nothing can be known about this person."
            );
        }
        return this.state.kinds.length
            ? _t("Nothing of this kind happened.")
            : _t("Nothing happened yet. Mails, clicks, forms and sales appear here.");
    }

    formatDay(date) {
        const today = luxon.DateTime.local().startOf("day");
        const age = Math.round(today.diff(date.startOf("day"), "days").days);
        if (age === 0) {
            return _t("Today");
        }
        return age === 1
            ? _t("Yesterday")
            : date.toLocaleString({...luxon.DateTime.DATE_FULL, weekday: "long"});
    }

    // Loading

    async load(resId = this.record.resId) {
        if (!resId) {
            this.state.status = "new";
            return;
        }
        if (resId !== this.loadedId) {
            this.state.status = "loading";
        }
        await this.attempt(async () => {
            const [summary, page] = await this.keepLast.add(
                Promise.all([
                    this.call(resId, "marketing_summary"),
                    this.callPage(resId, false),
                ])
            );
            this.loadedId = resId;
            Object.assign(this.state, {summary, ...page, status: "ready"});
        });
    }

    async loadMore() {
        this.state.isLoadingMore = true;
        await this.attempt(async () => {
            const {touchpoints, next} = await this.keepLast.add(
                this.callPage(this.record.resId, this.state.next)
            );
            this.state.touchpoints.push(...touchpoints);
            this.state.next = next;
        });
        this.state.isLoadingMore = false;
    }

    async toggleKind(code) {
        const {kinds} = this.state;
        this.state.kinds = kinds.includes(code)
            ? kinds.filter((kind) => kind !== code)
            : [...kinds, code];
        await this.reloadPage();
    }

    async showAllKinds() {
        this.state.kinds = [];
        await this.reloadPage();
    }

    async reloadPage() {
        await this.attempt(async () => {
            const page = await this.keepLast.add(
                this.callPage(this.record.resId, false)
            );
            Object.assign(this.state, page);
        });
    }

    /**
     * An error is shown in place of the timeline, with a way to try again: it must
     * not stop the user from working with the rest of the form.
     *
     * @param {Function} work
     */
    async attempt(work) {
        try {
            await work();
        } catch (error) {
            this.state.status = "error";
            this.state.error = error.data?.message || error.message;
            this.loadedId = null;
        }
    }

    callPage(resId, before) {
        const {kinds} = this.state;
        return this.call(resId, "marketing_timeline", {
            limit: PAGE,
            before: before || null,
            kinds: kinds.length ? [...kinds] : null,
        });
    }

    call(resId, method, kwargs = {}) {
        return this.orm.silent.call(this.record.resModel, method, [[resId]], kwargs);
    }

    // Opening what is behind

    getUrl({res_model: resModel, res_id: resId}) {
        return `/odoo/${resModel.includes(".") ? "" : "m-"}${resModel}/${resId}`;
    }

    open(resModel, resId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: resModel,
            res_id: resId,
            views: [[false, "form"]],
        });
    }

    async preview(touchpoint) {
        const mail = await this.orm.call(
            this.record.resModel,
            "marketing_timeline_mail",
            [[this.record.resId], touchpoint.id]
        );
        this.dialog.add(TimelineMailDialog, {mail});
    }
}

registry.category("view_widgets").add("marketing_timeline", {
    component: MarketingTimeline,
});
