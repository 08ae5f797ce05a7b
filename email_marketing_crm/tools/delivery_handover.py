"""Handing mails to an SMTP server at most once: what is known at each moment.

A mail passes three moments: it is *claimed* (written down and committed, so that
nobody else hands it over), the server is asked to take its content (SMTP's DATA),
and the server says that it has it. When the connection breaks, the last moment that
was reached tells what happened to the mail:

* before DATA: it did not leave; it may be tried again;
* between DATA and the answer: nobody knows; a human decides;
* after the answer: it left, even if the database could not note it yet.
"""

import smtplib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from .mail_bytes import send_message

#: Tries of a mail that the server turns away for the moment, until it has failed.
MAX_ATTEMPTS = 5
#: A mail is tried again after 5, 20, 80 … minutes.
RETRY_BASE_MINUTES = 5
RETRY_FACTOR = 4
#: Seconds a run hands mails over; what is left then waits for the next one. Odoo kills
#: a worker whose scheduled action takes too long.
RUN_SECONDS = 20
#: Seconds for which an answer of the gates counts.
GATE_SECONDS = 1


def retry_delay(attempts: int) -> timedelta | None:
    """Return how long to wait after a number of failed tries.

    :param attempts: tries so far, at least 1
    :return: the time until the next one, or None when it was the last
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    return timedelta(minutes=RETRY_BASE_MINUTES * RETRY_FACTOR ** (attempts - 1))


def is_temporary_refusal(error: BaseException | None) -> bool:
    """Tell whether an SMTP server asked to try again later.

    Codes 400 to 499 are transient negative answers (RFC 5321, section 4.2.1). The
    error is looked for along the chain of causes, since Odoo wraps it.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = [code for code, _message in error.recipients.values()]
            return bool(codes) and all(400 <= code < 500 for code in codes)
        if isinstance(error, smtplib.SMTPResponseException):
            return 400 <= error.smtp_code < 500
        error = error.__cause__ or error.__context__
    return False


class Turn:
    """The time of a run: until when it hands over, and when the gates are asked.

    :param now: seconds of a clock that never goes back
    """

    __slots__ = ("asked", "deadline")

    def __init__(self, now: float) -> None:
        self.deadline = now + RUN_SECONDS
        self.asked = now

    def is_over(self, now: float) -> bool:
        """Tell whether what is left has to wait for the next run."""
        return now > self.deadline

    def must_ask(self, now: float) -> bool:
        """Tell whether the gates have to be asked again."""
        return now > self.asked + GATE_SECONDS

    def note_asked(self, now: float) -> None:
        """The gates are asked now."""
        self.asked = now


