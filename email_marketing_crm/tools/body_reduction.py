"""How little of a body has to be rendered to try it for everybody in an audience."""

import re

from lxml import html

from .merge_field import CONDITIONS, OUTPUTS, parse_body

#: Directives that leave nothing behind for what comes after them.
_STATELESS = (*OUTPUTS, *CONDITIONS, "t-else")
#: What QWeb puts next to the variable of a loop.
_LOOP_VARIABLE = re.compile(r"\bobject_(value|size|index|first|last|odd|even|parity)\b")


def has_expression(source: str) -> bool:
    """Whether a body or a subject differs from person to person."""
    return bool(re.search(r"\{\{.+?\}\}|<[^>]*\st-[a-z]", source or "", re.DOTALL))


def reduce_body(source: str) -> str:
    """A body without what is the same for everybody; it fails for the same persons.

    Elements that carry a directive stay, with their directives only, and so do their
    ancestors and everything a variable is set to. A body of 50 KB becomes some lines:
    a million persons can be tried.
    """
    root = parse_body(source)
    if root is None:
        return source or ""
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            _remove(element)
    kept = set()
    for element in root.iter():
        if _is_dynamic(element):
            kept.add(element)
            kept.update(element.iterancestors())
    whole = {
        below
        for element in kept
        if "t-set" in element.attrib
        for below in element.iter()
    }
    for element in list(root.iter()):
        if element is root or element in whole:
            continue
        if element not in kept:
            _remove(element)
            continue
        element.text = None
        element.tail = None
        for key in list(element.attrib):
            if not key.startswith("t-"):
                del element.attrib[key]
    root.text = None
    for element in whole:
        if element.getparent() not in whole:
            element.tail = None
    return "".join(html.tostring(child, encoding="unicode") for child in root)


def repeat_body(source: str, records: str) -> str | None:
    """A body that is rendered for many records at once, or None where it cannot be.

    What one record sets must not be there for the next one: a body with other
    directives than those that show a value or a place has to be rendered for each.

    :param records: name of the variable that holds the records
    """
    root = parse_body(source)
    if root is None or _LOOP_VARIABLE.search(source):
        return None
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        for key in element.attrib:
            if key.startswith("t-") and not (
                key in _STATELESS or key.startswith("t-att")
            ):
                return None
    return f'<t t-foreach="{records}" t-as="object">{source}</t>'


def _is_dynamic(element: html.HtmlElement) -> bool:
    return element.tag == "t" or any(key.startswith("t-") for key in element.attrib)


def _remove(element: html.HtmlElement) -> None:
    """Take an element out, with everything below and behind it."""
    parent = element.getparent()
    if parent is not None:
        element.tail = None
        parent.remove(element)
