from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_consent_log import SOURCES

LEGAL_BASES = [
    ("consent", "Consent"),
    ("soft_opt_in", "Customer of a similar product"),
    ("contract", "Contract"),
    ("legitimate_interest", "Legitimate interest"),
    ("unknown", "Unknown"),
]
#: Bases that nobody has expressly agreed to; some laws let them end by themselves.
IMPLIED_BASES = ("soft_opt_in", "contract", "legitimate_interest")
#: Sources by which a person himself, or a user who answers for it, takes back an
#: opt-out. A list, an import, another system or a merge never does.
OVERRULING_SOURCES = ("confirmation", "page", "hand")
#: Sources that are the person himself: who blocks his address there means everything.
PERSON_SOURCES = ("confirmation", "page", "mail")
#: Sources that show people the text they agree to. Elsewhere somebody has to say on
#: what basis they are mailed.
AGREEING_SOURCES = ("form", "confirmation", "page", "api")


class MarketingConsent(models.Model):
    """The answer of a person to a topic. Written by `_set_state` only.

    ``pending``  asked for by a form, not confirmed yet: gets the confirmation mail,
                 and no mailing
    ``in``       agreed, until `expiry_date` where there is one
    ``out``      took it back, or never wants it

    There is one row per person and topic. From *out* only the person himself leads
    back to *in* (a confirmed mail, his preference page), or a user who says why; a
    membership, an import, a merge and another system never do. Each change writes its
    evidence to `marketing.consent.log` in the same statement. The opt-out of the
    topic's mailing list follows within the same transaction.
    """

    _name = "marketing.consent"
    _description = "Consent"
    _order = "date desc, id desc"
    _rec_name = "topic_id"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    email_normalized = fields.Char(related="person_id.email_normalized")
    topic_id = fields.Many2one(
        "marketing.topic", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="topic_id.company_id")
    state = fields.Selection(
        [("pending", "Pending"), ("in", "In"), ("out", "Out")],
        required=True,
        readonly=True,
    )
    legal_basis = fields.Selection(
        LEGAL_BASES, required=True, readonly=True, default="unknown"
    )
    source = fields.Selection(SOURCES, required=True, readonly=True)
    date = fields.Datetime("Since", required=True, readonly=True)
    confirmed_date = fields.Datetime(
        "Confirmed", readonly=True, help="When the person proved to own the address."
    )
    expiry_date = fields.Datetime("Expires", readonly=True)
    is_expired = fields.Boolean(
        "Expired",
        compute="_compute_is_expired",
        search="_search_is_expired",
        help="Agreed once, but too long ago.",
    )
    expiry_noted = fields.Boolean(readonly=True)
    log_ids = fields.One2many(
        "marketing.consent.log", string="Evidence", compute="_compute_log_ids"
    )

    _person_topic_unique = models.Constraint(
        "UNIQUE(person_id, topic_id)", "A person answers a topic once."
    )
    # Figures and lists of a topic.
    _topic_state = models.Index("(topic_id, state)")
    # What expires, for the schedule and for segments.
    _expiry = models.Index("(expiry_date) WHERE state = 'in'")
    # What waits for a confirmation.
    _pending = models.Index("(date) WHERE state = 'pending'")

    @api.depends("state", "expiry_date")
    def _compute_is_expired(self):
        now = fields.Datetime.now()
        for consent in self:
            consent.is_expired = bool(
                consent.state == "in"
                and consent.expiry_date
                and consent.expiry_date <= now
            )

    def _search_is_expired(self, operator, value):
        if operator != "in":
            return NotImplemented
        expired = [("state", "=", "in"), ("expiry_date", "<=", "now")]
        valid = ["|", ("state", "!=", "in"), "|", ("expiry_date", "=", False)]
        valid += [("expiry_date", ">", "now")]
        if True in value:
            return [(1, "=", 1)] if False in value else expired
        return valid

    def _compute_log_ids(self):
        logs = (
            self.env["marketing.consent.log"]
            .search([("person_id", "in", self.person_id.ids)])
            .filtered(lambda log: log.topic_id or not log.mailing_list_id)
            .grouped(lambda log: (log.person_id, log.topic_id))
        )
        nothing, no_topic = self.env["marketing.consent.log"], self.topic_id.browse()
        for consent in self:
            mine = logs.get((consent.person_id, consent.topic_id), nothing)
            about_all = logs.get((consent.person_id, no_topic), nothing)
            consent.log_ids = (mine | about_all).sorted()

    # ------------------------------------------------------------------
    # THE ONE WRITER
    # ------------------------------------------------------------------

    @api.model
    def _set_state(self, person_ids, topic, state, evidence):
        """Write the answer of persons to a topic, with its evidence.

        One statement for all of them. Nothing happens to those whose answer stays the
        same, or must not change (see the class). `in` again from the person himself
        renews the consent and its expiry.

        :param person_ids: ids of `marketing.person`; merged ones lead to the survivor
        :param topic: one `marketing.topic`
        :param state: `pending`, `in` or `out`
        :param dict evidence: `source` (required, see SOURCES); where known
            `legal_basis` (default: consent where people saw the text, else unknown),
            `text` and `text_version` (what was shown; default: the topic's),
            `date`, `ip`, `user_agent`, `user_id`, `mailing_id`, `reason_id`, `note`,
            `is_confirmed` (the person proved to own the address), `expiry_date`
        :returns: ids of the persons whose state changed
        """
        topic.ensure_one()
        if not person_ids:
            return []
        self.env.flush_all()
        logs = self.env["marketing.consent.log"].sudo()
        evidence = self._complete_evidence(topic, state, evidence)
        columns = logs._prepare_evidence(evidence)
        rows = self.env.execute_query(
            self._get_change_statement(person_ids, topic, state, evidence, columns)
        )
        self.invalidate_model()
        logs.invalidate_model()
        topic.invalidate_recordset(["in_count", "pending_count", "out_count"])
        changed = {
            person_id: log_id for log_id, person_id, event in rows if event != "renewed"
        }
        self._capture_changes(changed, topic, state, columns)
        persons = self.env["marketing.person"].sudo()
        persons.browse([row[1] for row in rows])._watch_fields({"consent_ids"})
        self._synchronize_lists(
            topic, [row[1] for row in rows], state, evidence.get("reason_id")
        )
        return list(changed)

    @api.model
    def _complete_evidence(self, topic, state, evidence):
        """What a caller left out: the text of today, the basis, the expiry."""
        evidence = dict(evidence)
        evidence["date"] = evidence.get("date") or fields.Datetime.now()
        if state != "out":
            evidence.setdefault("text", topic._get_consent_text())
            evidence.setdefault("text_version", topic.text_version)
            is_seen = evidence["source"] in AGREEING_SOURCES
            assumed = "consent" if is_seen else "unknown"
            evidence["legal_basis"] = evidence.get("legal_basis") or assumed
        if state == "in" and topic.expiry_months:
            evidence.setdefault(
                "expiry_date",
                evidence["date"] + relativedelta(months=topic.expiry_months),
            )
        return evidence

    @api.model
    def _get_change_statement(self, person_ids, topic, state, evidence, columns):
        """The statement that changes the consents and keeps their evidence."""
        overrules = bool(
            evidence.get("is_confirmed") or evidence["source"] in OVERRULING_SOURCES
        )
        return SQL(
            """
            WITH given AS (
                SELECT DISTINCT COALESCE(merged_into_id, id) AS person_id
                  FROM marketing_person WHERE id = ANY(%(persons)s)
            ),
            step AS (
                SELECT given.person_id, consent.state AS before,
                       CASE WHEN consent.state = %(state)s THEN 'renewed'
                            ELSE %(event)s END AS event
                  FROM given
                  JOIN marketing_person person ON person.id = given.person_id
                  LEFT JOIN marketing_consent consent
                         ON consent.person_id = given.person_id
                        AND consent.topic_id = %(topic)s
                 WHERE %(condition)s
                 ORDER BY given.person_id
            ),
            written AS (
                INSERT INTO marketing_consent (
                    person_id, topic_id, state, legal_basis, source, date,
                    confirmed_date, expiry_date, expiry_noted)
                SELECT person_id, %(topic)s, %(state)s, %(basis)s, %(source)s,
                       %(date)s, %(confirmed)s, %(expiry)s, FALSE
                  FROM step
                ON CONFLICT (person_id, topic_id) DO UPDATE
                   SET state = EXCLUDED.state,
                       legal_basis = CASE WHEN EXCLUDED.state = 'out'
                                          THEN marketing_consent.legal_basis
                                          ELSE EXCLUDED.legal_basis END,
                       source = EXCLUDED.source,
                       date = EXCLUDED.date,
                       confirmed_date = CASE
                           WHEN EXCLUDED.state = 'out' THEN NULL
                           WHEN marketing_consent.state = 'out'
                           THEN EXCLUDED.confirmed_date
                           ELSE COALESCE(EXCLUDED.confirmed_date,
                                         marketing_consent.confirmed_date) END,
                       expiry_date = EXCLUDED.expiry_date,
                       expiry_noted = FALSE
            )
            INSERT INTO marketing_consent_log (
                person_id, topic_id, mailing_list_id, event, state_before,
                state_after, %(columns)s)
            SELECT person_id, %(topic)s, %(list)s, event, before, %(state)s, %(values)s
              FROM step
            RETURNING id, person_id, event
            """,
            persons=list(person_ids),
            topic=topic.id,
            list=topic.sudo().mailing_list_id.id or None,
            state=state,
            event={"in": "given", "out": "withdrawn", "pending": "requested"}[state],
            condition=self._get_change_condition(topic, state, evidence, overrules),
            basis=columns["legal_basis"] or "unknown",
            source=columns["source"],
            date=columns["date"],
            confirmed=columns["date"] if evidence.get("is_confirmed") else None,
            expiry=evidence.get("expiry_date") or None,
            columns=SQL(", ").join(SQL.identifier(name) for name in columns),
            values=SQL(", ").join(self._cast(*column) for column in columns.items()),
        )

    @api.model
    def _cast(self, name, value):
        """A value that knows its type, in a statement that selects it."""
        field = self.env["marketing.consent.log"]._fields[name]
        return SQL("%s::%s", value, SQL(field.column_type[1]))

    @api.model
    def _get_change_condition(self, topic, state, evidence, overrules):
        """SQL: whose answer changes; aliases: consent, person."""
        if state == "out":
            return SQL("consent.state IS DISTINCT FROM 'out'")
        if state == "pending":
            return SQL("consent.state IS NULL")
        if overrules:
            return SQL("TRUE")
        return SQL(
            "person.is_opted_out IS NOT TRUE AND (consent.state IS NULL"
            " OR (consent.state = 'pending' AND NOT %s)"
            " OR (consent.state = 'in' AND consent.legal_basis = 'unknown'"
            "     AND %s <> 'unknown'))",
            topic.is_double_opt_in,
            evidence["legal_basis"],
        )

    @api.model
    def _capture_changes(self, changed, topic, state, columns):
        """Tell scores, segments and journeys.

        :param changed: `{person id: id of the evidence}`
        """
        code = {"in": "consent_given", "out": "consent_withdrawn"}.get(state)
        if not code:
            return
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": code,
                    "person_id": person_id,
                    "date": columns["date"],
                    "mailing_id": columns["mailing_id"],
                    "res_model": "marketing.topic",
                    "res_id": topic.id,
                    "company_id": topic.company_id.id,
                    "data": {"title": topic.name},
                    "dedup_key": f"consent:{log_id}",
                }
                for person_id, log_id in changed.items()
            ]
        )

    # ------------------------------------------------------------------
    # TIME
    # ------------------------------------------------------------------

    @api.model
    def _cron_note_expired(self):
        done, remaining = self._note_expired()
        self.env["ir.cron"]._commit_progress(done, remaining=remaining)

    @api.model
    def _note_expired(self, limit=5000):
        """Note in the evidence what expired; gates look at the date themselves.

        :returns: how many were noted, and whether more wait
        """
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                WITH expired AS (
                    UPDATE marketing_consent SET expiry_noted = TRUE
                     WHERE id IN (SELECT id FROM marketing_consent
                                   WHERE state = 'in' AND expiry_date <= %(now)s
                                     AND expiry_noted IS NOT TRUE
                                   ORDER BY expiry_date LIMIT %(limit)s
                                     FOR UPDATE SKIP LOCKED)
                    RETURNING person_id, topic_id, legal_basis
                )
                INSERT INTO marketing_consent_log (
                    person_id, topic_id, event, state_before, state_after, date,
                    legal_basis, source)
                SELECT person_id, topic_id, 'expired', 'in', 'in', %(now)s,
                       legal_basis, 'schedule'
                  FROM expired
                RETURNING person_id
                """,
                now=now,
                limit=limit,
            )
        )
        self.invalidate_model()
        persons = self.env["marketing.person"].sudo()
        persons.browse({row[0] for row in rows})._watch_fields({"consent_ids"})
        return len(rows), int(len(rows) == limit)

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_open_person(self):
        self.ensure_one()
        return self.person_id.get_formview_action()

    def action_view_evidence(self):
        """What happened to this consent, newest first."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_consent_log_action"
        )
        return action | {
            "domain": [
                ("person_id", "=", self.person_id.id),
                ("topic_id", "in", [self.topic_id.id, False]),
            ],
            "context": {},
        }
