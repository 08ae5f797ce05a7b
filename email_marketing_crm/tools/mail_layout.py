"""How the mails of the template library look.

A mail is written as a small XML document that says what is in it (`<hero>`, `<text>`,
`<button>` …) and nothing about how it looks. Here it becomes the sections of a `Mail`
(`tools/mail_section.py`), with every style inline.

Blocks: ``header``, ``hero``, ``picture``, ``heading``, ``text``, ``button``,
``columns`` of ``column``, ``list`` of ``item``, ``facts`` of ``fact``, ``quote``,
``scale``, ``divider``, ``signature``, ``footer``. Within text: ``b``, ``i``, ``a``,
``br``, ``p``, ``field`` (a value of who gets the mail, its text being what stands there
without one), ``sender`` and ``company`` (filled by `tools/mail_blocks.py`).
"""

from collections.abc import Iterator
from html import escape

from lxml import etree

from .mail_blocks import COMPANY, SOCIAL, SOCIAL_PARTS
from .mail_section import (
    DESK,
    INK,
    LINE,
    MUTED,
    PAPER,
    SOFT,
    TEXT,
    WIDTH,
    Mail,
    Section,
)

PICTURES = "/email_marketing_crm/static/img/mail/"
UNSUBSCRIBE = "/unsubscribe_from_list"
PREFERENCES = "/marketing/preferences"
VIEW = "/view"
#: Where links lead until a marketer says where: the website of the company, if known.
EXAMPLE = "https://www.example.com/"

#: Words of the layout itself: of the header and the footer.
WORDS = {
    "en": {
        "view": "View in browser",
        "why": "You get this mail because you agreed to hear from",
        "preferences": "Choose what you get",
        "unsubscribe": "Unsubscribe",
        "company": "Your company",
    },
    "zh": {
        "view": "在浏览器中查看",
        "why": "您收到此邮件，是因为您同意接收以下公司的资讯：",
        "preferences": "管理订阅偏好",
        "unsubscribe": "退订",
        "company": "贵公司",
    },
}


def read_mail(document: etree._Element, accent: str, *, is_plain: bool = False) -> Mail:
    """Read the document of a mail.

    :param document: the element `<mail lang="…" name="…" subject="…" preview="…">`
    :param accent: colour of what stands out, as `#0f766e`
    :param is_plain: as if typed in a mail program: no picture, no colour
    :raises ValueError: where there is a block that nobody knows
    """
    mail = Mail(
        lang=document.get("lang"),
        name=document.get("name"),
        subject=document.get("subject"),
        preview=document.get("preview"),
        is_plain=is_plain,
        accent=accent,
    )
    reader = _Reader(mail)
    for block in document.iterchildren(tag=etree.Element):
        read = getattr(reader, f"read_{block.tag}", None)
        if read is None:
            raise ValueError(f"Unknown block <{block.tag}> in {mail.name}")
        mail.sections.extend(read(block))
    return mail


