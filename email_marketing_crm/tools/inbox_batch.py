"""What a lane hands to the consumers of the inbox.

A batch is what happened to some persons since they were last looked at: the new
touchpoints, whose attributes changed, and whose history was rewritten (merge,
reclassification) so that everything derived from it must be computed anew.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class TouchpointRow(NamedTuple):
    """One touchpoint as the consumers see it; `date` is naive UTC."""

    id: int
    person_id: int
    type_id: int
    type_code: str
    date: datetime
    reliability: str
    mailing_id: int | None
    link_id: int | None
    res_model: str | None
    res_id: int | None
    company_id: int | None
    value: float


@dataclass(frozen=True, slots=True)
class InboxBatch:
    """The work of one run of an inbox lane.

    :param touchpoints: new touchpoints, ordered by person, date and id
    :param changed_ids: persons whose records changed in a watched field
    :param rebuild_ids: persons whose past was rewritten
    :param now: start of the run, naive UTC; every consumer uses this clock
    """

    now: datetime
    touchpoints: list[TouchpointRow] = field(default_factory=list)
    changed_ids: frozenset[int] = frozenset()
    rebuild_ids: frozenset[int] = frozenset()

    @property
    def person_ids(self) -> list[int]:
        """All persons of the batch, in ascending order."""
        return sorted(
            {row.person_id for row in self.touchpoints}
            | self.changed_ids
            | self.rebuild_ids
        )

    def by_person(self) -> dict[int, list[TouchpointRow]]:
        """The new touchpoints of each person, oldest first."""
        grouped = defaultdict(list)
        for row in self.touchpoints:
            grouped[row.person_id].append(row)
        return grouped

    def of_types(self, *codes: str) -> list[TouchpointRow]:
        """The new touchpoints of the given types, in the batch's order."""
        return [row for row in self.touchpoints if row.type_code in codes]
