"""What the domain name system says about a sender: SPF, DKIM, DMARC, alignment.

Mailbox providers ask the same questions of each mail. Since 2024 Gmail and Yahoo want
all three of who sends more than 5000 mails a day to them, aligned with the From domain.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .address_check import DomainNotFoundError, Lookup
from .mail_provider import FREE_PROVIDERS, provider_of_domain

#: Terms of an SPF record that cost a question, at most ten (RFC 7208, section 4.6.4).
SPF_QUESTIONS = ("include", "a", "mx", "ptr", "exists", "redirect")
MAX_SPF_QUESTIONS = 10
#: Keys of fewer bits are not trusted any more; fewer than 2048 are no longer advised
#: (RFC 8301, section 3.2).
MIN_DKIM_BITS = 1024
GOOD_DKIM_BITS = 2048
#: Names under which DKIM keys are usually published; asked when none is given.
USUAL_SELECTORS = (
    "default",
    "mail",
    "dkim",
    "odoo",
    "google",
    "selector1",
    "selector2",
    "s1",
    "s2",
    "k1",
)
#: Second labels under which a country registers names, as in example.co.uk.
SECOND_LEVELS = frozenset(("ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"))


class Finding(NamedTuple):
    """Something about a sender that providers dislike, or like.

    :param code: what it is
    :param severity: `"error"` (mail is likely refused or filed as spam), `"warning"`
        (it may be), `"info"` (could be better)
    :param values: what the sentence about it names
    """

    code: str
    severity: str
    values: Mapping[str, str]


def organizational_domain(domain: str) -> str:
    """Return the domain somebody registered: the end that DMARC compares.

    The last two labels, or three under names such as co.uk; the few registries that
    do it otherwise are compared too generously or too strictly.
    """
    labels = domain.rstrip(".").lower().split(".")
    is_country = len(labels) > 2 and len(labels[-1]) == 2
    size = 3 if is_country and labels[-2] in SECOND_LEVELS else 2
    return ".".join(labels[-size:])


def is_aligned(one: str, other: str, *, strict: bool = False) -> bool:
    """Whether DMARC takes two domains for the same sender (RFC 7489, section 3.1)."""
    if strict:
        return one == other
    return organizational_domain(one) == organizational_domain(other)


def read_text(record: str) -> str:
    """Return a TXT record as one text: it is written in quoted parts of 255 bytes."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', record)
    text = "".join(parts) if parts else record
    return re.sub(r"\\(.)", r"\1", text)