class _Reader:
    """Turns each kind of block into sections."""

    def __init__(self, mail: Mail):
        self.mail = mail
        self.words = WORDS[mail.lang.split("_")[0]]

    # blocks ------------------------------------------------------------

    def read_header(self, block: etree._Element) -> Iterator[Section]:
        yield Section(
            [
                f'<p style="margin: 0; font-size: 12px; line-height: 18px;'
                f' text-align: right;"><a href="{VIEW}" style="color: {MUTED};'
                f' font-size: 12px; text-decoration: underline;">{self.words["view"]}'
                "</a></p>"
            ],
            "View Online",
            padding="8px 32px",
            background=DESK,
        )
        yield Section(
            [_logo(140)],
            "Logo",
            padding="24px 32px",
            align="center",
        )

    def read_hero(self, block: etree._Element) -> Iterator[Section]:
        picture = block.get("picture")
        if picture:
            yield Section(
                [_picture(picture, block.get("alt"), WIDTH)],
                "Picture",
                padding="0",
                background=block.get("ground") or self.mail.accent,
                align="center",
            )
        inner = self._title(block.get("title"), size=28, color=PAPER)
        if _has_text(block):
            inner += self._paragraphs(block, color=PAPER, size=17)
        yield Section(
            [inner],
            "Title",
            padding="28px 32px",
            background=self.mail.accent,
            align="center",
        )

    def read_picture(self, block: etree._Element) -> Iterator[Section]:
        yield Section(
            [_picture(block.get("src"), block.get("alt"), WIDTH - 64, radius=8)],
            "Picture",
        )

    def read_heading(self, block: etree._Element) -> Iterator[Section]:
        yield Section(
            [self._title(self._inline(block), size=20, is_markup=True)],
            "Heading",
            padding="20px 32px 0",
        )

    def read_text(self, block: etree._Element) -> Iterator[Section]:
        if self.mail.is_plain:
            yield Section([self._paragraphs(block, size=15)], "Text")
        else:
            yield Section([self._paragraphs(block)], "Text", padding="20px 32px 0")

    def read_button(self, block: etree._Element) -> Iterator[Section]:
        yield Section(
            [self._button(self._inline(block), block.get("href"))],
            "Button",
            padding="12px 32px 24px",
            align="center",
        )

    def read_columns(self, block: etree._Element) -> Iterator[Section]:
        yield Section(
            [self._column(column) for column in block.iterchildren("column")],
            "Columns",
            padding="8px 24px",
        )

    def read_list(self, block: etree._Element) -> Iterator[Section]:
        items = "".join(
            f'<li style="margin: 0 0 8px; color: {TEXT};">{self._inline(item)}</li>'
            for item in block.iterchildren("item")
        )
        size = 15 if self.mail.is_plain else 16
        yield Section(
            [
                f'<ul style="margin: 0 0 16px; padding: 0 0 0 20px; color: {TEXT};'
                f' font-size: {size}px; line-height: 26px;">{items}</ul>'
            ],
            "List",
        )

    def read_facts(self, block: etree._Element) -> Iterator[Section]:
        rows = "".join(
            f'<p style="margin: 0 0 8px; font-size: 16px; line-height: 26px;'
            f' color: {TEXT};"><b style="color: {INK};">{escape(fact.get("name"))}</b>'
            f"&#160;&#160;{self._inline(fact)}</p>"
            for fact in block.iterchildren("fact")
        )
        yield Section([rows], "Facts", padding="20px 32px 12px", background=SOFT)

    def read_quote(self, block: etree._Element) -> Iterator[Section]:
        # Slanted Chinese characters are hard to read.
        style = "normal" if self.mail.lang.startswith("zh") else "italic"
        yield Section(
            [
                f'<p style="margin: 0 0 8px; font-size: 18px; line-height: 28px;'
                f' color: {INK}; font-style: {style};">{self._inline(block)}</p>'
                f'<p style="margin: 0; font-size: 14px; line-height: 22px;'
                f' color: {MUTED};">{escape(block.get("by"))}</p>'
            ],
            "Quote",
            padding="24px 32px",
            background=SOFT,
        )

    def read_scale(self, block: etree._Element) -> Iterator[Section]:
        """Answers from low to high, each a link of its own."""
        low, high = block.get("low"), block.get("high")
        answers = "&#160; ".join(
            f"<a {_link(None, f'?answer={number}')}"
            ' style="display: inline-block; width: 44px; line-height: 44px;'
            f" margin: 0 0 8px; border: 1px solid {self.mail.accent};"
            f" border-radius: 8px; color: {self.mail.accent}; font-size: 17px;"
            f' font-weight: bold; text-align: center; text-decoration: none;">{number}'
            "</a>"
            for number in range(1, 6)
        )
        yield Section(
            [
                f'<p style="margin: 0; text-align: center;">{answers}</p>'
                f'<p style="margin: 0; font-size: 13px; line-height: 20px;'
                f' color: {MUTED}; text-align: center;">1 = {escape(low)} ·'
                f" 5 = {escape(high)}</p>"
            ],
            "Scale",
            padding="12px 32px 20px",
            align="center",
        )

    def read_divider(self, block: etree._Element) -> Iterator[Section]:
        yield Section(
            [
                f'<p style="margin: 0; border-top: 1px solid {LINE}; font-size: 1px;'
                ' line-height: 1px;">&#160;</p>'
            ],
            "Separator",
            padding="16px 32px 4px",
        )

    def read_signature(self, block: etree._Element) -> Iterator[Section]:
        size = 15 if self.mail.is_plain else 16
        yield Section(
            [
                f'<div data-marketing-sender="signature" style="margin: 0 0 16px;'
                f' color: {TEXT}; font-size: {size}px; line-height: 24px;">'
                f"{self._inline(block)}</div>"
            ],
            "Signature",
        )

    def read_footer(self, block: etree._Element) -> Iterator[Section]:
        links = " · ".join(
            f'<a href="{href}" style="color: {MUTED}; font-size: 12px;'
            ' text-decoration: underline;">'
            f"{self.words[name]}</a>"
            for href, name in (
                (PREFERENCES, "preferences"),
                (UNSUBSCRIBE, "unsubscribe"),
                (VIEW, "view"),
            )
        )
        company = f'<span data-marketing-company="name">{self.words["company"]}</span>'
        address = '<span data-marketing-company="address"></span>'
        style = f"margin: 0 0 6px; font-size: 12px; line-height: 20px; color: {MUTED};"
        if self.mail.is_plain:
            yield Section(
                [
                    f'<p style="{style} border-top: 1px solid {LINE};'
                    f' padding-top: 12px;">{company} · {address}</p>'
                    f'<p style="{style}">{links}</p>'
                ],
                "Footer",
            )
            return
        yield Section(
            [
                f"{_logo(96)}{self._social()}"
                f'<p style="{style} text-align: center;">{self.words["why"]}'
                f" {company}</p>"
                f'<p style="{style} text-align: center;">{address}</p>'
                f'<p style="{style} text-align: center;">{links}</p>'
            ],
            "Footer",
            padding="24px 32px",
            background=DESK,
            align="center",
        )

    # parts of blocks -----------------------------------------------------

    def _social(self) -> str:
        """Links to the pages of the company elsewhere: words, as pictures are blocked.

        Those the company does not have are taken out when the mail is begun.
        """
        links = " ".join(
            f'<a {COMPANY}="{network}" href="{address}" style="display: inline-block;'
            f" padding: 4px 8px; color: {self.mail.accent}; font-size: 13px;"
            f' line-height: 20px; text-decoration: none;">{name}</a>'
            for network, (name, address) in SOCIAL_PARTS.items()
        )
        return (
            f'<p {COMPANY}="{SOCIAL}" style="margin: 0 0 10px; text-align: center;">'
            f"{links}</p>"
        )

    def _title(
        self,
        text: str | None,
        size: int,
        color: str = INK,
        is_markup: bool = False,
    ) -> str:
        """A title; one over 24 pixels stands in the middle."""
        text = text if is_markup else escape(text or "")
        align = "center" if size > 24 else "left"
        return (
            f'<h2 style="margin: 0 0 8px; color: {color}; font-size: {size}px;'
            f" line-height: {round(size * 1.35)}px; font-weight: bold;"
            f' text-align: {align};">{text}</h2>'
        )

    def _paragraphs(
        self, block: etree._Element, color: str = TEXT, size: int = 16
    ) -> str:
        """Each `<p>` of a block; a block without is one paragraph."""
        paragraphs = list(block.iterchildren("p")) or [block]
        align = "center" if color == PAPER else "left"
        return "".join(
            f'<p style="margin: 0 0 {0 if color == PAPER else 16}px; color: {color};'
            f" font-size: {size}px; line-height: {size + 10}px; text-align: {align};"
            f'">{self._inline(paragraph)}</p>'
            for paragraph in paragraphs
        )

    def _button(self, label: str, href: str) -> str:
        accent = self.mail.accent
        return (
            '<p style="margin: 0; text-align: center;">'
            f'<a {_link(href)} class="btn btn-primary" style="display:'
            f" inline-block; padding: 12px 28px; background-color: {accent};"
            f" border: 1px solid {accent}; border-radius: 6px; color: {PAPER};"
            " font-size: 16px; line-height: 24px; font-weight: bold;"
            f' text-decoration: none;">{label}</a></p>'
        )

    def _column(self, column: etree._Element) -> str:
        picture = column.get("picture")
        inner = (
            _picture(picture, column.get("alt"), 260, radius=8, align="left")
            if picture
            else ""
        )
        inner += (
            f'<h3 style="margin: 12px 0 6px; color: {INK}; font-size: 17px;'
            ' line-height: 24px; font-weight: bold;">'
            f"{escape(column.get('title'))}</h3>"
            f'<p style="margin: 0 0 8px; color: {TEXT}; font-size: 15px;'
            f' line-height: 24px;">{self._inline(column)}</p>'
        )
        if column.get("link"):
            inner += (
                f'<p style="margin: 0 0 12px; font-size: 15px; line-height: 24px;">'
                f'<a {_link(column.get("href"))} style="color:'
                f' {self.mail.accent}; font-weight: bold; text-decoration: underline;">'
                f"{escape(column.get('link'))}</a></p>"
            )
        return inner

    def _inline(self, element: etree._Element) -> str:
        """Text with what may stand in a line."""
        written = [escape(_squeeze(element.text), quote=False)]
        for child in element.iterchildren(tag=etree.Element):
            written.append(self._inline_element(child))
            written.append(escape(_squeeze(child.tail), quote=False))
        return "".join(written).strip()

    def _inline_element(self, child: etree._Element) -> str:
        inner = self._inline(child)
        if child.tag == "br":
            return "<br/>"
        if child.tag in ("b", "i"):
            return f"<{child.tag}>{inner}</{child.tag}>"
        if child.tag == "a":
            return (
                f'<a {_link(child.get("href"))} style="color:'
                f' {self.mail.accent}; text-decoration: underline;">{inner}</a>'
            )
        if child.tag == "field":
            return f'<t t-out="object.{child.get("name")}">{inner}</t>'
        if child.tag in ("sender", "company"):
            part = child.get("part")
            return f'<span data-marketing-{child.tag}="{part}">{inner}</span>'
        raise ValueError(f"<{child.tag}> cannot stand in a line")


