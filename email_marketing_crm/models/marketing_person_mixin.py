from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from .marketing_timeline import ENGAGEMENT_GROUPS

#: Fields that a person is made of, on whichever model has them.
IDENTITY_FIELDS = frozenset(
    {
        "name",
        "contact_name",
        "partner_name",
        "lang",
        "lang_id",
        "tz",
        "country_id",
        "company_id",
    }
)


class MarketingPersonMixin(models.AbstractModel):
    """A record that stands for a human being: res.partner, crm.lead, mailing.contact.

    `marketing_person_id` follows `email_normalized` through creation, import, change
    of address, merge and conversion. When the address changes, the record moves to
    the other person; what happened before stays with the old address. Score and
    membership are read through the person and never stored here.
    """

    _name = "marketing.person.mixin"
    _description = "Marketing Person Mixin"
    _inherit = ["marketing.timeline"]

    marketing_person_id = fields.Many2one(
        "marketing.person",
        string="Person",
        compute="_compute_marketing_person_id",
        store=True,
        copy=False,
        index=True,
        ondelete="set null",
        help="Everything known about the human behind this address.",
    )
    marketing_name = fields.Char(
        "Name of the Person",
        related="marketing_person_id.name",
        related_sudo=True,
        help="The human's name, also where the record has a title of its own.",
    )
    marketing_score = fields.Float(
        "Score",
        related="marketing_person_id.score_id.score",
        related_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        digits=(16, 0),
        help="How much this person engaged lately; old events fade.",
    )
    marketing_grade = fields.Char(
        "Grade",
        related="marketing_person_id.score_id.grade",
        related_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        help="How well this person fits, from A (best) to F.",
    )
    marketing_lifecycle_stage_id = fields.Many2one(
        related="marketing_person_id.lifecycle_stage_id",
        related_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        string="Life Cycle",
    )
    marketing_last_engagement_date = fields.Datetime(
        "Last Engagement",
        related="marketing_person_id.last_engagement_date",
        related_sudo=True,
        groups=ENGAGEMENT_GROUPS,
    )
    marketing_segment_ids = fields.Many2many(
        "marketing.segment",
        string="Segments",
        compute="_compute_marketing_segment_ids",
        search="_search_marketing_segment_ids",
        compute_sudo=True,
    )

    def _auto_init(self):
        """Add the column empty: post_init_hook fills it for a million rows by SQL."""
        if not self._abstract and not column_exists(
            self.env.cr, self._table, "marketing_person_id"
        ):
            create_column(self.env.cr, self._table, "marketing_person_id", "int4")
        return super()._auto_init()

    @api.depends(lambda self: ("email_normalized",))
    def _compute_marketing_person_id(self):
        person_model = self.env["marketing.person"].sudo()
        saved = self.filtered(lambda record: isinstance(record.id, int))
        emails = {record.email_normalized for record in self if record.email_normalized}
        # A form being filled in shows who is known, and makes nobody.
        known = (
            person_model._get_or_create_ids(emails)
            if saved
            else person_model._get_ids_by_email(emails)
        )
        touched = {known[email] for email in emails if email in known}
        if saved:
            touched |= saved._get_stored_person_ids()
        for record in self:
            record.marketing_person_id = known.get(record.email_normalized, False)
        if saved:
            self.env["marketing.inbox"]._push(touched, "changed")

    def _get_stored_person_ids(self):
        """Persons these records belong to in the database, whatever is pending."""
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT marketing_person_id FROM %s"
                " WHERE id = ANY(%s) AND marketing_person_id IS NOT NULL",
                SQL.identifier(self._table),
                self.ids,
            )
        )
        return {person_id for (person_id,) in rows}

    @api.depends(lambda self: ("marketing_person_id",))
    def _compute_marketing_segment_ids(self):
        segments = self.env["marketing.segment.member"]._get_segments_by_person(
            self.marketing_person_id.ids
        )
        for record in self:
            record.marketing_segment_ids = segments.get(
                record.marketing_person_id.id, []
            )

    @api.model
    def _search_marketing_segment_ids(self, operator, value):
        """Records of the members, by person: a segment of one model reaches others.

        A segment reaches the records of its company alone, also those of a person
        whom another company knows as well; users find by segments of their companies.
        """
        if operator == "any":  # what somebody typed into the search bar
            visible = self.env["marketing.segment"].with_context(active_test=False)
            value = visible.search(value).ids
        elif operator != "in":
            return NotImplemented
        ids = [item for item in value if item and not isinstance(item, str)]
        names = [item for item in value if item and isinstance(item, str)]
        if len(ids) + len(names) != len(set(value)):  # "is not set" is among them
            return NotImplemented
        wanted = Domain("id", "in", ids) | Domain("name", "in", names)
        if not self.env.su:
            wanted &= Domain("company_id", "in", [False, *self.env.companies.ids])
        segments = self.env["marketing.segment"].sudo().with_context(active_test=False)
        found = Domain.FALSE
        for company, reached in segments.search(wanted).grouped("company_id").items():
            members = SQL(
                "(SELECT person_id FROM marketing_segment_member"
                " WHERE segment_id = ANY(%s) AND %s)",
                reached.ids,
                self.env["marketing.segment.member"]._get_member_condition(),
            )
            records = Domain("marketing_person_id", "in", members)
            if company and "company_id" in self._fields:
                records &= Domain("company_id", "in", [company.id, False])
            found |= records
        return found

    def _get_person(self):
        return self.sudo().marketing_person_id

    # ------------------------------------------------------------------
    # CHANGES
    # ------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        # Columns pass by _write_multi; what has no column does not.
        self._watch_fields(
            name
            for name in vals
            if name in self._fields and not self._fields[name].column_type
        )
        return result

    def _write_multi(self, vals_list):
        self._watch_fields({name for vals in vals_list for name in vals})
        return super()._write_multi(vals_list)

    def _watch_fields(self, names):
        """Queue the persons of these records where a written field matters."""
        names = set(names)
        watched = self.env["marketing.segment"]._get_watched_fields(self._name)
        if names & IDENTITY_FIELDS or "active" in names or names & watched:
            self.env["marketing.inbox"]._push(self._get_known_person_ids(), "changed")

    def _get_known_person_ids(self):
        """Persons of these records, from what was read already where that is all.

        A change of address that is still to be written is no matter: computing the
        person queues both the former and the new one.
        """
        cache = self._fields["marketing_person_id"]._get_cache(self.env)
        if all(record_id in cache for record_id in self._ids):
            return {cache[record_id] for record_id in self._ids if cache[record_id]}
        return self._get_stored_person_ids()

    def unlink(self):
        person_ids = self._get_stored_person_ids()
        result = super().unlink()
        self.env["marketing.inbox"]._push(person_ids, "changed")
        return result

    # ------------------------------------------------------------------
    # IDENTITY
    # ------------------------------------------------------------------

    @api.model
    def _get_identity_select(self, rank, person_ids=None):
        """SELECT of what records of this model say about persons.

        :param rank: 0 for the model that knows best
        :param person_ids: these persons only; None for everybody
        :returns: SQL with the columns person_id, rank, active, id, name, lang, tz,
            company_id
        """
        columns = self._get_identity_columns()
        return SQL(
            """
            SELECT record.marketing_person_id AS person_id, %s AS rank,
                   %s AS active, record.id, %s AS name, %s AS lang, %s AS tz,
                   %s AS company_id
              FROM %s record
             WHERE %s
            """,
            rank,
            columns["active"],
            columns["name"],
            columns["lang"],
            columns["tz"],
            columns["company_id"],
            SQL.identifier(self._table),
            SQL("record.marketing_person_id IS NOT NULL")
            if person_ids is None
            else SQL("record.marketing_person_id = ANY(%s)", list(person_ids)),
        )

    @api.model
    def _get_identity_columns(self):
        """SQL of each column of `_get_identity_select`; alias of the table: record."""
        return {
            "active": SQL("COALESCE(record.active, TRUE)")
            if "active" in self._fields
            else SQL("TRUE"),
            "name": SQL("record.name"),
            "lang": SQL("NULL::varchar"),
            "tz": self._get_country_zone_sql()
            if "country_id" in self._fields
            else SQL("NULL::varchar"),
            "company_id": SQL("record.company_id")
            if "company_id" in self._fields
            else SQL("NULL::int4"),
        }

    @api.model
    def _get_country_zone_sql(self):
        """SQL: the zone of the record's country, where it has a single one."""
        return SQL(
            "(SELECT country.marketing_tz FROM res_country country"
            " WHERE country.id = record.country_id)"
        )

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    def _merge_former_persons(self, persons):
        """Join persons whose records were merged into this one with its person.

        A person that another record still stands for keeps its history.
        """
        self.ensure_one()
        target = self.marketing_person_id
        former = persons - target
        if target and former:
            (former - former._has_records())._merge_into(target)

    def _move_touchpoint_records(self, merged, persons=None):
        """Let the touchpoints about merged records point to this one."""
        self.ensure_one()
        persons = persons or merged.marketing_person_id
        self.env["marketing.touchpoint"].sudo()._flush_captured()
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_touchpoint SET res_id = %s
                 WHERE person_id = ANY(%s) AND res_model = %s AND res_id = ANY(%s)
                """,
                self.id,
                persons.ids,
                self._name,
                merged.ids,
            )
        )
        self.env["marketing.touchpoint"].invalidate_model(["res_id"])
