"""Handing a mail that is bytes to an SMTP server, in as few round trips as it allows.

What `smtplib.SMTP.sendmail` does in four round trips is done in one where the server
offers PIPELINING (RFC 2920): the commands of a mail go together, and follow the content
of the mail before. The steps are apart, so that the caller can work while the server
does; errors are those of `smtplib`.
"""

import re
import smtplib

#: Found by an expression in a third of the time that `bytes.replace` takes.
_LINE_WITH_DOT = re.compile(rb"\n\.")
#: Addresses that need no look at their parts.
_PLAIN_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+", re.ASCII)


class Submission:
    """One mail to one recipient over a session that said EHLO.

    `begin`, `hear_consent`, `send_content` and `finish` are called in this order; each
    may raise what `smtplib` raises. After an answer of the server the session can be
    used again, unless it said 421 or hung up.

    A mail that `send_content` was given as the next one has begun by then. The server
    waits for its content, so it is either sent or the session is closed.
    """

    __slots__ = ("is_followed", "is_pipelined", "recipient", "sender", "session")

    def __init__(self, session: smtplib.SMTP, sender: str, recipient: str):
        self.session = session
        self.sender = sender
        self.recipient = recipient
        self.is_pipelined = session.has_extn("pipelining")
        self.is_followed = False

    def begin(self, size: int) -> None:
        """Say whom the mail is from and for; where it can, without waiting."""
        session = self.session
        mail, recipient, data = self._get_commands(size)
        if self.is_pipelined:
            session.send(f"{mail}{recipient}{data}")
            return
        session.send(mail)
        self._check_sender(session.getreply())
        session.send(recipient)
        self._check_recipient(session.getreply())
        session.send(data)

    def _get_commands(self, size: int) -> tuple[str, str, str]:
        option = f" size={size}" if self.session.has_extn("size") else ""
        return (
            f"mail FROM:{_quote(self.sender)}{option}\r\n",
            f"rcpt TO:{_quote(self.recipient)}\r\n",
            "data\r\n",
        )

    def hear_consent(self) -> None:
        """Hear whether the server wants the content.

        :raises smtplib.SMTPException: when it does not
        """
        session = self.session
        if self.is_pipelined:
            answers = [session.getreply() for _command in range(3)]
            if answers[2][0] == 354 and not _is_taken(answers[0], answers[1]):
                # Nobody gets it, but the server waits for content (RFC 2920, 3.1).
                session.send(b".\r\n")
                session.getreply()
                answers[2] = (503, b"")
            self._check_sender(answers[0])
            self._check_recipient(answers[1])
            code, text = answers[2]
        else:
            code, text = session.getreply()
        if code != 354:
            self._give_up(code)
            raise smtplib.SMTPDataError(code, text)

    def send_content(
        self, content: bytes, following: "Submission | None" = None, size: int = 0
    ) -> None:
        """Pass the content. From here on the mail may have left.

        :param following: the next mail of a pipelined session: it begins with this
        :param size: of the next mail
        """
        commands = b""
        if following is not None:
            commands = "".join(following._get_commands(size)).encode("ascii")
            self.is_followed = True
        self.session.send(b"".join([*_close(content), commands]))

    def finish(self) -> None:
        """Hear what the server says about the content.

        :raises smtplib.SMTPDataError: when it does not keep the mail
        """
        code, text = self.session.getreply()
        if code != 250:
            self._give_up(code)
            raise smtplib.SMTPDataError(code, text)

    def _check_sender(self, answer: tuple[int, bytes]) -> None:
        code, text = answer
        if code != 250:
            self._give_up(code)
            raise smtplib.SMTPSenderRefused(code, text, self.sender)

    def _check_recipient(self, answer: tuple[int, bytes]) -> None:
        code, _text = answer
        if code not in (250, 251):
            self._give_up(code)
            raise smtplib.SMTPRecipientsRefused({self.recipient: answer})

    def _give_up(self, code: int) -> None:
        """Leave the session as it can be used for the next mail."""
        if code == 421:
            self.session.close()
            return
        if self.is_followed:  # after its content a mail leaves nothing behind
            return
        try:
            self.session.rset()
        except smtplib.SMTPServerDisconnected:
            self.session.close()


def _quote(address: str) -> str:
    if _PLAIN_ADDRESS.fullmatch(address):
        return f"<{address}>"
    return smtplib.quoteaddr(address)


def _is_taken(sender: tuple[int, bytes], recipient: tuple[int, bytes]) -> bool:
    return sender[0] == 250 and recipient[0] in (250, 251)


def _close(content: bytes) -> tuple[bytes, bytes]:
    """Return the content as DATA takes it: dots doubled; and what ends it."""
    content = _LINE_WITH_DOT.sub(b"\n..", content)
    if content.startswith(b"."):
        content = b"." + content
    return content, b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
