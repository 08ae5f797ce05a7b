from odoo import api, models


class MailingContact(models.Model):
    _name = "mailing.contact"
    _inherit = ["mailing.contact", "marketing.person.mixin"]

    # Bounces, persons and blacklists look contacts up by address.
    _email_normalized = models.Index(
        "(email_normalized) WHERE email_normalized IS NOT NULL"
    )

    @api.model_create_multi
    def create(self, vals_list):
        contacts = super().create(vals_list)
        if any(vals.get("list_ids") for vals in vals_list):
            contacts._follow_memberships()
        return contacts

    def write(self, vals):
        if "list_ids" not in vals:
            return super().write(vals)
        before = self._get_subscriptions()
        result = super().write(vals)
        self._follow_memberships(before)
        return result

    def _get_subscriptions(self):
        self.env["mailing.contact"].flush_model()
        subscriptions = self.env["mailing.subscription"].sudo()
        return subscriptions.search([("contact_id", "in", self.ids)])

    def _follow_memberships(self, before=()):
        """Lists chosen as tags make subscriptions without creating them as records."""
        new = self._get_subscriptions().filtered(
            lambda subscription: subscription not in before
        )
        self.env["marketing.consent"]._follow_subscriptions(new, is_new=True)
