"""What PostgreSQL's functions are told of an open or a click, as JSON.

All but the moment is the same for every hit of a program, so it is written once: the
functions (`models/marketing_hit_function.py`) read it for each pixel and each link.
"""

import json
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from .reliability import TOO_FAST_SECONDS, classify_hit, distrust, is_at_least

#: What an open may be recorded as, and what a click may.
OPEN_KINDS = ("opened", "opened_again")
CLICK_KINDS = ("opened", "clicked")
#: Characters of a program's name that are kept.
PROGRAM_LENGTH = 255


class Kind(NamedTuple):
    """A type of touchpoint that a hit may become."""

    code: str
    type_id: int
    settling: int  # seconds until it counts


@lru_cache(maxsize=2048)
def format_facts(
    kinds: tuple[Kind, ...],
    user_id: int,
    user_agent: str | None,
    method: str | None,
    is_signed: bool,
) -> str:
    """What does not change from hit to hit of a program, as a JSON object.

    :param kinds: that of `opened` among them
    :param user_id: who writes the rows
    :param user_agent: None when no request is known
    :param is_signed: whether the address that was asked for was written by us
    """
    facts: dict = {
        "user": user_id,
        "too_fast": TOO_FAST_SECONDS,
        "data": {
            "user_agent": user_agent and user_agent[:PROGRAM_LENGTH].replace("\0", ""),
            "method": method,
        },
    }
    for kind in kinds:
        facts[kind.code] = {
            "type": kind.type_id,
            "settling": kind.settling,
            "too_fast": _classify(kind.code, user_agent, method, 0.0, is_signed),
            "class": _classify(kind.code, user_agent, method, None, is_signed),
        }
    facts["is_human"] = is_at_least(facts["opened"]["class"][0], "human_likely")
    return json.dumps(facts)


def add_moment(facts: str, now: datetime) -> str:
    """The same object with the moment of the hit (UTC, without a zone) in it."""
    return f'{{"now": "{now.isoformat()}", {facts[1:]}'


def _classify(
    code: str,
    user_agent: str | None,
    method: str | None,
    delay: float | None,
    is_signed: bool,
) -> tuple[str, str]:
    """Class and reasons of a hit that comes so many seconds after its mail."""
    if user_agent is None:
        return "unknown", "no_request"
    found = classify_hit(
        "click" if code == "clicked" else "open", user_agent, method, delay
    )
    if not is_signed:
        found = distrust(found)
    return found.reliability, ",".join(found.reasons)
