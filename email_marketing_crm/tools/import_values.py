"""What a text in a file means: dates, numbers, yes and no, names, lists."""

import re
import unicodedata
from datetime import date

#: Orders of day, month and year a user may choose.
DATE_FORMATS = ("ymd", "dmy", "mdy")
_TRUE = frozenset({"1", "true", "yes", "y", "x", "on", "是", "对", "對", "有", "真"})
_FALSE = frozenset(
    {"0", "false", "no", "n", "off", "-", "否", "不", "无", "無", "没有", "沒有", "假"}
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def parse_boolean(text: str) -> bool:
    """:raises ValueError: it is neither yes nor no"""
    word = unicodedata.normalize("NFKC", text).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def parse_date(text: str, order: str) -> date:
    """The day a text names; what begins with four digits is year, month, day.

    :param order: one of DATE_FORMATS, for texts such as 03/04/2026
    :raises ValueError: it is no date
    """
    wide = unicodedata.normalize("NFKC", text).strip()
    numbers = [int(part) for part in re.findall(r"\d+", wide.split("T")[0])[:3]]
    if len(numbers) != 3:
        compact = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", wide)
        if not compact:
            raise ValueError(text)
        numbers = [int(part) for part in compact.groups()]
        order = "ymd"
    if numbers[0] >= 1000:
        order = "ymd"
    values = dict(zip(order, numbers, strict=True))
    year = values["y"]
    if year < 100:
        year += 2000 if year < 70 else 1900
    return date(year, values["m"], values["d"])


def parse_number(text: str) -> float:
    """The number a text writes, with either sign as the decimal one.

    The last of the two signs is the decimal one; one that stands alone before three
    digits separates thousands ("1,234" is one thousand and so on).

    :raises ValueError: it is no number
    """
    bare = unicodedata.normalize("NFKC", text)
    bare = re.sub(r"[\s'’¥$€£%]|元", "", bare)
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if point > comma else "."
    elif bare.count(",") > 1 or re.search(r"\d,\d{3}$", bare):
        thousands = ","
    elif bare.count(".") > 1:
        thousands = "."
    else:
        thousands = ""
    if thousands:
        bare = bare.replace(thousands, "")
    bare = bare.replace(",", ".")
    if not _NUMBER.fullmatch(bare):
        raise ValueError(text)
    return float(bare)


def split_list(text: str) -> list[str]:
    """The parts of "Trade fair; VIP", each once, in their order."""
    parts = (part.strip() for part in re.split(r"[;,|；，、\n]", text))
    return list(dict.fromkeys(part for part in parts if part))


def join_name(first: str, last: str) -> str:
    """First and last name as the person's own writing puts them."""
    if not (first and last):
        return first or last
    if _is_chinese(first) and _is_chinese(last):
        return last + first
    return f"{first} {last}"


def _is_chinese(text: str) -> bool:
    return all("\u3400" <= character <= "\u9fff" for character in text)
