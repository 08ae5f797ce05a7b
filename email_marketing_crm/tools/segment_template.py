"""Blanks in what a segment template is made of, and how they are filled in.

A template is written with blanks, names in braces: `{days}`. A text that is nothing but
a blank becomes the value itself, so that `("score", ">=", "{score}")` ends up with a
number; a blank within a text becomes part of it, as in `"today -{days}d"`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BLANK = re.compile(r"\{(\w+)\}")


def fill_blanks(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with every blank filled in; what has no blank stays as it is.

    :param template: literals: texts, numbers, lists, tuples and dictionaries
    :param values: values by the name of their blank
    :raises KeyError: for a blank without a value
    """
    if isinstance(template, str):
        whole = _BLANK.fullmatch(template)
        if whole:
            return values[whole[1]]
        return _BLANK.sub(lambda blank: str(values[blank[1]]), template)
    if isinstance(template, list | tuple):
        return type(template)(fill_blanks(item, values) for item in template)
    if isinstance(template, dict):
        return {key: fill_blanks(item, values) for key, item in template.items()}
    return template


def find_blanks(template: Any) -> set[str]:
    """Names of the blanks in a template."""
    if isinstance(template, str):
        return set(_BLANK.findall(template))
    if isinstance(template, dict):
        template = list(template.values())
    if isinstance(template, list | tuple):
        return set().union(*(find_blanks(item) for item in template))
    return set()
