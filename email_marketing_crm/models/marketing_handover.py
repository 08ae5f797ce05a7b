import json
import logging

import psycopg2
from psycopg2.extras import wait_select

from odoo import api, fields, models, modules, sql_db
from odoo.tools import SQL

from ..tools.delivery_handover import Handover

_logger = logging.getLogger(__name__)

#: First half of the key of the lock a worker holds while it hands mails over.
LOCK_CLASS = 0x6D6B74
#: Seconds after the start of the database server in which workers from before come
#: back; they try for so long (`SETTLE_DELAYS`).
RETURN_SECONDS = 60


class MarketingHandover(models.Model):
    """Mails that one worker hands over right now, and how far it came.

    A worker claims its mails at once (``sending``) and commits, together with this
    row. Before the server gets the content of a mail, the row says which one it is
    and what became of those before it; that is one small commit of a connection of
    its own, the `Journal`. So whoever finds the row of a dead worker knows: what is
    finished has left or failed, what is in hand is unknown, the rest never left. The
    worker holds a lock of PostgreSQL as long as it lives. The row goes when the
    results are written.

    The journal does not wait for the disk: when a worker is killed nothing is lost,
    when the whole database server crashes the last half second may be. Then
    (`server_start` differs) every mail that is not known to be finished is unknown.
    Workers outlive the server and know better: they have a minute to write it down.
    """

    _name = "marketing.handover"
    _description = "Mails Being Handed Over"
    _log_access = False

    delivery_ids = fields.Json(readonly=True)
    current = fields.Integer(readonly=True, aggregator=None)
    place = fields.Integer(
        readonly=True,
        aggregator=None,
        help="So many of the first deliveries are done with.",
    )
    finished = fields.Json(
        readonly=True,
        help="By delivery: nothing for sent, or what went wrong. Those before the "
        "place that are not named here were sent.",
    )
    server_start = fields.Char(readonly=True)

    @api.model
    def _begin(self, delivery_ids, connection=None):
        """Write down that these mails are claimed; returns the journal.

        :param connection: a `JournalConnection` that the caller keeps for the next
            journal; without, the journal has one of its own
        """
        self.env.flush_all()
        [(handover_id,)] = self.env.execute_query(
            SQL("SELECT nextval('marketing_handover_id_seq')")
        )
        delivery_ids = list(delivery_ids)
        journal = (
            TransactionJournal(self.env.cr, handover_id, delivery_ids)
            if modules.module.current_test
            else Journal(
                connection or JournalConnection(self.env.cr.dbname),
                handover_id,
                delivery_ids,
                is_kept=connection is not None,
            )
        )
        self.env.cr.execute(
            """
            INSERT INTO marketing_handover (
                id, delivery_ids, place, finished, server_start)
            VALUES (%s, to_jsonb(%s::int[]), 0, '{}', pg_postmaster_start_time()::text)
            """,
            [handover_id, delivery_ids],
        )
        return journal

    @api.model
    def _end(self, handover_id):
        """Delete a row with this transaction; tells whether it was still there.

        Its worker asks before it writes results down: when it lost its lock, as with
        the database server, another one may have taken the mails over.
        """
        return bool(
            self.env.execute_query(
                SQL(
                    "DELETE FROM marketing_handover WHERE id = %s RETURNING id",
                    handover_id,
                )
            )
        )

    @api.model
    def _take_abandoned(self):
        """Take over what dead workers had claimed: `[Handover]`, deleted with this
        transaction."""
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM marketing_handover WHERE id IN (
                    SELECT id FROM marketing_handover
                     WHERE (server_start = pg_postmaster_start_time()::text
                            OR clock_timestamp() > pg_postmaster_start_time()
                                   + make_interval(secs => %s))
                       AND pg_try_advisory_xact_lock(%s, id)
                       FOR UPDATE SKIP LOCKED)
                RETURNING (SELECT array_agg(delivery.id)
                             FROM marketing_delivery delivery
                            WHERE delivery.state = 'sending'
                              AND delivery_ids @> to_jsonb(delivery.id)),
                          delivery_ids, place, current, finished,
                          server_start = pg_postmaster_start_time()::text
                """,
                RETURN_SECONDS,
                LOCK_CLASS,
            )
        )
        return [
            Handover.resume(
                mine,
                current,
                dict.fromkeys(claimed[: place or 0])
                | {int(delivery): failure for delivery, failure in finished.items()},
                is_complete,
            )
            for mine, claimed, place, current, finished, is_complete in rows
            if mine  # else it died after its results were written
        ]


class TransactionJournal:
    """The journal of a test: kept in the transaction itself.

    :param delivery_ids: those of its row, in their order
    """

    STEP = """
        UPDATE marketing_handover
           SET current = %s, place = %s, finished = finished || %s::jsonb
         WHERE id = %s
    """
    SHORT_STEP = "UPDATE marketing_handover SET current = %s, place = %s WHERE id = %s"

    def __init__(self, cr, handover_id, delivery_ids):
        self.cr = cr
        self.handover_id = handover_id
        self.delivery_ids = delivery_ids
        self.place = 0
        #: Done with, but for those before the place.
        self.done = set()

    def write(self, current, finished):  # pylint: disable=method-required-super
        """Note which mail is handed over next, and what was finished since.

        :param current: id of the delivery
        :param finished: `{delivery id: None, or what went wrong}`, as JSON
        """
        news = {int(key): failure for key, failure in json.loads(finished).items()}
        self.done.update(news)
        while (
            self.place < len(self.delivery_ids)
            and self.delivery_ids[self.place] in self.done
        ):
            delivery_id = self.delivery_ids[self.place]
            self.done.remove(delivery_id)
            self.place += 1
            if news.get(delivery_id, True) is None:  # it left, as the place says
                del news[delivery_id]
        if news:
            news = json.dumps(news)
            self._execute(self.STEP, [current, self.place, news, self.handover_id])
        else:
            self._execute(self.SHORT_STEP, [current, self.place, self.handover_id])

    def _execute(self, query, parameters):
        self.cr.execute(query, parameters)

    def wait(self):
        """Nothing to wait for: it is written."""

    def end(self):
        """The results are committed: nobody needs to know how far we came."""
        self.cr.execute(
            "DELETE FROM marketing_handover WHERE id = %s", [self.handover_id]
        )

    def close(self):
        """Nothing to do: the transaction goes on."""


class JournalConnection:
    """A connection that is no part of Odoo's pool, and works while its owner works.

    It commits by itself and does not wait for the disk.
    """

    def __init__(self, name):
        _name, info = sql_db.connection_info_for(name)
        self.connection = psycopg2.connect(**info, async_=True)
        self.is_busy = True
        self.wait()
        self.cr = self.connection.cursor()
        self.execute("SET synchronous_commit = off")
        self.execute(
            "PREPARE marketing_step (int, int, int) AS"
            " UPDATE marketing_handover SET current = $1, place = $2 WHERE id = $3"
        )

    def start(self, query, parameters=()):
        """Begin a statement, once the one before is done."""
        self.wait()
        self.cr.execute(query, parameters)
        self.is_busy = True

    def wait(self):
        """Return when the statement that was begun is done.

        :raises psycopg2.Error: what became of it
        """
        if self.is_busy:
            self.is_busy = False
            wait_select(self.connection)

    def execute(self, query, parameters=()):
        self.start(query, parameters)
        self.wait()

    def close(self):
        self.connection.close()

    @property
    def is_closed(self):
        return bool(self.connection.closed)


class Journal(TransactionJournal):
    """Writes how far a worker came, at once and beside its transaction.

    Its connection holds the lock that says that the worker lives.

    :param connection: `JournalConnection`
    :param is_kept: whether the connection goes on after this journal
    """

    SHORT_STEP = "EXECUTE marketing_step (%s, %s, %s)"

    def __init__(self, connection, handover_id, delivery_ids, is_kept):
        super().__init__(connection, handover_id, delivery_ids)
        self.is_kept = is_kept
        self.cr.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, handover_id])

    def _execute(self, query, parameters):
        """Begin to note it; `wait` says when it is noted."""
        self.cr.start(query, parameters)

    def wait(self):
        self.cr.wait()

    def end(self):
        try:
            return super().end()
        except psycopg2.Error:
            _logger.info("The next run of a lane deletes the journal.")
            return None

    def close(self):
        if self.is_kept:
            try:
                self.cr.execute(
                    "SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, self.handover_id]
                )
                return
            except psycopg2.Error:
                _logger.info("The connection of the journal is gone.")
        self.cr.close()
