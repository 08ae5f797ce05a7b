"""Who runs the mailbox behind an address: mail is paced for each provider on its own.

The domain tells for mailboxes of everybody; for the domain of a company its mail
servers (MX) tell, since many companies have their mail at a big provider.
"""

import re
from collections.abc import Iterable

from .address_check import Lookup

PROVIDERS = ("gmail", "outlook", "yahoo", "qq", "163", "aliyun", "other")
#: Providers that give anybody a mailbox under their own domains.
FREE_PROVIDERS = frozenset(PROVIDERS) - {"other"}

DOMAINS = {
    "gmail.com": "gmail",
    "googlemail.com": "gmail",
    "msn.com": "outlook",
    "passport.com": "outlook",
    "windowslive.com": "outlook",
    "ymail.com": "yahoo",
    "rocketmail.com": "yahoo",
    "myyahoo.com": "yahoo",
    "aol.com": "yahoo",
    "aim.com": "yahoo",
    "qq.com": "qq",
    "vip.qq.com": "qq",
    "foxmail.com": "qq",
    "163.com": "163",
    "vip.163.com": "163",
    "126.com": "163",
    "vip.126.com": "163",
    "yeah.net": "163",
    "188.com": "163",
    "aliyun.com": "aliyun",
    "alimail.com": "aliyun",
}
#: Names that a provider has under the endings of many countries.
COUNTRY_NAMES = {
    "hotmail": "outlook",
    "live": "outlook",
    "outlook": "outlook",
    "yahoo": "yahoo",
}
#: A name under .com, a country, or a country's com or co: yahoo.co.jp, live.fr.
COUNTRY_PATTERN = re.compile(
    rf"({'|'.join(COUNTRY_NAMES)})\.(?:com|[a-z]{{2}}|com?\.[a-z]{{2}})"
)
#: Endings of the names of mail servers.
SERVERS = {
    "google.com": "gmail",
    "googlemail.com": "gmail",
    "psmtp.com": "gmail",
    "protection.outlook.com": "outlook",
    "mx.microsoft": "outlook",
    "hotmail.com": "outlook",
    "partner.outlook.cn": "outlook",
    "yahoodns.net": "yahoo",
    "qq.com": "qq",
    "163.com": "163",
    "netease.com": "163",
    "aliyun.com": "aliyun",
    "mxhichina.com": "aliyun",
    "hichina.com": "aliyun",
}


class ServerRecorder:
    """A `Lookup` that remembers which servers take the mail of the domains asked for.

    :param lookup: who is asked
    """

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.servers: dict[str, list[str]] = {}

    def __call__(self, domain: str, kind: str) -> list[str]:
        answer = self.lookup(domain, kind)
        if kind == "MX":
            self.servers[domain] = answer
        return answer


def provider_of_domain(domain: str) -> str:
    """Return the provider that a domain of everybody's mailboxes belongs to.

    :param domain: what follows the @, in lower case
    :return: one of `PROVIDERS`; `"other"` for every domain that is not a provider's
    """
    if domain in DOMAINS:
        return DOMAINS[domain]
    found = COUNTRY_PATTERN.fullmatch(domain)
    return COUNTRY_NAMES[found[1]] if found else "other"


def provider_of_servers(hosts: Iterable[str]) -> str:
    """Return the provider whose servers take the mail of a domain.

    :param hosts: names of its mail servers (MX), in any order
    :return: one of `PROVIDERS`; `"other"` unless all of them belong to one provider
    """
    providers = {_provider_of_server(host.rstrip(".").lower()) for host in hosts}
    return providers.pop() if len(providers) == 1 else "other"


def _provider_of_server(host: str) -> str:
    for ending, provider in SERVERS.items():
        if host == ending or host.endswith(f".{ending}"):
            return provider
    return "other"
