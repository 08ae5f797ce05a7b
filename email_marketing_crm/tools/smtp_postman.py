"""Handing many mails over, one after the other, and knowing what became of each.

No Odoo and no database: the mails are written by a function, connections are opened by
another one, and the outcome of each mail is kept in a `Handover`.
"""

import smtplib
from collections.abc import Callable, Mapping

from .delivery_handover import Handover, is_temporary_refusal
from .sender_brake import classify_refusal
from .smtp_submission import Submission

#: Mails in a row that a server breaks off with before it has their content, until it
#: is taken for away and the rest waits.
MAX_BREAKS = 3


class Postman:
    """Hands the mails of a run to one server.

    :param handover: told about each mail before its content leaves, and what became
        of it
    :param connect: gives the session; with `True`, a new one instead of a broken one.
        Whatever it raises says nothing about a mail.
    :param sender: the address of the envelope
    :param write: the mail of a delivery, as bytes
    :param is_over: whether the time is up; what is left then stays untouched, but for
        the first one, so that there is always something done
    """

    def __init__(
        self,
        handover: Handover,
        connect: Callable[[bool], smtplib.SMTP],
        sender: str,
        write: Callable[[int], bytes],
        is_over: Callable[[], bool] = bool,
    ):
        self.handover = handover
        self.connect = connect
        self.sender = sender
        self.write = write
        self.is_over = is_over
        self.written: tuple[int, bytes | Exception] | None = None
        #: The session is known to be closed.
        self.is_broken = False
        #: Mails in a row with which the server hung up on a session made for them.
        self.breaks = 0

    def deliver(self, addresses: Mapping[int, str]) -> Exception | None:
        """Hand mails over until all are done or the connection breaks for good.

        :param addresses: `{delivery id: address of the recipient}`
        :return: what broke it off; mails that were not in hand are untouched then
        """
        queue = list(addresses)
        for delivery, following in zip(queue, [*queue[1:], None], strict=True):
            if delivery != queue[0] and self.is_over():
                return None
            content = self._get_content(delivery)
            if isinstance(content, Exception):
                self._fail(delivery, content)
                continue
            error = self._deliver_one(delivery, addresses[delivery], content, following)
            if error is not None:
                return error
        return None

    def _deliver_one(
        self, delivery: int, address: str, content: bytes, following: int | None
    ) -> Exception | None:
        """Hand one mail over; a session that breaks is renewed once.

        Servers end sessions for reasons of their own. One that hangs up on the same
        mail again, on a session made for it, or does not answer to it, does not want
        this mail now: that is a try, and the others have their turn.
        """
        while True:
            is_fresh = self.is_broken
            try:
                session = self.connect(self.is_broken)
            except Exception as error:
                return error
            self.is_broken = False
            try:
                self._submit(session, delivery, address, content, following)
            except (smtplib.SMTPException, OSError) as error:
                if not _is_broken(error):
                    self.breaks = 0
                    self._refuse(delivery, error)
                    return None
                self.is_broken = True
                if self.handover.outcome == "unknown":
                    return error
                if not is_fresh and not _is_timeout(error):
                    continue
                self._refuse(delivery, error, is_broken=True)
                self.breaks += 1
                return error if self.breaks >= MAX_BREAKS else None
            self.breaks = 0
            self.handover.accepted = True
            self.handover.finish(delivery)
            return None

    def _submit(
        self,
        session: smtplib.SMTP,
        delivery: int,
        address: str,
        content: bytes,
        following: int | None,
    ) -> None:
        submission = Submission(session, self.sender, address)
        submission.begin(len(content))
        self.handover.announce(delivery)
        if following is not None:  # while the server and the journal are busy
            self.written = following, self._write(following)
        self.handover.await_journal()
        submission.hear_consent()
        self.handover.data_started = True
        submission.send_content(content)
        submission.finish()

    def _get_content(self, delivery: int) -> bytes | Exception:
        if self.written is None or self.written[0] != delivery:
            self.written = delivery, self._write(delivery)
        return self.written[1]

    def _write(self, delivery: int) -> bytes | Exception:
        try:
            return self.write(delivery)
        except ValueError as error:  # a header that cannot be
            return error

    def _refuse(
        self, delivery: int, error: Exception, *, is_broken: bool = False
    ) -> None:
        """The server does not take the mail: it says so, or hangs up on it."""
        if self.handover.current is None:  # refused before it was taken in hand
            self.handover.current, self.handover.accepted = delivery, False
        self.handover.refused(temporary=is_broken or is_temporary_refusal(error))
        self._fail(delivery, error, "deferred" if is_broken else None)

    def _fail(
        self, delivery: int, error: Exception, outcome: str | None = None
    ) -> None:
        failure = {
            "type": "unknown",
            "reason": describe(error),
            "outcome": outcome or classify_refusal(error),
        }
        self.handover.finish(delivery, failure)


def _is_broken(error: Exception) -> bool:
    """Tell whether the session cannot be used any more."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return True
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code == 421 for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == 421
    return isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)


def _is_timeout(error: Exception) -> bool:
    """Tell whether the server did not answer in time: `smtplib` hangs up then."""
    return isinstance(error, TimeoutError) or isinstance(
        error.__context__, TimeoutError
    )


def describe(error: Exception) -> str:
    """Return what a server answered, as a person can read it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = list(error.recipients.values())
        return "; ".join(f"{code} {_to_text(text)}" for code, text in answers)
    if isinstance(error, smtplib.SMTPResponseException):
        answer = f"{error.smtp_code} {_to_text(error.smtp_error)}"
        is_sender = isinstance(error, smtplib.SMTPSenderRefused)
        return f"Sender refused: {answer}" if is_sender else answer
    return str(error) or repr(error)


def _to_text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
