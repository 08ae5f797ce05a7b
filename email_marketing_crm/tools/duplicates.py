"""Which records are likely to be about one human being, and why.

Records are compared in two steps. `get_keys` gives each record a few keys; only
records that share one are looked at together, so that a million records are never
compared with each other. `compare` then says for two of them what speaks for a
duplicate, and how much. Nothing here decides: a human does.
"""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b
from math import prod
from typing import NamedTuple

from .address_typo import suggest_domain

#: How likely two records are one human, by what speaks for it, in percent. Estimates:
#: they order the list, and what is below `MINIMUM_SCORE` is not listed at all.
SCORES = {
    "hand": 99,
    "dots": 95,
    "plus_address": 90,
    "same_address": 90,
    "typo_domain": 85,
    "name_company": 75,
    "phone": 60,
}
MINIMUM_SCORE = 50
#: Fewer digits are an extension, not a number.
MINIMUM_PHONE_DIGITS = 7
#: Digits that say who it is, without country and long-distance prefixes.
PHONE_DIGITS = 9
#: Providers that ignore dots in the name; the first one stands for all.
DOTLESS_DOMAINS = ("gmail.com", "googlemail.com")
#: Legal forms say nothing about which company it is.
_LEGAL_FORMS = frozenset(
    "ab ag as asa bv co corp corporation company gmbh inc incorporated kft kg kk"
    " limited llc llp ltd mbh nv oy oyj plc pte pty sa sarl sas se sl spa srl sro"
    " ug".split()
)
_CHINESE_LEGAL_FORMS = re.compile("(股份|责任|責任)?(有限)?(公司|企业|企業)$")
_WORDS = re.compile(r"[^\W_]+")


class Facts(NamedTuple):
    """What is compared of a record; texts as users wrote them, or None."""

    res_model: str
    res_id: int
    person_id: int | None
    email: str | None
    name: str | None
    company: str | None
    phone: str | None
    is_company: bool
    company_id: int | None


def split_words(text: str | None) -> list[str]:
    """Words of a text without case, accents and punctuation.

    >>> split_words("Müller, José-María")
    ['muller', 'jose', 'maria']
    """
    plain = unicodedata.normalize("NFKD", text or "").casefold()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _WORDS.findall(plain)


def get_name_key(name: str | None) -> str:
    """A name whatever the order of its parts: "Pereira, Ana" is "Ana Pereira"."""
    return " ".join(sorted(split_words(name)))


def get_company_key(name: str | None) -> str:
    """The name of a company without its legal form: "Acme Inc." is "ACME"."""
    words = [word for word in split_words(name) if word not in _LEGAL_FORMS]
    joined = "".join(words or split_words(name))
    return _CHINESE_LEGAL_FORMS.sub("", joined) or joined


def get_phone_key(phone: str | None) -> str:
    """The last digits of a telephone number; empty for what is none."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone or ""))
    return digits[-PHONE_DIGITS:] if len(digits) >= MINIMUM_PHONE_DIGITS else ""


def get_address_key(email: str | None) -> str:
    """The mailbox that is probably behind an address.

    Without what follows a plus, without dots where the provider ignores them, and
    with the common domain that a mistyped one was meant to be.

    :param email: a normalised address
    """
    name, _at, domain = (email or "").lower().rpartition("@")
    if not name or not domain:
        return ""
    domain = suggest_domain(domain) or domain
    name = name.partition("+")[0] or name
    if domain in DOTLESS_DOMAINS:
        name, domain = name.replace(".", "") or name, DOTLESS_DOMAINS[0]
    return f"{name}@{domain}"


def get_keys(facts: Facts) -> set[str]:
    """What records have in common that are worth comparing: hashes of 64 bits."""
    address = get_address_key(facts.email)
    name, company = _get_names(facts)
    phone = get_phone_key(facts.phone)
    texts = [
        f"address:{address}" if address else None,
        f"name:{name}|{company}" if name and company else None,
        f"phone:{phone}" if phone else None,
    ]
    return {_hash(text) for text in texts if text}


def compare(one: Facts, other: Facts) -> dict[str, int]:
    """What speaks for two records being one: `{reason: percent}`; empty if nothing.

    People of one company often share a telephone: the number speaks for a duplicate
    only where the names have a word in common. Records of two companies of the
    database are never one.
    """
    if one.company_id and other.company_id and one.company_id != other.company_id:
        return {}
    if one.is_company != other.is_company and "mailing.contact" not in (
        one.res_model,
        other.res_model,
    ):
        return {}
    reasons = dict.fromkeys(_compare_addresses(one.email, other.email))
    name, company = _get_names(one)
    other_name, other_company = _get_names(other)
    same_name = bool(name) and name == other_name
    if one.email and one.email == other.email and same_name:
        reasons["same_address"] = None
    if same_name and company and company == other_company:
        reasons["name_company"] = None
    phone = get_phone_key(one.phone)
    if phone and phone == get_phone_key(other.phone) and _share_word(name, other_name):
        reasons["phone"] = None
    return {reason: SCORES[reason] for reason in reasons}


def get_score(reasons: dict[str, int]) -> int:
    """How likely it is, in percent: each reason removes a part of the doubt.

    >>> get_score({"name_company": 75, "phone": 60})
    90
    """
    doubt = prod((100 - score) / 100 for score in reasons.values())
    return min(99, round(100 * (1 - doubt))) if reasons else 0


def is_original(email: str | None) -> bool:
    """Whether an address looks like the one to keep: no plus, no mistyped domain."""
    name, _at, domain = (email or "").lower().rpartition("@")
    return bool(name) and "+" not in name and not suggest_domain(domain)


def _compare_addresses(one: str | None, other: str | None) -> Iterator[str]:
    """Why two different addresses lead to one mailbox."""
    if not one or not other or one == other:
        return
    if get_address_key(one) != get_address_key(other):
        return
    name, _at, domain = one.lower().rpartition("@")
    other_name, _at, other_domain = other.lower().rpartition("@")
    if domain != other_domain and not {domain, other_domain} <= set(DOTLESS_DOMAINS):
        yield "typo_domain"
    if ("+" in name or "+" in other_name) and name != other_name:
        yield "plus_address"
    bare, other_bare = name.partition("+")[0], other_name.partition("+")[0]
    if bare != other_bare or (
        domain != other_domain and {domain, other_domain} <= set(DOTLESS_DOMAINS)
    ):
        yield "dots"


def _get_names(facts: Facts) -> tuple[str, str]:
    """(name, company) as they are compared; a company is its own."""
    if facts.is_company:
        key = get_company_key(facts.name)
        return key, key
    return get_name_key(facts.name), get_company_key(facts.company)


def _share_word(name: str, other: str) -> bool:
    words = {word for word in name.split() if len(word) > 1}
    return bool(words & set(other.split()))


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
