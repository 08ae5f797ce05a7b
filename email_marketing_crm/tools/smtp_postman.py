"""Handing many mails over, one after the other, and knowing what became of each.

No Odoo and no database: the mails are written by a function, connections are opened by
another one, and the outcome of each mail is kept in a `Handover`.
"""

import smtplib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from .delivery_handover import Handover, is_temporary_refusal
from .sender_brake import classify_refusal
from .smtp_submission import Submission

#: Mails in a row that a server breaks off with before it has their content, until it
#: is taken for away and the rest waits.
MAX_BREAKS = 3
#: A mail begins with the content of the one before unless the time may be up before its
#: turn: when that is less than so many times what the last one took.
AHEAD_FACTOR = 4


def _is_never_over(_seconds: float) -> bool:
    return False


class Postman:
    """Hands the mails of a run to one server.

    :param handover: told about each mail before its content leaves, and what became
        of it
    :param connect: gives the session; with `True`, a new one instead of a broken one.
        Whatever it raises says nothing about a mail.
    :param sender: the address of the envelope
    :param prepare: gets the mail of a delivery ready; gives what writes it, as bytes.
        So each half of the work fills a moment in which somebody else is busy.
    :param is_over: whether the time is up in so many seconds; what is left when it is
        up stays untouched, but for the first one, so that there is always something
        done
    :param may_begin_early: whether mails may begin with the content of the one before;
        a server that gets lost over it is spared from then on
    """

    def __init__(
        self,
        handover: Handover,
        connect: Callable[[bool], smtplib.SMTP],
        sender: str,
        prepare: Callable[[int], Callable[[], bytes]],
        is_over: Callable[[float], bool] = _is_never_over,
        may_begin_early: bool = True,
    ):
        self.handover = handover
        self.connect = connect
        self.sender = sender
        self.prepare = prepare
        self.is_over = is_over
        #: Mails to come, at most two: what writes them, and what they are.
        self.prepared: dict[int, Callable[[], bytes]] = {}
        self.written: dict[int, bytes | Exception] = {}
        #: The next mail, when it has begun with the content of the one before.
        self.begun: Submission | None = None
        self.may_begin_early = may_begin_early
        #: The mail in hand has begun so, and the server has not answered since.
        self.is_early = False
        #: Seconds the server took for the last mail.
        self.seconds = 0.0
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
        nobody = [None, None]
        for delivery, *following in zip(
            queue, [*queue, *nobody][1:-1], [*queue, *nobody][2:], strict=True
        ):
            if delivery != queue[0] and self.is_over(0):
                self._break_off()
                return None
            content = self._get_content(delivery)
            if isinstance(content, Exception):
                self._fail(delivery, content)
                self.written.pop(delivery)
                continue
            start = time.monotonic()
            error = self._deliver_one(delivery, addresses, content, following)
            self.seconds = time.monotonic() - start
            self.written.pop(delivery, None)
            if error is not None:
                return error
        return None

    def _break_off(self) -> None:
        """Leave a mail that has begun and is not sent now: only so it stays unsent."""
        if self.begun is not None:
            self.begun.session.close()
            self.begun = None
            self.is_broken = True

    def _deliver_one(
        self,
        delivery: int,
        addresses: Mapping[int, str],
        content: bytes,
        following: Sequence[int | None],
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
                self._submit(session, delivery, addresses, content, following)
            except (smtplib.SMTPException, OSError) as error:
                if not _is_broken(error):
                    self.breaks = 0
                    self._refuse(delivery, error)
                    return None
                self.is_broken = True
                self.begun = None
                if self.handover.outcome == "unknown":
                    return error
                if self.is_early:
                    self.may_begin_early = _is_answer(error)
                    continue
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
        addresses: Mapping[int, str],
        content: bytes,
        following: Sequence[int | None],
    ) -> None:
        submission, self.begun = self.begun, None
        self.is_early = submission is not None
        if submission is None:
            submission = Submission(session, self.sender, addresses[delivery])
            submission.begin(len(content))
        self.handover.announce(delivery)
        # While the journal is busy.
        second, third = following
        self._prepare_ahead(third)
        next_content = self._get_content(second) if second is not None else None
        self.handover.await_journal()
        submission.hear_consent()
        self.is_early = False
        self.handover.data_started = True
        if (
            isinstance(next_content, bytes)
            and submission.is_pipelined
            and self.may_begin_early
            and not self.is_over(AHEAD_FACTOR * self.seconds)
        ):
            self.begun = Submission(session, self.sender, addresses[second])
            submission.send_content(content, self.begun, len(next_content))
        else:
            submission.send_content(content)
        self._write_ahead(third)  # while the server is busy
        submission.finish()

    def _prepare_ahead(self, delivery: int | None) -> None:
        known = {None, *self.prepared, *self.written}
        if delivery not in known:
            # What is wrong with a mail is said when it is its turn.
            with suppress(Exception):
                self.prepared[delivery] = self.prepare(delivery)

    def _write_ahead(self, delivery: int | None) -> None:
        if delivery in self.prepared:
            with suppress(Exception):
                self._get_content(delivery)

    def _get_content(self, delivery: int) -> bytes | Exception:
        if delivery not in self.written:
            try:
                write = self.prepared.pop(delivery, None) or self.prepare(delivery)
                self.written[delivery] = write()
            except ValueError as error:  # a header that cannot be
                self.written[delivery] = error
        return self.written[delivery]

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


def _is_answer(error: Exception) -> bool:
    """Tell whether the server said something before it hung up."""
    return isinstance(
        error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
    )


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
