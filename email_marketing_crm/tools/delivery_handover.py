"""Handing mails to an SMTP server at most once: what is known at each moment.

A mail passes three moments: it is *claimed* (written down and committed, so that
nobody hands it over again), the server is asked to take its content (SMTP's DATA),
and the server says that it has it. When the connection breaks, the last moment that
was reached tells what happened to the mail:

* before DATA: it did not leave; it may be tried again;
* between DATA and the answer: nobody knows; a human decides;
* after the answer: it left, even if the database could not note it yet.
"""

import smtplib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

#: Tries of a mail that the server turns away for the moment, until it has failed.
MAX_ATTEMPTS = 5
#: A mail is tried again after 5, 20, 80 … minutes.
RETRY_BASE_MINUTES = 5
RETRY_FACTOR = 4


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


class Handover:
    """The mails of one run and how far the one in hand came.

    :param deliveries: delivery id by Message-ID
    """

    __slots__ = (
        "accepted",
        "current",
        "data_started",
        "deliveries",
        "postponed",
        "unreachable",
    )

    def __init__(self, deliveries: Mapping[str, int]) -> None:
        self.deliveries = dict(deliveries)
        self.current: int | None = None
        self.data_started = False
        self.accepted = False
        self.postponed: set[int] = set()
        self.unreachable = False

    def needs_claim(self, message_id: str) -> int | None:
        """Return the delivery of a mail, or None if that is the one in hand.

        A mail with several recipients is several messages with one Message-ID.

        :raises KeyError: for a mail that is not part of this run
        """
        delivery = self.deliveries[message_id]
        return None if delivery == self.current else delivery

    def take(self, delivery: int) -> None:
        """Have a mail in hand; what became of the one before is written down."""
        self.current = delivery
        self.data_started = False
        self.accepted = False

    def refused(self, *, temporary: bool) -> None:
        """The server answered that it does not take the mail in hand."""
        self.data_started = False
        if temporary and not self.accepted and self.current is not None:
            self.postponed.add(self.current)

    @property
    def outcome(self) -> str | None:
        """What became of the mail in hand: sent, unknown or unsent; or None."""
        if self.current is None:
            return None
        if self.accepted:
            return "sent"
        return "unknown" if self.data_started else "unsent"

    @contextmanager
    def watch(self, session: smtplib.SMTP | None) -> Iterator[None]:
        """Notice when the session passes the content of the mail in hand."""
        data = getattr(session, "data", None)
        if data is None:  # nothing to look at: take the worst for granted
            self.data_started = True
            yield
            return

        def watched(content):
            self.data_started = True
            return data(content)

        session.data = watched
        try:
            yield
        finally:
            del session.data
