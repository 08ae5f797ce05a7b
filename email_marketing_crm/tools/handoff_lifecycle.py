"""Which touchpoints move a person along the life cycle.

Events move forward only; three of them take a person back: a hand-off that sales
rejected or gave back, and a lost lead. Everything here is about the order of events,
because a person who was recycled and qualified again within one batch must end as
qualified, and one who was qualified and then recycled must not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from .inbox_batch import TouchpointRow
from .reliability import RANK

#: Type of a touchpoint: the stage it takes a person to, when he stands before it.
FORWARD = {
    "sent": "subscriber",
    "consent_given": "subscriber",
    "resubscribed": "subscriber",
    "lead_created": "lead",
    "mql": "mql",
    "accepted": "sql",
    "stage_moved": "opportunity",
    "won": "customer",
    "order": "customer",
}
#: Type of a touchpoint: the stage it takes a person back to.
BACKWARD = {
    "rejected": "engaged",
    "recycled": "engaged",
    "lost": "engaged",
}
#: Any other event that shows intent moves to this stage, …
INTENT_STAGE = "engaged"
#: … when a human probably did it.
INTENT_RELIABILITY = "human_likely"


class Move(NamedTuple):
    """Persons that go to one stage for one reason.

    :param code: code of the stage
    :param type_code: type of the touchpoint that moves them
    :param backward: whether they may be moved back
    """

    code: str
    type_code: str
    backward: bool
    person_ids: tuple[int, ...]


def plan_moves(
    touchpoints: Iterable[TouchpointRow],
    intent_type_ids: Collection[int],
    order: Mapping[str, int],
) -> list[Move]:
    """The moves that touchpoints cause, in the order to carry them out.

    :param touchpoints: ordered by date within each person
    :param intent_type_ids: the types that show intent
    :param order: position of each stage by its code; stages that are missing are
        left out
    """
    rounds = defaultdict(lambda: defaultdict(dict))
    current = defaultdict(int)  # even rounds go forward, odd ones backward
    for row in touchpoints:
        code, backward = _get_stage(row, intent_type_ids)
        if code not in order:
            continue
        if current[row.person_id] % 2 != backward:
            current[row.person_id] += 1
        number = current[row.person_id]
        key = (order[code], code, row.type_code, backward)
        rounds[number][key].setdefault(row.person_id)
    return [
        Move(code, type_code, backward, tuple(persons))
        for _number, moves in sorted(rounds.items())
        for (_position, code, type_code, backward), persons in sorted(moves.items())
    ]


def _get_stage(
    row: TouchpointRow, intent_type_ids: Collection[int]
) -> tuple[str | None, bool]:
    """(code of the stage or None, whether backward) of one touchpoint."""
    if row.type_code in BACKWARD:
        return BACKWARD[row.type_code], True
    if row.type_code in FORWARD:
        return FORWARD[row.type_code], False
    if (
        row.type_id in intent_type_ids
        and RANK[row.reliability] >= RANK[INTENT_RELIABILITY]
    ):
        return INTENT_STAGE, False
    return None, False
