from odoo import api, fields, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "marketing.person.mixin"]

    # Bounces, persons and blacklists look contacts up by address.
    email_normalized = fields.Char(index="btree_not_null")

    @api.model
    def _get_identity_columns(self):
        return super()._get_identity_columns() | {
            "lang": SQL("record.lang"),
            "tz": SQL("record.tz"),
        }
