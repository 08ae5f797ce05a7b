"""Connections that stay: what they run is committed, and a broken one is replaced."""

import os
import threading
import unittest
import unittest.mock

import psycopg2

from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged

from odoo.addons.email_marketing_crm.tools import kept_connection
from odoo.addons.email_marketing_crm.tools.kept_connection import KeptConnections


class FakeCursor:
    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *details):
        return False

    def execute(self, query, params):
        self.connection.check()
        self.connection.queries.append(query)

    def fetchall(self):
        return [(self.connection.number,)]


class FakeConnection:
    """A connection that counts, and breaks when it is told to."""

    def __init__(self, number):
        self.number = number
        self.closed = 0
        self.broken = False
        self.refuses = False
        self.queries = []

    def cursor(self):
        return FakeCursor(self)

    def check(self):
        if self.broken:
            self.closed = 2
            raise psycopg2.OperationalError("server closed the connection")
        if self.refuses:
            raise psycopg2.OperationalError("out of memory")

    def close(self):
        self.closed = 1


class TestKeptConnections(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.made = []
        self.kept = KeptConnections(self.connect)

    def connect(self, database):
        self.made.append(FakeConnection(len(self.made)))
        return self.made[-1]

    def test_one_connection_does_for_all(self):
        for _time in range(3):
            self.assertEqual(self.kept.execute("a", "SELECT 1"), [(0,)])
        self.assertTrue(self.made[0].autocommit)
        self.assertEqual(self.kept.execute("b", "SELECT 1"), [(1,)])

    def test_a_broken_one_is_replaced(self):
        self.kept.execute("a", "SELECT 1")
        self.made[0].broken = True
        self.assertEqual(self.kept.execute("a", "SELECT 2"), [(1,)])
        self.assertEqual(self.kept.execute("a", "SELECT 3"), [(1,)])

    def test_an_error_of_the_statement_is_not_tried_again(self):
        self.kept.execute("a", "SELECT 1")
        self.made[0].refuses = True
        with self.assertRaises(psycopg2.OperationalError):
            self.kept.execute("a", "SELECT 2")
        self.assertEqual(len(self.made), 1)

    def test_a_new_one_that_breaks_is_an_error(self):
        self.connect = lambda database: self.fail("made twice")
        broken = FakeConnection(0)
        broken.broken = True
        kept = KeptConnections(lambda database: broken)
        with self.assertRaises(psycopg2.OperationalError):
            kept.execute("a", "SELECT 1")

    def test_few_are_kept_and_old_ones_are_closed(self):
        ready = threading.Barrier(8)
        threads = [
            threading.Thread(target=lambda: (ready.wait(), self.kept.execute("a", "x")))
            for _number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        open_ones = [connection for connection in self.made if not connection.closed]
        self.assertLessEqual(len(open_ones), kept_connection.MAX_IDLE)
        idle = self.kept._idle[os.getpid(), "a"]
        idle[:] = [
            (connection, since - kept_connection.MAX_IDLE_SECONDS)
            for connection, since in idle
        ]
        before = len(self.made)
        self.kept.execute("a", "x")
        self.assertEqual(len(self.made), before + 1)
        self.assertTrue(all(connection.closed for connection in open_ones))

    def test_a_child_process_does_not_use_its_parents(self):
        self.kept.execute("a", "SELECT 1")
        here = os.getpid()
        with unittest.mock.patch.object(os, "getpid", return_value=here + 1):
            self.assertEqual(self.kept.execute("a", "SELECT 1"), [(1,)])
        self.assertEqual(self.kept.execute("a", "SELECT 1"), [(0,)])


@tagged("post_install", "-at_install")
class TestKeptConnectionsOfPostgres(BaseCase):
    """With a server: an address of nobody, so that nothing is left behind."""

    def test_a_connection_survives_that_postgres_ends_it(self):
        kept = KeptConnections(
            lambda name: psycopg2.connect(**connection_info_for(name)[1])
        )
        name = get_db_name()
        [(first,)] = kept.execute(name, "SELECT pg_backend_pid()")
        self.assertEqual(kept.execute(name, "SELECT pg_backend_pid()"), [(first,)])
        other = KeptConnections(
            lambda name: psycopg2.connect(**connection_info_for(name)[1])
        )
        other.execute(name, "SELECT pg_terminate_backend(%s)", [first])
        [(second,)] = kept.execute(name, "SELECT pg_backend_pid()")
        self.assertNotEqual(first, second)
        rows = kept.execute(name, "SELECT marketing_record_open(0, '{}'::jsonb)")
        self.assertEqual(rows, [])
