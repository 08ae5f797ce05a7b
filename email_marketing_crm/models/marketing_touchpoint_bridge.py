"""What add-ons need that bring events of other apps, such as surveys."""

from odoo import api, models
from odoo.tools import SQL


class MarketingTouchpointType(models.Model):
    """Types that an add-on brings, and what becomes of them when it goes.

    A type that something happened with stays when its add-on is removed: the history,
    the rules and the scores that ask for it are the company's. It becomes a type of
    the company, and the add-on's again when that is installed anew.
    """

    _inherit = "marketing.touchpoint.type"

    @api.model
    def _adopt(self, module, codes):
        """Let the types there are already be those of an add-on about to come.

        :param codes: `{name of the record in the add-on's data: code of the type}`
        """
        found = {
            record.code: record.id
            for record in self.with_context(active_test=False).search(
                [("code", "in", list(codes.values()))]
            )
        }
        self.env["ir.model.data"].create(
            [
                {
                    "module": module,
                    "name": name,
                    "model": self._name,
                    "res_id": found[code],
                    "noupdate": True,
                }
                for name, code in codes.items()
                if code in found
            ]
        )

    @api.model
    def _release(self, module):
        """Keep the types of an add-on about to go that something refers to."""
        names = self.env["ir.model.data"].search(
            [("module", "=", module), ("model", "=", self._name)]
        )
        used = set(names.mapped("res_id")) & self._get_used_ids()
        names.filtered(lambda name: name.res_id in used).unlink()

    @api.model
    def _get_used_ids(self):
        """Ids of the types that rows of any model name: touchpoints, rules, steps."""
        used = set()
        for model in self.env.values():
            if model._abstract or not model._auto:
                continue
            for name, field in model._fields.items():
                if (
                    field.type == "many2one"
                    and field.comodel_name == self._name
                    and field.store
                ):
                    model.flush_model([name])
                    used.update(
                        type_id
                        for (type_id,) in self.env.execute_query(
                            SQL(
                                "SELECT type.id FROM marketing_touchpoint_type type"
                                " WHERE EXISTS (SELECT FROM %s row WHERE row.%s ="
                                " type.id)",
                                SQL.identifier(model._table),
                                SQL.identifier(name),
                            )
                        )
                    )
        return used


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    @api.model
    def _get_outsiders(self, partner_ids):
        """Of some contacts those who are no colleagues: `{partner id: person id}`.

        What employees do in Odoo's apps is work, and says nothing about customers.
        The person is None for a contact without a usable address.
        """
        if not partner_ids:
            return {}
        self.env["res.partner"].flush_model(["active", "marketing_person_id"])
        self.env["res.users"].flush_model(["partner_id", "share"])
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT partner.id, partner.marketing_person_id
                      FROM res_partner partner
                     WHERE partner.id = ANY(%s) AND partner.active
                       AND NOT EXISTS (SELECT FROM res_users colleague
                                        WHERE colleague.partner_id = partner.id
                                          AND colleague.share IS NOT TRUE)
                    """,
                    list(partner_ids),
                )
            )
        )
