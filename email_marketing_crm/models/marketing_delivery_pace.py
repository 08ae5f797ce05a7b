from datetime import timedelta
from itertools import islice

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.sender_pace import Quota, Used, plan_hours
from .marketing_sender_provider import PROVIDER_SELECTION

#: Reasons for waiting that are ours; the pace lane lets go what has one.
PACE_REASONS = ("sender_quota", "warm_up", "provider_pace", "brake")
#: What waits for a brake that a person must release is looked at again after this.
BRAKE_LOOK = timedelta(hours=6)
#: Waiting mails that are put into the queue at once, without being looked at singly.
QUEUE_BATCH = 20000
#: Days ahead that waiting mails are given an hour for; what comes later looks again.
QUEUE_DAYS = 30


class MarketingDelivery(models.Model):
    """Mails of a sender that has a limit wait for their turn.

    A mail that is due gets its sender and provider. Where these have a limit it goes
    into the queue: `pace_order` says when it is its turn (most engaged first in a
    warm-up, else in the order of the plan), `due` about when that is. The pace lane
    takes it out again (`released_date`), then it is composed like any other. What is
    behind it in its mailing goes into the queue with it, in one statement, so that a
    million waiting mails are never gated one batch after the other.
    """

    _inherit = "marketing.delivery"

    sender_id = fields.Many2one(
        "marketing.sender", readonly=True, ondelete="set null", help="Since it was due."
    )
    provider = fields.Selection(
        PROVIDER_SELECTION,
        "Mailbox Provider",
        readonly=True,
        help="Who runs the mailbox, by the domain of the address and its mail servers.",
    )
    wait_reason = fields.Selection(
        selection_add=[
            ("sender_quota", "Quota of the sender"),
            ("warm_up", "Warm-up of the sender"),
            ("provider_pace", "Pace of the mailbox provider"),
            ("brake", "The sender is braked"),
        ]
    )
    pace_order = fields.Float(readonly=True, aggregator=None)
    released_date = fields.Datetime("Let Go On", readonly=True)

    # The pace lane: whose turn it is, mailing by mailing and provider by provider.
    _pace_queue = models.Index(
        "(mailing_id, provider, pace_order, id)"
        " WHERE state = 'planned' AND pace_order IS NOT NULL"
    )
    # What a sender has on its way.
    _sender_pending = models.Index(
        "(sender_id, provider, due) WHERE state IN ('composed', 'sending')"
        " OR (state = 'planned' AND released_date IS NOT NULL)"
    )
    # What of a sender may have left, and when.
    _sender_unknown = models.Index("(sender_id, due, provider) WHERE state = 'unknown'")
    # What of a sender left in this hour and on this day.
    _sender_sent = models.Index(
        "(sender_id, sent_date, provider) WHERE sent_date IS NOT NULL"
    )

    # ------------------------------------------------------------------
    # WAITING
    # ------------------------------------------------------------------

    @api.model
    def _run_lane(self, number, count):
        """Remember the shard: what is put into the queue must be of it."""
        return super(
            MarketingDelivery, self.with_context(marketing_shard=(number, count))
        )._run_lane(number, count)

    @api.model
    def _get_waits(self, mailing, ids):
        waits = super()._get_waits(mailing, ids)
        sender = mailing.sudo().marketing_sender_id
        passed = [delivery_id for delivery_id in ids if delivery_id not in waits]
        if not sender or not passed:
            return waits
        self._set_sender(sender, passed)
        pace = sender._get_pace()
        if pace.is_free:
            return waits
        held = self._get_held(pace, passed)
        if held and (pace.is_braked or pace.holds_all):
            followers = self._lock_followers(mailing, ids)
            self._set_sender(sender, followers)
            held += self._get_held(pace, followers)
        return waits | self._enqueue(sender, pace, held)

    @api.model
    def _set_sender(self, sender, ids):
        """Note whose mails these are and who runs their mailboxes.

        What another sender let go has no room yet in the quotas of this one.
        """
        if not ids:
            return
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT split_part(email, '@', 2) FROM marketing_delivery"
                " WHERE id = ANY(%s) AND email IS NOT NULL",
                list(ids),
            )
        )
        providers = self.env["marketing.email.domain"]._get_providers(
            [domain for (domain,) in rows]
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET sender_id = %(sender)s, provider = known.provider,
                       released_date = CASE WHEN delivery.sender_id = %(sender)s
                                            THEN delivery.released_date END
                  FROM unnest(%(domains)s::varchar[], %(providers)s::varchar[])
                           known (domain, provider)
                 WHERE delivery.id = ANY(%(ids)s)
                   AND split_part(delivery.email, '@', 2) = known.domain
                   AND (delivery.sender_id IS DISTINCT FROM %(sender)s
                        OR delivery.provider IS DISTINCT FROM known.provider)
                """,
                sender=sender.id,
                domains=list(providers),
                providers=list(providers.values()),
                ids=list(ids),
            )
        )
        self.invalidate_model(["sender_id", "provider", "released_date"])

    @api.model
    def _get_held(self, pace, ids):
        """Which of these mails have to wait, whatever for."""
        if pace.is_braked:
            condition = SQL("TRUE")
        else:
            limited = (
                SQL("TRUE")
                if pace.holds_all
                else SQL("provider = ANY(%s)", list(pace.providers))
            )
            condition = SQL(
                "provider = ANY(%s) OR (released_date IS NULL AND %s)",
                list(pace.braked),
                limited,
            )
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM marketing_delivery"
                " WHERE id = ANY(%s) AND state = 'planned' AND (%s)",
                list(ids),
                condition,
            )
        )
        return [delivery_id for (delivery_id,) in rows]

    @api.model
    def _lock_followers(self, mailing, ids):
        """What of this shard is due behind a batch that has to wait."""
        number, count = self.env.context.get("marketing_shard") or (0, 0)
        if not count:
            return []
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM marketing_delivery
                 WHERE mailing_id = %s AND state = 'planned' AND due <= %s
                   AND released_date IS NULL AND email IS NOT NULL
                   AND person_id %% %s = %s AND NOT id = ANY(%s)
                 ORDER BY due, id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED
                """,
                mailing.id,
                fields.Datetime.now(),
                count,
                number,
                list(ids),
                QUEUE_BATCH,
            )
        )
        return [delivery_id for (delivery_id,) in rows]

    @api.model
    def _enqueue(self, sender, pace, ids):
        """Put mails into the queue: `{delivery id: (reason, about when)}`."""
        if not ids:
            return {}
        waiting = sender._get_waiting()
        is_warming = sender._get_warm_up_quota() is not None
        order = (
            SQL(
                """
                CASE WHEN person.last_engagement_date IS NOT NULL
                     THEN -extract(epoch FROM person.last_engagement_date)
                     WHEN person.last_open_date IS NOT NULL
                     THEN -extract(epoch FROM person.last_open_date) / 1000
                     ELSE delivery.id END
                """
            )
            if is_warming
            else SQL("delivery.id")
        )
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET pace_order = %s, released_date = NULL
                  FROM marketing_person person
                 WHERE delivery.id = ANY(%s) AND person.id = delivery.person_id
                RETURNING delivery.pace_order, delivery.id, delivery.provider
                """,
                order,
                list(ids),
            )
        )
        groups = {}
        for _order, delivery_id, provider in sorted(rows):
            reason, limit = pace.get_reason(provider, is_warming)
            # Where a provider sets the pace, only what goes to it too is ahead.
            queue = provider if reason == "provider_pace" else None
            groups.setdefault((reason, limit, queue), []).append(delivery_id)
        waits = {}
        for (reason, limit, queue), group in groups.items():
            ahead = waiting[queue] if queue else waiting.total()
            hours = self._plan_group(sender, pace, reason, limit, ahead + len(group))
            waits |= self._spread(group, reason, hours, ahead)
        self._wake_lanes("pace")
        return waits

    @api.model
    def _plan_group(self, sender, pace, reason, limit, count):
        """Hours in which mails that wait for one reason will leave."""
        now = fields.Datetime.now()
        if reason == "brake":
            return [(pace.until or now + BRAKE_LOOK, count)]
        if reason == "provider_pace":
            quota = Quota(limit)
            return plan_hours(
                now, sender._get_zone(), count, lambda _day: quota, Used(), QUEUE_DAYS
            )
        return sender._plan_hours(count, QUEUE_DAYS)

    @api.model
    def _spread(self, ids, reason, hours, ahead):
        """Give mails the hours they will leave in, behind those that are ahead."""
        now = fields.Datetime.now()
        waits = {}
        waiting = iter(ids)
        until = now + timedelta(days=QUEUE_DAYS)
        for moment, number in hours:
            passed = min(ahead, number)
            ahead -= passed
            # The end of the hour: by then the lane has let them go.
            end = max(moment, now) + timedelta(hours=1)
            for delivery_id in islice(waiting, number - passed):
                waits[delivery_id] = (reason, end)
        return waits | {delivery_id: (reason, until) for delivery_id in waiting}

    @api.model
    def _claim_group(self, mailing, recipients):
        """The high-volume lane asks before each group: a brake stops it at once.

        What it leaves alone stays planned, and waits for the brake from then on.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT delivery.id FROM marketing_delivery delivery"
                " JOIN mailing_mailing mailing ON mailing.id = delivery.mailing_id"
                " WHERE delivery.id = ANY(%s) AND %s",
                [recipient.delivery_id for recipient in recipients],
                self.env["marketing.sender.brake"]._get_free(),
            )
        )
        free = {delivery_id for (delivery_id,) in rows}
        return super()._claim_group(
            mailing, [one for one in recipients if one.delivery_id in free]
        )

    # ------------------------------------------------------------------
    # QUEUE
    # ------------------------------------------------------------------

    @api.model
    def _hold(self, waits):
        """What waits for something else is not in the queue meanwhile."""
        result = super()._hold(waits)
        others = [
            delivery_id
            for delivery_id, (reason, _until) in waits.items()
            if reason not in PACE_REASONS
        ]
        self._leave_queue(SQL("id = ANY(%s)", others))
        return result

    def _resend(self):
        """What is sent again takes its turn again."""
        result = super()._resend()
        self._leave_queue(SQL("id = ANY(%s)", self.ids))
        return result

    @api.model
    def _leave_queue(self, condition):
        """Forget that these mails waited or were let go."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery
                   SET pace_order = NULL, released_date = NULL
                 WHERE state = 'planned' AND %s
                   AND (pace_order IS NOT NULL OR released_date IS NOT NULL)
                """,
                condition,
            )
        )
        if self.env.cr.rowcount:
            self.invalidate_model(["pace_order", "released_date"])

    @api.model
    def _release_paced(self, sender, ids):
        """Let mails go: the compose lane takes them now."""
        if not ids:
            return
        self.env.cr.execute(
            """
            UPDATE marketing_delivery
               SET due = %(now)s, released_date = %(now)s, pace_order = NULL,
                   sender_id = %(sender)s
             WHERE id IN (SELECT id FROM marketing_delivery
                           WHERE id = ANY(%(ids)s) AND state = 'planned'
                             FOR UPDATE SKIP LOCKED)
            """,
            {"now": fields.Datetime.now(), "sender": sender.id, "ids": list(ids)},
        )
        self._invalidate_deliveries()

    @api.model
    def _recall_paced(self, sender):
        """Take back what was let go and not composed yet: it queues up again."""
        self._leave_queue(
            SQL("sender_id = %s AND released_date IS NOT NULL", sender.id)
        )
