"""How far an address can be trusted, from its writing and from its domain.

Nothing is sent to find out, and nobody's mail server is asked about a single
address: that would look like an attack, and its answers are worth little.
"""

from collections.abc import Callable
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

#: Asks the domain name system: `(domain, "MX" | "A" | "AAAA") -> answers`. For MX an
#: answer is the name of a host, "." for "no mail at all" (RFC 7505). An empty list is
#: a domain without such a record.
Lookup = Callable[[str, str], list[str]]


class DomainNotFoundError(Exception):
    """The domain name system knows for sure that there is no such domain."""


class LookupFailedError(Exception):
    """No answer, or none that says anything about the domain."""


class Verdict(NamedTuple):
    """What is known about an address or a domain.

    :param state: `"valid"`, `"risky"`, `"invalid"` or `"unknown"`
    :param reason: code of the reason, None for a valid one
    """

    state: str
    reason: str | None = None


#: Names that the domain name system does not know by design (RFC 2606, 6761, 6762, 9476
#: and the ones of home routers): examples, tests, and somebody's own network.
RESERVED_DOMAINS = (
    "example",
    "example.com",
    "example.net",
    "example.org",
    "home.arpa",
    "internal",
    "invalid",
    "lan",
    "local",
    "localhost",
    "test",
)
#: The worse one counts; "unknown" says less than anything that is known to be bad.
SEVERITY = {"invalid": 3, "risky": 2, "unknown": 1, "valid": 0}


def is_well_formed(address: str) -> bool:
    """Whether a mail could be addressed like this, as RFC 5321 and 6531 write it.

    Reserved endings (.local, .test) are somebody's own network and no mistake.
    """
    try:
        validate_email(
            address,
            check_deliverability=False,
            test_environment=True,
            allow_quoted_local=True,
        )
    except EmailNotValidError as error:
        return "special-use" in str(error)
    return True


def check_domain(domain: str, lookup: Lookup) -> Verdict:
    """Whether mail can be delivered to a domain.

    Only a sure "no" of the domain name system makes a domain invalid: whatever goes
    wrong while asking leaves it unknown. RFC 5321 5.1: without MX the host of the
    domain itself takes the mail; hardly any real domain is set up like that.
    """
    if any(f".{domain}".endswith(f".{name}") for name in RESERVED_DOMAINS):
        return Verdict("unknown", "reserved")
    try:
        hosts = lookup(domain, "MX")
        if hosts:
            if all(host in (".", "") for host in hosts):
                return Verdict("invalid", "null_mx")
            return Verdict("valid")
        if lookup(domain, "A") or lookup(domain, "AAAA"):
            return Verdict("risky", "no_mx")
    except DomainNotFoundError:
        return Verdict("invalid", "no_domain")
    except LookupFailedError:
        return Verdict("unknown", "dns_failed")
    return Verdict("invalid", "no_server")


def judge_address(
    well_formed: bool, role: bool, disposable: bool, domain: Verdict
) -> Verdict:
    """The worst of what is known about an address, its reason with it."""
    verdicts = [domain]
    if not well_formed:
        verdicts.insert(0, Verdict("invalid", "syntax"))
    if disposable:
        verdicts.append(Verdict("risky", "disposable"))
    if role:
        verdicts.append(Verdict("risky", "role"))
    return max(verdicts, key=lambda verdict: SEVERITY[verdict.state])
