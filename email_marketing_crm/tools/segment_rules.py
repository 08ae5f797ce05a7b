"""Which events a behaviour rule counts: windows of time, and patterns of text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def get_window(
    period: str,
    now: datetime,
    days: int = 0,
    date_from: date | None = None,
    date_to: date | None = None,
    timezone_name: str = "UTC",
) -> tuple[datetime | None, datetime | None]:
    """The time in which events count.

    :param period: `ever`; `last`: the last `days`, counted back from now to the
        second; `between`: from the first second of `date_from` to the last one of
        `date_to`, either of which may be missing
    :param now: naive UTC
    :param timezone_name: IANA name of the zone whose days are meant
    :returns: naive UTC: the first moment, and the first one after; None for no end
    :raises ValueError: for an unknown period
    """
    if period == "ever":
        return None, None
    if period == "last":
        return now - timedelta(days=days), None
    if period == "between":
        zone = ZoneInfo(timezone_name)
        following = date_to and date_to + timedelta(days=1)
        return _get_midnight(date_from, zone), _get_midnight(following, zone)
    raise ValueError(f"Unknown period {period!r}")


def _get_midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    if not day:
        return None
    local = datetime.combine(day, time.min, tzinfo=zone)
    return local.astimezone(UTC).replace(tzinfo=None)


def escape_like(text: str) -> str:
    """The text as part of a pattern of SQL's LIKE, where it stands for itself."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text


def get_like_pattern(text: str) -> str:
    """Pattern of SQL's LIKE for what contains the text; `*` stands for anything.

    >>> get_like_pattern("/blog/*_2026")
    '%/blog/%\\\\_2026%'
    """
    parts = (escape_like(part) for part in text.strip().split("*"))
    return f"%{'%'.join(parts)}%"
