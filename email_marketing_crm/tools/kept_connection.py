"""Connections to PostgreSQL that keep the plans of what they ran.

Odoo empties a connection (`DISCARD ALL`) each time it lends it, so that PostgreSQL
plans every statement anew for every request. For the one call that records an open or
a click planning takes three times as long as the work. These connections run single
statements, each committed at once, and hold nothing else: no setting, no transaction,
no lock.

A process has at most `MAX_IDLE` of them per database beside Odoo's own, and only once
it needed one. They are made after the server forked, in the process that uses them.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

#: Unused connections of a process to one database that are kept …
MAX_IDLE = 4
#: … for so many seconds.
MAX_IDLE_SECONDS = 600


class KeptConnections:
    """Connections by database; each is used by one thread at a time.

    :param connect: makes a connection to a database by its name
    """

    def __init__(self, connect: Callable[[str], Connection]):
        self._connect = connect
        self._lock = threading.Lock()
        self._idle: dict = defaultdict(list)

    def execute(self, database: str, query: str, params: Any = None) -> list[tuple]:
        """Run one statement, commit it, and return its rows.

        A connection that broke while it was idle, as when PostgreSQL was restarted, is
        replaced, and the statement runs on a new one.

        :raises psycopg2.Error: as PostgreSQL says
        """
        connection = self._take(database)
        if connection is not None:
            try:
                return self._run(database, connection, query, params)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                if not connection.closed:
                    raise
        connection = self._connect(database)
        connection.autocommit = True
        return self._run(database, connection, query, params)

    def _run(
        self, database: str, connection: Connection, query: str, params: Any
    ) -> list[tuple]:
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, params)
                rows = cursor.fetchall()
        finally:
            self._give_back(database, connection)
        return rows

    def _take(self, database: str) -> Connection | None:
        """A connection that is idle and not too old, or None."""
        now = time.monotonic()
        with self._lock:
            idle = self._idle[os.getpid(), database]
            while idle:
                connection, since = idle.pop()
                if connection.closed:
                    continue
                if now - since < MAX_IDLE_SECONDS:
                    return connection
                connection.close()
        return None

    def _give_back(self, database: str, connection: Connection) -> None:
        with self._lock:
            idle = self._idle[os.getpid(), database]
            if not connection.closed and len(idle) < MAX_IDLE:
                idle.append((connection, time.monotonic()))
                return
        connection.close()
