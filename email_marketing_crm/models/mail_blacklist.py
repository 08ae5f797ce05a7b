from uuid import uuid4

from odoo import api, fields, models


class MailBlacklist(models.Model):
    _inherit = "mail.blacklist"

    @api.model_create_multi
    def create(self, vals_list):
        before = self.env.cr.now()
        entries = super().create(vals_list)
        # Stock gives back entries that were there already.
        entries.filtered(
            lambda entry: entry.active and entry.create_date >= before
        )._capture_block()
        entries._follow()
        return entries

    def write(self, vals):
        if not vals.keys() & {"active", "email"}:
            return super().write(vals)
        before = {entry.id: entry.active for entry in self}
        former = self.mapped("email")
        result = super().write(vals)
        self.filtered(lambda entry: entry.active != before[entry.id])._capture_block()
        self._follow(former)
        return result

    def unlink(self):
        former = self.mapped("email")
        result = super().unlink()
        self._follow(former)
        return result

    @api.model
    def _add(self, email, message=None):
        """Addresses that bounce are held back by our own rule, which can be lifted.

        Odoo's rule counts every bounce, those of a full mailbox and those that were
        about the sender too, and blocks as if the person himself had asked for it.
        """
        if self.env.context.get("marketing_bounce"):
            return self.browse()
        return super()._add(email, message=message)

    def _follow(self, former=()):
        """Opt the persons of these addresses out of everything, or in again.

        An entry that goes with an erasure means neither.
        """
        if self.env.context.get("marketing_erasure"):
            return
        self.env["marketing.consent"]._follow_blacklist(
            {*self.exists().mapped("email"), *former}
        )

    @api.model
    def _block(self, emails):
        """Block addresses, whether they were listed before or not."""
        emails = [email for email in emails if email]
        if not emails:
            return
        entries = self.sudo().create([{"email": email} for email in emails])
        entries.filtered(lambda entry: not entry.active).action_unarchive()

    def _capture_block(self):
        """Record that addresses were blocked from all mailings, or freed."""
        now = fields.Datetime.now()
        # By a link or the button of a mail: it is a result of that mailing.
        evidence = self.env["marketing.consent"]._get_given_evidence() or {}
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "mailing_id": evidence.get("mailing_id"),
                    "type": "unsubscribed" if entry.active else "resubscribed",
                    "date": now,
                    "email": entry.email,
                    "data": {"title": self.env._("All mailings")},
                    "dedup_key": f"blacklist:{entry.id}:{uuid4().hex}",
                }
                for entry in self.sudo()
            ]
        )
