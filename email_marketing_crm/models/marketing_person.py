import re
from functools import lru_cache

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.tools import SQL, email_normalize

_NEW_PERSONS = "marketing.person.new"
#: Addresses that are normal already, as nearly all are: parsing one takes longer than
#: everything else that is done about it.
_NORMAL_ADDRESS = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+"
)
#: What may be known of a person before his records are read.
_TOLD_COLUMNS = ("name", "lang", "tz", "acquisition_source_id", "legal_basis")


@lru_cache(maxsize=2000)
def _normalize_text(text):
    """Odoo's normalised address; a batch asks for each of its own several times."""
    return email_normalize(text, strict=False)


class MarketingPerson(models.Model):
    """A human being: everyone who has one normalised e-mail address.

    Contact, lead and list contact with one address share one row; consent, caps,
    score and history hang here. Rows are made by `_get_or_create_ids` whenever a
    record gets an address, and never deleted while they hold history. What is read
    from records (name, language, companies) and from the log (engagement dates,
    bounces) is written by the inbox lane of the person, its only writer besides the
    creation and the merge.

    A person whose records were all merged into another one's is kept as an alias:
    `merged_into_id` says where its history went, and events of its address go there.
    """

    _name = "marketing.person"
    _description = "Person"
    _inherit = ["marketing.timeline"]
    _rec_name = "email_normalized"
    _rec_names_search = ["email_normalized", "name"]
    _order = "id desc"
    _log_access = False

    email_normalized = fields.Char("Email", required=True, readonly=True)
    name = fields.Char(readonly=True, index="trigram")
    lang = fields.Char("Language", readonly=True)
    lang_name = fields.Char("Language in Words", compute="_compute_lang_name")
    tz = fields.Char("Time Zone", readonly=True)
    create_date = fields.Datetime("Known Since", readonly=True)
    merged_into_id = fields.Many2one(
        "marketing.person", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    # records
    partner_ids = fields.One2many(
        "res.partner",
        "marketing_person_id",
        string="Contacts",
        readonly=True,
        context={"active_test": False},
    )
    lead_ids = fields.One2many(
        "crm.lead",
        "marketing_person_id",
        string="Leads",
        readonly=True,
        context={"active_test": False},
    )
    contact_ids = fields.One2many(
        "mailing.contact",
        "marketing_person_id",
        string="Mailing Contacts",
        readonly=True,
    )
    company_ids = fields.Many2many(
        "res.company",
        "marketing_person_company_rel",
        "person_id",
        "company_id",
        string="Companies",
        readonly=True,
        help="Companies of the person's records; empty when one of them is shared.",
    )
    # engagement
    last_sent_date = fields.Datetime("Last Mail", readonly=True)
    last_open_date = fields.Datetime("Last Open", readonly=True)
    last_click_date = fields.Datetime("Last Click", readonly=True)
    last_reply_date = fields.Datetime("Last Reply", readonly=True)
    last_engagement_date = fields.Datetime(
        "Last Engagement",
        readonly=True,
        help="Last time the person did something on purpose, scanners left out.",
    )
    # deliverability
    suppression = fields.Selection(
        [
            ("none", "May be mailed"),
            ("bounce", "Address does not exist"),
            ("complaint", "Reported us as spam"),
            ("manual", "Blocked by hand"),
        ],
        string="Mailing",
        required=True,
        readonly=True,
        default="none",
        help="A person with another value than “May be mailed” gets no marketing mail.",
    )
    suppression_date = fields.Datetime(readonly=True)
    is_blacklisted = fields.Boolean(
        compute="_compute_is_blacklisted", compute_sudo=True
    )
    # what we make of it
    lifecycle_stage_id = fields.Many2one(
        "marketing.lifecycle.stage",
        string="Life Cycle",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    score_id = fields.Many2one(
        "marketing.score",
        string="Primary Score",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The person's score of the primary model.",
    )
    score = fields.Float(related="score_id.score", related_sudo=True)
    grade = fields.Char(related="score_id.grade", related_sudo=True)
    segment_ids = fields.Many2many(
        "marketing.segment", compute="_compute_segment_ids", string="Segments"
    )
    touchpoint_count = fields.Integer(compute="_compute_touchpoint_count")

    _email_unique = models.Constraint(
        "UNIQUE(email_normalized)", "There is one person per address."
    )
    # Lists of who engaged lately; most persons never did.
    _last_engagement = models.Index(
        "(last_engagement_date) WHERE last_engagement_date IS NOT NULL"
    )
    # Who must not be mailed, read with every plan; a small part of all persons.
    _suppressed = models.Index("(id) WHERE suppression <> 'none'")

    @api.depends("name", "email_normalized")
    def _compute_display_name(self):
        for person in self:
            person.display_name = (
                f"{person.name} <{person.email_normalized}>"
                if person.name
                else person.email_normalized
            )

    @api.depends("lang")
    def _compute_lang_name(self):
        for person in self:
            language = self.env["res.lang"]._get_data(code=person.lang)
            person.lang_name = language.name or person.lang

    def _compute_is_blacklisted(self):
        blocked = set(
            self.env["mail.blacklist"]
            .search([("email", "in", self.mapped("email_normalized"))])
            .mapped("email")
        )
        for person in self:
            person.is_blacklisted = person.email_normalized in blocked

    def _compute_segment_ids(self):
        members = self.env["marketing.segment.member"]._get_segments_by_person(self.ids)
        for person in self:
            person.segment_ids = members.get(person.id, [])

    def _compute_touchpoint_count(self):
        counts = dict(
            self.env["marketing.touchpoint"]._read_group(
                [("person_id", "in", self.ids)], ["person_id"], ["__count"]
            )
        )
        for person in self:
            person.touchpoint_count = counts.get(person, 0)

    def _get_person(self):
        return self.merged_into_id or self

    # ------------------------------------------------------------------
    # IDENTITY
    # ------------------------------------------------------------------

    @api.model
    def _normalize(self, email):
        """The address as it identifies a person, or False.

        As Odoo's own fields, which take "@example.com" for an address, and what is
        left of "ana@@example.com" too; nobody can be mailed there.
        """
        if type(email) is str and _NORMAL_ADDRESS.fullmatch(email):
            return email
        normal = _normalize_text(str(email)) if email else False
        return False if normal and normal.startswith("@") else normal

    @api.model
    def _get_ids_by_email(self, emails):
        """`{normalised address: person id}` of known persons, aliases resolved."""
        if not emails:
            return {}
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT email_normalized, COALESCE(merged_into_id, id)
                      FROM marketing_person
                     WHERE email_normalized = ANY(%s)
                    """,
                    list(emails),
                )
            )
        )

    @api.model
    def _get_or_create_ids(self, emails):
        """Persons of addresses: `{address as given: person id}`.

        Addresses that cannot be normalised are missing in the answer.
        """
        normalized = {email: self._normalize(email) for email in emails}
        wanted = {email for email in normalized.values() if email}
        known = self._get_ids_by_email(wanted)
        missing = sorted(wanted - known.keys())
        if missing:
            known |= self._insert_persons(missing)
        return {email: known[normal] for email, normal in normalized.items() if normal}

    @api.model
    def _insert_persons(self, emails, told=None):
        """Insert persons by normalised address and read their records at commit.

        :param told: `{address: {column: value}}`, what is known of them already, so
            that the row need not be written again
        """
        now = fields.Datetime.now()
        told = told or {}
        inserted = execute_values(
            self.env.cr._obj,
            """
            INSERT INTO marketing_person (
                email_normalized, create_date, suppression,
                name, lang, tz, acquisition_source_id, legal_basis)
            VALUES %s
            ON CONFLICT (email_normalized) DO NOTHING
            RETURNING email_normalized, id
            """,
            [
                (email, now, "none", *map(told.get(email, {}).get, _TOLD_COLUMNS))
                for email in emails
            ],
            page_size=1000,
            fetch=True,
        )
        precommit = self.env.cr.precommit
        if not precommit.data.get(_NEW_PERSONS):
            precommit.data[_NEW_PERSONS] = []
            precommit.add(self.sudo()._flush_new_persons)
        precommit.data[_NEW_PERSONS] += [person_id for _email, person_id in inserted]
        return dict(inserted)

    @api.model
    def _flush_new_persons(self):
        person_ids = self.env.cr.precommit.data.pop(_NEW_PERSONS, None)
        if person_ids:
            self._synchronize_records(person_ids)

    @api.model
    def _get_record_models(self):
        """Models whose records are persons, the best source of a name first."""
        return ["res.partner", "crm.lead", "mailing.contact"]

    @api.model
    def _synchronize_records(self, person_ids):
        """Read name, language, zone and companies of persons from their records."""
        for model in self._get_record_models():
            self.env[model].flush_model()
        records = SQL(" UNION ALL ").join(
            self.env[model]._get_identity_select(rank, person_ids)
            for rank, model in enumerate(self._get_record_models())
        )
        self._write_identities(records)
        # Shared as soon as one record is: then the person has no company rows.
        self.env.cr.execute(
            SQL(
                """
                WITH record AS (%(records)s),
                wanted AS (
                    SELECT DISTINCT person_id, company_id FROM record
                     WHERE person_id NOT IN (
                               SELECT person_id FROM record WHERE company_id IS NULL)
                ),
                removed AS (
                    DELETE FROM marketing_person_company_rel rel
                     WHERE rel.person_id IN (SELECT person_id FROM record)
                       AND (rel.person_id, rel.company_id) NOT IN (
                               SELECT person_id, company_id FROM wanted)
                )
                INSERT INTO marketing_person_company_rel (person_id, company_id)
                SELECT person_id, company_id FROM wanted
                ON CONFLICT DO NOTHING
                """,
                records=records,
            )
        )
        self.browse(person_ids).invalidate_recordset()

    @api.model
    def _write_identities(self, records):
        """Let persons have name, language and zone of the record that knows best.

        :param records: SQL of `_get_identity_select`, of some or all models
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_person person
                   SET name = best.name, lang = best.lang, tz = best.tz
                  FROM (SELECT DISTINCT ON (person_id) person_id, name, lang, tz
                          FROM (%s) record
                         ORDER BY person_id, rank, active DESC, id) best
                 WHERE person.id = best.person_id
                   AND (person.name, person.lang, person.tz)
                       IS DISTINCT FROM (best.name, best.lang, best.tz)
                """,
                records,
            )
        )

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_touchpoints(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("History of %s", self.display_name),
            "res_model": "marketing.touchpoint",
            "view_mode": "list,form",
            "domain": [("person_id", "=", self.id)],
        }

    def action_suppress(self):
        """Never mail these persons again, whatever segment they are in.

        Whoever may see a person may stop the mail to him: that harms nobody.
        """
        self.check_access("read")
        self.sudo().filtered(lambda person: person.suppression == "none").write(
            {"suppression": "manual", "suppression_date": fields.Datetime.now()}
        )

    @api.autovacuum
    def _gc_persons_without_trace(self):
        """Forget addresses that no record has any more and that left no history."""
        self.env.cr.execute(
            """
            DELETE FROM marketing_person person
             WHERE person.id IN (
                SELECT p.id FROM marketing_person p
                 WHERE p.suppression = 'none' AND p.merged_into_id IS NULL
                   AND p.is_erased IS NOT TRUE
                   AND p.create_date < now() at time zone 'UTC' - interval '1 day'
                   AND NOT EXISTS (SELECT FROM res_partner r
                                    WHERE r.marketing_person_id = p.id)
                   AND NOT EXISTS (SELECT FROM crm_lead r
                                    WHERE r.marketing_person_id = p.id)
                   AND NOT EXISTS (SELECT FROM mailing_contact r
                                    WHERE r.marketing_person_id = p.id)
                   AND NOT EXISTS (SELECT FROM marketing_touchpoint t
                                    WHERE t.person_id = p.id)
                   AND NOT EXISTS (SELECT FROM marketing_consent_log l
                                    WHERE l.person_id = p.id)
                   AND NOT EXISTS (SELECT FROM marketing_person a
                                    WHERE a.merged_into_id = p.id)
                 LIMIT 10000)
            """
        )
        return self.env.cr.rowcount, int(self.env.cr.rowcount == 10000)
