import logging

from psycopg2 import Error as DatabaseError
from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS
from .marketing_import_values import ImportRow

_logger = logging.getLogger(__name__)

#: Lines of one transaction: some two seconds of work.
BATCH_LINES = 500
#: What becomes of a line that repeats an earlier one, by the import's policy.
REPEATED_OUTCOMES = {"update": "update", "skip": "skip", "ask": "question"}
#: What may be wrong with the data of one line, found only when it is written.
LINE_ERRORS = (UserError, ValidationError, AccessError, ValueError, DatabaseError)


class MarketingImport(models.Model):
    """The lane: reads files, then imports their lines batch by batch."""

    _inherit = "marketing.import"

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _get_lane_backlog(self, number, count):
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(sum(waiting), 0)::int, min(since) FROM (
                    SELECT job.start_date AS since,
                           CASE WHEN job.is_read THEN
                               (SELECT count(*) FROM marketing_import_line line
                                 WHERE line.import_id = job.id
                                   AND line.state = 'waiting')
                           ELSE 1 END AS waiting
                      FROM marketing_import job
                     WHERE job.state = 'running') running
                 WHERE waiting > 0
                """
            )
        )[0]

    @api.model
    def _run_lane(self, number, count):
        """Do the next batch of the import that was started first.

        There is one worker of this kind: two that import at once could not see each
        other's new contacts and companies, and would make them twice.
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM marketing_import
                 WHERE state = 'running'
                 ORDER BY start_date, id
                 LIMIT 1
                   FOR NO KEY UPDATE SKIP LOCKED
                """
            )
        )
        if not rows:
            return 0, 0
        job = self.browse(rows[0][0])._as_responsible()
        if job.is_read:
            processed = job._import_batch()
            if not processed:
                job.write({"state": "done", "end_date": fields.Datetime.now()})
        else:
            processed = job._read_lines()
        self.env.flush_all()
        left = self.search_count([("state", "=", "running")], limit=1)
        return processed, left

    def _as_responsible(self):
        """This import for the user who answers for it, in his language and company.

        Marketers import contacts whether or not they may edit them one by one; the
        columns were checked when they chose them.
        """
        self.ensure_one()
        user = self.user_id
        company = self.company_id or user.company_id
        context = {
            "lang": user.lang or "en_US",
            "tz": user.tz,
            "allowed_company_ids": [
                company.id,
                *(user.company_ids - company).ids,
            ],
            "tracking_disable": True,
            "mail_create_nosubscribe": True,
            "mail_create_nolog": True,
        }
        return self.with_user(user).with_context(**context).sudo()

    # ------------------------------------------------------------------
    # BATCH
    # ------------------------------------------------------------------

    def _get_rows(self, state, limit=None):
        self.env["marketing.import.line"].flush_model()
        return [
            ImportRow(*row)
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT id, number, cells, answer FROM marketing_import_line
                     WHERE import_id = %s AND state = %s ORDER BY number LIMIT %s
                    """,
                    self.id,
                    state,
                    limit,
                )
            )
        ]

    def _import_batch(self):
        """Import the next lines that wait; returns how many there were."""
        rows = self._get_rows("waiting", BATCH_LINES)
        self._import_rows(rows)
        return len(rows)

    def _import_rows(self, rows):
        """Import lines; halves them when one fails, until that one is alone.

        What waits for the commit is written right after each part: taking back a
        failed part forgets it.
        """
        if not rows:
            return
        try:
            with self.env.cr.savepoint():
                self._import_together(rows)
            self.env.cr.precommit.run()
        except CONFLICTS:
            raise
        except LINE_ERRORS as error:
            self.env.invalidate_all(flush=False)
            if len(rows) == 1:
                self._write_outcomes([self._refuse(rows[0], error)])
                self.env.cr.precommit.run()
                return
            middle = len(rows) // 2
            for half in (rows[:middle], rows[middle:]):
                self._import_rows(
                    [
                        ImportRow(row.line_id, row.number, row.cells, row.answer)
                        for row in half
                    ]
                )

    def _refuse(self, row, error):
        _logger.info("%s: line %s cannot be imported: %s", self, row.number, error)
        row.outcome = "error"
        row.reason = self.env._(
            "Odoo refuses this contact: %s",
            str(error.args[0] if error.args else error).strip().split("\n")[0],
        )
        return row

    def _import_together(self, rows):
        """Import lines in one go; a line that repeats another waits for the next."""
        self._parse_rows(rows, grow=True)
        waiting = rows
        while waiting:
            now, later, keys = [], [], set()
            for row in waiting:
                mine = row.get_keys()
                (later if mine & keys else now).append(row)
                keys |= mine
            self._decide(now)
            self._execute(now)
            waiting = later
        self._write_outcomes(rows)
        self.env.flush_all()

    # ------------------------------------------------------------------
    # DECIDE
    # ------------------------------------------------------------------

    def _preview(self):
        """Say of the lines that were read for it what would become of them."""
        job = self._as_responsible()
        rows = job._get_rows("preview")
        job._parse_rows(rows, grow=False)
        seen = {}
        job._decide(rows)
        for row in rows:
            for key in row.get_keys() if row.outcome == "create" else ():
                if key in seen:
                    row.outcome = REPEATED_OUTCOMES[job.duplicate_policy]
                    row.reason = self.env._(
                        "Line %s of this file is probably the same person.", seen[key]
                    )
                seen.setdefault(key, row.number)
        for row in rows:
            row.answer = row.outcome
            row.outcome = "preview"
        job._write_outcomes(rows)

    def _decide(self, rows):
        """Give each line what is to be done: `outcome` and `reason`.

        The address decides; else name and company together. A contact of the same
        name at another address may be another human: nobody but a human knows.
        """
        self.env.flush_all()
        good = [row for row in rows if not row.error]
        by_email = self._find_by_email(good)
        by_name = self._find_by_name(
            [row for row in good if row.normal not in by_email]
        )
        suppressed = self._get_erased([row.normal for row in good if row.normal])
        found = self._get_together({*by_email.values(), *by_name.values()})
        for row in rows:
            partner_id = by_email.get(row.normal) or by_name.get(row.number)
            if row.error:
                row.outcome, row.reason = "error", row.error
            elif row.normal in suppressed:
                row.outcome = "skip"
                row.reason = self.env._(
                    "This person asked to be erased. Only he himself can come back, "
                    "with a form that he confirms."
                )
            elif partner_id and row.answer != "create":
                self._decide_duplicate(row, found[partner_id], row.normal in by_email)
            else:
                row.outcome = "create"

    def _decide_duplicate(self, row, partner, same_address):
        row.duplicate_id = partner.id
        decision = row.answer or self.duplicate_policy
        other_address = (
            not same_address
            and row.normal
            and partner.email_normalized
            and partner.email_normalized != row.normal
        )
        likeness = (
            self.env._("The contact “%s” has this address.", partner.display_name)
            if same_address
            else self.env._(
                "The contact “%(name)s” has the same name and company, and the address "
                "%(email)s.",
                name=partner.display_name,
                email=partner.email_normalized,
            )
            if other_address
            else self.env._(
                "The contact “%s” has the same name and company.", partner.display_name
            )
        )
        if not partner.active:
            likeness += " " + self.env._("It is archived, and stays so.")
        if decision == "update" and partner.user_ids:
            row.outcome = "skip"
            row.reason = self.env._(
                "The contact “%s” belongs to a user; imports do not change users.",
                partner.display_name,
            )
            return
        if decision == "update" and other_address and not row.answer:
            decision = "ask"
        row.outcome = {"update": "update", "skip": "skip"}.get(decision, "question")
        row.reason = " ".join(filter(None, (row.reason, likeness)))

    @api.model
    def _get_together(self, ids):
        """`{id: contact}` of contacts that are read in one go."""
        partners = self.env["res.partner"].browse(ids)
        return {partner.id: partner for partner in partners}

    @api.model
    def _get_erased(self, emails):
        """Addresses of persons who asked to be erased, as a set.

        Others on the list of suppressed addresses may be imported: they get no mail.
        """
        hashes = self.env["marketing.suppression"]._get_hashes(emails)
        if not hashes:
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT hash FROM marketing_suppression WHERE hash = ANY(%s)"
                " AND reason = 'erased' AND lifted_date IS NULL",
                list(hashes.values()),
            )
        )
        erased = {value for (value,) in rows}
        return {email for email, value in hashes.items() if value in erased}

    # ------------------------------------------------------------------
    # OUTCOMES
    # ------------------------------------------------------------------

    def _write_outcomes(self, rows):
        """Write what became of lines, in one statement."""
        if not rows:
            return
        states = {
            "create": "created",
            "update": "updated",
            "skip": "skipped",
            "question": "question",
            "error": "error",
            "preview": "preview",
        }
        self.env["marketing.import.line"].flush_model()
        persons = self.env["marketing.person"]._get_ids_by_email(
            {row.normal for row in rows if row.normal}
        )
        execute_values(
            self.env.cr._obj,
            """
            UPDATE marketing_import_line line
               SET person_id = result.person_id::int, state = result.state,
                   reason = result.reason, name = result.name,
                   company_name = result.company_name, email = result.email,
                   suggested_email = result.suggestion,
                   partner_id = result.partner_id::int,
                   duplicate_id = result.duplicate_id::int,
                   expected = result.expected, answer = NULL
              FROM (VALUES %s) result (
                       id, state, reason, name, company_name, email, suggestion,
                       partner_id, duplicate_id, expected, person_id)
             WHERE line.id = result.id
            """,
            [
                (
                    row.line_id,
                    states[row.outcome],
                    row.reason or None,
                    row.name or None,
                    row.company_name or None,
                    row.email or None,
                    row.suggestion,
                    row.partner_id,
                    row.duplicate_id,
                    row.answer if row.outcome == "preview" else None,
                    persons.get(row.normal),
                )
                for row in rows
            ],
            page_size=1000,
        )
        self.env["marketing.import.line"].invalidate_model()
