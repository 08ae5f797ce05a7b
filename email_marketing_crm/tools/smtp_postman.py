"""Handing many mails over, one after the other, and knowing what became of each.

No Odoo and no database: the mails are written by a function, connections are opened by
another one, and the outcome of each mail is kept in a `Handover`.
"""

import smtplib
from collections.abc import Callable, Mapping

from .delivery_handover import Handover, is_temporary_refusal
from .sender_brake import classify_refusal
from .smtp_submission import Submission


class Postman:
    """Hands the mails of a run to one server.

    :param handover: told about each mail before its content leaves, and what became
        of it
    :param connect: gives the session; with `True`, a new one instead of a broken one
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
        self.is_proven = False

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
        """Hand one mail over; a connection that was good before is renewed once."""
        must_renew = False
        while True:
            try:
                session = self.connect(must_renew)
                self._submit(session, delivery, address, content, following)
            except (smtplib.SMTPException, OSError) as error:
                if not _is_broken(error):
                    self._refuse(delivery, error)
                    return None
                if self.handover.outcome == "unknown":
                    return error
                if must_renew or not self.is_proven:
                    return error
                must_renew, self.is_proven = True, False
            else:
                self.is_proven = True
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

    def _refuse(self, delivery: int, error: Exception) -> None:
        """The server said that it does not take the mail."""
        self.is_proven = True
        if self.handover.current is None:  # refused before it was taken in hand
            self.handover.current, self.handover.accepted = delivery, False
        self.handover.refused(temporary=is_temporary_refusal(error))
        self._fail(delivery, error)

    def _fail(self, delivery: int, error: Exception) -> None:
        failure = {
            "type": "unknown",
            "reason": describe(error),
            "outcome": classify_refusal(error),
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
