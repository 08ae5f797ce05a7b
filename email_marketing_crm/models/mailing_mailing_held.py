"""Mails that were put off, and why: told where mailings and journeys are listed."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.i18n import format_list

from .mailing_mailing import WAITING_HOLDS
from .marketing_delivery import WAITING_STATES
from .number_format import format_number


class MarketingDelivery(models.Model):
    """A mail is held when it waits for more than its turn.

    Either the mailing as a whole is held, by a user or by its check, or this mail was
    put off until `due`, for `wait_reason`. What is due is in the hands of the lanes.
    """

    _inherit = "marketing.delivery"

    is_held = fields.Boolean(
        "Held", compute="_compute_held_note", search="_search_is_held"
    )
    held_note = fields.Char("Held Because", compute="_compute_held_note")

    # Serves the figure of a list of mailings; mails that nothing holds are not in it.
    _held = models.Index(
        "(mailing_id, wait_reason, due)"
        " WHERE state IN ('planned', 'composed') AND wait_reason IS NOT NULL"
    )

    @api.depends("state", "due", "wait_reason", "mailing_id.marketing_hold")
    @api.depends_context("lang")
    def _compute_held_note(self):
        now = fields.Datetime.now()
        for delivery in self:
            hold = delivery.mailing_id.sudo().marketing_hold
            is_waiting = delivery.state in WAITING_STATES
            note = False
            if is_waiting and hold in WAITING_HOLDS:
                note = self._name_holds()[hold]
            elif is_waiting and delivery.wait_reason and delivery.due > now:
                note = delivery.timing_note
            delivery.held_note = note
            delivery.is_held = bool(note)

    @api.model
    def _search_is_held(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "in", WAITING_STATES) & (
            Domain("mailing_id.marketing_hold", "in", WAITING_HOLDS)
            | (
                Domain("wait_reason", "!=", False)
                & Domain("due", ">", fields.Datetime.now())
            )
        )

    @api.model
    def _name_holds(self):
        """`{why a mailing is held: in words}`."""
        mailings = self.env["mailing.mailing"]
        return dict(mailings._fields["marketing_hold"]._description_selection(self.env))

    @api.model
    def _get_held_counts(self, mailings):
        """`{mailing id: {why, in words: mails that are held}}`, for all in two queries.

        Where the whole mailing is held, that is why.
        """
        self.flush_model()
        holds = self._name_holds()
        held = mailings.filtered(
            lambda mailing: mailing.marketing_hold in WAITING_HOLDS
        )
        counts = {}
        if held:
            figures = self._get_figures(held.ids)
            for mailing in held:
                states = figures.get(mailing.id, {})
                count = sum(states.get(state, 0) for state in WAITING_STATES)
                if count:
                    counts[mailing.id] = {holds[mailing.marketing_hold]: count}
        others = mailings - held
        if not others:
            return counts
        reasons = dict(self._fields["wait_reason"]._description_selection(self.env))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mailing_id, wait_reason, count(*)
                  FROM marketing_delivery
                 WHERE mailing_id = ANY(%s) AND due > %s
                   AND state IN ('planned', 'composed') AND wait_reason IS NOT NULL
                 GROUP BY mailing_id, wait_reason
                 ORDER BY count(*) DESC
                """,
                others.ids,
                fields.Datetime.now(),
            )
        )
        for mailing_id, reason, count in rows:
            # Add-ons that are gone had reasons of their own.
            label = reasons.get(reason, reason)
            counts.setdefault(mailing_id, {})[label] = count
        return counts

    @api.model
    def _invalidate_deliveries(self):
        result = super()._invalidate_deliveries()
        self.env["mailing.mailing"].invalidate_model(
            ["marketing_held", "marketing_held_reasons"]
        )
        return result


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    marketing_held = fields.Integer(
        "Mails Held",
        compute="_compute_marketing_held",
        compute_sudo=True,
        help="Mails that wait for more than their turn: for a pause to end, a check, a "
        "limit, or an hour.",
    )
    marketing_held_reasons = fields.Char(
        "Mails Held Because", compute="_compute_marketing_held", compute_sudo=True
    )

    @api.depends("marketing_hold")
    @api.depends_context("lang")
    def _compute_marketing_held(self):
        counts = self.env["marketing.delivery"]._get_held_counts(self._origin)
        for mailing in self:
            reasons = counts.get(mailing._origin.id, {})
            mailing.marketing_held = sum(reasons.values())
            mailing.marketing_held_reasons = mailing._join_held(reasons)

    @api.model
    def _join_held(self, reasons):
        """“Quiet hours: 120, Frequency rule: 30”; one reason needs no number."""
        if len(reasons) < 2:
            return next(iter(reasons), False)
        return format_list(
            self.env,
            [
                f"{reason}: {format_number(self.env, count, 0)}"
                for reason, count in reasons.items()
            ],
            "unit",
        )

    def action_view_held(self):
        """The mails that are held, each with what it waits for."""
        self.ensure_one()
        mailing = self.with_context(search_default_held=1)
        action = mailing.action_view_deliveries()
        return action | {
            "display_name": self.env._("Held mails of %s", self.subject),
            "context": action["context"] | {"show_held": True},
        }


class MarketingJourney(models.Model):
    _inherit = "marketing.journey"

    held_count = fields.Integer(
        "Mails Held",
        compute="_compute_held_count",
        compute_sudo=True,
        help="Mails of this journey that wait for more than their turn.",
    )
    held_reasons = fields.Char(
        "Mails Held Because", compute="_compute_held_count", compute_sudo=True
    )

    @api.depends_context("lang")
    def _compute_held_count(self):
        mailings = self._get_mailings_by_journey()
        all_mailings = self.env["mailing.mailing"].union(*mailings.values())
        counts = self.env["marketing.delivery"]._get_held_counts(all_mailings)
        for journey in self:
            reasons = {}
            for mailing in mailings.get(journey._origin.id, ()):
                for reason, count in counts.get(mailing.id, {}).items():
                    reasons[reason] = reasons.get(reason, 0) + count
            journey.held_count = sum(reasons.values())
            journey.held_reasons = all_mailings._join_held(reasons)

    def _get_mailings_by_journey(self):
        """`{journey id: mailings of its steps}`, of all versions people walk on."""
        groups = (
            self.env["marketing.journey.step"]
            .sudo()
            ._read_group(
                [
                    ("journey_id", "in", self._origin.ids),
                    ("mailing_id", "!=", False),
                ],
                ["journey_id"],
                ["mailing_id:recordset"],
            )
        )
        return {journey.id: mailings for journey, mailings in groups}

    def action_view_held(self):
        """The mails that are held, each with what it waits for."""
        self.ensure_one()
        self.check_access("read")
        mailings = self._get_mailings_by_journey().get(self.id)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_action"
        )
        return action | {
            "display_name": self.env._("Held mails of %s", self.name),
            "domain": [("mailing_id", "in", mailings.ids if mailings else [])],
            "context": {"search_default_held": 1, "show_held": True},
        }
