from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ..tools.address_check import is_well_formed
from ..tools.address_typo import suggest_domain
from .marketing_email_domain import BATCH_PERSONS, REASONS, STATES

#: Fields of a person that the lane writes.
ADDRESS_FIELDS = frozenset(
    {"email_domain_id", "address_state", "address_reason", "address_checked_date"}
)


class MarketingPerson(models.Model):
    """How far the address of a person can be trusted.

    Written by the address lane (`marketing.email.domain`): at first from the address
    itself, then from what is known about its domain. Invalid addresses get no
    marketing mail; a doubt (risky, unknown) stops none. An address that looks
    mistyped is shown with the one probably meant, and changed by a human only.
    """

    _inherit = "marketing.person"

    email_domain_id = fields.Many2one(
        "marketing.email.domain",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    address_state = fields.Selection(
        STATES, string="Address", required=True, readonly=True, default="unknown"
    )
    address_reason = fields.Selection(REASONS, string="Why", readonly=True)
    address_checked_date = fields.Datetime("Address Checked", readonly=True)
    suggested_domain = fields.Char(
        "Suggested Domain", related="email_domain_id.suggested_domain"
    )
    suggested_email = fields.Char(
        "Perhaps Meant",
        compute="_compute_suggested_email",
        help="The address looks mistyped; nothing is changed unless you say so.",
    )

    # The lane: persons nobody looked at yet, a few at a time.
    _address_new = models.Index(
        "(id) WHERE email_domain_id IS NULL AND merged_into_id IS NULL"
        " AND is_erased IS NOT TRUE"
    )
    # Who cannot be mailed, asked with every plan; a small part of all persons.
    _address_invalid = models.Index("(id) WHERE address_state = 'invalid'")

    def _auto_init(self):
        """Give the column its value: no row of a million is written for it."""
        if table_exists(self.env.cr, self._table):
            self.env.cr.execute(
                "ALTER TABLE marketing_person ADD COLUMN IF NOT EXISTS"
                " address_state varchar NOT NULL DEFAULT 'unknown'"
            )
        result = super()._auto_init()
        # Persons are inserted by SQL, without what nobody knows yet.
        self.env.cr.execute(
            "ALTER TABLE marketing_person"
            " ALTER COLUMN address_state SET DEFAULT 'unknown'"
        )
        return result

    @api.depends("email_normalized", "email_domain_id")
    def _compute_suggested_email(self):
        for person in self:
            domain = person.email_domain_id
            suggested = domain.kind != "trusted" and domain.suggested_domain
            name = (person.email_normalized or "").rpartition("@")[0]
            person.suggested_email = suggested and f"{name}@{suggested}"

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_check_address(self):
        """Check the addresses of these persons as soon as a worker is free."""
        self.check_access("read")
        domains = self.sudo().email_domain_id
        if domains:
            return domains.action_check_now()
        self.env["marketing.lane"]._wake("address")
        return self.env["marketing.email.domain"].action_check_now()

    def action_use_suggestion(self):
        """Give all records of these persons the address that was probably meant."""
        self.check_access("read")
        corrections = {
            person.email_normalized: person.suggested_email
            for person in self
            if person.suggested_email and not person.merged_into_id
        }
        if not corrections:
            raise UserError(self.env._("None of these addresses looks mistyped."))
        self.sudo()._correct_addresses(corrections)

    @api.model
    def _correct_addresses(self, corrections):
        """Replace mistyped addresses on all records that have them.

        The person goes with the address: history, and every "no", join those of the
        right one. That mails to the wrong address bounced says nothing about the
        right one.

        :param corrections: `{wrong normalised address: right address}`
        """
        wrong_ids = self._get_ids_by_email(
            {self._normalize(wrong) for wrong in corrections} - {False}
        )
        right_ids = self._get_or_create_ids(set(corrections.values()))
        for model in self._get_record_models():
            records = (
                self.env[model]
                .with_context(active_test=False)
                .search([("email_normalized", "in", list(wrong_ids))])
            )
            # Records of one address are written together; there are few of each.
            for wrong, same in records.grouped("email_normalized").items():
                same.write({records._primary_email: corrections[wrong]})
        self.env.flush_all()
        sources = {
            wrong: self.browse(person_id)
            for wrong, person_id in wrong_ids.items()
            if right_ids.get(corrections.get(wrong)) not in (None, person_id)
        }
        wrong_persons = self.browse().union(*sources.values())
        wrong_persons.filtered(lambda person: person.suppression == "bounce").write(
            {"suppression": "none", "suppression_date": False}
        )
        targets = defaultdict(self.browse)
        for wrong, person in sources.items():
            targets[right_ids[corrections[wrong]]] |= person
        for target_id, persons in targets.items():
            persons._merge_into(self.browse(target_id))

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _assign_domains(self, number, count):
        """Look at addresses that nobody looked at; returns how many there were.

        What can be said without asking anybody is said at once.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, email_normalized FROM marketing_person
                 WHERE email_domain_id IS NULL AND merged_into_id IS NULL
                   AND is_erased IS NOT TRUE AND id %% %s = %s
                 ORDER BY id LIMIT %s
                """,
                count,
                number,
                BATCH_PERSONS,
            )
        )
        if not rows:
            return 0
        domains = self.env["marketing.email.domain"]
        names = sorted({email.rpartition("@")[2] for _id, email in rows})
        disposable = domains._get_disposable_domains()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_email_domain (
                    name, kind, state, reason, suggested_domain,
                    next_check_date, is_pending)
                SELECT name, kind, 'unknown', 'not_checked', suggested, %s, TRUE
                  FROM unnest(%s::varchar[], %s::varchar[], %s::varchar[])
                           new (name, kind, suggested)
                ON CONFLICT (name) DO NOTHING
                """,
                fields.Datetime.now(),
                names,
                ["disposable" if name in disposable else "normal" for name in names],
                [suggest_domain(name) for name in names],
            )
        )
        malformed = [id_ for id_, email in rows if not is_well_formed(email)]
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_person person
                   SET email_domain_id = domain.id,
                       address_checked_date = %(now)s,
                       (address_state, address_reason) = (%(verdict)s)
                  FROM marketing_email_domain domain
                 WHERE person.id = ANY(%(ids)s)
                   AND domain.name = substring(person.email_normalized FROM '[^@]*$')
                """,
                now=fields.Datetime.now(),
                verdict=self._get_verdict(SQL("person.id = ANY(%s)", malformed)),
                ids=[id_ for id_, _email in rows],
            )
        )
        self.invalidate_model()
        self.browse([id_ for id_, _email in rows])._watch_fields(ADDRESS_FIELDS)
        return len(rows)

    @api.model
    def _take_domain_state(self, domain_id, limit):
        """Tell persons of a domain what is known of it; returns how many."""
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_person person
                   SET address_checked_date = domain.checked_date,
                       (address_state, address_reason) = (%(verdict)s)
                  FROM marketing_email_domain domain
                 WHERE domain.id = %(domain)s
                   AND person.id IN (
                           SELECT old.id FROM marketing_person old
                            WHERE old.email_domain_id = %(domain)s
                              AND (old.address_checked_date < domain.checked_date
                                   OR old.address_checked_date IS NULL
                                   OR old.address_reason = 'not_checked')
                            LIMIT %(limit)s)
                RETURNING person.id
                """,
                verdict=self._get_verdict(SQL("person.address_reason = 'syntax'")),
                domain=domain_id,
                limit=limit,
            )
        )
        self.invalidate_model(
            ["address_checked_date", "address_state", "address_reason"]
        )
        self.browse([row[0] for row in rows])._watch_fields(ADDRESS_FIELDS)
        return len(rows)

    @api.model
    def _get_verdict(self, malformed):
        """SELECT of state and reason of `person` at `domain`: the worst that is known.

        As `tools.address_check.judge_address`.
        """
        return SQL(
            """
            SELECT CASE WHEN %(malformed)s OR domain.state = 'invalid' THEN 'invalid'
                        WHEN domain.kind = 'disposable' OR %(role)s
                             OR domain.state = 'risky' THEN 'risky'
                        ELSE domain.state END,
                   CASE WHEN %(malformed)s THEN 'syntax'
                        WHEN domain.state = 'invalid' THEN domain.reason
                        WHEN domain.kind = 'disposable' THEN 'disposable'
                        WHEN domain.state = 'risky' THEN domain.reason
                        WHEN %(role)s THEN 'role'
                        ELSE domain.reason END
            """,
            malformed=malformed,
            role=SQL(
                "split_part(person.email_normalized, '@', 1) = ANY(%s)",
                sorted(self.env["marketing.email.domain"]._get_role_names()),
            ),
        )
