from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.sender_ramp import IDLE_DAYS
from .marketing_sender_warm_up import DECISIONS

#: Figures of a day → outcomes they are the sum of.
FIGURES = {
    "sent": ("sent",),
    "bounced_hard": ("bounced_hard", "refused_address"),
    "bounced_soft": ("bounced_soft",),
    "complained": ("complained",),
    "deferred": ("deferred",),
    "refused_policy": ("refused_policy",),
    "other": ("other",),
}


class MarketingSenderDay(models.Model):
    """The log of a sender: a line per day on which something left or came back.

    Written by the pace lane alone, from the results, until the day after; what comes
    back later counts for the day it comes back on. Lines stay for ever.
    """

    _name = "marketing.sender.day"
    _description = "Day of a Sender"
    _order = "date desc, id desc"
    _rec_name = "date"
    _log_access = False

    sender_id = fields.Many2one(
        "marketing.sender", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="sender_id.company_id")
    date = fields.Date(required=True, readonly=True)
    sent = fields.Integer(readonly=True)
    bounced_hard = fields.Integer(
        "Bounced",
        readonly=True,
        help="Mails that came back for good, or whose address was refused.",
    )
    bounced_soft = fields.Integer("Bounced for Now", readonly=True)
    complained = fields.Integer("Reported as Spam", readonly=True)
    deferred = fields.Integer(
        "Put Off", readonly=True, help="Tries that the server wanted later."
    )
    refused_policy = fields.Integer(
        "Refused by Policy",
        readonly=True,
        help="Mails refused because of the sender or the content.",
    )
    other = fields.Integer(
        "Other Mails",
        readonly=True,
        help="Mails of no mailing that left over the same server from the same domain. "
        "They use the quota as well.",
    )
    quota = fields.Integer(
        "Quota of the Day", readonly=True, aggregator=None, help="0: no limit."
    )
    warm_up_day = fields.Integer(readonly=True, aggregator=None)
    decision = fields.Selection(DECISIONS, readonly=True)
    decision_values = fields.Json(readonly=True)
    explanation = fields.Char("Why", compute="_compute_explanation")

    _sender_date_unique = models.Constraint(
        "UNIQUE(sender_id, date)", "A sender has one line per day."
    )

    @api.depends("decision", "decision_values")
    @api.depends_context("lang")
    def _compute_explanation(self):
        senders = self.env["marketing.sender"]
        for day in self:
            day.explanation = senders._explain_decision(
                day.decision, day.decision_values
            )


class MarketingSender(models.Model):
    """How a sender keeps its log."""

    _inherit = "marketing.sender"

    day_ids = fields.One2many("marketing.sender.day", "sender_id", "Days")

    def action_view_days(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_sender_day_action"
        )
        return action | {
            "display_name": self.env._("Days of %s", self.display_name),
            "domain": [("sender_id", "=", self.id)],
        }

    def _write_days(self):
        """Bring the line of today and the one of yesterday up to date."""
        self.ensure_one()
        today = self._get_today()
        known = {
            day.date: day
            for day in self.env["marketing.sender.day"].search(
                [
                    ("sender_id", "=", self.id),
                    ("date", ">=", today - timedelta(days=1)),
                ]
            )
        }
        for date in (today - timedelta(days=1), today):
            totals = self._get_totals(
                self._get_day_start(date),
                self._get_day_start(date + timedelta(days=1)),
            )
            if not totals:
                continue
            figures = {
                name: sum(totals.get(outcome, 0) for outcome in outcomes)
                for name, outcomes in FIGURES.items()
            }
            day = known.get(date)
            if date == today:
                figures |= self._prepare_today_values()
            if not day:
                self.env["marketing.sender.day"].create(
                    {"sender_id": self.id, "date": date, **figures}
                )
            elif any(day[name] != value for name, value in figures.items()):
                day.write(figures)

    def _prepare_today_values(self):
        """The quota of today, and where the warm-up stands."""
        quota = self._get_quota()
        is_decided = self.warm_up_decision and self.warm_up_date == self._get_today()
        return {
            "quota": quota.daily or 0,
            "warm_up_day": self.warm_up_day,
            "decision": self.warm_up_decision if is_decided else False,
            "decision_values": self.warm_up_values if is_decided else False,
        }

    @api.model
    def _get_changed_senders(self):
        """Senders of which something was heard lately, or that have to do something."""
        return self.browse(
            [
                sender_id
                for (sender_id,) in self.env.execute_query(
                    SQL(
                        """
                        SELECT sender.id
                          FROM marketing_sender sender
                         WHERE sender.is_warming_up
                            OR (sender.warm_up_decision = 'finished'
                                AND (SELECT max(day.date)
                                       FROM marketing_sender_day day
                                      WHERE day.sender_id = sender.id
                                        AND (day.sent > 0 OR day.other > 0)
                                    ) <= %(forgotten)s)
                            OR EXISTS (SELECT FROM marketing_sender_result result
                                        WHERE result.sender_id = sender.id
                                          AND result.date >= %(lately)s)
                            OR EXISTS (SELECT FROM marketing_sender_brake brake
                                        WHERE brake.sender_id = sender.id
                                          AND (brake.state = 'active'
                                               OR NOT brake.is_told))
                            OR EXISTS (SELECT FROM marketing_sender_provider line
                                        WHERE line.sender_id = sender.id
                                          AND line.careful_quota > 0)
                            OR EXISTS (SELECT FROM marketing_delivery delivery
                                        WHERE delivery.sender_id = sender.id
                                          AND delivery.state = 'planned'
                                          AND delivery.released_date IS NOT NULL)
                            OR EXISTS (SELECT FROM mail_mail mail
                                         JOIN mailing_mailing mailing
                                           ON mailing.id = mail.mailing_id
                                        WHERE mailing.marketing_sender_id = sender.id
                                          AND mail.state = 'outgoing'
                                          AND mail.marketing_delivery_id IS NULL
                                          AND mail.mailing_id IS NOT NULL)
                            OR EXISTS (SELECT FROM mailing_mailing mailing
                                        WHERE mailing.marketing_sender_id = sender.id
                                          AND EXISTS (
                                              SELECT FROM marketing_delivery delivery
                                               WHERE delivery.mailing_id = mailing.id
                                                 AND delivery.state = 'planned'
                                                 AND delivery.pace_order IS NOT NULL))
                         ORDER BY sender.id
                        """,
                        # A day more: a sender's day may be ahead of UTC.
                        forgotten=fields.Date.today() - timedelta(days=IDLE_DAYS - 1),
                        lately=fields.Datetime.now() - timedelta(minutes=30),
                    )
                )
            ]
        )
