"""What can be said of a mail by looking at its text, before anybody gets it.

A mail is read once (`Content.read`): its visible text, its links and its pictures. Each
`find_…` function looks for one kind of defect and says where it stands, as an excerpt
that a person finds again with the search of the editor. Nothing here knows the database
or the network, and no HTML, however broken, makes it fail.

Widths are columns: a Chinese, Japanese or Korean character takes two, as in the list of
mails of every mail program.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml import etree

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
#: Pictures up to this many pixels wide or high are icons, lines and tracking pixels.
ICON_PIXELS = 48
#: Names that never lead anywhere (RFC 2606, RFC 6761), and what templates put in.
EXAMPLE_DOMAINS = ("example.com", "example.org", "example.net", "yourwebsite.com")
EXAMPLE_ENDINGS = ("example", "invalid", "test", "localhost")

_SCHEMES = ("http", "https", "mailto", "tel", "sms")
_HIDDEN = {"style", "script", "head", "title", "noscript", "template"}
_BLOCKS = {
    "address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p",
    "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_CJK_CHARACTER = re.compile(f"[{_CJK}]")
_CJK_RUN = re.compile(f"[{_CJK}]+")
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
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
#: Words that say nothing about what a text is about.
_STOP_WORDS = {
    "en": "the and for you your our with this that are from have has will can not but"
    " all new now get more what how who when why here their they was were been about"
    " into out just its it's don't we're of to in is on at by an as or if be we us it",
    "de": "der die das und für sie ihr ihre mit ist von dem den ein eine nicht auf auch"
    " wir uns zu im in es werden wird bei aus nach oder sind hat haben noch nur",
    "fr": "le la les et pour vous votre vos avec dans est une des du que qui nous notre"
    " sur pas plus par ce cette aux en un de au il elle sont ont être",
    "es": "el la los las y para usted su sus con en es una un que de del por no más"
    " nuestro nuestra nosotros este esta como al se lo le son está",
    "pt": "o a os as e para você seu sua com em é uma um que de do da por não mais"
    " nosso nossa nós este esta como ao se são está dos das",
    "it": "il lo la gli le e per voi vostro con in è una un che di del della non più"
    " nostro nostra noi questo questa come al si sono alla",
    "nl": "de het een en voor u uw met van is niet op ook wij ons te in er zijn wordt"
    " bij uit naar of heeft hebben nog maar dat die",
}
_STOP_SETS = {lang: frozenset(words.split()) for lang, words in _STOP_WORDS.items()}
_CHINESE_STOPS = frozenset(
    "我们 你们 您的 我的 他们 一个 这个 那个 以及 或者 如何".split()
)


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


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: what, in which part, and the text around it."""

    what: str
    part: str
    excerpt: str
    key: int = 0


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

    def _add_link(self, element) -> None:
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

    def _add_image(self, element) -> None:
        src = element.get("src") or element.get("t-attf-src") or ""
        hidden = element.get("role") == "presentation" or (
            element.get("aria-hidden") == "true"
        )
        alt = element.get("alt")
        dynamic_alt = element.get("t-att-alt") or element.get("t-attf-alt")
        if alt is None and (hidden or dynamic_alt):
            alt = dynamic_alt or ""
        self.images.append(Image(src, alt, _is_icon(element)))


def parse_html(source: str):
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


def _tag(element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _join_text(root) -> str:
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


def _is_icon(element) -> bool:
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


# ----------------------------------------------------------------------
# words and widths
# ----------------------------------------------------------------------


def get_width(text: str) -> int:
    """Columns that a text takes in a list of mails."""
    return sum(
        0
        if unicodedata.combining(character) or unicodedata.category(character) == "Cf"
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def count_words(text: str) -> int:
    """Words of a text; two Chinese characters count as one word."""
    latin = len(_LATIN_WORD.findall(_CJK_RUN.sub(" ", text)))
    return latin + (len(_CJK_CHARACTER.findall(text)) + 1) // 2


def cut_excerpt(text: str, start: int, end: int, around: int = 24) -> str:
    """What stands around a place of a text, on one line."""
    first, last = max(0, start - around), min(len(text), end + around)
    while 0 < first < start and _is_letter(text[first]) and _is_letter(text[first - 1]):
        first += 1
    while (
        end < last < len(text) and _is_letter(text[last - 1]) and _is_letter(text[last])
    ):
        last -= 1
    excerpt = " ".join(text[first:last].split())
    return f"{'…' if first else ''}{excerpt}{'…' if last < len(text) else ''}"


def guess_language(text: str) -> str | None:
    """The language a text is written in (two letters), or None when it is not plain.

    Chinese, Japanese and Korean are known by their characters, others by the little
    words they cannot do without; short texts are not judged.
    """
    characters = len(_CJK_CHARACTER.findall(text))
    words = [word.casefold() for word in _LATIN_WORD.findall(_CJK_RUN.sub(" ", text))]
    if characters >= 10 and characters > len(words):
        if len(re.findall(r"[\u3040-\u30ff]", text)) * 10 > characters:
            return "ja"
        if len(re.findall(r"[\uac00-\ud7af]", text)) * 2 > characters:
            return "ko"
        return "zh"
    if len(words) < 15:
        return None
    counts = sorted(
        (sum(word in stops for word in words), lang)
        for lang, stops in _STOP_SETS.items()
    )
    (second, _other), (first, lang) = counts[-2:]
    return lang if first * 10 >= len(words) and first >= 1.3 * second else None


def get_topics(text: str) -> set[str]:
    """What a text is about: its content words, and pairs of Chinese characters."""
    stops = frozenset().union(*_STOP_SETS.values())
    words = {
        _stem(word.casefold())
        for word in _LATIN_WORD.findall(_CJK_RUN.sub(" ", text))
        if len(word) > 2 and word.casefold() not in stops
    }
    pairs = {
        run[place : place + 2]
        for run in _CJK_RUN.findall(text)
        for place in range(len(run) - 1)
    }
    return words | (pairs - _CHINESE_STOPS)


def _stem(word: str) -> str:
    """Plural and singular are the same word."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def is_related(subject: str, body: str) -> bool:
    """Whether subject and body share a content word; a subject without any does."""
    topics = get_topics(_TOKEN.sub(" ", subject))
    return not topics or bool(topics & get_topics(body))


# ----------------------------------------------------------------------
# defects
# ----------------------------------------------------------------------


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


def is_shouting(subject: str) -> bool:
    """Whether a subject is written in capitals, or full of exclamation marks."""
    text = _TOKEN.sub("", subject)
    words = [word for word in _LATIN_WORD.findall(text) if len(word) > 3]
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
            (_is_letter(word[0]) and _is_letter(before))
            or (_is_letter(word[-1]) and _is_letter(after))
        ):
            yield place, end
        place = text.find(word, end)


def _is_letter(character: str) -> bool:
    """A letter or digit of a script that puts spaces between words."""
    return character.isalnum() and not _CJK_CHARACTER.match(character)


def _is_covered(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def _overlaps(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)
