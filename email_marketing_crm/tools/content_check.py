"""What can be said of a mail by looking at its text, before anybody gets it.

A mail is read once (`Content.read`). Each `find_…` function looks for one kind of
defect and says where it stands, as an excerpt that a person finds again with the search
of the editor. Nothing here knows the database or the network.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .content_reading import Content, Image, Link
from .text_language import LATIN_WORD, count_words, cut_excerpt, get_topics, is_letter

#: Gmail cuts a mail off after this many bytes of HTML ("message clipped").
CLIP_BYTES = 102 * 1024
#: Columns of a subject: what is longer is cut off on a screen, the first ones are all
#: that a phone shows.
SUBJECT_COLUMNS = (10, 70)
#: Columns of the text that stands behind the subject in the list of mails.
PREVIEW_COLUMNS = (30, 130)
#: Words a picture needs beside it; with `ENOUGH_WORDS` the number of pictures is no
#: matter. Rule of thumb of filters: a mail that is mostly pictures hides its text.
WORDS_PER_IMAGE = 20
ENOUGH_WORDS = 150
#: A mail says something in plain text from this many words on.
PLAIN_WORDS = 5
#: Names that never lead anywhere (RFC 2606, RFC 6761), and what templates put in.
EXAMPLE_DOMAINS = ("example.com", "example.org", "example.net", "yourwebsite.com")
EXAMPLE_ENDINGS = ("example", "invalid", "test", "localhost")

_SCHEMES = ("http", "https", "mailto", "tel", "sms")
_TOKEN = re.compile(r"\{\{.{0,80}?\}\}")
_PLACEHOLDER = re.compile(
    r"""
    \{\{[^{}]{0,80}\}\}                       # {{name}}
    | \$\{[^{}]{1,80}\}                       # ${name}
    | \*\|[^|*]{1,40}\|\*                     # *|FNAME|*
    | <<[^<>]{1,40}>>                         # <<name>>
    | %%[A-Za-z_]{2,40}%% | %[A-Z]{2,}[A-Z_]*%  # %%name%%, %FIRST_NAME%
    | [\[【](?:
        (?:your|insert|enter|add|the|recipient'?s?|customer'?s?|contact'?s?|first|last
           |full|company|product|event)[ _-][^\]】]{1,40}
        | name|firstname|lastname|company|customer|recipient|date|city|title|link|url
        | email|e-mail|phone|address|product|price|text|placeholder|tbd|todo|x{2,}
        | (?:客户|客戶|您的|收件人|公司|产品|產品|活动|活動)?
          (?:姓名|名字|名称|名稱|称呼|稱呼|日期|链接|連結|电话|電話|地址|公司名)
        | 客户|客戶|公司
      )[\]】]
    | lorem\ ipsum
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: what, in which part, and the text around it."""

    what: str
    part: str
    excerpt: str
    key: int = 0


def find_bad_links(content: Content) -> Iterator[tuple[str, Link]]:
    """Links that lead nowhere: `("empty", link)`, or `("example", link)`."""
    for link in content.links:
        href = (link.href or "").strip()
        if link.is_dynamic and not href:
            continue
        kind = _judge_href(href, content.names)
        if kind:
            yield kind, link


def _judge_href(href: str, names: set[str]) -> str | None:
    if not href:
        return "empty"
    if href.startswith("#"):
        return None if href == "#top" or href[1:] in names else "empty"
    if href.startswith("/") and not href.startswith("//"):
        return None  # a page of this site
    try:
        parts = urlsplit(f"https:{href}" if href.startswith("//") else href)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "empty"
    scheme = parts.scheme.lower()
    if scheme not in _SCHEMES:
        return "empty"
    if scheme == "mailto":
        host = parts.path.rpartition("@")[2].strip().lower()
        if "@" not in parts.path:
            return "empty"
    elif scheme in ("tel", "sms"):
        return None if re.search(r"\d", parts.path) else "empty"
    elif not host or ("." not in host and ":" not in host and host != "localhost"):
        return "empty"
    return "example" if is_example(host) else None


def is_example(host: str) -> bool:
    """Whether a host name is one that only stands for others."""
    host = host.lower()
    return host.rpartition(".")[2] in EXAMPLE_ENDINGS or any(
        host == domain or host.endswith(f".{domain}") for domain in EXAMPLE_DOMAINS
    )


def get_checkable_urls(content: Content) -> list[str]:
    """Addresses of web pages a mail leads to, each once, in their order."""
    urls = [
        href
        for link in content.links
        if (href := (link.href or "").strip()).lower().startswith(("http:", "https:"))
        and "{{" not in href
        and not _judge_href(href, content.names)
    ]
    return list(dict.fromkeys(urls))


def find_images_without_text(content: Content) -> list[Image]:
    """Pictures that say nothing to who does not see them; `alt=""` is a decoration."""
    return [
        image for image in content.images if not image.is_icon and image.alt is None
    ]


def is_image_heavy(content: Content) -> bool:
    """Whether a mail consists of pictures more than of text."""
    images = sum(not image.is_icon for image in content.images)
    words = count_words(content.text)
    return bool(images) and words < min(ENOUGH_WORDS, WORDS_PER_IMAGE * images)


def find_placeholders(part: str, text: str, keep: Sequence[str] = ()) -> list[Hit]:
    """What a template left to be filled in: {{name}}, [NAME], *|FNAME|*.

    :param keep: texts in brackets that are meant, such as labels of advertising
    """
    kept = {label.strip().casefold() for label in keep}
    return [
        Hit(match[0], part, cut_excerpt(text, *match.span()))
        for match in _PLACEHOLDER.finditer(text)
        if match[0].strip("[]【】").strip().casefold() not in kept
    ]


def is_related(subject: str, body: str) -> bool:
    """Whether subject and body share a content word; a subject without any does."""
    topics = get_topics(_TOKEN.sub(" ", subject))
    return not topics or bool(topics & get_topics(body))


def is_shouting(subject: str) -> bool:
    """Whether a subject is written in capitals, or full of exclamation marks."""
    text = _TOKEN.sub("", subject)
    words = [word for word in LATIN_WORD.findall(text) if len(word) > 3]
    capitals = sum(word.isupper() for word in words)
    marks = len(re.findall("[!！]", text))
    doubled = re.search("[!！?？]{2}", text)
    return marks >= 3 or bool(doubled) or (capitals >= 2 and 2 * capitals >= len(words))


@dataclass(frozen=True, slots=True)
class Word:
    """A word to avoid, and the expressions in which it is harmless.

    `key` is the caller's name for it.
    """

    key: int
    text: str
    exceptions: tuple[str, ...] = ()


def find_words(words: Iterable[Word], parts: Sequence[tuple[str, str]]) -> list[Hit]:
    """Where words to avoid stand; of two that overlap, the longer one.

    :param parts: `(name of the part, its text)` in the order of their importance
    """
    ordered = sorted(words, key=lambda word: -len(word.text))
    hits = []
    for part, text in parts:
        folded = _fold(text)
        taken: list[tuple[int, int]] = []
        found = []
        for word in ordered:
            harmless = [
                span
                for exception in word.exceptions
                for span in _find_spans(_fold(exception), folded)
            ]
            for span in _find_spans(_fold(word.text), folded):
                if _is_covered(span, harmless) or _overlaps(span, taken):
                    continue
                taken.append(span)
                found.append((span[0], Hit(word.text, part, "", word.key), span))
        hits += [
            Hit(hit.what, part, cut_excerpt(text, *span), hit.key)
            for _start, hit, span in sorted(found, key=lambda item: item[0])
        ]
    return hits


def _fold(text: str) -> str:
    """Lower case, character by character, so that places stay the same."""
    return "".join(
        lower if len(lower := character.lower()) == 1 else character
        for character in text
    )


def _find_spans(word: str, text: str) -> Iterator[tuple[int, int]]:
    """Places of a word; one in Latin letters stands alone."""
    if not word:
        return
    place = text.find(word)
    while place >= 0:
        end = place + len(word)
        before, after = text[place - 1 : place], text[end : end + 1]
        if not (
            (is_letter(word[0]) and is_letter(before))
            or (is_letter(word[-1]) and is_letter(after))
        ):
            yield place, end
        place = text.find(word, end)


def _is_covered(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def _overlaps(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)
