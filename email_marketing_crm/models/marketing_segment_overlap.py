"""Who is in several segments at once, and who is in one of them only."""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

#: More segments have too many combinations to read.
MAXIMUM_SEGMENTS = 5


class MarketingSegmentOverlap(models.TransientModel):
    """A comparison of segments: persons by the segments they are in.

    `_compare` counts with one statement, as the user may see members; each person of
    the segments belongs to exactly one line, so the lines add up to all of them.
    """

    _name = "marketing.segment.overlap"
    _description = "Overlap of Segments"

    segment_ids = fields.Many2many("marketing.segment", string="Segments")
    line_ids = fields.One2many(
        "marketing.segment.overlap.line", "overlap_id", readonly=True
    )
    person_count = fields.Integer("Persons", readonly=True)

    @api.depends("segment_ids")
    def _compute_display_name(self):
        for overlap in self:
            overlap.display_name = self.env._(
                "Overlap of %s", ", ".join(overlap.segment_ids.mapped("name"))
            )

    @api.model
    def _open_for(self, segments):
        overlap = self.create({"segment_ids": [Command.set(segments.ids)]})
        if len(segments) > 1:
            overlap._compare()
        return overlap._open()

    def _open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Overlap"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def action_compare(self):
        """Count anew, after other segments were chosen."""
        self._compare()

    def _compare(self):
        self.ensure_one()
        segments = self.segment_ids
        segments.check_access("read")
        if not 2 <= len(segments) <= MAXIMUM_SEGMENTS:
            raise UserError(
                self.env._("Choose between two and %s segments.", MAXIMUM_SEGMENTS)
            )
        counts = self._get_counts(segments)
        self.sudo().line_ids.unlink()
        self.env["marketing.segment.overlap.line"].sudo().create(
            [
                {
                    "overlap_id": self.id,
                    "segment_ids": [Command.set(ids)],
                    "person_count": counts.get(frozenset(ids), 0),
                }
                for ids in _get_combinations(segments.ids)
            ]
        )
        self.sudo().person_count = sum(counts.values())

    @api.model
    def _get_counts(self, segments):
        """`{ids of the segments a person is in: number of such persons}`."""
        members = self.env["marketing.segment.member"]
        query = members._search(
            Domain("segment_id", "in", segments.ids) & Domain("state", "=", "member")
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT ids, count(*)
                  FROM (SELECT array_agg(segment_id) AS ids
                          FROM (%s) AS member
                         GROUP BY person_id) AS person
                 GROUP BY ids
                """,
                query.select(
                    members._field_to_sql(members._table, "segment_id", query),
                    members._field_to_sql(members._table, "person_id", query),
                ),
            )
        )
        counts = {}
        for ids, count in rows:  # the same segments come in several orders
            key = frozenset(ids)
            counts[key] = counts.get(key, 0) + count
        return counts


class MarketingSegmentOverlapLine(models.TransientModel):
    """Persons who are in these of the compared segments, and in no other of them."""

    _name = "marketing.segment.overlap.line"
    _description = "Part of an Overlap of Segments"
    _order = "id"

    overlap_id = fields.Many2one(
        "marketing.segment.overlap", required=True, readonly=True, ondelete="cascade"
    )
    segment_ids = fields.Many2many(
        "marketing.segment",
        "marketing_segment_overlap_line_rel",
        "line_id",
        "segment_id",
        readonly=True,
    )
    name = fields.Char("Who Is In", compute="_compute_name")
    person_count = fields.Integer("Persons", readonly=True)
    share = fields.Float(compute="_compute_share")

    @api.depends("segment_ids", "overlap_id.segment_ids")
    def _compute_name(self):
        for line in self:
            segments = line.segment_ids.sorted("name")
            names = [f"“{name}”" for name in segments.mapped("name")]
            is_everywhere = len(names) == len(line.overlap_id.segment_ids)
            if len(names) == 1:
                line.name = self.env._("only %s", names[0])
            elif is_everywhere and len(names) == 2:
                line.name = self.env._(
                    "both %(one)s and %(other)s", one=names[0], other=names[1]
                )
            elif is_everywhere:
                line.name = self.env._("all of %s", ", ".join(names))
            else:
                line.name = self.env._("only %s, each of them", ", ".join(names))

    @api.depends("person_count", "overlap_id.person_count")
    def _compute_share(self):
        for line in self:
            total = line.overlap_id.person_count
            line.share = line.person_count / total if total else 0.0

    def _get_domain(self, field):
        """Domain of this part.

        :param field: what holds the segments: `segment_ids` of persons, or
            `marketing_segment_ids` of their records
        """
        self.ensure_one()
        others = self.overlap_id.segment_ids - self.segment_ids
        return [(field, "in", [item]) for item in self.segment_ids.ids] + [
            (field, "not in", [item]) for item in others.ids
        ]

    def action_view_people(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": self._get_domain("segment_ids"),
            "context": {"create": False},
        }

    def action_make_segment(self):
        """Make a segment of this part, which follows the segments it is made of."""
        self.ensure_one()
        first = self.segment_ids[0]
        companies = self.overlap_id.segment_ids.company_id
        segment = self.env["marketing.segment"].create(
            {
                "name": self.name[:1].upper() + self.name[1:],
                "res_model": first.res_model,
                "domain": repr(self._get_domain("marketing_segment_ids")),
                "company_id": companies.id
                if len(companies) == 1
                else first.company_id.id,
            }
        )
        segment.action_refresh()
        return {
            "type": "ir.actions.act_window",
            "res_model": "marketing.segment",
            "res_id": segment.id,
            "view_mode": "form",
        }


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    def action_compare(self):
        """Compare these segments; of one, the other is chosen in the form."""
        return self.env["marketing.segment.overlap"]._open_for(self)


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    segment_ids = fields.Many2many(search="_search_segment_ids")

    @api.model
    def _search_segment_ids(self, operator, value):
        """Persons who are members of segments that the user may see."""
        if operator != "in":
            return NotImplemented
        segments = self.env["marketing.segment"].with_context(active_test=False)
        names = [item for item in value if isinstance(item, str)]
        ids = [item for item in value if item and not isinstance(item, str)]
        if len(names) + len(ids) != len(set(value)):  # "is not set" is among them
            return NotImplemented
        readable = segments.search(
            Domain("id", "in", ids) | Domain("name", "in", names)
        )
        return Domain(
            "id",
            "in",
            SQL(
                "(SELECT person_id FROM marketing_segment_member"
                " WHERE segment_id = ANY(%s) AND %s)",
                readable.ids,
                self.env["marketing.segment.member"]._get_member_condition(),
            ),
        )


def _get_combinations(ids):
    """Every choice of at least one of some ids, the smallest first, in their order."""
    chosen = [
        [item for position, item in enumerate(ids) if mask >> position & 1]
        for mask in range(1, 1 << len(ids))
    ]
    return sorted(chosen, key=lambda items: (len(items), [ids.index(i) for i in items]))
