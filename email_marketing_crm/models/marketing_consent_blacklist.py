from odoo import api, models
from odoo.tools import SQL

from .marketing_consent import PERSON_SOURCES

#: Sources of blacklist entries that are the company's own or Odoo's, for example after
#: bounces. What was there before the add-on may be anybody's, hence the person's.
COMPANY_SOURCES = ("blacklist", "import")


class MarketingConsent(models.Model):
    """How consents follow Odoo's blacklist.

    A person is opted out of everything exactly while his address is on it.
    """

    _inherit = "marketing.consent"

    @api.model
    def _follow_blacklist(self, emails):
        """Whose address is on the blacklist is opted out of everything, and only he.

        Where the person did it himself, his consents end too.
        """
        emails = list(emails)
        if not emails:
            return
        persons = self.env["marketing.person"].sudo()
        known = persons.search([("email_normalized", "in", emails)])
        new = set(emails) - set(known.mapped("email_normalized"))
        persons._get_or_create_ids(emails)
        self._block_survivors(emails)
        self.env.flush_all()
        evidence = self._get_current_evidence("blacklist")
        self._note_who_said_no(emails, new, evidence)
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_person person SET is_opted_out = state.blocked
                  FROM (SELECT person.id, entry.id IS NOT NULL AS blocked
                          FROM marketing_person person
                          LEFT JOIN mail_blacklist entry
                                 ON entry.email = person.email_normalized
                                AND entry.active
                         WHERE person.email_normalized = ANY(%s)
                         ORDER BY person.id) state
                 WHERE person.id = state.id
                   AND COALESCE(person.is_opted_out, FALSE) <> state.blocked
                RETURNING person.id, person.is_opted_out
                """,
                emails,
            )
        )
        changed = persons.browse([row[0] for row in rows])
        changed.invalidate_recordset(["is_opted_out"])
        changed._watch_fields({"is_opted_out"})
        logs = self.env["marketing.consent.log"].sudo()
        for event, is_out in (("stopped", True), ("resumed", False)):
            ids = [person_id for person_id, opted_out in rows if opted_out is is_out]
            if ids:
                logs._record(ids, event, evidence)
        if evidence["source"] in PERSON_SOURCES:
            self.sudo()._withdraw_everything(
                [person_id for person_id, opted_out in rows if opted_out], evidence
            )

    @api.model
    def _note_who_said_no(self, emails, new, evidence):
        """Whether blocked addresses were blocked by their owners.

        What the company adds takes nothing back; freeing an address does. An entry
        that was there before anybody had its address may be his.

        :param new: those of the addresses that nobody had until now
        """
        is_own = evidence["source"] not in COMPANY_SOURCES
        self.env.cr.execute(
            """
            UPDATE marketing_person person
               SET has_said_no = entry.id IS NOT NULL AND %s
              FROM marketing_person one
              LEFT JOIN mail_blacklist entry
                     ON entry.email = one.email_normalized AND entry.active
             WHERE person.id = one.id AND one.email_normalized = ANY(%s)
               AND (entry.id IS NULL OR %s
                    OR (one.email_normalized = ANY(%s) AND entry.create_date >= %s))
               AND COALESCE(person.has_said_no, FALSE)
                   <> (entry.id IS NOT NULL AND %s)
            """,
            [is_own, emails, is_own, list(new), self.env.cr.now(), is_own],
        )
        self.env["marketing.person"].invalidate_model(["has_said_no"])

    @api.model
    def _block_survivors(self, emails):
        """Who blocks an address he had before a merge means the one he has now."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT survivor.email_normalized
                  FROM marketing_person alias
                  JOIN marketing_person survivor ON survivor.id = alias.merged_into_id
                  JOIN mail_blacklist entry
                    ON entry.email = alias.email_normalized AND entry.active
                 WHERE alias.email_normalized = ANY(%s)
                """,
                emails,
            )
        )
        self.env["mail.blacklist"]._block([email for (email,) in rows])

    @api.model
    def _withdraw_everything(self, person_ids, evidence):
        """Take back each consent of these persons; a few statements per topic."""
        answered = self.search(
            [("person_id", "in", list(person_ids)), ("state", "!=", "out")]
        )
        for topic, consents in answered.grouped("topic_id").items():
            self._set_state(consents.person_id.ids, topic, "out", evidence)

    @api.model
    def _build_opted_out(self):
        """Opt out whoever is on the blacklist already; at installation."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            WITH stopped AS (
                UPDATE marketing_person person
                   SET is_opted_out = TRUE, has_said_no = TRUE
                  FROM mail_blacklist entry
                 WHERE entry.email = person.email_normalized AND entry.active
                   AND person.is_opted_out IS NOT TRUE
                RETURNING COALESCE(person.merged_into_id, person.id) AS person_id,
                          entry.create_date
            )
            INSERT INTO marketing_consent_log (person_id, event, date, source)
            SELECT person_id, 'stopped',
                   COALESCE(create_date, now() at time zone 'UTC'), 'blacklist'
              FROM stopped
            """
        )
        self.env["marketing.person"].invalidate_model(["is_opted_out"])
        return self.env.cr.rowcount
