from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.erasure import ErasureRule, get_erased_address
from .marketing_delivery import WAITING_STATES
from .marketing_person_erasure_records import IMPORT_LINE_CLEAR


class MarketingPerson(models.Model):
    """How a person becomes a row without identity (GDPR, article 17).

    What is kept is what statistics need and what proves that consent was there; it
    hangs on the person's row, which says nothing about him any more. His addresses go
    to the suppression list as hashes. Everything happens in one transaction for a
    batch of persons, so nobody is erased in part.
    """

    _inherit = "marketing.person"

    @api.model
    def _get_erasure_rules(self):
        """What becomes of each model that has rows of a person.

        A module that adds such a model adds its rule here.
        """
        return [
            ErasureRule(
                "marketing.touchpoint",
                "anonymized",
                self.env._(
                    "What happened stays for statistics; addresses of pages, devices,"
                    " texts and records are emptied."
                ),
                clear={"data": None, "res_model": None, "res_id": None},
            ),
            ErasureRule(
                "marketing.delivery",
                "anonymized",
                self.env._("Figures of mailings stay, without the address."),
                clear={"email": None, "res_id": None, "error": None},
            ),
            ErasureRule(
                "marketing.delivery.preview",
                "deleted",
                self.env._("Checks of audiences are forgotten."),
            ),
            ErasureRule(
                "marketing.segment.member",
                "deleted",
                self.env._("The person is in no segment any more."),
            ),
            ErasureRule(
                "marketing.score",
                "deleted",
                self.env._("Scores and their explanation are forgotten."),
            ),
            ErasureRule(
                "marketing.score.checkpoint",
                "deleted",
                self.env._("Points of events that were deleted before are forgotten."),
            ),
            ErasureRule(
                "marketing.person.rhythm",
                "deleted",
                self.env._("The hours at which the person reads are forgotten."),
            ),
            ErasureRule(
                "marketing.frequency.usage",
                "deleted",
                self.env._("Looks at what was counted are forgotten."),
            ),
            ErasureRule(
                "marketing.lifecycle.move",
                "anonymized",
                self.env._("Figures of the funnel stay, without their cause."),
                clear={"cause": None},
            ),
            ErasureRule(
                "marketing.handoff",
                "anonymized",
                self.env._(
                    "Figures about sales stay, without names, notes and evidence."
                ),
                clear={
                    "cause": None,
                    "evidence": None,
                    "note": None,
                },
            ),
            ErasureRule(
                "marketing.journey.participant",
                "anonymized",
                self.env._("The person leaves all journeys; their figures stay."),
                clear={"res_id": 0, "error": None},
            ),
            ErasureRule(
                "marketing.profile.value",
                "deleted",
                self.env._("Answers, personas and what was guessed are forgotten."),
            ),
            ErasureRule(
                "marketing.consent",
                "deleted",
                self.env._(
                    "The person has agreed to nothing and wants nothing any more."
                ),
            ),
            ErasureRule(
                "marketing.consent.request",
                "deleted",
                self.env._(
                    "Confirmations that were asked for cannot be given any more."
                ),
            ),
            ErasureRule(
                "marketing.consent.log",
                "anonymized",
                self.env._(
                    "What was agreed to, when and how, is kept as evidence; addresses"
                    " of the network, devices and notes go."
                ),
                clear={"ip": None, "user_agent": None, "note": None},
            ),
            ErasureRule(
                "marketing.import.line",
                "anonymized",
                self.env._("Figures of imports stay, without what the lines said."),
                clear=IMPORT_LINE_CLEAR,
            ),
            *(
                ErasureRule(
                    "marketing.duplicate",
                    "deleted",
                    self.env._("Likely duplicates with the person are forgotten."),
                    person_column=column,
                )
                for column in ("first_person_id", "second_person_id")
            ),
            ErasureRule(
                "marketing.inbox",
                "deleted",
                self.env._("Nothing is worked out from what the person did any more."),
            ),
        ]

    @api.model
    def _get_erasure_reasons(self, keep_records=False):
        """What becomes of each kind of data: `{(model, outcome): sentence}`."""
        reasons = {
            ("marketing.person", "anonymized"): self.env._(
                "Name and address go; when the address comes back, it is recognised"
                " by a fingerprint and not mailed."
            )
        }
        reasons |= {
            (rule.model, rule.outcome): rule.reason
            for rule in self._get_erasure_rules()
        }
        return reasons | self._get_record_reasons(keep_records)

    def _find_erasure(self, keep_records=False):
        """What an erasure would find: `{(model, outcome): number}`; does nothing."""
        family = self._get_identities()
        counts = Counter({("marketing.person", "anonymized"): len(family)})
        for rule in self._get_erasure_rules():
            counts[rule.model, rule.outcome] += family._count_rows(rule)
        for (model, outcome), records in family._find_erased_records(
            keep_records
        ).items():
            counts[model, outcome] += len(records)
        return +counts

    def _count_rows(self, rule):
        rows = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM %s WHERE %s = ANY(%s)",
                SQL.identifier(self.env[rule.model]._table),
                SQL.identifier(rule.person_column),
                self.ids,
            )
        )
        return rows[0][0]

    def _erase(self, keep_records=False):
        """Take the identity of these persons away.

        :returns: what was found: `{(model, outcome): number}`
        """
        family = self._get_identities().filtered(lambda person: not person.is_erased)
        if not family:
            return Counter()
        self.env.flush_all()
        self.env["marketing.touchpoint"].sudo()._flush_captured()
        counts = family._find_erasure(keep_records)
        addresses = family._get_addresses()
        self.env["marketing.suppression"]._suppress(addresses, "erased")
        family._stop_what_is_under_way()
        family._erase_records(family._find_erased_records(keep_records))
        self.env.flush_all()
        self.env["marketing.touchpoint"].sudo()._flush_captured()
        for rule in self._get_erasure_rules():
            family._apply_rule(rule)
        family._anonymize()
        family._release_kept_records()
        return counts

    def _stop_what_is_under_way(self):
        """Planned mails and journeys end here."""
        deliveries = self.env["marketing.delivery"]
        waiting = deliveries.search(
            [
                ("person_id", "in", self.ids),
                ("state", "in", WAITING_STATES),
            ]
        )
        deliveries._stop(dict.fromkeys(waiting.ids, "suppression_list"))
        self.env["marketing.journey.participant"]._leave_where(
            SQL("person_id = ANY(%s)", self.ids), "erased"
        )
        self.env.cr.execute(
            """
            UPDATE marketing_journey_log line SET detail = NULL
              FROM marketing_journey_participant participant
             WHERE participant.id = line.participant_id AND line.event = 'left'
               AND line.detail IS NOT NULL AND participant.person_id = ANY(%s)
            """,
            [self.ids],
        )
        handoffs = self.env["marketing.handoff"]
        handoffs.search(
            [
                ("person_id", "in", self.ids),
                ("state", "in", handoffs._get_open_states()),
            ]
        ).write({"state": "recycled", "closed_at": fields.Datetime.now()})

    def _apply_rule(self, rule):
        """Delete or overwrite the rows of these persons in one model."""
        if rule.outcome == "kept":
            return
        model = self.env[rule.model]
        condition = SQL("%s = ANY(%s)", SQL.identifier(rule.person_column), self.ids)
        if rule.outcome == "deleted":
            query = SQL(
                "DELETE FROM %s WHERE %s", SQL.identifier(model._table), condition
            )
        else:
            query = SQL(
                "UPDATE %s SET %s WHERE %s",
                SQL.identifier(model._table),
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value)
                    for name, value in rule.clear.items()
                ),
                condition,
            )
        self.env.cr.execute(query)
        model.invalidate_model(flush=False)

    def _anonymize(self):
        """Overwrite the rows of the persons themselves; the companies stay."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_person
                   SET %s, is_erased = TRUE, is_suppressed = TRUE,
                       email_normalized = erased.address
                  FROM unnest(%s::int[], %s::text[]) erased (id, address)
                 WHERE marketing_person.id = erased.id
                """,
                SQL(", ").join(
                    SQL("%s = NULL", SQL.identifier(name))
                    for name in self._get_erased_columns()
                ),
                self.ids,
                [get_erased_address(person.id) for person in self],
            )
        )
        self.env.invalidate_all(flush=False)

    @api.model
    def _get_erased_columns(self):
        """Columns of the person that say something about him.

        All but the ones that make statistics of anonymous rows: whichever module adds
        a column need not think of it.
        """
        kept = {
            "id",
            "email_normalized",
            "create_date",
            "merged_into_id",
            "suppression",
            "suppression_date",
            "lifecycle_stage_id",
            "is_suppressed",
            "is_erased",
            "acquisition_source_id",
        }
        return [
            name
            for name, field in self._fields.items()
            if field.store
            and field.column_type
            and not field.required
            and name not in kept
        ]


class MarketingJourneyParticipant(models.Model):
    _inherit = "marketing.journey.participant"

    exit_reason = fields.Selection(
        selection_add=[("erased", "The person's data was erased")],
        ondelete={"erased": "set null"},
    )
