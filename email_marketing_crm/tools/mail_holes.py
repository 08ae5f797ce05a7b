"""Where a QWeb template of a mail differs from recipient to recipient.

A template that only prints values (`t-out`) can be rendered once, with a marker in the
place of each value, as long as nothing else in it depends on the recipient.

Where all values are fields by their names, Odoo does not compile the template: it finds
them with an expression, for each recipient anew. `cut_fields` finds them once for all.
"""

import copy
import re
import secrets
from collections.abc import Sequence
from html import unescape
from typing import NamedTuple

from lxml import html
from markupsafe import escape

#: Directives a template may have and still be cut.
_PRINT = "t-out"
#: A field that is printed by its name, with what is shown without a value: the
#: expression of `mail.render.mixin._render_template_qweb_regex`.
_NAMED_FIELD = re.compile(
    r"""<(\w+)[\s|\n]+t-out=[\s|\n]*(\'|\")((\w|\.)+)(\2)[\s|\n]*"""
    r"""((\/>)|(>[\s|\n]*([^<>]*?))[\s|\n]*<\/\1>)""",
    re.DOTALL,
)


class Hole(NamedTuple):
    """A place where a value is printed."""

    marker: str
    """Stands for the value; occurs nowhere else, and nothing rewrites it."""
    source: str
    """A template that prints the value alone."""


class NamedField(NamedTuple):
    """A field of the record, or of a record that it leads to."""

    names: Sequence[str]
    """Names of the fields that lead to the value, without the record's own."""
    default: str | None
    """What is printed where there is no value."""


class CutTemplate(NamedTuple):
    """A template, cut at its holes."""

    element: html.HtmlElement
    holes: Sequence[Hole]

    def get_body(self, filled: Sequence[bool], is_compiled: bool) -> str:
        """Return the template with markers for values.

        :param filled: by hole: whether there is a value; a hole without one is closed
        :param is_compiled: whether Odoo compiles the template. It replaces names of
            common fields in a text otherwise, which leaves the HTML in another form,
            so what was compiled stays something to compile.
        """
        element = copy.deepcopy(self.element)
        nodes = [node for node in element.iter() if _is_hole(node)]
        for node, hole, is_filled in zip(nodes, self.holes, filled, strict=True):
            text = hole.marker if is_filled else ""
            for child in list(node):
                node.remove(child)
            node.text = None
            if is_compiled:
                node.set(_PRINT, f"'{text}'")
            else:
                _replace(node, text)
        return _inner(element)

    def get_source(self, separator: str, is_compiled: bool) -> str:
        """Return a template that prints the values alone, and what parts them."""
        parts = [hole.source for hole in self.holes]
        if is_compiled:
            # Something that Odoo has to compile; prints nothing.
            parts[0] += "<t t-out=\"''\"/>"
        return separator.join(parts)


def cut_template(source: str) -> CutTemplate | None:
    """Find the holes of a template, or return None when it cannot be cut."""
    element = html.fragment_fromstring(source, create_parent="div")
    holes = []
    for node in list(element.iter()):
        if not isinstance(node.tag, str):
            continue  # a comment
        directives = [name for name in node.attrib if name.startswith("t-")]
        if not directives:
            if node.tag == "t":
                return None
            continue
        if directives != [_PRINT] or (node.tag == "t" and len(node.attrib) > 1):
            return None
        if any(_is_hole(child) for child in node.iterdescendants()):
            return None
        holes.append(Hole(_make_marker(), _get_value_source(node)))
    return CutTemplate(element, holes)


def cut_fields(source: str) -> tuple[list[str], list[NamedField]]:
    """Cut a template where Odoo prints a field by its name.

    :param source: the HTML as `html_normalize` leaves it, without an element around it
    :returns: the texts, and the fields between them: one less. A tag other than
        ``<t>`` stays in the texts, without its attributes, as Odoo writes it.
    """
    texts, fields = [], []
    start, closing = 0, ""
    for found in _NAMED_FIELD.finditer(source):
        tag, expression, default = found[1], found[3], found[9]
        is_bare = tag.lower() == "t"
        opening = "" if is_bare else f"<{tag}>"
        texts.append(closing + source[start : found.start()] + opening)
        fields.append(NamedField(expression.split(".")[1:], default))
        start, closing = found.end(), "" if is_bare else f"</{tag}>"
    texts.append(closing + source[start:])
    return texts, fields


def split_values(rendered: str, separator: str) -> list[str]:
    """Return the values, as they are in HTML, from what `get_source` rendered to."""
    return rendered.split(separator)


def split_at_markers(text: str, holes: Sequence[Hole]) -> tuple[list[str], list[int]]:
    """Cut a text at the markers of holes: its pieces, and the holes between them."""
    numbers = {hole.marker: number for number, hole in enumerate(holes)}
    if not numbers:
        return [text], []
    found = re.split("(" + "|".join(map(re.escape, numbers)) + ")", text)
    return found[::2], [numbers[marker] for marker in found[1::2]]


def make_separator() -> str:
    """Return a text that occurs in no value and is changed by nothing."""
    return f"qZ{secrets.token_hex(12)}Zq"


def to_plain(value: str) -> str:
    """Return a value as a reader sees it."""
    return unescape(value)


def to_markup(value: str) -> str:
    """Return a plain value as lxml writes it into HTML."""
    return value.replace("&", "&amp;")


def to_escaped(value: str) -> str:
    """Return a plain value as QWeb prints it."""
    return str(escape(value))


def _make_marker() -> str:
    return f"Zq{secrets.token_hex(8)}qZ"


def _is_hole(node: html.HtmlElement) -> bool:
    return isinstance(node.tag, str) and _PRINT in node.attrib


def _get_value_source(node: html.HtmlElement) -> str:
    """The template of a value: its expression, and what is shown without one."""
    value = html.Element("t")
    value.set(_PRINT, node.get(_PRINT))
    value.text = node.text
    value.extend(copy.deepcopy(list(node)))
    return html.tostring(value, encoding="unicode")


def _replace(node: html.HtmlElement, text: str) -> None:
    """Put a text where a hole is; a tag of its own stays."""
    del node.attrib[_PRINT]
    if node.tag == "t":
        node.text = text
        node.drop_tag()
    else:
        node.text = text


def _inner(element: html.HtmlElement) -> str:
    outer = html.tostring(element, encoding="unicode")
    return outer[outer.index(">") + 1 : outer.rindex("</div>")]
