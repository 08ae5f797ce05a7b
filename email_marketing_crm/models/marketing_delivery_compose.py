import logging
from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ..tools.conflict import CONFLICTS
from .mailing_mailing import WAITING_HOLDS
from .marketing_delivery_plan import COMPOSE_GATES

_logger = logging.getLogger(__name__)

#: Mails a lane composes in one run: a few seconds' work.
COMPOSE_BATCH = 500
#: Mails of a shard that may wait for SMTP. What is composed later is gated later,
#: and a million bodies never lie in the database at once.
COMPOSE_AHEAD = 5000
#: Odoo's reasons for a mail that its composer leaves out → ours.
COMPOSER_REASONS = {
    "mail_bl": "blacklisted",
    "mail_optout": "opted_out",
    "mail_dup": "duplicate",
    "mail_email_missing": "no_address",
    "mail_email_invalid": "no_address",
}


class MarketingDelivery(models.Model):
    """The compose lane: what is due becomes mails, through Odoo's composer."""

    _inherit = "marketing.delivery"

    @api.model
    def _get_lane_backlog(self, number, count):
        return self.env.execute_query(
            SQL(
                """
                SELECT count(*), min(delivery.due)
                  FROM mailing_mailing mailing
                  JOIN marketing_delivery delivery
                    ON delivery.mailing_id = mailing.id AND delivery.state = 'planned'
                   AND delivery.due <= %s AND delivery.person_id %% %s = %s
                 WHERE %s
                """,
                fields.Datetime.now(),
                count,
                number,
                self._get_active_mailings(),
            )
        )[0]

    @api.model
    def _run_lane(self, number, count):
        self.env.flush_all()
        room = min(
            self._get_compose_batch(),
            COMPOSE_AHEAD - self._count_composed(number, count),
        )
        if room <= 0:
            return 0, 0
        claimed = self._claim_due(number, count, room)
        groups = defaultdict(list)
        for delivery_id, mailing_id, company_id in claimed:
            groups[mailing_id, company_id].append(delivery_id)
        for (mailing_id, company_id), ids in groups.items():
            mailing = self.env["mailing.mailing"].browse(mailing_id)
            if company_id:
                mailing = mailing.with_company(company_id)
            self.with_company(company_id)._compose(mailing, ids)
        if claimed:
            self._wake_lanes("smtp")
        return len(claimed), int(len(claimed) == room)

    @api.model
    def _get_compose_batch(self):
        """Mails that one run takes."""
        return COMPOSE_BATCH

    @api.model
    def _get_active_mailings(self):
        """SQL: mailings whose deliveries the lanes may move; alias: mailing.

        As with Odoo's own queue, nothing leaves of what is archived.
        """
        return SQL(
            "mailing.marketing_kind IS NOT NULL"
            " AND (mailing.active OR mailing.marketing_hold = 'stopped')"
            " AND COALESCE(mailing.marketing_hold, '') <> ALL(%s)"
            " AND mailing.state IN ('in_queue', 'sending') AND %s",
            list(WAITING_HOLDS),
            self.env["marketing.job"]._get_free_mailings(),
        )

    @api.model
    def _count_composed(self, number, count):
        """Mails of a shard that wait for SMTP, counted as far as it matters."""
        return self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (SELECT FROM marketing_delivery"
                " WHERE state IN ('composed', 'sending') AND person_id %% %s = %s"
                " LIMIT %s) waiting",
                count,
                number,
                COMPOSE_AHEAD,
            )
        )[0][0]

    @api.model
    def _claim_due(self, number, count, limit):
        """Lock the due deliveries of a shard: [(id, mailing, company)].

        Each active mailing is asked for its oldest ones, by the index `_planned`, so
        that what a paused mailing has planned is never read. What people wait for goes
        first, then by priority, then what is due for the longest time: in this order
        mails are composed and take the last places that frequency rules leave.
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT delivery.id, delivery.mailing_id, delivery.company_id
                  FROM marketing_delivery delivery
                  JOIN (
                       SELECT waiting.id, row_number() OVER (%(order)s) AS place
                         FROM mailing_mailing mailing
                        CROSS JOIN LATERAL (
                              SELECT id, due
                                FROM marketing_delivery
                               WHERE mailing_id = mailing.id AND state = 'planned'
                                 AND due <= CASE mailing.marketing_hold
                                            WHEN 'stopped' THEN 'infinity'::timestamp
                                            ELSE %(now)s END
                                 AND person_id %% %(count)s = %(number)s
                               ORDER BY due, id
                               LIMIT %(limit)s) waiting
                        WHERE %(active)s
                        ORDER BY place
                        LIMIT %(limit)s) first ON first.id = delivery.id
                 ORDER BY first.place
                   FOR UPDATE OF delivery SKIP LOCKED
                """,
                now=fields.Datetime.now(),
                count=count,
                number=number,
                limit=limit,
                active=self._get_active_mailings(),
                order=SQL(
                    "ORDER BY mailing.marketing_is_transactional IS TRUE DESC,"
                    " mailing.marketing_priority DESC, waiting.due, waiting.id"
                ),
            )
        )

    # ------------------------------------------------------------------
    # COMPOSE
    # ------------------------------------------------------------------

    @api.model
    def _compose(self, mailing, ids):
        """Gate deliveries of a mailing again and compose mails for the rest."""
        self.env.flush_all()
        self._refresh_records(mailing, ids)
        refused = self._get_refused(
            mailing, self._get_planned_candidates(ids), COMPOSE_GATES
        )
        self._skip(refused)
        waits = self._get_waits(
            mailing, [delivery_id for delivery_id in ids if delivery_id not in refused]
        )
        self._hold(waits)
        rows = self.env.execute_query(
            SQL(
                "SELECT id, res_id FROM marketing_delivery"
                " WHERE id = ANY(%s) AND state = 'planned' ORDER BY due, id",
                [delivery_id for delivery_id in ids if delivery_id not in waits],
            )
        )
        for deliveries in self._split_visits(rows):
            for content, part in mailing._split_by_content(deliveries):
                self._compose_part(mailing, content, part)

    @api.model
    def _get_waits(self, mailing, ids):
        """Which of these deliveries have to wait, why, and until when.

        They have passed the gates. Each kind of pace adds its own to what `super()`
        found: `{delivery id: (reason for waiting, moment to look again)}`.
        """
        return {}

    @api.model
    def _refresh_records(self, mailing, ids):
        """Follow what happened to the records since the plan.

        Somebody who was merged while it was made is in it twice: he becomes one. A
        record that was merged or deleted is replaced by another one of the person;
        a new address is the one that is used, hence the one that is gated.
        """
        merged = defaultdict(list)
        for source_id, target_id in self.env.execute_query(
            SQL(
                "SELECT DISTINCT person.id, person.merged_into_id"
                "  FROM marketing_delivery delivery"
                "  JOIN marketing_person person ON person.id = delivery.person_id"
                " WHERE delivery.id = ANY(%s) AND person.merged_into_id IS NOT NULL",
                ids,
            )
        ):
            merged[target_id].append(source_id)
        for target_id, source_ids in merged.items():
            self._merge_persons(source_ids, target_id)
        model = mailing.mailing_model_real
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET res_id = COALESCE(%s, delivery.res_id)
                 WHERE delivery.id = ANY(%s)
                   AND NOT EXISTS (SELECT FROM (%s) record
                                    WHERE record.res_id = delivery.res_id
                                      AND record.active)
                """,
                self._get_record_of(model, SQL("delivery.person_id")),
                ids,
                self._get_records(model),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET email = record.email
                  FROM (%s) record
                 WHERE delivery.id = ANY(%s) AND record.res_id = delivery.res_id
                   AND delivery.email IS DISTINCT FROM record.email
                """,
                self._get_records(model),
                ids,
            )
        )

    @api.model
    def _split_visits(self, rows):
        """Batches `{record: delivery}`: the composer knows a record once.

        Somebody who runs through a journey twice at a time is in two batches.
        """
        batches = []
        for delivery_id, res_id in rows:
            for batch in batches:
                if res_id not in batch:
                    batch[res_id] = delivery_id
                    break
            else:
                batches.append({res_id: delivery_id})
        return batches

    @api.model
    def _compose_part(self, mailing, content, deliveries):
        """Compose the mails that have one text, as many at once as memory likes."""
        for pairs in split_every(COMPOSE_BATCH, deliveries.items()):
            self._compose_safely(mailing, content, dict(pairs))

    @api.model
    def _compose_safely(self, mailing, content, deliveries):
        """Compose a batch; when it fails, bisect until the culprit is alone."""
        try:
            with self.env.cr.savepoint():
                self._compose_batch(mailing, content, deliveries)
        except CONFLICTS:
            raise  # the lane takes the whole batch again
        except Exception as error:
            self.env.invalidate_all()
            if len(deliveries) == 1:
                (delivery_id,) = deliveries.values()
                _logger.warning("Delivery %s failed", delivery_id, exc_info=True)
                self._fail({delivery_id: str(error) or repr(error)})
                return
            pairs = list(deliveries.items())
            middle = len(pairs) // 2
            self._compose_safely(mailing, content, dict(pairs[:middle]))
            self._compose_safely(mailing, content, dict(pairs[middle:]))

    @api.model
    def _compose_batch(self, mailing, content, deliveries):
        """Let Odoo's composer write the mails, and note what it made of each.

        :param content: values of the composer that differ from the mailing's own
        :param deliveries: `{record id: delivery id}`
        """
        [(last_trace,)] = self.env.execute_query(
            SQL("SELECT COALESCE(max(id), 0) FROM mailing_trace")
        )
        left_out = {}
        composer = mailing._create_delivery_composer(content, deliveries, left_out)
        composer._action_send_mail()
        self.env.flush_all()
        composed = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET state = 'composed', composed_date = %(now)s, error = NULL,
                       is_high_volume = FALSE,
                       mail_mail_id_int = mail.id,
                       trace_id = trace.id,
                       email = COALESCE(trace.email, delivery.email)
                  FROM mail_mail mail
                  LEFT JOIN mailing_trace trace ON trace.mail_mail_id_int = mail.id
                 WHERE delivery.id = ANY(%(ids)s)
                   AND mail.marketing_delivery_id = delivery.id
                   AND mail.state = 'outgoing'
                RETURNING delivery.id
                """,
                now=fields.Datetime.now(),
                ids=list(deliveries.values()),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery delivery SET trace_id = trace.id
                  FROM mailing_trace trace
                 WHERE trace.id > %s AND trace.mass_mailing_id = %s
                   AND COALESCE(trace.mail_mail_id_int, 0) = 0
                   AND trace.res_id = delivery.res_id
                   AND delivery.id = ANY(%s)
                """,
                last_trace,
                mailing.id,
                [deliveries[res_id] for res_id in left_out],
            )
        )
        self._invalidate_deliveries()
        done = {delivery_id for (delivery_id,) in composed}
        self._skip(
            {
                delivery_id: COMPOSER_REASONS.get(left_out.get(res_id), "composer")
                for res_id, delivery_id in deliveries.items()
                if delivery_id not in done
            }
        )