def _logo(width: int) -> str:
    """The logo of the company, which is put in when the mail is begun."""
    return (
        f'<p style="margin: 0 0 {0 if width > 100 else 10}px; text-align: center;"><img'
        f' {COMPANY}="logo" src="/logo.png" alt="Logo" class="img-fluid"'
        f' width="{width}" style="width: {width}px; max-width: 60%; height: auto;'
        ' border: 0;"/></p>'
    )


def _has_text(block: etree._Element) -> bool:
    return bool((block.text or "").strip() or len(block))


def _link(href: str | None, query: str = "") -> str:
    """Where a link leads; without an address to the website of the company."""
    if href:
        return f'href="{escape(href)}"'
    return f'data-marketing-company="website" href="{EXAMPLE}{escape(query)}"'


def _squeeze(text: str | None) -> str:
    """Line breaks of the document are spaces, and none between Chinese characters."""
    words = (text or "").split("\n")
    squeezed = words[0]
    for word in words[1:]:
        word = word.lstrip()
        is_chinese = squeezed[-1:] > "\u2e80" and word[:1] > "\u2e80"
        squeezed = squeezed.rstrip() + ("" if is_chinese else " ") + word
    return squeezed


def _picture(
    src: str, alt: str | None, width: int, radius: int = 0, align: str = "center"
) -> str:
    if "/" not in src:
        src = PICTURES + src
    return (
        f'<p style="margin: 0; line-height: 0; text-align: {align};">'
        f'<img src="{escape(src)}" alt="{escape(alt or "")}" width="{width}"'
        ' class="img-fluid"'
        ' style="width: 100%; max-width: 100%; height: auto; border: 0;'
        f' border-radius: {radius}px;"/></p>'
    )
