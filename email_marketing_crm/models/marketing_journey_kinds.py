from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from ..tools.journey_wait import (
    EventFact,
    MailFact,
    decide_event_wait,
    get_duration,
)
from ..tools.pg_array import to_columns
from ..tools.reliability import classes_from
from .marketing_journey_lane import STAY


class MarketingJourneyParticipant(models.Model):
    """What each kind of step does: `_run_<kind>()` on the participants of one step.

    Each works on the set and returns `{outcome: participants}`, see the lane. A new
    kind of step is such a method and its entry in the step's `_get_kind_edges` and
    `_selection_kind`.
    """

    _inherit = "marketing.journey.participant"

    def _run_mail(self):
        """Hand the mail to delivery, which sends it or says why not.

        People go on at once. Whether and when the mail really left is asked by the
        wait that follows.
        """
        env = self._get_acting_env()
        env["marketing.delivery"]._plan(
            self.step_id.mailing_id.with_env(env),
            [(p.person_id.id, p.res_id, p.id) for p in self],
        )
        return {"next": self}

    def _run_wait(self):
        """Nothing to do: the time was over when the step became due."""
        return {"next": self}

    def _run_end(self):
        return {"end": self}

    def _run_tag(self):
        """Add or remove the tags of the records, written once for all of them."""
        step = self.step_id
        step_field, record_field = step._get_tag_fields()[step.res_model]
        command = Command.link if step.tag_operation == "add" else Command.unlink
        records = self._get_acting_env()[step.res_model].browse(self.mapped("res_id"))
        records.write({record_field: [command(tag.id) for tag in step[step_field]]})
        return {"next": self}

    def _run_handoff(self):
        """Offer the persons to sales; the policy may leave some out."""
        step = self.step_id
        env = self._get_acting_env()
        handoffs = env["marketing.handoff"]._offer_persons(
            self.person_id.ids,
            policy=step.policy_id.with_env(env) or None,
            cause=env._("Journey: %s", step.journey_id.name),
            source=step.journey_id.with_env(env),
        )
        offered_ids = set(handoffs.person_id.ids)
        offered = self.filtered(lambda p: p.person_id.id in offered_ids)
        return {"next": offered, ("next", "left_out"): self - offered}

    def _get_acting_env(self):
        """Environment of steps that change other models.

        Without access rules, as nobody is logged in, but in the company of the
        journey and in the name of its responsible: he is the author of what changes.
        """
        journey = self.journey_id
        company = journey.company_id or journey.user_id.company_id
        context = dict(self.env.context, allowed_company_ids=company.ids)
        return self.env(user=journey.user_id, su=True, context=context)

    # ------------------------------------------------------------------
    # WAIT FOR AN EVENT
    # ------------------------------------------------------------------

    def _run_wait_event(self):
        """Decide from the log who goes on by yes, by no, or waits.

        Also run on arrival, so an event that came before, within this pass, counts.
        """
        step = self.step_id
        now = fields.Datetime.now()
        mails = self._get_mail_facts(step)
        events = self._get_event_facts(step)
        duration = get_duration(step.wait_number, step.wait_unit)
        results = defaultdict(self.browse)
        waits = defaultdict(list)
        for participant in self:
            decision = decide_event_wait(
                now=now,
                arrived=participant.arrived,
                duration=duration,
                mail=mails.get(participant.id),
                event=events.get(participant.id, EventFact()),
                needs_mail=step.event_source == "mail",
                is_first_look=participant.state == "running",
            )
            if decision.edge:
                results[decision.edge, decision.reason] |= participant
            else:
                results[STAY] |= participant
                waits[decision.deadline, decision.due].append(participant.id)
        self._wait_until(waits)
        return dict(results)

    def _wait_until(self, waits):
        """Write who waits: `{(deadline, due): participant ids}`."""
        if not waits:
            return
        rows = [
            (participant_id, deadline, due)
            for (deadline, due), participant_ids in waits.items()
            for participant_id in participant_ids
        ]
        self.env.cr.execute(
            """
            UPDATE marketing_journey_participant p
               SET state = 'waiting', deadline = wait.deadline, due = wait.due,
                   attempts = 0, error = NULL
              FROM unnest(%s::int[], %s::timestamp[], %s::timestamp[])
                   AS wait (id, deadline, due)
             WHERE p.id = wait.id
            """,
            to_columns(rows),
        )
        self.invalidate_recordset()

    def _get_event_facts(self, step):
        """First fitting event of each participant's pass: `{id: EventFact}`.

        An event that still waits in the inbox is not judged yet: it may turn out to
        be a mail scanner's.
        """
        conditions = [
            SQL("t.reliability = ANY(%s)", list(classes_from(step.event_reliability)))
        ]
        if step.event_source == "mail":
            mailing = step.mail_step_id.mailing_id
            conditions.append(SQL("t.mailing_id = %s", mailing.id))
        if step.event_asset_id:
            conditions.append(
                SQL(
                    "t.res_model = 'marketing.asset' AND t.res_id = %s",
                    step.event_asset_id.id,
                )
            )
        hits = self._get_first_touchpoints(
            step.event_type_id.id, SQL(" AND ").join(conditions)
        )
        unjudged = self._get_unjudged_ids([row[1] for row in hits])
        facts = {}
        for participant_id, touchpoint_id, date in reversed(hits):
            fact = facts.get(participant_id, EventFact())
            name = "unjudged_date" if touchpoint_id in unjudged else "date"
            facts[participant_id] = fact._replace(**{name: date})
        return facts

    def _get_first_touchpoints(self, type_id, condition):
        """`[(participant id, touchpoint id, date)]` of this pass, oldest first.

        Some for each participant, as the first ones may not be judged yet. The limit
        binds the search to one person at a time, hence to the index (person, type,
        date): other indexes hold the events of everybody.
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT p.id, hit.id, hit.date
                  FROM marketing_journey_participant p
                 CROSS JOIN LATERAL (
                       SELECT t.id, t.date FROM marketing_touchpoint t
                        WHERE t.person_id = p.person_id AND t.type_id = %s
                          AND t.date >= p.entered AND %s
                        ORDER BY t.date, t.id LIMIT 10) hit
                 WHERE p.id = ANY(%s)
                 ORDER BY p.id, hit.date, hit.id
                """,
                type_id,
                condition,
                self.ids,
            )
        )

    @api.model
    def _get_unjudged_ids(self, touchpoint_ids):
        """Those of some touchpoints that still wait in the inbox."""
        if not touchpoint_ids:
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT touchpoint_id FROM marketing_inbox"
                " WHERE touchpoint_id = ANY(%s)",
                touchpoint_ids,
            )
        )
        return {touchpoint_id for (touchpoint_id,) in rows}

    def _get_mail_facts(self, step):
        """What became of the mail before a step: `{id: MailFact}`, {} without one."""
        mailing = step.mail_step_id.mailing_id
        if not mailing:
            return {}
        sent = self._get_first_touchpoints(
            self.env["marketing.touchpoint.type"]._get_id("sent"),
            SQL("t.mailing_id = %s", mailing.id),
        )
        return (
            {participant.id: MailFact("pending") for participant in self}
            | self._get_unsent_facts(mailing)
            | {
                participant_id: MailFact("sent", date)
                for participant_id, _touchpoint_id, date in reversed(sent)
            }
        )

    def _get_unsent_facts(self, mailing):
        """`{id: MailFact}` of mails that delivery gave up, or may have lost.

        After a crash in the middle of sending nobody knows whether the mail arrived.
        Its time counts from the moment it was handed over, as it may well have.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT visit, state, reason, COALESCE(composed_date, planned_date)
                  FROM marketing_delivery
                 WHERE mailing_id = %s AND visit = ANY(%s)
                   AND person_id = ANY(%s)
                   AND state IN ('skipped', 'failed', 'unknown')
                """,
                mailing.id,
                self.ids,
                self.person_id.ids,
            )
        )
        return {
            visit: MailFact("sent", date)
            if state == "unknown"
            else MailFact("skipped", reason=reason or state)
            for visit, state, reason, date in rows
        }
