"""What success of a mailing or a campaign is, how far it is reached, and in time.

A goal is a figure and a target. What was *counted* is persons or money; what is
*reached* is the same in the unit of the target, so a target in percent is met by a
share of the persons who got a mail. Once reached, it stays so, however much time goes
by; it is missed only when its deadline has passed without that.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

#: Figures of a mailing's results that may be a goal, in the order of the choice.
GOAL_FIGURES = ("opened", "clicked", "replied", "leads", "won", "won_revenue")
#: Figures within the days of the conversion window; the others have no end.
WINDOW_FIGURES = frozenset({"leads", "won", "won_revenue", "event"})


class Goal(NamedTuple):
    """A goal as plain values.

    :param figure: one of `GOAL_FIGURES`, or ``event`` of the type `type_id`
    :param asset_id: only what was done with this content asset; 0: any
    :param unit: ``count``, or ``percent`` of the persons who got a mail
    :param target: persons, percent, or money for the figure ``won_revenue``; 0: none
    """

    figure: str
    type_id: int
    asset_id: int
    unit: str
    target: float

    def get_key(self, days: int) -> str:
        """What is to be counted, as a text that differs where the counts would.

        :param days: length of the conversion window
        """
        window = days if self.figure in WINDOW_FIGURES else 0
        return f"{self.figure}:{self.type_id}:{self.asset_id}:{self.unit}:{window}"

    def measure(self, counted: float, base: int) -> float:
        """What was counted, in the unit of the target.

        :param counted: persons, or money
        :param base: persons who got a mail; without any, no share of them is reached
        """
        if self.unit != "percent":
            return counted
        return 100 * counted / base if base else 0.0

    def get_percent(self, reached: float) -> float:
        """Percent of the target, over 100 where it is surpassed; 0 without a target.

        :param reached: in the unit of the target (`measure`)
        """
        return 100 * reached / self.target if self.target else 0.0

    def judge(
        self, reached: float, base: int, deadline: datetime | None, now: datetime
    ) -> str | None:
        """Where the goal stands.

        :param reached: in the unit of the target (`measure`)
        :param base: persons who got a mail
        :param deadline: naive UTC; None while mails are to come, which ends later
        :param now: naive UTC
        :returns: ``waiting``, ``running``, ``reached`` or ``missed``; None without a
            target, as nothing says then what success is
        """
        if not self.target:
            return None
        if base and reached >= self.target:
            return "reached"
        if deadline and deadline < now:
            return "missed"
        return "running" if base else "waiting"


def get_deadline(last_mail: datetime, days: int) -> datetime:
    """The last moment at which something counts for a goal.

    :param last_mail: when the last mail left, naive UTC
    :param days: length of the conversion window
    """
    return last_mail + timedelta(days=days)
