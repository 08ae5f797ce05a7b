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
        #: Commands that come with the content of another mail are thrown away.
        self.forgets_early_commands = False
        #: Mails that began with the content of another.
        self.begun_early = 0
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
        self.is_refused = False
        self.mails = 0
        self.is_closed = False

    def send(self, s):
        if self.is_closed:
            raise smtplib.SMTPServerDisconnected("please run connect() first")
        commands = s.encode() if isinstance(s, str) else s
        if self.is_content:
            content, end, commands = commands.partition(b"\r\n.\r\n")
            self._take(content + end)
            if commands:  # the next mail begins with it (RFC 2920, 3.1)
                self.server.begun_early += 1
                if self.is_closed:  # whoever hung up hears nothing more
                    return
                if self.server.forgets_early_commands:
                    self.answers.append(TimeoutError("timed out"))
                    return
        for command in commands.decode().split("\r\n")[:-1]:
            self._answer(command)

    def _answer(self, command):
        verb = command[:4].lower()
        if verb == "mail":
            limit = self.server.mails_per_session
            self.is_refused = bool(limit and self.mails >= limit)
            self.answers.append(
                (421, b"too many mails") if self.is_refused else (250, b"ok")
            )
        elif verb == "rcpt":
            self.address = email_normalize(command.partition(":")[2])
            answer = self.server.recipients.get(self.address, (250, b"ok"))
            self.is_refused |= not isinstance(answer, tuple) or answer[0] >= 400
            self.answers.append(answer)
        elif verb == "data":
            self.answers.append((503, b"no") if self.is_refused else (354, b"go"))
            self.is_content = not self.is_refused
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
