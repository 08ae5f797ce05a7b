from odoo import fields, models
from odoo.exceptions import UserError

from .mailing_mailing import SENDING_STATES


class MailingMailing(models.Model):
    """The hour of a campaign can be changed as long as some of its mails have not left.

    What was sent stays sent. What is planned, and what is composed and waits for its
    mail server, leaves from the new hour on, and is gated again before.
    """

    _inherit = "mailing.mailing"

    def write(self, vals):
        result = super().write(vals)
        if "schedule_date" in vals:
            self.filtered("marketing_kind")._reschedule_deliveries()
        return result

    def _reschedule_deliveries(self):
        """Move what has not left to the new hour; a worker does that for many mails."""
        jobs = self.env["marketing.job"]
        for mailing in self.filtered(lambda mailing: mailing.state in SENDING_STATES):
            if jobs._is_for_worker(mailing):
                jobs._add("move", mailing)
                continue
            mailing._move_deliveries()
            due = mailing.schedule_date or fields.Datetime.now()
            self.env["marketing.delivery"]._wake_lanes(at=due)

    def action_reschedule(self):
        """Ask for the new hour of what has not left."""
        self.ensure_one()
        self._check_reschedulable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Hour for “%s”", self.subject),
            "res_model": "marketing.mailing.reschedule",
            "view_mode": "form",
            "target": "new",
            "context": {"default_mailing_id": self.id},
        }

    def _check_reschedulable(self):
        self.check_access("write")
        for mailing in self:
            if (
                mailing.marketing_kind != "campaign"
                or mailing.state not in SENDING_STATES
                or not mailing.marketing_waiting
            ):
                raise UserError(
                    self.env._(
                        "Nothing of “%s” waits to be sent any more.", mailing.subject
                    )
                )
