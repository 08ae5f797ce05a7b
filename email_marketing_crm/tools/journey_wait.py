"""How long people wait in a journey, and what ends a wait for an event.

A wait is kept as an absolute moment, never as a remaining time. A wait for an event
ends by `yes` as soon as the event is known, or by `no` when its time is over. Its time
counts from the moment the mail before it really left, because that mail may have stood
in a queue for hours; without a mail, from the arrival at the step.

All moments are naive UTC.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}

#: A worker that arrives at a wait may not see an event that is stored at the same
#: moment, nor is the worker that stores it able to see the arrival. So everybody is
#: looked at once more: any later transaction sees what both of them committed.
SECOND_LOOK = timedelta(minutes=1)
#: An event in time that is not judged yet (see touchpoint types, settle seconds).
JUDGE_LOOK = timedelta(minutes=1)
#: While the mail has neither left nor been given up. The event of its sending wakes
#: the participant anyway; this look finds mails that fail without telling anybody.
UNSENT_LOOK = timedelta(hours=6)

#: A failing step is tried again after 5, 25, 125, 625 … minutes …
RETRY_BASE_MINUTES = 5
RETRY_MAX_MINUTES = 24 * 60
#: … and given up to a human after so many attempts.
MAX_ATTEMPTS = 5


class MailFact(NamedTuple):
    """What became of the mail before a wait.

    `state` is `sent` (left at `date`), `skipped` (never will, see `reason`) or
    `pending`.
    """

    state: str
    date: datetime | None = None
    reason: str | None = None


class EventFact(NamedTuple):
    """The first fitting event of the pass: judged at `date`, or seen but unjudged."""

    date: datetime | None = None
    unjudged_date: datetime | None = None


class Decision(NamedTuple):
    """Where a wait for an event stands.

    `edge` is `yes`, `no`, or None to go on waiting: until `deadline` (None while it is
    not known, the mail has not left), looking again at `due`. `reason` explains `no`:
    `timeout`, or why the mail was not sent.
    """

    edge: str | None
    reason: str | None = None
    deadline: datetime | None = None
    due: datetime | None = None


def get_duration(number: int, unit: str) -> timedelta:
    """The time of `number` units; raises KeyError for an unknown unit."""
    return number * UNITS[unit]


def get_retry_delay(attempts: int) -> timedelta:
    """Time until the next try after so many failures (1 = the first one)."""
    minutes = min(RETRY_BASE_MINUTES ** min(attempts, 9), RETRY_MAX_MINUTES)
    return timedelta(minutes=minutes)


def decide_event_wait(
    now: datetime,
    arrived: datetime,
    duration: timedelta,
    mail: MailFact | None,
    event: EventFact,
    needs_mail: bool,
    is_first_look: bool,
) -> Decision:
    """What to do with somebody at a wait for an event.

    :param arrived: when the participant came to the step
    :param duration: the time allowed
    :param mail: the nearest mail before the step, None when there is none
    :param event: the first event of this pass that fits
    :param needs_mail: only an event caused by that mail counts
    :param is_first_look: the participant has just arrived
    """
    deadline = _get_deadline(arrived, duration, mail, needs_mail)
    if event.date and (deadline is None or event.date <= deadline):
        return Decision("yes")
    if needs_mail and mail and mail.state == "skipped":
        return Decision("no", mail.reason)
    if deadline is None:
        wait = SECOND_LOOK if is_first_look else UNSENT_LOOK
        return Decision(None, due=now + wait)
    if event.unjudged_date and event.unjudged_date <= deadline:
        return Decision(None, deadline=deadline, due=now + JUDGE_LOOK)
    if now >= deadline:
        return Decision("no", "timeout")
    due = min(deadline, now + SECOND_LOOK) if is_first_look else deadline
    return Decision(None, deadline=deadline, due=due)


def _get_deadline(
    arrived: datetime, duration: timedelta, mail: MailFact | None, needs_mail: bool
) -> datetime | None:
    """End of a wait; None while it is not known."""
    if mail and mail.state == "sent" and mail.date:
        return max(arrived, mail.date) + duration
    if mail and mail.state == "pending":
        return None
    if mail and needs_mail:  # skipped: there is nothing to wait for
        return arrived
    return arrived + duration
