import json

from odoo import api, fields, models
from odoo.tools import SQL

from .mailing_mailing_content import VARIANT


class MarketingDelivery(models.Model):
    """Which variant of the mail somebody got, so that it can be shown again."""

    _inherit = "marketing.delivery"

    variant = fields.Json(
        readonly=True,
        help="Language, conditions met and sender the text was made for; empty where "
        "the mailing is the same for everybody.",
    )
    content_lang = fields.Char("In", compute="_compute_content")
    content_sender = fields.Char("From", compute="_compute_content")

    @api.depends("variant")
    def _compute_content(self):
        """The variant in words, for lists."""
        names = dict(self.env["res.lang"].get_installed())
        problems = self._get_sender_problems()
        ids = {(delivery.variant or {}).get("sender") for delivery in self} - {None}
        users = {
            user.id: user.name
            for user in self.env["res.users"].sudo().browse(ids).exists()
        }
        for delivery in self:
            variant = delivery.variant or {}
            lang = variant.get("lang")
            delivery.content_lang = names.get(lang, lang)
            delivery.content_sender = users.get(variant.get("sender")) or problems.get(
                variant.get("sender_problem")
            )

    @api.model
    def _get_sender_problems(self):
        """Why a mail came from the mailing's sender instead of a salesperson."""
        return {
            "nobody": self.env._("The mailing's sender: no salesperson"),
            "left": self.env._("The mailing's sender: the salesperson has left"),
            "no_address": self.env._(
                "The mailing's sender: the salesperson has no address"
            ),
            "foreign_domain": self.env._(
                "The mailing's sender: the salesperson's address is of another domain"
            ),
        }

    @api.model
    def _compose_batch(self, mailing, content, deliveries):
        result = super()._compose_batch(mailing, content, deliveries)
        self._note_variant(content, deliveries.values())
        return result

    @api.model
    def _note_variant(self, content, ids):
        """Keep which variant these deliveries are; for each lane that composes."""
        if not content.get(VARIANT):
            return
        self.env.cr.execute(
            SQL(
                "UPDATE marketing_delivery SET variant = %s::jsonb WHERE id = ANY(%s)",
                json.dumps(content[VARIANT]),
                list(ids),
            )
        )
        self.invalidate_model(["variant"])
