from odoo import api, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "marketing.person.mixin"]

    # Bounces, persons and blacklists look contacts up by address.
    _email_normalized = models.Index(
        "(email_normalized) WHERE email_normalized IS NOT NULL"
    )
    # Members of segments by what persons did: the table itself, wide as it is, need
    # not be read.
    _person_record = models.Index("(marketing_person_id, id) WHERE active IS TRUE")

    @api.model
    def _get_identity_columns(self):
        return super()._get_identity_columns() | {
            "lang": SQL("record.lang"),
            "tz": SQL(
                "COALESCE(NULLIF(record.tz, ''), %s)", self._get_country_zone_sql()
            ),
        }
