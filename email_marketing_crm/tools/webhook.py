"""What the webhooks of mail providers have in common.

Each provider has a module of its own (`webhook_<provider>.py`) with two functions:
`is_authentic(body, headers, secret, now)` and `read_events(body)`; a third one,
`read_nonce(body)`, where the signature does not cover the body. They take whatever
bytes a stranger sends: what is not as documented becomes an event of kind `unknown`,
never an error, except for a body that is no JSON (`ValueError`).
"""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from .bounce import MAX_DIAGNOSTIC

#: Kinds that say something about a person; the others are counted only.
TELLING_KINDS = frozenset(
    {
        "delivered",
        "hard_bounce",
        "soft_bounce",
        "policy_bounce",
        "complaint",
        "unsubscribed",
    }
)
#: Providers try for a day to get rid of a report; what was signed before is replayed.
MAX_AGE = timedelta(days=2)
#: How much the clock of a provider may be ahead of ours.
MAX_AHEAD = timedelta(hours=1)
#: Longest address (RFC 5321) and identifier that is looked at.
_MAX_TEXT = 320
_MAX_NESTING_ERROR = "The body is nested too deeply."


class ProviderEvent(NamedTuple):
    """One thing that a provider reports.

    ``kind`` is one of `TELLING_KINDS`, `ignored` (known, but of no use here: opens and
    clicks, which we count ourselves, and attempts that are still going on),
    `subscription` (Amazon asks whether the route wants notifications) or `unknown`.
    """

    kind: str
    #: unique within the provider, so that a repeated delivery changes nothing
    id: str = ""
    email: str = ""
    #: of the mail, with its brackets; empty where the provider does not tell
    message_id: str = ""
    #: in UTC without zone, None where it is not told
    date: datetime | None = None
    status: str = ""
    diagnostic: str = ""
    #: where a user confirms a subscription
    url: str = ""
    #: the channel that it came through: Amazon's topic
    topic: str = ""


def read_json(body: bytes) -> object:
    """The value of a body; raises ValueError for what is no JSON."""
    try:
        return json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise ValueError(_MAX_NESTING_ERROR) from error


def as_dict(value: object) -> dict:
    """The value, or an empty dictionary where it is none."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list:
    """The value, or an empty list where it is none."""
    return value if isinstance(value, list) else []


def as_text(value: object, limit: int = _MAX_TEXT) -> str:
    """A text or a number as one line without characters that no database takes."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)[: limit * 4].encode("utf-8", "replace").decode()
    return " ".join(text.replace("\x00", "").split())[:limit]


def as_diagnostic(value: object) -> str:
    """What a mail server said, as long as it is kept."""
    return as_text(value, MAX_DIAGNOSTIC)


def as_message_id(value: object) -> str:
    """A `Message-ID` with its brackets, which some providers leave out."""
    text = as_text(value).strip("<>")
    return f"<{text}>" if text else ""


def as_moment(value: object) -> datetime | None:
    """A moment from seconds since 1970 or ISO 8601, in UTC without zone."""
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            if not math.isfinite(value):
                return None
            found = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
        else:
            return None
        if found.tzinfo:
            found = found.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
    found = found.replace(microsecond=0)
    return found if 2000 <= found.year <= 2200 else None


def is_fresh(signed: datetime | None, now: datetime) -> bool:
    """Whether something was signed lately; both in UTC without zone."""
    return signed is not None and -MAX_AHEAD <= now - signed <= MAX_AGE


def as_seconds(value: object) -> datetime | None:
    """A moment from seconds since 1970 that are written as text."""
    text = as_text(value, 20)
    return as_moment(int(text)) if text.isascii() and text.isdigit() else None
