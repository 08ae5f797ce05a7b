import logging
from datetime import timedelta

from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.delivery_handover import retry_delay
from .marketing_delivery import WAITING_STATES
from .marketing_delivery_plan import CHOICES

_logger = logging.getLogger(__name__)

#: Reasons that are a marketer's and say nothing about the person.
UNEVENTFUL = frozenset({"canceled", "holdout", *CHOICES} - {"complaint_open"})
#: Of two rows that become one, the one in the first of these states stays.
FURTHEST_STATES = (
    "sent",
    "sending",
    "unknown",
    "composed",
    "planned",
    "failed",
    "skipped",
)


class MarketingDelivery(models.Model):
    """How deliveries change: the only statements that write their state."""

    _inherit = "marketing.delivery"

    @api.model
    def _skip(self, reasons):
        """Take mails off the plan that have not left yet.

        :param reasons: `{delivery id: reason}`
        :returns: ids of the deliveries that were stopped
        """
        if not reasons:
            return []
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET state = 'skipped', reason = why.reason, error = NULL
                  FROM unnest(%s::int[], %s::varchar[]) why (id, reason)
                 WHERE delivery.id = why.id AND delivery.state = ANY(%s)
                RETURNING delivery.id, delivery.person_id, delivery.mailing_id,
                          delivery.company_id, delivery.reason
                """,
                list(reasons.keys()),
                list(reasons.values()),
                list(WAITING_STATES),
            )
        )
        self._invalidate_deliveries()
        self._capture_skipped(rows)
        return [row[0] for row in rows]

    @api.model
    def _hold(self, waits):
        """Let planned mails wait; they are gated again when their time comes.

        :param waits: `{delivery id: (reason for waiting, moment to look again)}`
        """
        if not waits:
            return
        self.env.cr.execute(
            """
            UPDATE marketing_delivery delivery
               SET due = wait.until, wait_reason = wait.reason
              FROM unnest(%s::int[], %s::varchar[], %s::timestamp[])
                       wait (id, reason, until)
             WHERE delivery.id = wait.id AND delivery.state = 'planned'
            """,
            [
                list(waits),
                [reason for reason, _until in waits.values()],
                [until for _reason, until in waits.values()],
            ],
        )
        self._invalidate_deliveries()
        self._wake_lanes("compose", at=min(until for _reason, until in waits.values()))

    @api.model
    def _fail(self, messages):
        """Mails that cannot be composed or that the server refused for good.

        :param messages: `{delivery id: what happened}`
        """
        if not messages:
            return
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET state = 'failed', error = why.error,
                       attempts = attempts + (state = 'sending')::int
                  FROM unnest(%s::int[], %s::text[]) why (id, error)
                 WHERE delivery.id = why.id
                   AND delivery.state IN ('planned', 'composed', 'sending')
                RETURNING delivery.id, delivery.person_id, delivery.mailing_id,
                          delivery.company_id, 'failed'
                """,
                list(messages.keys()),
                list(messages.values()),
            )
        )
        self._invalidate_deliveries()
        self._capture_skipped(rows)

    @api.model
    def _capture_skipped(self, rows):
        """Tell whoever waits for these mails that they do not come, and why.

        A stopped campaign is no event of a million persons, nor is whom a marketer
        leaves out of one; nobody waits for it, and the deliveries say it.

        :param rows: `[(delivery, person, mailing, company, reason)]`
        """
        mailings = self.env["mailing.mailing"].sudo().browse({row[2] for row in rows})
        journeys = set(
            mailings.filtered(lambda mailing: mailing.marketing_kind == "journey").ids
        )
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "skipped",
                    "dedup_key": f"delivery:{delivery_id}:skipped",
                    "person_id": person_id,
                    "mailing_id": mailing_id,
                    "company_id": company_id,
                    "res_model": self._name,
                    "res_id": delivery_id,
                    "data": {"reason": reason},
                }
                for delivery_id, person_id, mailing_id, company_id, reason in rows
                if reason not in UNEVENTFUL or mailing_id in journeys
            ]
        )

    @api.model
    def _tell_skipped(self, mailing, part=None):
        """Tell the history of whom a campaign leaves out, and why.

        What is told already is not told twice.

        :param part: of the persons, as `marketing.job` takes them; all without one
        """
        self.env.cr.execute(
            SQL(
                """
                WITH planned AS (
                    SELECT id, person_id, company_id, reason FROM marketing_delivery
                     WHERE mailing_id = %s AND state = 'skipped' AND %s
                ), %s
                SELECT count(*) FROM planned
                """,
                mailing.id,
                self.env["marketing.job"]._get_part(part, SQL("person_id")),
                self._get_skipped_ctes(mailing),
            )
        )

    @api.model
    def _get_skipped_ctes(self, mailing):
        """The end of a WITH list: tell whoever waits for mails that do not come.

        The same as `_capture_skipped`, for a million persons. It reads the list
        `planned` with the columns id, person_id, company_id and reason.
        """
        types = self.env["marketing.touchpoint.type"]
        type_id, reliability = types._get_types_by_code()["skipped"]
        settling = types._get_settling_seconds().get(type_id, 0)
        uneventful = () if mailing.marketing_kind == "journey" else UNEVENTFUL
        now = fields.Datetime.now()
        return SQL(
            """
            event AS (
                INSERT INTO marketing_touchpoint (
                    person_id, type_id, date, mailing_id, res_model, res_id,
                    company_id, value, reliability, data, dedup_key)
                SELECT person_id, %(type)s, %(now)s, %(mailing)s, %(model)s, id,
                       company_id, 0, %(reliability)s,
                       jsonb_build_object('reason', reason),
                       concat('delivery:', id, ':skipped')
                  FROM planned
                 WHERE reason IS NOT NULL AND reason <> ALL(%(uneventful)s)
                    ON CONFLICT (dedup_key) DO NOTHING
                RETURNING id, person_id
            ),
            queued AS (
                INSERT INTO marketing_inbox (
                    person_id, touchpoint_id, kind, due, attempts)
                SELECT person_id, id, 'touchpoint', %(due)s, 0 FROM event
            )
            """,
            type=type_id,
            now=now,
            mailing=mailing.id,
            model=self._name,
            reliability=reliability,
            uneventful=sorted(uneventful),
            due=now + timedelta(seconds=settling),
        )

    @api.model
    def _claim(self, ids, state="composed"):
        """Take mails in hand, so that nobody else does; the caller commits.

        :param state: the one they are in until now
        """
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sending'"
            " WHERE id = ANY(%s) AND state = %s",
            [list(ids), state],
        )
        if self.env.cr.rowcount != len(ids):
            raise errors.SerializationFailure(
                "Some mails were canceled or taken by another worker"
            )
        self._invalidate_deliveries()

    @api.model
    def _mark_sent(self, ids):
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sent', sent_date = %s,"
            " error = NULL, attempts = attempts + 1"
            " WHERE id = ANY(%s) AND state <> 'sent'",
            [fields.Datetime.now(), list(ids)],
        )
        self._invalidate_deliveries()

    @api.model
    def _postpone(self, ids, error, is_counted=True):
        """Let mails that have not left wait for another try.

        What somebody else sent, stopped or gave up meanwhile is left alone.

        :param is_counted: whether the server was asked; that it is not there says
            nothing about the mail, which waits for it for days if need be
        :returns: ids of those that had their last try: the caller lets them fail
        """
        exhausted = []
        for attempts, group in self._read_group(
            [("id", "in", list(ids)), ("state", "in", (*WAITING_STATES, "sending"))],
            ["attempts"],
            ["id:array_agg"],
        ):
            tries = attempts + is_counted
            delay = retry_delay(tries if is_counted else 1)
            if delay is None:
                exhausted += group
                continue
            self.env.cr.execute(
                """
                UPDATE marketing_delivery
                   SET state = CASE WHEN mail_mail_id_int IS NULL OR is_high_volume
                                    THEN 'planned' ELSE 'composed' END,
                       due = %s, error = %s, attempts = %s
                 WHERE id = ANY(%s) AND state = ANY(%s)
                """,
                [
                    fields.Datetime.now() + delay,
                    error,
                    tries,
                    group,
                    [*WAITING_STATES, "sending"],
                ],
            )
        self._invalidate_deliveries()
        return exhausted

    @api.model
    def _release(self, ids):
        """Put back what was claimed and has surely not left."""
        self.env.cr.execute(
            """
            UPDATE marketing_delivery
               SET state = CASE WHEN is_high_volume THEN 'planned' ELSE 'composed' END
             WHERE id = ANY(%s) AND state = 'sending'
            """,
            [list(ids)],
        )
        self._invalidate_deliveries()

    @api.model
    def _mark_unknown(self, condition, error):
        """Show what a worker had in hand when it died: it may have left or not.

        In the quotas of its sender it counts as if it had left now.
        """
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_delivery
                   SET state = 'unknown', error = %s, due = %s,
                       attempts = attempts + 1
                 WHERE state = 'sending' AND %s
                RETURNING trace_id
                """,
                error,
                fields.Datetime.now(),
                condition,
            )
        )
        if rows:
            self._invalidate_deliveries()
            traces = self.env["mailing.trace"].browse(
                [trace_id for (trace_id,) in rows if trace_id]
            )
            traces.write({"trace_status": "process"})
            _logger.warning("%s mails whose outcome is unknown: %s", len(rows), error)
        return len(rows)

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Let one person have the deliveries of several, at most one per visit.

        Of two rows of one mailing and visit the one that went further stays; a mail
        that waits for nothing any more goes with its row.
        """
        everybody = [*source_ids, target_id]
        doomed = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM (SELECT id, row_number() OVER (
                                   PARTITION BY mailing_id, visit
                                   ORDER BY array_position(%s, state), id) AS place
                          FROM marketing_delivery
                         WHERE person_id = ANY(%s)) ranked
                 WHERE place > 1
                """,
                list(FURTHEST_STATES),
                everybody,
            )
        )
        doomed = [delivery_id for (delivery_id,) in doomed]
        self.env["mail.mail"].sudo().search(
            [("marketing_delivery_id", "in", doomed)]
        ).unlink()
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM marketing_delivery WHERE id = ANY(%s)", [doomed]
        )
        self.env.cr.execute(
            "UPDATE marketing_delivery SET person_id = %s WHERE person_id = ANY(%s)",
            [target_id, list(source_ids)],
        )
        self._invalidate_deliveries()
