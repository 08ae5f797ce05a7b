from zoneinfo import ZoneInfo

from odoo import api, models
from odoo.tools import SQL

from ..tools.local_time import find_zone


class MarketingPerson(models.Model):
    """Where a person's clock stands.

    `tz` is the zone of his contact, else the only zone of his country; somebody of
    whom neither is known lives by the company's clock.
    """

    _inherit = "marketing.person"

    # The zones that occur, without reading the table.
    _tz = models.Index("(tz) WHERE tz IS NOT NULL")

    @api.model
    def _get_zones(self):
        """`{name: zone}` of all zones that persons live in.

        The company's zone has the empty name. Skips from zone to zone along the index,
        so it costs nothing with a million persons.
        """
        self.flush_model(["tz"])
        names = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE found AS (
                    SELECT min(tz) AS name FROM marketing_person WHERE tz IS NOT NULL
                    UNION ALL
                    SELECT (SELECT min(tz) FROM marketing_person
                             WHERE tz IS NOT NULL AND tz > found.name)
                      FROM found WHERE found.name IS NOT NULL
                )
                SELECT name FROM found WHERE name IS NOT NULL
                """
            )
        )
        zones = {name: find_zone(name) for (name,) in names}
        company = find_zone(self._get_company_zone()) or ZoneInfo("UTC")
        return {"": company} | {name: zone for name, zone in zones.items() if zone}

    @api.model
    def _get_company_zone(self):
        """Name of the zone that the company works in."""
        company = self.env.company.sudo()
        return company.resource_calendar_id.tz or company.partner_id.tz or "UTC"

    @api.model
    def _get_zone_sql(self, alias):
        """SQL: the key in `_get_zones` of a person.

        :param alias: of the table of persons
        """
        names = [name for name in self._get_zones() if name]
        column = SQL.identifier(alias, "tz")
        return SQL("CASE WHEN %s = ANY(%s) THEN %s ELSE '' END", column, names, column)

    def _get_zone(self):
        """The zone of one person."""
        self.ensure_one()
        zones = self._get_zones()
        return zones.get(self.tz or "", zones[""])
