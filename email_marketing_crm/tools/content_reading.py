"""What a reader sees of a mail: its visible text, its links and its pictures.

Any HTML can be read, however broken it is; nothing readable gives empty content.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

#: Pictures up to this many pixels wide or high are icons, lines and tracking pixels.
ICON_PIXELS = 48
_HIDDEN = {"style", "script", "head", "title", "noscript", "template"}
_BLOCKS = {
    "address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p",
    "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a mail; `href` is None where it has none, or one made by a template."""

    href: str | None
    text: str
    is_dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of a mail; `alt` is None where nothing is said."""

    src: str
    alt: str | None
    is_icon: bool = False


@dataclass(slots=True)
class Content:
    """A mail as its reader sees it."""

    text: str = ""
    links: list[Link] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @classmethod
    # pylint: disable-next=method-required-super
    def read(cls, source: str) -> "Content":
        """Read HTML, whatever its state; nothing readable gives empty content."""
        root = parse_html(source)
        if root is None:
            return cls()
        content = cls(text=_join_text(root))
        for element in root.iter(etree.Element):
            tag = _tag(element)
            content.names.update(
                value for key in ("id", "name") if (value := element.get(key))
            )
            if tag == "a":
                content._add_link(element)
            elif tag == "img":
                content._add_image(element)
        return content

    def _add_link(self, element: etree._Element) -> None:
        dynamic = any(
            key in ("t-att", "t-attf-href", "t-att-href") for key in element.attrib
        )
        href = element.get("href")
        if href is None and not dynamic and (element.get("name") or element.get("id")):
            return  # a place to jump to
        text = " ".join(_join_text(element).split())
        if not text:
            text = next(
                (
                    image.get("alt") or image.get("src") or ""
                    for image in element.iter("img")
                ),
                "",
            )
        self.links.append(Link(href, text, dynamic))

    def _add_image(self, element: etree._Element) -> None:
        src = element.get("src") or element.get("t-attf-src") or ""
        hidden = element.get("role") == "presentation" or (
            element.get("aria-hidden") == "true"
        )
        alt = element.get("alt")
        dynamic_alt = element.get("t-att-alt") or element.get("t-attf-alt")
        if alt is None and (hidden or dynamic_alt):
            alt = dynamic_alt or ""
        self.images.append(Image(src, alt, _is_icon(element)))


def parse_html(source: str) -> etree._Element | None:
    """The root element of any HTML, or None when there is nothing in it."""
    raw = str(source or "").replace("\x00", "").encode("utf-8", "replace")
    if not raw.strip():
        return None
    parser = etree.HTMLParser(
        encoding="utf-8", recover=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(raw, parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _tag(element: etree._Element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _join_text(root: etree._Element) -> str:
    """Visible text below an element, a line a block; spaces as they are shown."""
    parts: list[str] = []
    hidden = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = _tag(element)
        if event == "start":
            hidden += tag in _HIDDEN
            if tag in _BLOCKS:
                parts.append("\n")
            if not hidden and element.text:
                parts.append(re.sub(r"\s+", " ", element.text))
            continue
        hidden -= tag in _HIDDEN
        if tag in _BLOCKS:
            parts.append("\n")
        if not hidden and element.tail and element is not root:
            parts.append(re.sub(r"\s+", " ", element.tail))
    lines = (re.sub(" +", " ", line).strip() for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _is_icon(element: etree._Element) -> bool:
    """Whether a picture says by its size that it is an ornament."""
    for side in ("width", "height"):
        size = element.get(side) or ""
        if not size:
            found = re.search(
                rf"(?<![-\w]){side}\s*:\s*(\d+)(?:\.\d+)?px", element.get("style") or ""
            )
            size = found[1] if found else ""
        digits = re.match(r"\s*(\d{1,6})\s*(?:px)?\s*$", size)
        if digits and int(digits[1]) <= ICON_PIXELS:
            return True
    return False
