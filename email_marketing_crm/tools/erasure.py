"""What becomes of a table when a person is erased, said once.

A preview counts by it, the erasure works by it, and a test compares the list of rules
with the tables that know persons, so that no table can be forgotten.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["deleted", "anonymized", "kept"]

#: Domain of the addresses of erased persons; nobody can own it (RFC 2606, section 2).
ERASED_DOMAIN = "erased.invalid"


@dataclass(frozen=True)
class ErasureRule:
    """What happens with the rows of one model that belong to a person.

    :param model: name of the model
    :param outcome: `deleted`; `anonymized`: the columns of `clear` are overwritten;
        `kept`: nothing in a row identifies the person once his own row does not
    :param reason: why, as a sentence for the preview
    :param person_column: the column that holds the person
    :param clear: values of columns, mostly None
    """

    model: str
    outcome: Outcome
    reason: str
    person_column: str = "person_id"
    clear: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if bool(self.clear) != (self.outcome == "anonymized"):
            raise ValueError(f"{self.model}: what is anonymized says what is cleared")


def get_erased_address(person_id: int) -> str:
    """The address a person without identity is kept under."""
    return f"erased-{person_id}@{ERASED_DOMAIN}"