def read_tags(text: str) -> dict[str, str]:
    """Return the tags of a DKIM or DMARC record: `v=DMARC1; p=none` as a mapping."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _sign, value in pairs if name}


def check_sender(
    domain: str,
    return_domain: str,
    selectors: Sequence[str],
    lookup: Lookup,
) -> list[Finding]:
    """Return what mailbox providers will find about mail of a domain.

    :param domain: what follows the @ of the From address
    :param return_domain: what follows the @ of the return path, where bounces go
    :param selectors: names of the DKIM keys; the usual ones when there are none
    :raises LookupFailedError: when there is no answer
    """
    if provider_of_domain(domain) in FREE_PROVIDERS:
        return [Finding("free_domain", "error", {"domain": domain})]
    findings = [*_check_spf(return_domain, lookup)]
    findings += _check_dkim(domain, selectors, lookup)
    policy, found = _check_dmarc(domain, lookup)
    findings += found
    strict = policy.get("aspf", "").lower() == "s"
    if not is_aligned(domain, return_domain, strict=strict):
        findings.append(
            Finding(
                "not_aligned",
                "warning",
                {"domain": domain, "return_domain": return_domain},
            )
        )
    if not _ask(lookup, domain, "MX"):
        findings.append(Finding("no_mx", "warning", {"domain": domain}))
    return findings


def _ask(lookup: Lookup, name: str, kind: str) -> list[str]:
    try:
        return lookup(name, kind)
    except DomainNotFoundError:
        return []


def _read_records(lookup: Lookup, name: str, start: str) -> list[str]:
    """TXT records of a name that begin with a version."""
    texts = (read_text(record) for record in _ask(lookup, name, "TXT"))
    pattern = re.compile(rf"{re.escape(start)}(?=[\s;]|$)", re.IGNORECASE)
    return [text for text in texts if pattern.match(text.strip())]


# ----------------------------------------------------------------------
# SPF (RFC 7208)
# ----------------------------------------------------------------------


def _check_spf(domain: str, lookup: Lookup) -> Iterable[Finding]:
    values = {"domain": domain}
    records = _read_records(lookup, domain, "v=spf1")
    if not records:
        yield Finding("spf_missing", "error", values)
        return
    if len(records) > 1:
        yield Finding("spf_many", "error", values)
        return
    ending = _spf_ending(records[0])
    if ending == "+":
        yield Finding("spf_open", "error", values)
    elif ending in ("?", ""):
        yield Finding("spf_neutral", "info", values)
    count = _count_spf_questions(records[0], lookup, {domain})
    if count > MAX_SPF_QUESTIONS:
        yield Finding("spf_questions", "error", values | {"count": str(count)})


def _spf_terms(record: str) -> list[tuple[str, str, str]]:
    """The terms of a record: `[(qualifier, name, value)]`."""
    terms = []
    for term in record.split()[1:]:
        found = re.fullmatch(r"([+?~-]?)([a-z0-9]+)(?:[:=/](.*))?", term.lower())
        if found:
            terms.append((found[1] or "+", found[2], found[3] or ""))
    return terms


def _spf_ending(record: str) -> str:
    """The qualifier of `all`; empty without one, `~` where another record decides."""
    terms = _spf_terms(record)
    for qualifier, name, _value in terms:
        if name == "all":
            return qualifier
    return "~" if any(name == "redirect" for _sign, name, _value in terms) else ""


def _count_spf_questions(record: str, lookup: Lookup, seen: set[str]) -> int:
    """Questions a receiver asks to evaluate a record, those of other records too."""
    count = 0
    for _qualifier, name, value in _spf_terms(record):
        if name not in SPF_QUESTIONS:
            continue
        count += 1
        if count > MAX_SPF_QUESTIONS:
            break
        if name in ("include", "redirect") and value and value not in seen:
            seen.add(value)
            for other in _read_records(lookup, value, "v=spf1")[:1]:
                count += _count_spf_questions(other, lookup, seen)
    return count


# ----------------------------------------------------------------------
# DKIM (RFC 6376)
# ----------------------------------------------------------------------


def _check_dkim(
    domain: str, selectors: Sequence[str], lookup: Lookup
) -> Iterable[Finding]:
    found = False
    for selector in selectors or USUAL_SELECTORS:
        name = f"{selector}._domainkey.{domain}"
        keys = [
            tags
            for tags in map(read_tags, map(read_text, _ask(lookup, name, "TXT")))
            if "p" in tags
        ]
        values = {"domain": domain, "selector": selector, "name": name}
        if not keys:
            if selectors:
                yield Finding("dkim_missing", "error", values)
            continue
        found = True
        yield from _judge_key(keys[0], values)
        if not selectors:
            return
    if not found and not selectors:
        yield Finding("dkim_unknown", "warning", {"domain": domain})


def _judge_key(tags: Mapping[str, str], values: Mapping[str, str]) -> Iterable[Finding]:
    if not tags["p"]:
        yield Finding("dkim_revoked", "error", values)
        return
    if tags.get("k", "rsa").lower() != "rsa":
        return
    try:
        key = load_der_public_key(base64.b64decode("".join(tags["p"].split())))
        bits = key.key_size
    except (ValueError, AttributeError, UnsupportedAlgorithm):
        yield Finding("dkim_unreadable", "error", values)
        return
    if bits < GOOD_DKIM_BITS:
        severity = "error" if bits < MIN_DKIM_BITS else "info"
        yield Finding("dkim_short", severity, {**values, "bits": str(bits)})


# ----------------------------------------------------------------------
# DMARC (RFC 7489)
# ----------------------------------------------------------------------


def _check_dmarc(domain: str, lookup: Lookup) -> tuple[dict[str, str], list[Finding]]:
    """The policy that holds for a domain, its own or the registered domain's."""
    values = {"domain": domain}
    for name in dict.fromkeys((domain, organizational_domain(domain))):
        records = _read_records(lookup, f"_dmarc.{name}", "v=DMARC1")
        if len(records) > 1:
            return {}, [Finding("dmarc_many", "error", values)]
        if records:
            break
    else:
        return {}, [Finding("dmarc_missing", "error", values)]
    tags = read_tags(records[0])
    # A registered domain may say something else about the domains below it (sp).
    kind = "sp" if name != domain and tags.get("sp") else "p"
    policy = tags.get(kind, "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return tags, [Finding("dmarc_broken", "error", values)]
    findings = []
    if policy == "none":
        findings.append(Finding("dmarc_none", "info", values))
    if "rua" not in tags:
        findings.append(Finding("dmarc_no_report", "info", values))
    return tags, findings
