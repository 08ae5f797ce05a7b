from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from .mailing_mailing import SENDING_STATES


class MailingMailing(models.Model):
    """What the calendar shows of a mailing, and how it is moved to another day there.

    Its size is counted once, when it is planned or put into the queue, and kept.
    """

    _inherit = "mailing.mailing"

    marketing_planned_count = fields.Integer(
        "Planned Mails",
        readonly=True,
        copy=False,
        help="How many mails it was planned to be when it was confirmed.",
    )

    # ------------------------------------------------------------------
    # SIZE
    # ------------------------------------------------------------------

    def action_put_in_queue(self):
        result = super().action_put_in_queue()
        for mailing in self.filtered(
            lambda mailing: (
                mailing.mailing_type == "mail" and not mailing.marketing_kind
            )
        ):
            mailing.sudo().marketing_planned_count = mailing.total
        return result

    def _finish_plan(self, due):
        result = super()._finish_plan(due)
        self.sudo().marketing_planned_count = self.marketing_waiting
        return result

    def action_cancel(self):
        result = super().action_cancel()
        self.sudo().marketing_planned_count = 0
        return result

    # ------------------------------------------------------------------
    # ANOTHER DAY
    # ------------------------------------------------------------------

    def _move_to(self, date):
        """Let a mailing leave at another moment, in the way its form does it.

        :param date: naive datetime in UTC
        :raises UserError: says why it stays where it is
        """
        self.ensure_one()
        self.check_access("write")
        self._check_movable(date)
        self.write({"schedule_type": "scheduled", "schedule_date": date})
        if self.state in SENDING_STATES and not self.marketing_kind:
            self.env.ref("mass_mailing.ir_cron_mass_mailing_queue").sudo()._trigger(
                date
            )

    def _check_movable(self, date):
        name = self.subject
        if self.state == "done":
            raise UserError(
                self.env._(
                    "“%s” was sent. What has left cannot be moved to another day.", name
                )
            )
        if self.marketing_hold == "stopped":
            raise UserError(
                self.env._("“%s” was stopped: nothing of it leaves any more.", name)
            )
        if self.state == "sending":
            raise UserError(
                self.env._(
                    "“%s” is on its way, and what has left stays where it is. To change"
                    " the hour of the rest, open the mailing.",
                    name,
                )
            )
        if date <= fields.Datetime.now():
            raise UserError(
                self.env._(
                    "“%(mailing)s” cannot leave on %(date)s: that is over. Choose a"
                    " later day, or open the mailing to change its hour.",
                    mailing=name,
                    date=format_datetime(self.env, date, dt_format="short"),
                )
            )
        if self.state in SENDING_STATES and self.marketing_kind:
            if self._is_being_worked_on():
                raise UserError(
                    self.env._(
                        "The audience of “%s” is being planned or moved right now. Try"
                        " again when that is done.",
                        name,
                    )
                )
            self._check_reschedulable()
