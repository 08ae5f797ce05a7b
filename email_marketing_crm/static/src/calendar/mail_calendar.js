import {CalendarCommonPopover} from "@web/views/calendar/calendar_common/calendar_common_popover";
import {CalendarCommonRenderer} from "@web/views/calendar/calendar_common/calendar_common_renderer";
import {CalendarController} from "@web/views/calendar/calendar_controller";
import {CalendarModel} from "@web/views/calendar/calendar_model";
import {CalendarRenderer} from "@web/views/calendar/calendar_renderer";
import {calendarView} from "@web/views/calendar/calendar_view";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {serializeDateTime} from "@web/core/l10n/dates";
import {useService} from "@web/core/utils/hooks";

const {DateTime} = luxon;
// Hour of a mailing that is begun by a click on a day.
const MORNING = 9;

class MailCalendarModel extends CalendarModel {
    /** Every entry has a state; what it may lack is a topic. */
    get defaultFilterLabel() {
        return _t("Without a Topic");
    }
}

/**
 * The calendar of mails: an entry opens its mailing, a day begins one.
 */
class MailCalendarController extends CalendarController {
    setup() {
        super.setup();
        this.notification = useService("notification");
    }

    async editRecord(record) {
        const action = await this.orm.call(this.model.resModel, "action_open", [
            [record.id],
        ]);
        return this.action.doAction(action);
    }

    /** Begins a mailing for a day, unless that is over. */
    createRecord({start}) {
        const now = DateTime.now();
        let date = this.model.scale === "month" ? start.set({hour: MORNING}) : start;
        if (date <= now && start.hasSame(now, "day")) {
            date = now.plus({hours: 1}).startOf("hour");
        }
        if (date <= now) {
            this.notification.add(
                _t("That is over. Choose a day, or an hour, that is to come."),
                {type: "warning"}
            );
            return Promise.resolve();
        }
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "mailing.mailing",
            views: [[false, "form"]],
            context: {
                default_mailing_type: "mail",
                default_calendar_date: serializeDateTime(date),
            },
        });
    }
}

/** What an entry is, and a button that opens it: only its day changes in here. */
class MailCalendarPopover extends CalendarCommonPopover {
    get isEventEditable() {
        return false;
    }
}

class MailCalendarCommonRenderer extends CalendarCommonRenderer {
    static components = {
        ...CalendarCommonRenderer.components,
        Popover: MailCalendarPopover,
    };

    get options() {
        return {...super.options, eventDurationEditable: false};
    }

    /** What has no hour is over when its day is. */
    eventClassNames(info) {
        const classNames = super.eventClassNames(info);
        const record = this.props.model.records[info.event.id];
        return record && record.isAllDay && record.end.endOf("day") > DateTime.now()
            ? classNames.filter((name) => name !== "o_past_event")
            : classNames;
    }

    /** On a telephone a day has no room for a name: it is told first. */
    onClick(info) {
        if (this.env.isSmall) {
            return super.onClick(info);
        }
        return this.props.editRecord(this.props.model.records[info.event.id]);
    }

    onEventDidMount(info) {
        super.onEventDidMount(info);
        const record = this.props.model.records[info.event.id];
        if (record) {
            const {selection} = this.props.model.fields.state;
            const state = selection.find(([key]) => key === record.rawRecord.state);
            info.el.title = `${record.title}\n${state[1]}`;
        }
    }

    /** What may not be moved goes back to its day; the error says why. */
    async onEventDrop(info) {
        this.fc.api.unselect();
        try {
            await this.props.model.updateRecord(this.fcEventToRecord(info.event), {
                moved: true,
            });
        } catch (error) {
            info.revert();
            throw error;
        }
    }
}

class MailCalendarRenderer extends CalendarRenderer {
    static components = {
        ...CalendarRenderer.components,
        day: MailCalendarCommonRenderer,
        week: MailCalendarCommonRenderer,
        month: MailCalendarCommonRenderer,
    };
}

registry.category("views").add("marketing_mail_calendar", {
    ...calendarView,
    Controller: MailCalendarController,
    Model: MailCalendarModel,
    Renderer: MailCalendarRenderer,
});
