"""Connections of a run of the high-volume lane, and how much it does at a time."""

import smtplib
import time

from odoo import modules

from .marketing_handover import JournalConnection

#: Mails that are claimed, and asked about for the last time, at once; the first time,
#: and at most.
FIRST_GROUP, VOLUME_GROUP = 100, 500
#: Seconds a group is handed over after it was asked about: what is left is asked about
#: anew, so that what somebody said a second ago counts, however slow the server is.
GROUP_SECONDS = 0.75
#: Seconds a run hands mails over; what is left then waits for the next one. Odoo kills
#: a worker whose scheduled action takes too long.
RUN_SECONDS = 20


class Sessions:
    """Connections to mail servers and the one of the journal, kept for a run.

    :param servers: `ir.mail_server`
    """

    def __init__(self, servers):
        self.servers = servers
        self.open = {}
        self.journal = None
        #: Whether the servers know what to do with mails that begin early.
        self.may_begin_early = True
        self.deadline = time.monotonic() + RUN_SECONDS
        self.group_deadline = self.deadline
        self.group_size = FIRST_GROUP

    def is_over(self):
        """Whether the time of the run is up."""
        return time.monotonic() > self.deadline

    def is_group_over(self, seconds=0):
        """Whether the time of the run, or of what was asked about last, is up.

        :param seconds: from now
        """
        return time.monotonic() + seconds > self.group_deadline

    def begin_group(self):
        """From now on the answers to what is asked about grow old."""
        self.group_deadline = min(self.deadline, time.monotonic() + GROUP_SECONDS)

    def note_group(self, count, seconds):
        """Let the next group be as large as the server is fast.

        :param count: mails that were handed over
        :param seconds: it took
        """
        fitting = int(0.8 * GROUP_SECONDS * count / max(seconds, 0.001))
        self.group_size = min(max(fitting, 1), VOLUME_GROUP, 4 * self.group_size)

    def get_journal(self):
        """The connection that journals are written over; None in a test."""
        if modules.module.current_test:
            return None
        if self.journal is None or self.journal.is_closed:
            self.journal = JournalConnection(self.servers.env.cr.dbname)
        return self.journal

    def get(self, server_id, smtp_from, must_renew=False):
        """The connection, opened when there is none; None where no mail is sent."""
        key = server_id, smtp_from
        if must_renew:
            self.drop(key)
        if key not in self.open:
            self.open[key] = self.servers._connect__(
                mail_server_id=server_id, smtp_from=smtp_from
            )
        return self.open[key]

    def drop(self, key):
        session = self.open.pop(key, None)
        if session is not None:
            session.close()

    def quit(self):
        for session in self.open.values():
            if session is None:
                continue
            try:
                session.quit()
            except (OSError, smtplib.SMTPException):
                session.close()
        self.open.clear()
        if self.journal is not None:
            self.journal.close()
