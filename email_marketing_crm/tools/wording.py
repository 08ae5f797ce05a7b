"""Sentences about events, said with as much as is known of them.

An event is described by sentences from the most to the least telling, each with
named gaps such as `%(mailing)s`. The first one that every gap of can be filled is
said, so a click whose link was deleted still reads well.
"""

import re
from collections.abc import Iterable, Mapping

_GAP = re.compile(r"%\((\w+)\)s")
#: Longer names are cut: a subject may fill a screen, a URL may fill several.
MAX_NAME_LENGTH = 120


def say(sentences: Iterable[str], names: Mapping[str, str | None]) -> str | None:
    """The first of the sentences whose gaps all have a name, filled in.

    :param sentences: from the most to the least telling
    :param names: what is known; empty counts as not known
    :returns: `None` when each sentence needs a name that is not known
    """
    for sentence in sentences:
        gaps = set(_GAP.findall(sentence))
        if all(names.get(gap) for gap in gaps):
            return _GAP.sub(lambda gap: shorten(names[gap[1]]), sentence)
    return None


def shorten(name: object, length: int = MAX_NAME_LENGTH) -> str:
    """A name on one line of at most `length` characters."""
    text = " ".join(str(name).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def say_value(value: object) -> str:
    """A value of JSON as people read it: lists and objects without brackets."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {say_value(item)}" for key, item in value.items())
    if isinstance(value, list):
        separator = "; " if any(isinstance(item, dict) for item in value) else ", "
        return separator.join(say_value(item) for item in value)
    return str(value)


def last_line(traceback: str | None) -> str | None:
    """The line of a traceback that says what went wrong."""
    lines = (traceback or "").strip().splitlines()
    return shorten(lines[-1], 200) if lines else None


def split_list(text: str | None) -> list[str]:
    """The items of a list that somebody typed, with commas of any width between."""
    items = (item.strip() for item in re.split("[,，]", text or ""))
    return [item for item in items if item]