class Handover:
    """The mails of one run and how far each came.

    :param deliveries: delivery id by Message-ID
    :param journal: told about each mail before it is handed over, so that whoever
        comes after a crash knows; an object with `write(current, finished)`, which may
        go on in the background, and `wait()`: see `handover_progress`
    """

    __slots__ = (
        "accepted",
        "current",
        "data_started",
        "deliveries",
        "finished",
        "is_proven",
        "journal",
        "postponed",
        "session",
        "unreachable",
        "unwritten",
    )

    def __init__(self, deliveries: Mapping[str, int], journal: Any = None) -> None:
        self.deliveries = dict(deliveries)
        self.journal = journal
        self.current: int | None = None
        self.data_started = False
        self.accepted = False
        #: What is decided: None for a mail that left, else what went wrong.
        self.finished: dict[int, dict[str, Any] | None] = {}
        #: Decided since the journal was told last.
        self.unwritten: dict[int, dict[str, Any] | None] = {}
        self.postponed: set[int] = set()
        self.unreachable = False
        #: The session in use, and whether the server has answered to a mail on it.
        self.session: Any = None
        self.is_proven = False

    @classmethod
    def resume(
        cls,
        deliveries: Iterable[int],
        current: int | None,
        finished: Mapping[int, dict[str, Any] | None],
        is_complete: bool,
    ) -> "Handover":
        """Return what is known of the mails of a worker that died.

        :param deliveries: those whose results are not in the database yet
        :param current: the one that was in hand, if any
        :param finished: those whose outcome is in the journal
        :param is_complete: whether the journal surely has everything; when it may
            have lost its end, more mails than the one in hand may have left
        """
        mine = set(deliveries)
        handover = cls({str(delivery): delivery for delivery in sorted(mine)})
        handover.finished = {
            delivery: failure
            for delivery, failure in finished.items()
            if delivery in mine
        }
        handover.postponed = {
            delivery
            for delivery, failure in handover.finished.items()
            if failure and failure.get("is_temporary")
        }
        if current in mine and current not in finished:
            handover.current = current
            handover.data_started = True
        if not is_complete:
            for delivery in handover.untouched:
                handover.finished[delivery] = {"is_unknown": True}
        return handover

    def needs_claim(self, message_id: str) -> int | None:
        """Return the delivery of a mail, or None if that is the one in hand.

        A mail with several recipients is several messages with one Message-ID.

        :raises KeyError: for a mail that is not part of this run
        """
        delivery = self.deliveries[message_id]
        return None if delivery == self.current else delivery

    def take(self, delivery: int) -> None:
        """Have a mail in hand; the journal knows it before anybody else."""
        self.announce(delivery)
        self.await_journal()

    def announce(self, delivery: int) -> None:
        """Begin to tell the journal that a mail is in hand."""
        if self.journal is not None:
            self.journal.write(delivery, self.unwritten)
            self.unwritten = {}
        self.current = delivery
        self.data_started = False
        self.accepted = False

    def await_journal(self) -> None:
        """Wait until the journal knows: the content of the mail leaves after that."""
        if self.journal is not None:
            self.journal.wait()

    def finish(self, delivery: int, failure: dict[str, Any] | None = None) -> None:
        """What became of a mail is decided: it left, or something went wrong."""
        if failure is not None:
            failure["is_temporary"] = delivery in self.postponed
        self.finished[delivery] = self.unwritten[delivery] = failure
        if delivery == self.current:
            self.current = None

    def refused(self, *, temporary: bool) -> None:
        """The server answered that it does not take the mail in hand."""
        self.data_started = False
        self.is_proven = True
        if temporary and not self.accepted and self.current is not None:
            self.postponed.add(self.current)

    def put_off(self, reason: str) -> int | None:
        """Count a try of the mail in hand if the server hung up because of it.

        Servers end sessions for reasons of their own; one that hangs up before the
        content of the first mail of a session does not want this mail now.

        :return: the delivery, or None
        """
        delivery = self.current
        if self.outcome != "unsent" or self.is_proven:
            return None
        self.postponed.add(delivery)
        self.finish(delivery, {"type": "unknown", "reason": reason})
        return delivery

    @property
    def outcome(self) -> str | None:
        """What became of the mail in hand: sent, unknown or unsent; or None."""
        if self.current is None:
            return None
        if self.accepted:
            return "sent"
        return "unknown" if self.data_started else "unsent"

    @property
    def sent(self) -> list[int]:
        """The mails that left."""
        left = [delivery for delivery, failure in self.finished.items() if not failure]
        if self.outcome == "sent":
            left.append(self.current)
        return left

    @property
    def unknown(self) -> list[int]:
        """The mails that may have left or not."""
        doubtful = [
            delivery
            for delivery, failure in self.finished.items()
            if failure and failure.get("is_unknown")
        ]
        if self.outcome == "unknown":
            doubtful.append(self.current)
        return doubtful

    @property
    def failed(self) -> dict[int, dict[str, Any]]:
        """What went wrong with the mails that surely did not leave."""
        return {
            delivery: failure
            for delivery, failure in self.finished.items()
            if failure and not failure.get("is_unknown")
        }

    @property
    def untouched(self) -> list[int]:
        """The mails that surely did not leave, and may be taken again."""
        return [
            delivery
            for delivery in self.deliveries.values()
            if delivery not in self.finished
            and (delivery != self.current or self.outcome == "unsent")
        ]

    @contextmanager
    def watch(self, session: smtplib.SMTP | None) -> Iterator[None]:
        """Notice when the session passes the content of the mail in hand."""
        if session is not self.session:
            self.session, self.is_proven = session, False
        data = getattr(session, "data", None)
        if data is None:  # nothing to look at: take the worst for granted
            self.data_started = True
            yield
            return

        def watched(content):
            self.data_started = True
            return data(content)

        session.data = watched
        if isinstance(session, smtplib.SMTP):
            session.send_message = partial(send_message, session)
        try:
            yield
            self.is_proven = True
        finally:
            del session.data
            session.__dict__.pop("send_message", None)
