"""Which address somebody meant who mistyped it.

Suggestions only: "gmial.com" may belong to somebody. Nobody's address is changed
without a human's word.
"""

import re
import unicodedata
from functools import lru_cache

#: Domains of many people; the typos of these are known.
COMMON_DOMAINS = (
    "gmail.com googlemail.com hotmail.com outlook.com live.com msn.com yahoo.com "
    "ymail.com icloud.com me.com mac.com aol.com protonmail.com proton.me gmx.com "
    "gmx.net gmx.de gmx.at web.de t-online.de freenet.de mail.com email.com "
    "yandex.ru mail.ru zoho.com fastmail.com comcast.net verizon.net orange.fr "
    "wanadoo.fr free.fr laposte.net libero.it hotmail.fr hotmail.it hotmail.es "
    "hotmail.de hotmail.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.co.uk "
    "yahoo.co.jp yahoo.co.in yahoo.com.br yahoo.com.tw yahoo.com.hk outlook.fr "
    "outlook.de outlook.es outlook.it live.fr live.nl live.co.uk btinternet.com "
    "naver.com daum.net hanmail.net docomo.ne.jp rediffmail.com uol.com.br bol.com.br "
    "qq.com vip.qq.com foxmail.com 163.com vip.163.com 126.com yeah.net sina.com "
    "sina.cn vip.sina.com sohu.com aliyun.com 139.com 189.cn wo.cn tom.com 21cn.com "
    "188.com msa.hinet.net pchome.com.tw"
).split()
#: Endings that are nearly always a mistyped "com"; some are countries all the same.
TYPO_ENDINGS = frozenset(
    "cm co om con cmo comm vom xom cim ocm coom c0m ccom cpm dom conm cin come".split()
)
#: Real endings of other length than a country's, which nobody mistyped.
REAL_ENDINGS = frozenset(
    "com net org edu gov info biz name pro app dev shop me".split()
)
_KNOWN = frozenset(COMMON_DOMAINS)
#: The common domains by ending: `{ending: [(rank, label, domain)]}`.
_BY_ENDING: dict[str, list[tuple[int, str, str]]] = {}
for _rank, _domain in enumerate(COMMON_DOMAINS):
    _label, _dot, _ending = _domain.partition(".")
    _BY_ENDING.setdefault(_ending, []).append((_rank, _label, _domain))
#: What keyboards of other languages write for the signs of an address.
_SIGNS = str.maketrans({"。": ".", "．": ".", "｡": ".", "＠": "@", "，": ".", ",": "."})


def suggest_address(text: str | None) -> str | None:
    """The address that was probably meant, or None when nothing looks wrong.

    >>> suggest_address("ana@gmial.com")
    'ana@gmail.com'
    """
    given = (text or "").strip()
    clean = re.sub(r"\s", "", unicodedata.normalize("NFKC", given.translate(_SIGNS)))
    clean = re.sub(r"\.{2,}", ".", clean).strip(".;:<>\"'").lower()
    if clean.count("@") != 1:
        return None
    name, domain = clean.split("@")
    name, domain = name.strip("."), domain.strip(".")
    domain = suggest_domain(domain) or domain
    suggestion = f"{name}@{domain}"
    if not name or "." not in domain or suggestion == given.lower():
        return None
    return suggestion


@lru_cache(maxsize=10_000)
def suggest_domain(domain: str) -> str | None:
    """The common domain that was probably meant, or None.

    At most two typos, a swap of neighbours being one. Short names ("qq", "sina") must
    be right, since too many companies are called alike.
    """
    domain = domain.strip().lower()
    if domain in _KNOWN or not domain:
        return None
    label, _dot, ending = domain.partition(".")
    best = None
    for known_ending, rivals in _BY_ENDING.items():
        in_ending = _count_ending_typos(ending, known_ending)
        if in_ending is None:
            continue
        for rank, known_label, known in rivals:
            allowed = 0 if len(known_label) < 5 else 1 if len(known_label) < 6 else 2
            if abs(len(label) - len(known_label)) > allowed:
                continue  # the typos are as many at least
            if not allowed and label != known_label:
                continue
            in_label = count_typos(label, known_label)
            if in_label <= allowed and 0 < in_label + in_ending <= 2:
                found = (in_label + in_ending, rank, known)
                best = min(best, found) if best else found
    return best[2] if best else None


def _count_ending_typos(ending: str, known: str) -> int | None:
    """Typos between two endings; None when the first may well be meant."""
    if ending == known:
        return 0
    if known == "com" and ending in TYPO_ENDINGS:
        return 1
    if "." in ending or len(ending) == 2 or ending in REAL_ENDINGS:
        return None
    typos = count_typos(ending, known)
    return typos if typos <= 2 and len(ending) > 1 else None


def count_typos(one: str, other: str) -> int:
    """Letters added, left out, replaced or swapped with their neighbour.

    The restricted Damerau-Levenshtein distance: no part is edited twice.
    """
    if abs(len(one) - len(other)) > 2:
        return abs(len(one) - len(other))
    before, above = [], list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != against))
            swapped = (
                i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against
            )
            row.append(min(cost, before[j - 2] + 1) if swapped else cost)
        before, above = above, row
    return above[-1]
