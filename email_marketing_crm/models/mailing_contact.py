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
        before = self._get_topic_subscriptions()
        result = super().write(vals)
        self._follow_memberships(before)
        return result

    def _get_topic_subscriptions(self):
        """Subscriptions of these contacts to lists that are topics."""
        self.env["mailing.contact"].flush_model()
        topics = self.env["marketing.topic"].sudo().with_context(active_test=False)
        return (
            self.env["mailing.subscription"]
            .sudo()
            .search(
                [
                    ("contact_id", "in", self.ids),
                    (
                        "list_id",
                        "in",
                        topics.search([("mailing_list_id", "!=", False)])
                        .mapped("mailing_list_id")
                        .ids,
                    ),
                ]
            )
        )

    def _follow_memberships(self, before=()):
        """Lists chosen as tags make subscriptions without creating them as records."""
        found = self._get_topic_subscriptions()
        new = found.filtered(lambda subscription: subscription not in before)
        self.env["marketing.consent"]._follow_subscriptions(new, is_new=True)
