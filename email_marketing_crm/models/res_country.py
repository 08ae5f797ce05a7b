from datetime import datetime

import pytz

from odoo import api, fields, models

from ..tools.local_time import find_zone, to_utc

#: Countries that live by one clock, though the list of zones knows more.
OFFICIAL_ZONES = {"CN": "Asia/Shanghai"}
#: Zones that show the same on these days are one clock.
SAMPLES = (datetime(2024, 1, 15), datetime(2024, 7, 15))


class ResCountry(models.Model):
    _inherit = "res.country"

    marketing_tz = fields.Char(
        "Only Time Zone",
        compute="_compute_marketing_tz",
        store=True,
        help="The zone of everybody who lives there; empty for countries with several.",
    )

    @api.depends("code")
    def _compute_marketing_tz(self):
        """Germany has two zones by name, Berlin and Büsingen, and one clock."""
        for country in self:
            names = pytz.country_timezones.get(country.code or "", [])
            zones = {name: zone for name in names if (zone := find_zone(name))}
            clocks = {
                tuple(to_utc(local, zone) for local in SAMPLES)
                for zone in zones.values()
            }
            country.marketing_tz = OFFICIAL_ZONES.get(country.code) or (
                next(iter(zones)) if len(clocks) == 1 else False
            )
