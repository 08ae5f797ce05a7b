import {Component, useState} from "@odoo/owl";
import {deserializeDateTime, formatDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";

/**
 * How a person stands: score and what it is made of, last dates, life cycle.
 */
export class TimelineSummary extends Component {
    static template = "email_marketing_crm.TimelineSummary";
    static props = {summary: Object, openPerson: Function};

    setup() {
        this.state = useState({isScoreOpen: false});
    }

    get tiles() {
        return this.props.summary.engagement.map((tile) => ({
            ...tile,
            ...this.describeDate(tile.date),
            countText: _t("%s in 30 days", tile.count),
            automaticText: _t("%s automatic", tile.automatic),
        }));
    }

    get scoreLines() {
        return this.props.summary.score.lines.map((line, index) => ({
            ...line,
            key: index,
            pointsText: line.points > 0 ? `+${line.points}` : `${line.points}`,
            dateText: line.last_date ? this.describeDate(line.last_date).ago : "",
        }));
    }

    get automaticHelp() {
        return _t("Done by mail scanners and mail programs, or not known to be human.");
    }

    describeDate(date) {
        if (!date) {
            return {ago: _t("Never"), moment: ""};
        }
        const moment = deserializeDateTime(date);
        return {ago: moment.toRelative(), moment: formatDateTime(moment)};
    }

    toggleScore() {
        this.state.isScoreOpen = !this.state.isScoreOpen;
    }
}
