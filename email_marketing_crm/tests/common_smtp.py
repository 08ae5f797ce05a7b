"""A mail server inside a test: it answers as it is told and keeps what it took."""

import smtplib
from unittest.mock import patch

from odoo.tools import email_normalize


class ScriptedServer:
    """What a mail server says, and what it got.

    :param extensions: of SMTP, as EHLO tells them
    """

    def __init__(self, extensions=("pipelining", "size", "8bitmime")):
        self.extensions = extensions
        #: Answers to RCPT by address: (code, text), or an exception.
        self.recipients = {}
        #: What happens after the content for an address: (code, text) or an exception.
        self.contents = {}
        #: Sessions end with 421 after so many mails.
        self.mails_per_session = None
        self.is_down = False
        #: What the next connections come to: exceptions, or None for a session.
        self.connections = []
        #: A frozen clock, and how long the server takes for a mail.
        self.clock = None
        self.seconds_per_mail = 0
        #: Called with the address of each mail that is taken.
        self.on_taken = lambda address: None
        self.taken = []
        self.sessions = []

    @property
    def addresses(self):
        """Who got mails, in order."""
        return [address for address, _content in self.taken]

    def connect(self, *args, **kwargs):
        if self.is_down:
            raise ConnectionRefusedError("Connection refused")
        if self.connections:
            error = self.connections.pop(0)
            if error:
                raise error
        session = ScriptedSession(self)
        self.sessions.append(session)
        return session

    def patched(self, env):
        """Connections of `ir.mail_server` lead here."""
        return patch.object(
            type(env["ir.mail_server"]),
            "_connect__",
            lambda servers, *args, **kwargs: self.connect(*args, **kwargs),
        )


class ScriptedSession(smtplib.SMTP):
    """A session of `smtplib` without a network: commands go to the script."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.from_filter = False
        self.smtp_from = False
        self.does_esmtp = True
        self.ehlo_resp = b"hello"
        self.esmtp_features = dict.fromkeys(server.extensions, "")
        self.answers = []
        self.address = None
        self.is_content = False
        self.mails = 0
        self.is_closed = False

    def send(self, s):
        if self.is_closed:
            raise smtplib.SMTPServerDisconnected("please run connect() first")
        if self.is_content:
            self._take(s)
            return
        commands = s if isinstance(s, str) else s.decode()
        for command in commands.split("\r\n")[:-1]:
            self._answer(command)

    def _answer(self, command):
        verb = command[:4].lower()
        if verb == "mail":
            limit = self.server.mails_per_session
            if limit and self.mails >= limit:
                self.answers.append((421, b"too many mails"))
            else:
                self.answers.append((250, b"ok"))
        elif verb == "rcpt":
            self.address = email_normalize(command.partition(":")[2])
            self.answers.append(self.server.recipients.get(self.address, (250, b"ok")))
        elif verb == "data":
            is_refused = any(
                not isinstance(answer, tuple) or answer[0] >= 400
                for answer in self.answers
            )
            self.answers.append((503, b"no") if is_refused else (354, b"go"))
            self.is_content = not is_refused
        else:
            self.answers.append((250, b"ok"))

    def _take(self, content):
        self.is_content = False
        if self.server.clock:
            self.server.clock.tick(self.server.seconds_per_mail)
        answer = self.server.contents.get(self.address, (250, b"taken"))
        if isinstance(answer, tuple) and answer[0] == 250:
            self.server.taken.append((self.address, content))
            self.server.on_taken(self.address)
            self.mails += 1
        self.answers.append(answer)

    def getreply(self):
        if not self.answers:
            self.close()
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            self.close()
            try:
                raise answer
            except TimeoutError as error:  # as smtplib does
                raise smtplib.SMTPServerDisconnected(
                    f"Connection unexpectedly closed: {error}"
                ) from error
        return answer

    def close(self):
        self.is_closed = True

    def quit(self):
        self.close()
