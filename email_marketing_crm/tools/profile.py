"""Answers about a person: how sure they are, and how texts become values.

An answer is *explicit* when a human gave it (in a form, in an imported list, to a
colleague who typed it in) and *implicit* when it was concluded (from behaviour, by a
rule). What is explicit holds; what is implicit fills the gaps.
"""

import re
from collections.abc import Iterable

EXPLICIT_ORIGINS = frozenset({"form", "import", "hand"})
IMPLICIT_ORIGINS = frozenset({"behavior", "rule"})

#: Western, Arabic and Chinese separators of lists.
_SEPARATORS = re.compile(r"[,;|\n\t，；、،]+")
_NUMBER = re.compile(r"(?P<number>-?[\d.,'\s]*\d)\s*(?P<unit>k|m|万|萬|亿|億)?", re.I)
_UNITS = {"k": 1e3, "m": 1e6, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}


def kind_of(origin: str) -> str:
    """`explicit` or `implicit`, by the origin of an answer.

    :raises ValueError: for an origin that does not exist
    """
    if origin in EXPLICIT_ORIGINS:
        return "explicit"
    if origin in IMPLICIT_ORIGINS:
        return "implicit"
    raise ValueError(f"unknown origin of an answer: {origin}")


def fold_name(name: object) -> str:
    """A name as names are compared: without case and superfluous spaces."""
    return " ".join(str(name).split()).casefold()


def split_names(value: object) -> list[str]:
    """Names of a list, each once and in order, as given or out of one text."""
    parts: Iterable = (
        value
        if isinstance(value, list | tuple | set | frozenset)
        else _SEPARATORS.split(str(value))
    )
    names = {}
    for part in parts:
        name = " ".join(str(part).split())
        if name:
            names.setdefault(name.casefold(), name)
    return list(names.values())


def parse_number(value: object) -> float:
    """A number out of what people type: 10 000, 12,500.50, 1.234,5, "€ 10k", 5万.

    A single comma or point is a decimal mark unless exactly three digits follow it and
    at most three stand before it: nobody types a budget in thousandths.

    :raises ValueError: where there is no number, or more than one
    """
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    if isinstance(value, int | float):
        return float(value)
    found = [match for match in _NUMBER.finditer(str(value)) if match]
    if len(found) != 1:
        raise ValueError(f"not one number: {value}")
    text = re.sub(r"[\s']", "", found[0]["number"])
    marks = [mark for mark in text if mark in ",."]
    if len(set(marks)) == 2:  # the last one is the decimal mark
        thousands = "," if marks[-1] == "." else "."
        text = text.replace(thousands, "").replace(",", ".")
    elif len(marks) > 1 or re.fullmatch(r"-?[1-9]\d{0,2}[.,]\d{3}", text):
        text = re.sub("[.,]", "", text)
    else:
        text = text.replace(",", ".")
    return float(text) * _UNITS.get((found[0]["unit"] or "").lower(), 1.0)


def format_number(number: float) -> str:
    """A number as texts show it: no needless decimals, no grouping."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
