"""Segments in segments."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime

from ..tools.segment_sets import PersonSet


class MarketingSegmentLink(models.Model):
    """A segment whose members another one takes in, or leaves out.

    Written by users in the form of the outer segment (`segment_id`). The inner one
    (`other_id`) may be made of other records: they meet in the person. It cannot be
    deleted as long as it is used, and never leads back to the outer one.
    """

    _name = "marketing.segment.link"
    _description = "Segment in a Segment"
    _inherit = ["marketing.segment.part"]
    _order = "kind desc, id"

    segment_id = fields.Many2one(
        "marketing.segment",
        "Outer Segment",
        required=True,
        ondelete="cascade",
        index=True,
    )
    kind = fields.Selection(
        [("include", "is in"), ("exclude", "is not in")],
        string="Whoever",
        required=True,
        default="include",
    )
    other_id = fields.Many2one(
        "marketing.segment",
        string="Segment",
        required=True,
        ondelete="restrict",
        index=True,
    )
    other_count = fields.Integer("Members", related="other_id.member_count")

    _segment_other_unique = models.Constraint(
        "UNIQUE(segment_id, other_id)", "The segment was chosen already."
    )

    @api.depends("kind", "other_id")
    def _compute_display_name(self):
        for link in self:
            name = link.other_id.name or ""
            if link.kind == "include":
                link.display_name = self.env._("is in “%s”", name)
            else:
                link.display_name = self.env._("is not in “%s”", name)

    @api.constrains("segment_id", "other_id")
    def _check_cycles(self):
        self.segment_id._check_cycles()

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        links = super().create(vals_list)
        links.other_id.check_access("read")
        return links

    def write(self, vals):
        result = super().write(vals)
        self.other_id.check_access("read")
        return result

    # ------------------------------------------------------------------
    # QUERY
    # ------------------------------------------------------------------

    def _get_person_set(self, person_ids=None):
        """The members of the inner segments, whatever the kind of the links."""
        persons = SQL()
        if person_ids is not None:
            persons = SQL("AND person_id = ANY(%s)", list(person_ids))
        return PersonSet(
            SQL(
                "SELECT person_id FROM marketing_segment_member"
                " WHERE segment_id = ANY(%s) AND %s %s",
                self.other_id._origin.ids,
                self.env["marketing.segment.member"]._get_member_condition(),
                persons,
            )
        )

    def _get_verdicts(self, person_ids):
        """`{person id: (whether the link lets him in, since when he is a member)}`."""
        self.ensure_one()
        members = dict(
            self.env.execute_query(
                SQL(
                    "SELECT person_id, since FROM marketing_segment_member"
                    " WHERE segment_id = %s AND person_id = ANY(%s) AND %s",
                    self.other_id.id,
                    list(person_ids),
                    self.env["marketing.segment.member"]._get_member_condition(),
                )
            )
        )
        verdicts = {}
        for person_id in person_ids:
            since = members.get(person_id)
            verdicts[person_id] = (
                (since is not None) == (self.kind == "include"),
                self.env._("member since %s", format_datetime(self.env, since))
                if since
                else self.env._("not a member"),
            )
        return verdicts


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    link_ids = fields.One2many(
        "marketing.segment.link", "segment_id", string="Other Segments", copy=True
    )
    include_match = fields.Selection(
        [("all", "all of the segments"), ("any", "any of the segments")],
        string="Members Of",
        required=True,
        default="all",
        help="Whether a person has to be in every segment that is taken in, or in one.",
    )
    outer_link_ids = fields.One2many(
        "marketing.segment.link", "other_id", string="Used In", readonly=True
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """A segment that lost its inner one would have other members."""
        for segment in self.sudo():
            outer = segment.outer_link_ids.segment_id - self
            if outer:
                raise UserError(
                    self.env._(
                        "The segment “%(inner)s” is a part of: %(outer)s. Take it out "
                        "there first, or archive it.",
                        inner=segment.name,
                        outer=", ".join(f"“{name}”" for name in outer.mapped("name")),
                    )
                )

    def unlink(self):
        """Segments that go together may have used one another."""
        self.link_ids.sudo().unlink()
        return super().unlink()

    def _get_link_sets(self, person_ids=None):
        """A `PersonSet` for what is taken in, and one for what is left out."""
        self.ensure_one()
        links = self.link_ids.filtered("other_id")
        included = links.filtered(lambda link: link.kind == "include")
        if included and self.include_match == "any":
            yield included._get_person_set(person_ids)
        else:
            for link in included:
                yield link._get_person_set(person_ids)
        excluded = links - included
        if excluded:
            yield ~excluded._get_person_set(person_ids)
