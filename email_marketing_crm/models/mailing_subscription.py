from uuid import uuid4

from odoo import api, fields, models


class MailingSubscription(models.Model):
    _inherit = "mailing.subscription"

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions.filtered("opt_out")._capture_opt_out()
        self.env["marketing.consent"]._follow_subscriptions(subscriptions, is_new=True)
        return subscriptions

    def write(self, vals):
        if not vals.keys() & {"opt_out", "opt_out_datetime", "opt_out_reason_id"}:
            return super().write(vals)
        before = {subscription.id: subscription.opt_out for subscription in self}
        result = super().write(vals)
        changed = self.filtered(
            lambda subscription: subscription.opt_out != before[subscription.id]
        )
        changed._capture_opt_out()
        self.env["marketing.consent"]._follow_subscriptions(changed, is_new=False)
        return result

    def _capture_opt_out(self):
        """Record that people left a list or came back."""
        now = fields.Datetime.now()
        # By a link or the button of a mail: it is a result of that mailing.
        evidence = self.env["marketing.consent"]._get_given_evidence() or {}
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "mailing_id": evidence.get("mailing_id"),
                    "type": "unsubscribed" if subscription.opt_out else "resubscribed",
                    "date": now,
                    "email": subscription.contact_id.email_normalized,
                    "res_model": "mailing.contact",
                    "res_id": subscription.contact_id.id,
                    "data": {
                        "title": subscription.list_id.name,
                        "reason": subscription.opt_out_reason_id.name or None,
                    },
                    "dedup_key": f"subscription:{subscription.id}:{uuid4().hex}",
                }
                for subscription in self.sudo()
                if subscription.contact_id.email_normalized
            ]
        )
