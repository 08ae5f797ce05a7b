import json
import logging

import psycopg2
from psycopg2.extras import wait_select

from odoo import api, fields, models, modules, sql_db
from odoo.tools import SQL

from ..tools.delivery_handover import Handover
from ..tools.handover_progress import Progress, recover

_logger = logging.getLogger(__name__)

#: First half of the key of the lock a worker holds while it hands mails over.
LOCK_CLASS = 0x6D6B74
#: First half of the key of the lock on a sequence that counts steps.
COUNTER_LOCK_CLASS = 0x6D6B75
#: Sequences are called so, and have a number; so many at most.
COUNTER_NAME, COUNTERS = "marketing_handover_steps_", 64
#: Further than any journal counts.
COUNTER_JUMP = 1_000_000
#: Seconds after the start of the database server in which workers from before come
#: back; they try for so long (`SETTLE_DELAYS`).
RETURN_SECONDS = 60


class MarketingHandover(models.Model):
    """Mails that one worker hands over right now, and how far it came.

    A worker claims its mails at once (``sending``) and commits, together with this
    row. Before the server gets the content of a mail, the `Journal` says which one it
    is and what became of those before it, over a connection of its own. So whoever
    finds the row of a dead worker knows: what is finished has left or failed, what is
    in hand is unknown, the rest never left. The worker holds a lock of PostgreSQL as
    long as it lives. The row goes when the results are written.

    While mails leave one after the other the journal only counts them, with a sequence
    of PostgreSQL (`JournalCounter`): no transaction, so nothing that lanes wait for
    each other with. What is otherwise is written into the row (`handover_progress`).

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
    counter = fields.Json(
        readonly=True,
        help="The number of the sequence that counts the steps since the row was "
        "written, and where it stood then.",
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
                id, delivery_ids, place, finished, counter, server_start)
            VALUES (%s, to_jsonb(%s::int[]), 0, '{}', %s::jsonb,
                    pg_postmaster_start_time()::text)
            """,
            [handover_id, delivery_ids, journal.get_counter()],
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
                          (SELECT last_value - (counter ->> 'start')::bigint
                             FROM pg_sequences
                            WHERE schemaname = current_schema
                              AND sequencename = %s || (counter ->> 'number')),
                          server_start = pg_postmaster_start_time()::text
                """,
                RETURN_SECONDS,
                LOCK_CLASS,
                COUNTER_NAME,
            )
        )
        return [
            self._resume(*row)
            for row in rows
            if row[0]  # else it died after its results were written
        ]

    @api.model
    def _resume(self, mine, claimed, place, current, finished, steps, is_complete):
        """What is known of the mails of a dead worker.

        :param mine: deliveries whose results are not written yet
        :param steps: counted since the row was written; after a crash of the database
            server the sequence may have run ahead
        """
        finished = {int(delivery): failure for delivery, failure in finished.items()}
        written = claimed, place or 0, current or None, finished
        try:
            current, done = recover(*written, steps or 0 if is_complete else 0)
        except ValueError as error:  # somebody else counted: any of them may have left
            _logger.warning("A journal of %s mails has no end: %s", len(claimed), error)
            is_complete = False
            current, done = recover(*written, 0)
        return Handover.resume(mine, current, done, is_complete)


class TransactionJournal:
    """The journal of a test: kept in the transaction itself, every mail written out.

    :param delivery_ids: those of its row, in their order
    """

    def __init__(self, cr, handover_id, delivery_ids):
        self.cr = cr
        self.handover_id = handover_id
        self.progress = Progress(delivery_ids)

    def get_counter(self):
        """What counts the steps, and where it stands, as JSON."""
        return None

    def write(self, current, finished):  # pylint: disable=method-required-super
        """Note which mail is handed over next, and what was finished since.

        :param current: id of the delivery
        :param finished: `{delivery id: None, or what went wrong}`
        """
        self._write_out(self.progress.advance(current, finished) or {})

    def _write_out(self, news):
        self._execute(
            """
            UPDATE marketing_handover
               SET current = %s, place = %s, finished = finished || %s::jsonb,
                   counter = %s::jsonb
             WHERE id = %s
            """,
            [
                self.progress.current,
                self.progress.place,
                json.dumps(news),
                self.get_counter(),
                self.handover_id,
            ],
        )

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

    It commits by itself and does not wait for the disk. Its counter is its own as long
    as it is open.
    """

    def __init__(self, name):
        _name, info = sql_db.connection_info_for(name)
        self.connection = psycopg2.connect(**info, async_=True)
        self.is_busy = True
        self.wait()
        self.cr = self.connection.cursor()
        self.execute("SET synchronous_commit = off")
        self.counter = JournalCounter.take(self)

    def start(self, query, parameters=None):
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

    def execute(self, query, parameters=None):
        self.start(query, parameters)
        self.wait()

    def ask(self, query, parameters=None):
        """The value that a query gives."""
        self.execute(query, parameters)
        return self.cr.fetchone()[0]

    def close(self):
        self.connection.close()

    @property
    def is_closed(self):
        return bool(self.connection.closed)


class JournalCounter:
    """Counts the steps of the journals of a connection, one after the other.

    A sequence of PostgreSQL counts without a transaction, and keeps its number when
    who counts is killed. There is one for each connection at work: it holds the lock
    of its number. One that an abandoned row still needs is left alone, and whoever
    takes one lets it jump, so that no row takes the steps of somebody else for its own.

    :param number: of the sequence
    :param value: where it stands
    """

    def __init__(self, connection, number, value):
        self.connection = connection
        self.number = number
        self.value = value

    @classmethod
    def take(cls, connection):
        """Take the first sequence that is free; None where all are in use."""
        for number in range(1, COUNTERS + 1):
            key = [COUNTER_LOCK_CLASS, number]
            if not connection.ask("SELECT pg_try_advisory_lock(%s, %s)", key):
                continue
            if connection.ask(
                "SELECT EXISTS (SELECT FROM marketing_handover"
                " WHERE (counter ->> 'number')::int = %s)",
                [number],
            ):
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", key)
                continue
            name = f"{COUNTER_NAME}{number}"  # of constants of this file
            if not connection.ask("SELECT to_regclass(%s) IS NOT NULL", [name]):
                # It goes with the table, when the add-on is removed.
                connection.execute(
                    f"CREATE SEQUENCE {name} OWNED BY marketing_handover.id"
                )
            value = connection.ask(
                f"SELECT setval('{name}', last_value + {COUNTER_JUMP}) FROM {name}"
            )
            connection.execute(f"PREPARE marketing_step AS SELECT nextval('{name}')")
            return cls(connection, number, value)
        return None

    def step(self):
        """Begin to count one."""
        self.connection.start("EXECUTE marketing_step")
        self.value += 1


class Journal(TransactionJournal):
    """Writes how far a worker came, at once and beside its transaction.

    Its connection holds the lock that says that the worker lives.

    :param connection: `JournalConnection`
    :param is_kept: whether the connection goes on after this journal
    """

    def __init__(self, connection, handover_id, delivery_ids, is_kept):
        super().__init__(connection, handover_id, delivery_ids)
        self.is_kept = is_kept
        self.cr.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, handover_id])

    def get_counter(self):
        counter = self.cr.counter
        return counter and json.dumps(
            {"number": counter.number, "start": counter.value}
        )

    def write(self, current, finished):  # pylint: disable=method-required-super
        news = self.progress.advance(current, finished)
        if news is None and self.cr.counter:
            self.cr.counter.step()
        else:
            self._write_out(news or {})

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
