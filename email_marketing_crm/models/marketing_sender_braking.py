from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.sender_brake import (
    DEFAULT_LIMITS,
    FIXED_LIMITS,
    LATE_CAUSES,
    LATE_WINDOW,
    TRIES,
    WINDOW,
    decide_brakes,
)
from ..tools.sender_pace import HOUR

#: What a provider puts off is tried again after this, at half the pace.
CAREFUL_AFTER = timedelta(hours=1)
#: Brakes that end by themselves.
PASSING = {"deferral": CAREFUL_AFTER, "server": timedelta(hours=1)}
CAREFUL_SHARE = 0.5


class MarketingSender(models.Model):
    """When a sender brakes itself, and how it goes on."""

    _inherit = "marketing.sender"

    # limits, per cent of the mails of a day
    bounce_limit = fields.Float(
        "Bounces (%)",
        default=DEFAULT_LIMITS["bounce"],
        aggregator=None,
        tracking=True,
        help="Mails that bounce for good. 0: not watched.",
    )
    complaint_limit = fields.Float(
        "Spam Reports (%)",
        default=DEFAULT_LIMITS["complaint"],
        digits=(16, 2),
        aggregator=None,
        tracking=True,
        help="Gmail and Yahoo want less than 0.3 %. 0: not watched.",
    )
    policy_limit = fields.Float(
        "Refused by Policy (%)",
        default=DEFAULT_LIMITS["policy"],
        aggregator=None,
        tracking=True,
        help="Mails that a provider refuses because of the sender or the content. "
        "0: not watched.",
    )
    deferral_limit = fields.Float(
        "Put Off (%)",
        default=DEFAULT_LIMITS["deferral"],
        aggregator=None,
        tracking=True,
        help="Mails that a provider wants later. 0: not watched.",
    )
    brake_ids = fields.One2many("marketing.sender.brake", "sender_id", "Brakes")
    brake_state = fields.Selection(
        [("free", "Running"), ("partly", "Partly braked"), ("braked", "Braked")],
        "State",
        compute="_compute_brake_state",
        search="_search_brake_state",
        compute_sudo=True,
    )
    brake_text = fields.Text(compute="_compute_brake_state", compute_sudo=True)
    can_go_on = fields.Boolean(compute="_compute_can_go_on")

    @api.depends("brake_ids.state")
    def _compute_brake_state(self):
        brakes = self.env["marketing.sender.brake"].search(
            [("sender_id", "in", self.ids), ("state", "=", "active")]
        )
        for sender in self:
            active = brakes.filtered(lambda brake, own=sender: brake.sender_id == own)
            if not active:
                sender.brake_state = "free"
            elif all(brake.provider for brake in active):
                sender.brake_state = "partly"
            else:
                sender.brake_state = "braked"
            sender.brake_text = "\n".join(dict.fromkeys(active.mapped("explanation")))

    @api.model
    def _search_brake_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        active = Domain("state", "=", "active")
        whole = active & Domain("provider", "=", False)
        braked = Domain("brake_ids", "any", whole)
        touched = Domain("brake_ids", "any", active)
        domains = {"braked": braked, "partly": touched & ~braked, "free": ~touched}
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.depends_context("uid")
    @api.depends("user_id")
    def _compute_can_go_on(self):
        is_manager = self.env.user.has_group(
            "email_marketing_crm.group_marketing_manager"
        )
        for sender in self:
            sender.can_go_on = is_manager or sender.user_id == self.env.user

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def _check_may_go_on(self):
        self.check_access("read")
        if not all(sender.can_go_on for sender in self):
            raise AccessError(
                self.env._(
                    "Only the owner of the sender or a marketing manager may stop it or"
                    " let it go on."
                )
            )

    def action_brake(self):
        """Stop all mail of these senders at once."""
        self._check_may_go_on()
        free = self.sudo().filtered(lambda sender: sender.brake_state != "braked")
        free._insert_brakes(
            [(sender.id, None, "manual", 0, 0, 0.0, None) for sender in free]
        )
        for sender in free:  # a handful: those a user selected
            sender.message_post(
                body=self.env._("All mail of this sender was stopped."),
                author_id=self.env.user.partner_id.id,
            )

    def action_go_on(self):
        """Ask what was done about the cause, then let the mails leave."""
        self.ensure_one()
        self._check_may_go_on()
        if self.brake_state == "free":
            raise UserError(self.env._("Nothing of this sender is braked."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Go On"),
            "res_model": "marketing.sender.release",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_sender_id": self.id},
        }

    def _go_on(self, note):
        """Release the brakes of these senders; what was before is forgiven."""
        brakes = self.sudo().brake_ids.filtered(lambda brake: brake.state == "active")
        brakes._release(note)
        self.sudo().activity_unlink(["mail.mail_activity_data_warning"])
        for sender in self:
            sender.sudo().message_post(
                body=self.env._("Mails may leave again: %s", note),
                author_id=self.env.user.partner_id.id,
            )
        self.env["marketing.delivery"]._wake_lanes("pace", "compose", "smtp")

    # ------------------------------------------------------------------
    # BRAKING
    # ------------------------------------------------------------------

    def _brake_if_needed(self):
        """Stop what passes a limit; asked with each batch in which something failed."""
        for sender in self:  # a handful: those of one batch
            limits = {cause: sender[f"{cause}_limit"] for cause in DEFAULT_LIMITS}
            limits |= FIXED_LIMITS
            brakes = sender._find_brakes(limits)
            sender._insert_brakes(
                [
                    (
                        sender.id,
                        brake.provider,
                        brake.cause,
                        brake.count,
                        brake.total,
                        limits[brake.cause],
                        fields.Datetime.now() + PASSING[brake.cause]
                        if brake.cause in PASSING
                        else None,
                    )
                    for brake in brakes
                ]
            )

    def _find_brakes(self, limits):
        """What passes a limit.

        Mails that left before somebody let the sender go on are forgiven, also what
        comes back of them later. A brake that ended by itself forgives what it was
        for, and nothing else: nobody has looked.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        stopped, released, passed = self._get_brakes_since()
        lasting = {cause: limits[cause] for cause in limits if cause not in PASSING}
        passing = {cause: limits[cause] for cause in PASSING}
        late = {cause: limits[cause] for cause in LATE_CAUSES}
        recently = max(now - WINDOW, passed)
        brakes = []
        for since, chosen in (
            (max(now - WINDOW, released), lasting),
            (recently, passing),
            # a server that worked all day and takes nothing now
            (self._get_last_success(recently), FIXED_LIMITS),
            (max(now - LATE_WINDOW, released), late),
        ):
            results = self._get_results(since, by_mail=True)
            brakes += decide_brakes(
                results, chosen, stopped | {brake.provider for brake in brakes}
            )
        return brakes

    def _get_brakes_since(self):
        """What is braked, and the moments from which mails count.

        :returns: the providers that are braked, when somebody let the sender go on,
            and when a brake ended by itself or by somebody
        """
        self.ensure_one()
        earliest = fields.Datetime.now() - LATE_WINDOW
        rows = self.env.execute_query(
            SQL(
                "SELECT provider, state, end_date, until IS NOT NULL AND"
                "       end_date >= until"
                "  FROM marketing_sender_brake"
                " WHERE sender_id = %s AND (state = 'active' OR end_date >= %s)",
                self.id,
                earliest,
            )
        )
        stopped = {row[0] for row in rows if row[1] == "active"}
        ends = [
            (end + timedelta(seconds=1), is_by_itself)
            for _provider, _state, end, is_by_itself in rows
            if end
        ]
        released = max(
            [earliest, *(end for end, is_by_itself in ends if not is_by_itself)]
        )
        return stopped, released, max([released, *(end for end, _is in ends)])

    def _get_last_success(self, since):
        """The second after the last mail left, or the given moment if none did."""
        self.ensure_one()
        [(moment,)] = self.env.execute_query(
            SQL(
                "SELECT max(date) FROM marketing_sender_result"
                " WHERE sender_id = %s AND date >= %s AND outcome = 'sent'",
                self.id,
                since,
            )
        )
        return moment + timedelta(seconds=1) if moment else since

    @api.model
    def _insert_brakes(self, rows):
        """Insert brakes; an insert meets no other lane."""
        if not rows:
            return
        self.env.cr.executemany(
            """
            INSERT INTO marketing_sender_brake (
                sender_id, provider, cause, count, total, "limit", until, date,
                state, is_told)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'active', FALSE)
            """,
            [(*row, fields.Datetime.now()) for row in rows],
        )
        self.env["marketing.sender.brake"].invalidate_model()
        self.invalidate_model(["brake_ids", "brake_state", "brake_text"])
        self.env["marketing.delivery"]._wake_lanes("pace")

    # ------------------------------------------------------------------
    # GOING ON
    # ------------------------------------------------------------------

    def _end_brakes(self):
        """Go on where it may be better now; with care where mails were put off."""
        self.ensure_one()
        over = self.brake_ids.filtered(
            lambda brake: (
                brake.state == "active"
                and brake.until
                and brake.until <= fields.Datetime.now()
            )
        )
        put_off = over.filtered(lambda brake: brake.cause == "deferral")
        for brake in put_off:
            self._slow_down(brake)
        put_off._release(self.env._("By itself, at half the pace."))
        (over - put_off)._release(self.env._("By itself, to try the server again."))
        if over:
            self.env["marketing.delivery"]._wake_lanes("compose", "smtp")

    def _slow_down(self, brake):
        """Give a provider half of what it got in the hour before the brake."""
        since, until = brake.date - HOUR, brake.date + timedelta(seconds=1)
        counts = self._get_results(since, until).get(brake.provider, {})
        pace = max(sum(counts.get(outcome, 0) for outcome in TRIES), 2)
        line = self.provider_ids.filtered(
            lambda line: line.provider == brake.provider
        ) or self.env["marketing.sender.provider"].create(
            {"sender_id": self.id, "provider": brake.provider}
        )
        line.write(
            {
                "careful_quota": max(int(pace * CAREFUL_SHARE), 1),
                "full_pace": pace,
                "careful_date": fields.Datetime.now() + HOUR,
            }
        )

    def _quicken_providers(self):
        """Twice as much each hour that went well, until the full pace is back."""
        self.ensure_one()
        due = self.provider_ids.filtered(
            lambda line: (
                line.careful_quota and line.careful_date <= fields.Datetime.now()
            )
        )
        for line in due:
            quota = line.careful_quota * 2
            if quota > line.full_pace:
                quota = 0
            line.write(
                {
                    "careful_quota": quota,
                    "careful_date": quota and fields.Datetime.now() + HOUR,
                }
            )
