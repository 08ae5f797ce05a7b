from odoo import api, fields, models
from odoo.fields import Command, Domain

from .marketing_goal import GOAL_FIELDS


class MailingMailing(models.Model):
    """What success of a mailing is; without a goal of its own, its campaign's.

    Of a campaign's goal a mailing shows its own part; whether it is reached is a
    matter of the campaign. The goal of a mail of a journey is the journey's.
    """

    _name = "mailing.mailing"
    _inherit = ["mailing.mailing", "marketing.goal.mixin"]

    marketing_goal = fields.Selection(tracking=True)
    marketing_goal_target = fields.Float(tracking=True)
    marketing_goal_is_inherited = fields.Boolean(
        "Goal of the Campaign",
        compute="_compute_marketing_goal_reached",
        compute_sudo=True,
    )

    # ------------------------------------------------------------------
    # GOAL
    # ------------------------------------------------------------------

    def _get_goal(self):
        return self._get_own_goal() or self.campaign_id._get_campaign_goal()

    def _has_goal_of_campaign(self):
        self.ensure_one()
        return bool(not self.marketing_goal and self.campaign_id.marketing_goal)

    def _get_goal_mailings(self):
        return {mailing.id: mailing.ids for mailing in self}

    def _get_goal_results(self):
        """Figures of the reports; events are counted apart."""
        found = {}
        days = self._get_conversion_days()
        ids = self._origin.ids
        reports = self.env["marketing.mailing.result"].sudo()
        reports = reports.search_fetch([("mailing_id", "in", ids)])
        report_of = {report.mailing_id.id: report for report in reports}
        events = self.env["marketing.goal.result"].sudo()
        events = events.search_fetch([("mailing_id", "in", ids)])
        event_of = {event.mailing_id.id: event for event in events}
        for mailing in self:
            goal = mailing._get_goal()
            report = report_of.get(mailing._origin.id)
            event = event_of.get(mailing._origin.id)
            if not goal:
                continue
            reached = 0.0
            if goal.figure != "event":
                reached = report[goal.figure] if report else 0.0
            elif event and event.goal_key == goal.get_key(days):
                reached = event.reached
            base = report.delivered if report else 0
            found[mailing._origin.id] = (reached, base)
        return found

    def _get_goal_ends(self):
        return {
            mailing._origin.id: mailing.sent_date
            for mailing in self
            if mailing.state == "done" and mailing.sent_date
        }

    @api.depends(
        "state",
        "sent_date",
        "campaign_id",
        *(f"campaign_id.{name}" for name in GOAL_FIELDS),
    )
    def _compute_marketing_goal_reached(self):
        result = super()._compute_marketing_goal_reached()
        for mailing in self:
            is_inherited = mailing._has_goal_of_campaign()
            mailing.marketing_goal_is_inherited = is_inherited
            if is_inherited:
                campaign = mailing.campaign_id
                mailing.marketing_goal_deadline = campaign.marketing_goal_deadline
                mailing.marketing_goal_state = campaign.marketing_goal_state
        return result

    # ------------------------------------------------------------------
    # CAMPAIGN
    # ------------------------------------------------------------------

    @api.model
    def default_get(self, fields_list):
        """A mailing that is begun in a campaign goes to the campaign's audience."""
        values = super().default_get(fields_list)
        is_chosen = values.get("marketing_segment_ids") or (
            "default_mailing_model_id" in self.env.context
        )
        if not is_chosen:
            campaign = self.env["utm.campaign"].browse(values.get("campaign_id"))
            audience = campaign._get_audience_values()
            values |= {
                name: value for name, value in audience.items() if name in fields_list
            }
        return values

    @api.onchange("campaign_id")
    def _onchange_campaign_audience(self):
        """Take over the audience of a campaign, where none is chosen yet."""
        if not self._has_chosen_audience():
            self.update(self.campaign_id._get_audience_values())

    def _has_chosen_audience(self):
        """Whether somebody said to whom it goes; a model alone says nothing."""
        self.ensure_one()
        mailing = self.sudo()
        if mailing.marketing_kind == "journey" or mailing.marketing_resend_of_id:
            return True
        if mailing.marketing_segment_ids or mailing.marketing_excluded_segment_ids:
            return True
        if mailing.mailing_on_mailing_list:
            return bool(mailing.contact_list_ids)
        return Domain(mailing._parse_mailing_domain()) not in (
            Domain.TRUE,
            Domain(mailing._get_default_mailing_domain()),
        )


class UtmCampaign(models.Model):
    """What success of a campaign is, and whom it is for, before anything is written.

    Persons count once, whichever of its mailings they got.
    """

    _name = "utm.campaign"
    _inherit = ["utm.campaign", "marketing.goal.mixin"]

    marketing_segment_ids = fields.Many2many(
        "marketing.segment",
        "utm_campaign_marketing_segment_rel",
        "campaign_id",
        "segment_id",
        string="Audience",
        groups="email_marketing_crm.group_marketing_user",
        help="Whom the campaign is for. Mailings that are begun in it go to them, as "
        "long as you choose nobody else.",
    )

    def _get_campaign_goal(self):
        """The goal of the campaign; None without a campaign."""
        return self._get_own_goal() if self else None

    def _get_audience_values(self):
        """Values of a mailing to the audience of the campaign."""
        if not self or not self.env.user.has_group(
            "email_marketing_crm.group_marketing_user"
        ):
            return {}
        segments = self.marketing_segment_ids
        if not segments:
            return {}
        return {
            "mailing_model_id": self.env["ir.model"]._get_id(segments[0].res_model),
            "marketing_segment_ids": [Command.set(segments.ids)],
        }

    def _get_goal_mailings(self):
        groups = (
            self.env["mailing.mailing"]
            .sudo()
            .with_context(active_test=False)
            ._read_group(
                [
                    ("campaign_id", "in", self._origin.ids),
                    ("mailing_type", "=", "mail"),
                ],
                ["campaign_id"],
                ["id:array_agg"],
            )
        )
        return {campaign.id: ids for campaign, ids in groups}

    def _get_goal_results(self):
        days = self.env["mailing.mailing"]._get_conversion_days()
        results = self.env["marketing.goal.result"].sudo()
        results = results.search_fetch([("campaign_id", "in", self._origin.ids)])
        result_of = {result.campaign_id.id: result for result in results}
        found = {}
        for campaign in self:
            goal = campaign._get_goal()
            result = result_of.get(campaign._origin.id)
            if goal and result and result.goal_key == goal.get_key(days):
                found[campaign._origin.id] = (result.reached, result.base)
        return found

    def _get_goal_ends(self):
        groups = (
            self.env["mailing.mailing"]
            .sudo()
            ._read_group(
                [
                    ("campaign_id", "in", self._origin.ids),
                    ("mailing_type", "=", "mail"),
                ],
                ["campaign_id", "state"],
                ["sent_date:max"],
            )
        )
        ends, open_ids = {}, set()
        for campaign, state, sent_date in groups:
            if state != "done":
                open_ids.add(campaign.id)
            elif sent_date:
                ends[campaign.id] = sent_date
        return {
            campaign_id: end
            for campaign_id, end in ends.items()
            if campaign_id not in open_ids
        }

    def write(self, vals):
        """A check looked at the goal of the campaign where a mailing has none."""
        result = super().write(vals)
        if "marketing_goal" in vals or "marketing_goal_target" in vals:
            mailings = self.env["mailing.mailing"].sudo()
            mailings.search(
                [("campaign_id", "in", self.ids), ("marketing_goal", "=", False)]
            )._hold_changed()
        return result
