"""Words, widths and languages of a text, Chinese, Japanese and Korean among them.

Widths are columns: a Chinese, Japanese or Korean character takes two, as in the list of
mails of every mail program.
"""

import re
import unicodedata

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_CJK_CHARACTER = re.compile(f"[{_CJK}]")
_CJK_RUN = re.compile(f"[{_CJK}]+")
#: A word of a script that puts spaces between words.
LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
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
    latin = len(LATIN_WORD.findall(_CJK_RUN.sub(" ", text)))
    return latin + (len(_CJK_CHARACTER.findall(text)) + 1) // 2


def cut_excerpt(text: str, start: int, end: int, around: int = 24) -> str:
    """What stands around a place of a text, on one line."""
    first, last = max(0, start - around), min(len(text), end + around)
    while 0 < first < start and is_letter(text[first]) and is_letter(text[first - 1]):
        first += 1
    while (
        end < last < len(text) and is_letter(text[last - 1]) and is_letter(text[last])
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
    words = [word.casefold() for word in LATIN_WORD.findall(_CJK_RUN.sub(" ", text))]
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
        for word in LATIN_WORD.findall(_CJK_RUN.sub(" ", text))
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


def is_letter(character: str) -> bool:
    """A letter or digit of a script that puts spaces between words."""
    return character.isalnum() and not _CJK_CHARACTER.match(character)
