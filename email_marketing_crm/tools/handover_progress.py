"""How far a worker came with its mails, told in as few words as can be.

A worker hands mails over in the order in which it claimed them, and most of them leave.
So there is mostly one thing to tell: the mail in hand has left, and the next one is in
hand. That is a *step*. Steps are only counted; whatever is not a step is written out
(`Progress`). What was written out last and the steps since tell all (`recover`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: By delivery: None for a mail that left, else what went wrong.
Outcomes = dict[int, dict[str, Any] | None]


class Progress:
    """How far a worker came.

    :param deliveries: what it claimed, in its order
    """

    __slots__ = ("current", "deliveries", "done", "place")

    def __init__(self, deliveries: Iterable[int]) -> None:
        self.deliveries = list(deliveries)
        #: The one in hand; None before the first.
        self.current: int | None = None
        #: So many of the first deliveries are done with.
        self.place = 0
        #: Done with as well, further on.
        self.done: set[int] = set()

    def advance(self, current: int, finished: Outcomes) -> Outcomes | None:
        """Take the next mail in hand.

        :param current: its delivery
        :param finished: what became of mails since the one before was taken
        :return: None for a step; else what has to be written out besides `current` and
            `place`: those of `finished` that the place does not tell to have left
        """
        previous = self.current
        self.current = current
        following = self.place + (previous is not None)
        if (
            self.deliveries[following : following + 1] == [current]
            and finished == ({} if previous is None else {previous: None})
            and previous in (None, self.deliveries[self.place])
        ):
            self.place = following
            return None
        news = dict(finished)
        self.done.update(finished)
        while (
            self.place < len(self.deliveries)
            and self.deliveries[self.place] in self.done
        ):
            delivery = self.deliveries[self.place]
            self.done.remove(delivery)
            self.place += 1
            if news.get(delivery, True) is None:
                del news[delivery]
        return news


def recover(
    deliveries: Sequence[int],
    place: int,
    current: int | None,
    finished: Mapping[int, dict[str, Any] | None],
    steps: int,
) -> tuple[int | None, Outcomes]:
    """Tell how far a worker came.

    :param deliveries: what it claimed, in its order
    :param place: so many of the first ones were done with when it was written out
    :param current: the one in hand then
    :param finished: what was written out about others: those before the place that are
        not named left
    :param steps: counted since
    :return: `(the one in hand, what became of those that are done with)`
    :raises ValueError: when the steps were not its own: they lead nowhere
    """
    done: Outcomes = dict.fromkeys(deliveries[:place]) | dict(finished)
    if not steps:
        return current, done
    last = place + steps - (current is None)
    if steps < 0 or last >= len(deliveries):
        raise ValueError(f"{steps} steps from {place} of {len(deliveries)}")
    if current not in (None, deliveries[place]):
        raise ValueError(f"Steps from {current}, which is out of turn")
    return deliveries[last], done | dict.fromkeys(deliveries[place:last])
