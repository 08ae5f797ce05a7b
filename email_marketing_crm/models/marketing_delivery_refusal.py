from odoo import api, models
from odoo.tools import SQL

from ..tools.bounce import read_refusal


class MarketingDelivery(models.Model):
    """What a mail server refuses while it is being talked to is a bounce as well."""

    _inherit = "marketing.delivery"

    @api.model
    def _fail(self, messages):
        result = super()._fail(messages)
        refusals = {
            delivery_id: refusal
            for delivery_id, message in messages.items()
            if (refusal := read_refusal(message))
        }
        if refusals:
            self._capture_refusals(refusals)
        return result

    @api.model
    def _capture_refusals(self, refusals):
        """Record what servers refused, and stop mail to addresses that do not exist.

        Only of mails that were composed: a template that fails is no mail server.

        :param refusals: `{delivery id: Bounce}`
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT id, person_id, mailing_id, company_id, email"
                "  FROM marketing_delivery"
                " WHERE id = ANY(%s) AND state = 'failed'"
                "   AND composed_date IS NOT NULL",
                list(refusals),
            )
        )
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": refusals[delivery_id].kind,
                    "person_id": person_id,
                    "mailing_id": mailing_id,
                    "company_id": company_id,
                    "res_model": self._name,
                    "res_id": delivery_id,
                    "data": {
                        "status": refusals[delivery_id].status,
                        "diagnostic": refusals[delivery_id].diagnostic,
                    },
                    "dedup_key": f"delivery:{delivery_id}:refused",
                }
                for delivery_id, person_id, mailing_id, company_id, _email in rows
            ]
        )
        self.env["marketing.person"]._suppress_at_once(
            [row[4] for row in rows if refusals[row[0]].kind == "hard_bounce"],
            "bounce",
        )
