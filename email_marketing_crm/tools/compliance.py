"""What a mail shows, as the laws on advertising by mail ask for it.

Sources: GDPR Art. 6, 7 and 21 and Directive 2002/58/EC Art. 13; CAN-SPAM Act, 15 U.S.C.
7704 (postal address, opt-out); CASL S.C. 2010 c. 23, s. 6 and 10(9) (implied consent
ends after two years); China: Measures for the Administration of Internet E-mail
Services Art. 13 (“广告” or “AD” in front of the subject) and the Advertising Law
Art. 43 and 44.
"""

import re

from .wording import split_list

#: Paths that lead to unsubscribing; replaced for each receiver when the mail is sent.
UNSUBSCRIBE_PATHS = ("/unsubscribe_from_list", "/marketing/preferences")
#: Domains where anybody gets an address: no company is recognised by them.
FREE_DOMAINS = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com"
    " aol.com gmx.com gmx.de web.de mail.ru qq.com 163.com 126.com sina.com foxmail.com"
    " yeah.net".split()
)
_OPENING = "[【〔(（<《「*#"
_WORD = re.compile(r"\w+")


def has_unsubscribe(body: str) -> bool:
    """Whether a body (HTML) has a link to unsubscribe or to the preferences."""
    return any(path in body for path in UNSUBSCRIBE_PATHS)


def has_label(subject: str, labels: str) -> bool:
    """Whether a subject begins with one of the labels, with or without brackets.

    :param labels: separated by commas, e.g. "广告, AD"; none: nothing is asked for
    """
    wanted = [label.casefold() for label in split_list(labels)]
    begin = subject.strip().lstrip(_OPENING + " ").casefold()
    return not wanted or any(_begins_with(begin, label) for label in wanted)


def _begins_with(text: str, label: str) -> bool:
    """Whether a label stands alone at the beginning: “AD: pumps”, not “Advanced”."""
    rest = text.removeprefix(label)
    if rest == text:
        return False
    if not label.isascii():
        return True
    return not (rest[:1].isalnum() and rest[:1].isascii())


def has_address(text: str, street: str, city: str) -> bool:
    """Whether a text shows the street and the city, however it is broken into lines."""
    words = _normalize(text)
    return bool(street and city) and all(
        _normalize(part) in words for part in (street, city)
    )


def has_sender(name: str, email: str, company: str, text: str) -> bool:
    """Whether it is plain who sends a mail.

    :param name: name of the sender, may be empty
    :param email: normalised address of the sender, may be empty
    :param company: name of the company
    :param text: the mail without its markup
    """
    domain = email.rpartition("@")[2].casefold()
    if not name or not domain or domain in FREE_DOMAINS:
        return False
    return _normalize(company) in _normalize(f"{name} {text}")


def _normalize(text: str) -> str:
    """Words only, one space between them: what people see as the same."""
    return " ".join(_WORD.findall(text.casefold()))
