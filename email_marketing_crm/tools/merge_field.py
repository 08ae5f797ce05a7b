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
#: Directives that show a value.
OUTPUTS = ("t-out", "t-esc", "t-raw", "t-field")
#: Directives that show a place, or do not.
CONDITIONS = ("t-if", "t-elif")


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
    root = parse_body(source)
    return [] if root is None else list(_walk(root, frozenset()))


def parse_body(source: str) -> html.HtmlElement | None:
    """The element around a body, or None where it is no HTML."""
    try:
        return html.fragment_fromstring(source or "", create_parent="div")
    except Exception:  # lxml has many ways to say that this is no HTML
        return None


def _walk(root: html.HtmlElement, guards: frozenset) -> Iterator[MergeField]:
    stack = [(root, guards)]
    while stack:
        element, guards = stack.pop()
        for key in CONDITIONS:
            guards |= frozenset(_get_paths(element.get(key) or ""))
        default = (
            bool(element.text_content().strip())
            if len(element) or (element.text)
            else False
        )
        for key, value in element.attrib.items():
            if key in OUTPUTS:
                yield from _read_expression(value, default, guards)
            elif key.startswith("t-attf-"):
                for match in re.finditer(r"\{\{(.+?)\}\}|#\{(.+?)\}", value):
                    yield from _read_expression(match[1] or match[2], False, guards)
        stack += [
            (child, guards) for child in reversed(element) if isinstance(child.tag, str)
        ]


def _read_expression(
    source: str, fallback: bool, guards: frozenset
) -> list[MergeField]:
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


def _compile(source: str) -> ast.expr | None:
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _get_path(node: ast.AST) -> tuple[str, ...] | None:
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
