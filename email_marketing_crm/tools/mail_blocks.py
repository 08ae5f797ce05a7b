"""Blocks of a mail that only some get, and places that its sender fills.

A block is an element with the attribute ``data-marketing-condition``: the id of a
condition. Who does not meet it gets the mail without the element and all that is in
it. A place is an element with ``data-marketing-sender``: a part of who sends the mail
(`SENDER_PARTS`). Its own text stays where that part is not known. The same for
``data-marketing-company`` and the company, which is known when a template is chosen.

Everything else is given back as it was read: placeholders, and comments for Outlook.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlsplit

from lxml import etree, html

from .link_places import PLACE

CONDITION = "data-marketing-condition"
SENDER = "data-marketing-sender"
#: What of a sender can be written into a mail; the signature is HTML.
SENDER_PARTS = ("name", "function", "phone", "email", "signature")

COMPANY = "data-marketing-company"
#: What of a company: text, but for the logo (of a picture) and the website (of a link).
COMPANY_PARTS = ("name", "address", "logo", "website")
#: Pages of a company elsewhere, as links: what they are called, and an example.
SOCIAL_PARTS = {
    "facebook": ("Facebook", "https://www.facebook.com/"),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/"),
    "twitter": ("X", "https://x.com/"),
    "instagram": ("Instagram", "https://www.instagram.com/"),
    "youtube": ("YouTube", "https://www.youtube.com/"),
    "tiktok": ("TikTok", "https://www.tiktok.com/"),
    "github": ("GitHub", "https://github.com/"),
    "discord": ("Discord", "https://discord.com/"),
}
#: What stands around the links to these pages, and goes where there is none.
SOCIAL = "social"

_IDS = re.compile(rf'{CONDITION}\s*=\s*["\'](\d+)["\']')
_ATTRIBUTE = re.compile(r"""[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*')""")
_PLACEHOLDER = re.compile(
    r"""<t(?=\s)(?P<attributes>(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)"""
    r"(?P<end>\s*/?>)",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\A<div>(.*)</div>\s*\Z", re.DOTALL)


def find_conditions(body: str) -> set[int]:
    """Ids of the conditions that blocks of a mail depend on."""
    return {int(found) for found in _IDS.findall(body or "")}


def find_chains(body: str) -> set[frozenset[int]]:
    """Conditions that stand around each block: who sees it meets all of a chain.

    A block whose condition nobody can read is shown to nobody, and has none.
    """
    chains = set()
    for element in _parse(body).xpath(f".//*[@{CONDITION}]"):
        around = (element, *element.iterancestors())
        values = {(one.get(CONDITION) or "").strip() for one in around} - {""}
        if values and all(value.isdigit() for value in values):
            chains.add(frozenset(map(int, values)))
    return chains


def clean_placeholders(body: str) -> str:
    """The mail with placeholders that have nothing but their expression.

    The editor writes styles into them too, which mean nothing there. Odoo renders a
    placeholder without them fast, and lets everybody write it who may write the field.
    """
    return _PLACEHOLDER.sub(_keep_directives, body)


def _keep_directives(found: re.Match) -> str:
    kept = [
        attribute
        for attribute in _ATTRIBUTE.findall(found["attributes"])
        if attribute.startswith("t-")
    ]
    return "<t " + " ".join(kept) + found["end"]


def has_sender_parts(body: str) -> bool:
    """Whether a mail has places that its sender fills."""
    return SENDER in (body or "")


def keep_blocks(body: str, met: Collection[int]) -> str:
    """The mail as somebody gets it who meets these conditions, and no others.

    A link that repeats in the whole mail keeps the number of its place
    (`link_places.PLACE`): what is clicked is the same place for all who have it.

    :param met: ids of conditions. A block whose condition is not among them goes,
        also when nobody knows the condition any more: it was not meant for everybody
    """
    root = _parse(body)
    conditional = root.xpath(f".//*[@{CONDITION}]")
    if conditional:
        _number_repeated_links(root)
    for element in conditional:
        value = element.get(CONDITION).strip()
        if not value or (value.isdigit() and int(value) in met):
            del element.attrib[CONDITION]
        else:
            _remove(element)
    return _serialize(root)


def _number_repeated_links(root: html.HtmlElement) -> None:
    links: dict[tuple[str, str], list[html.HtmlElement]] = {}
    for link in root.xpath(".//a[@href]"):
        pictures = [picture.get("src", "") for picture in link.iter("img")]
        shown = link.text_content().strip() or " ".join(pictures)
        links.setdefault((link.get("href"), shown), []).append(link)
    for places in links.values():
        for number, link in enumerate(places if len(places) > 1 else (), 1):
            link.set(PLACE, str(number))


def fill_sender(body: str, parts: Mapping[str, str]) -> str:
    """The mail with what is known of its sender.

    Nothing of it is a template, whatever a user wrote into his signature: directives
    (``t-…``) are taken out.

    :param parts: by name, of `SENDER_PARTS`; empty ones leave the place as it is
    """
    root = _parse(body)
    for element in root.xpath(f".//*[@{SENDER}]"):
        name = element.get(SENDER)
        del element.attrib[SENDER]
        value = parts.get(name)
        if not value:
            continue
        for child in list(element):
            element.remove(child)
        if name == "signature":
            element.text = None
            signature = _parse(value)
            _take_directives_out(signature.iter())
            element.text = signature.text
            element.extend(list(signature))
        else:
            element.text = value
    return _serialize(root)


def fill_company(body: str, parts: Mapping[str, str]) -> str:
    """The mail with what is known of the company.

    The marks stay: who looks for the address of the company finds it by them. Links
    to pages that the company does not have go.

    :param parts: by name, of `COMPANY_PARTS` and `SOCIAL_PARTS`; the logo, the website
        and the pages elsewhere are addresses. A link keeps what follows the host in it
    """
    root = _parse(body)
    for element in root.xpath(f".//*[@{COMPANY}]"):
        name = element.get(COMPANY)
        value = parts.get(name)
        if name in SOCIAL_PARTS:
            if value:
                element.set("href", value if "://" in value else f"https://{value}")
            else:
                _remove(element)
            continue
        if not value:
            continue
        if name == "logo":
            element.set("src", value)
            element.set("alt", parts.get("name") or element.get("alt", ""))
        elif name == "website":
            path = urlsplit(element.get("href", ""))
            query = f"?{path.query}" if path.query else ""
            element.set("href", value.rstrip("/") + "/" + path.path.strip("/") + query)
        else:
            element.text = value
    for element in root.xpath(f'.//*[@{COMPANY}="{SOCIAL}"][not(.//a)]'):
        _remove(element)
    return _serialize(root)


def _take_directives_out(elements: Iterable) -> None:
    for element in elements:
        if not isinstance(element.tag, str):
            continue
        if element.tag == "t":
            element.tag = "span"
        for name in list(element.attrib):
            if name.startswith("t-"):
                del element.attrib[name]


def _parse(body: str) -> html.HtmlElement:
    return html.fragment_fromstring(str(body), create_parent="div")


def _serialize(root: html.HtmlElement) -> str:
    written = etree.tostring(root, encoding="unicode", method="html")
    return _WRAPPED.match(written)[1]


def _remove(element: html.HtmlElement) -> None:
    """Take an element out, and leave the text behind it where it is."""
    element.drop_tree()
