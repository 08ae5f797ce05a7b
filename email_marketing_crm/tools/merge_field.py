"""Which values of the receiver a text puts in, and what happens where one is missing.

Subjects and previews say `{{ object.name ||| friend }}`, bodies (QWeb) say
`<t t-out="object.name">friend</t>`. A value is *guarded* where the text says what to
write instead, or shows the place only to whom has the value.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html

_INLINE = re.compile(r"\{\{(.+?)(\|\|\|\s*(.*?))?\}\}", re.DOTALL)
_OUTPUTS = ("t-out", "t-esc", "t-raw", "t-field")
_CONDITIONS = ("t-if", "t-elif")
#: Directives that leave nothing behind for what comes after them.
_STATELESS = (*_OUTPUTS, *_CONDITIONS, "t-else")
#: What QWeb puts next to the variable of a loop.
_LOOP_VARIABLE = re.compile(r"\bobject_(value|size|index|first|last|odd|even|parity)\b")


@dataclass(frozen=True, slots=True)
class MergeField:
    """A value of the receiver that a text shows: `("partner_id", "name")`."""

    path: tuple[str, ...]
    is_guarded: bool


def find_inline_fields(source: str) -> list[MergeField]:
    """Values that a subject or a preview shows."""
    found = []
    for match in _INLINE.finditer(source or ""):
        fallback = bool((match[3] or "").strip())
        found += _read_expression(match[1], fallback, frozenset())
    return found


def find_body_fields(source: str) -> list[MergeField]:
    """Values that a body shows."""
    root = _parse(source)
    return [] if root is None else list(_walk(root, frozenset()))


def _parse(source: str):
    try:
        return html.fragment_fromstring(source or "", create_parent="div")
    except Exception:  # lxml has many ways to say that this is no HTML
        return None


def _walk(root, guards: frozenset) -> Iterator[MergeField]:
    stack = [(root, guards)]
    while stack:
        element, guards = stack.pop()
        for key in _CONDITIONS:
            guards |= frozenset(_get_paths(element.get(key) or ""))
        default = (
            bool(element.text_content().strip())
            if len(element) or (element.text)
            else False
        )
        for key, value in element.attrib.items():
            if key in _OUTPUTS:
                yield from _read_expression(value, default, guards)
            elif key.startswith("t-attf-"):
                for match in re.finditer(r"\{\{(.+?)\}\}|#\{(.+?)\}", value):
                    yield from _read_expression(match[1] or match[2], False, guards)
        stack += [
            (child, guards) for child in reversed(element) if isinstance(child.tag, str)
        ]


def _read_expression(source: str, fallback: bool, guards) -> list[MergeField]:
    """The value an expression shows, where it shows one as it is."""
    tree = _compile(source)
    if tree is None:
        return []
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or):
        paths = [_get_path(value) for value in tree.values]
        constant = isinstance(tree.values[-1], ast.Constant)
        last = [path for path in paths if path]
        # “a or b”: whoever has neither gets nothing; that is known of the last one
        # only, and said for it.
        return [
            MergeField(path, fallback or constant or path != last[-1] or path in guards)
            for path in last
        ]
    path = _get_path(tree)
    return [MergeField(path, fallback or path in guards)] if path else []


def _compile(source: str):
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _get_path(node) -> tuple[str, ...] | None:
    """`object.partner_id.name` → `("partner_id", "name")`."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not names or not isinstance(node, ast.Name) or node.id != "object":
        return None
    return tuple(reversed(names))


def _get_paths(source: str) -> set[tuple[str, ...]]:
    """Every value of the receiver that an expression looks at."""
    tree = _compile(source)
    if tree is None:
        return set()
    return {path for node in ast.walk(tree) if (path := _get_path(node))}


# ----------------------------------------------------------------------
# what has to be rendered
# ----------------------------------------------------------------------


def has_expression(source: str) -> bool:
    """Whether a body or a subject differs from person to person."""
    return bool(re.search(r"\{\{.+?\}\}|<[^>]*\st-[a-z]", source or "", re.DOTALL))


def reduce_body(source: str) -> str:
    """A body without what is the same for everybody; it fails for the same persons.

    Elements that carry a directive stay, with their directives only, and so do their
    ancestors and everything a variable is set to. A body of 50 KB becomes some lines:
    a million persons can be tried.
    """
    root = _parse(source)
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
    root = _parse(source)
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


def _is_dynamic(element) -> bool:
    return element.tag == "t" or any(key.startswith("t-") for key in element.attrib)


def _remove(element) -> None:
    """Take an element out, with everything below and behind it."""
    parent = element.getparent()
    if parent is not None:
        element.tail = None
        parent.remove(element)
