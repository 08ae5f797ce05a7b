"""Warming up a new sender: few mails a day first, more as providers get to know it.

Public guides (Twilio SendGrid, and others) agree on about four weeks from 50 mails a
day upwards, on holding a step while more than 3 % bounce or 0.1 % complain, and on
starting anew after a month without mail. A day that went badly, or on which hardly
anything was sent, proves nothing: the same day is done again, so that the warm-up gets
longer and no mail is dropped.
"""

from collections.abc import Sequence
from typing import NamedTuple

#: (day of the warm-up, mails on that day and the following ones).
DEFAULT_RAMP = (
    (1, 50),
    (2, 100),
    (4, 250),
    (6, 500),
    (8, 1000),
    (11, 2500),
    (14, 5000),
    (17, 7500),
    (20, 10000),
    (23, 20000),
    (26, 40000),
    (28, 60000),
)
#: Per cent of a day's mails.
BOUNCE_LIMIT = 3.0
COMPLAINT_LIMIT = 0.1
#: Days without mail after which nobody remembers the sender.
IDLE_DAYS = 30
#: The part of a day's quota that must have been sent for the day to count.
ENOUGH = 0.5
#: One bounce among ten mails is chance.
MIN_BOUNCES = 2


class DayResult(NamedTuple):
    """What became of the mails of one day.

    :param sent: mails of mailings that left
    :param bounced: those that bounced for good
    :param complained: those that were reported as spam
    :param other: mails of no mailing: providers saw them too, but nobody tells what
        became of them
    """

    sent: int
    bounced: int
    complained: int
    other: int = 0


class Step(NamedTuple):
    """Where a warm-up stands on a new day, and why.

    :param day: number of the day, from 1; None when the warm-up is over
    :param decision: `"advanced"`, `"finished"`, `"restarted"`, or what holds the day:
        `"bounces"`, `"complaints"`, `"few"`
    """

    day: int | None
    decision: str


def quota_of_day(ramp: Sequence[tuple[int, int]], day: int) -> int | None:
    """Return the mails of a day of the warm-up, None when it is over by then.

    :param ramp: `[(day, mails)]`, in the order of days; each holds until the next
    """
    if not ramp or day > ramp[-1][0]:
        return None
    return next((mails for first, mails in reversed(ramp) if first <= day), ramp[0][1])


def next_step(
    ramp: Sequence[tuple[int, int]],
    day: int,
    idle_days: int,
    result: DayResult,
    bounce_limit: float = BOUNCE_LIMIT,
    complaint_limit: float = COMPLAINT_LIMIT,
) -> Step:
    """Decide what day of the warm-up begins now.

    :param day: the day of the warm-up that is over
    :param idle_days: days since mail was sent
    :param result: what became of that day's mails until now
    :param bounce_limit: per cent of the mails, more hold the day
    :param complaint_limit: per cent of the mails, that many hold the day
    """
    if idle_days >= IDLE_DAYS:
        return Step(1, "restarted")
    if is_over(result.bounced, result.sent, bounce_limit, MIN_BOUNCES):
        return Step(day, "bounces")
    if result.complained and 100 * result.complained >= complaint_limit * result.sent:
        return Step(day, "complaints")
    quota = quota_of_day(ramp, day)
    if quota is not None and result.sent + result.other < ENOUGH * quota:
        return Step(day, "few")
    if quota_of_day(ramp, day + 1) is None:
        return Step(None, "finished")
    return Step(day + 1, "advanced")


def is_over(count: int, total: int, limit: float, minimum: int) -> bool:
    """Whether more than `limit` per cent of a total are a fact and not chance."""
    return count >= minimum and 100 * count > limit * total
