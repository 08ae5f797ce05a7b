"""Questions to the domain name system."""

from collections.abc import Sequence

import dns.exception
import dns.resolver

from .address_check import DomainNotFoundError, LookupFailedError

#: What a server that reaches the Internet knows: the root, and a domain below it.
KNOWN_NAMES = (".", "com.")


class DnsLookup:
    """A `Lookup` (tools/address_check.py) over the network; safe for threads.

    A server behind a firewall may say of every domain that it does not exist. Its no
    is only believed when it knows what everybody knows.

    :param nameservers: addresses of the servers to ask; empty for the machine's own
    :param timeout: seconds a question may take, all servers together
    """

    def __init__(self, nameservers: Sequence[str] = (), timeout: float = 5.0):
        self.error = None
        self.is_trusted = None
        try:
            self.resolver = dns.resolver.Resolver(configure=not nameservers)
            if nameservers:
                self.resolver.nameservers = list(nameservers)
        except (dns.exception.DNSException, OSError, ValueError) as error:
            self.resolver = None
            self.error = str(error)
            return
        self.resolver.lifetime = timeout
        self.resolver.timeout = min(timeout, 3.0)

    def __call__(self, domain: str, kind: str) -> list[str]:
        if self.resolver is None:
            raise LookupFailedError(self.error)
        try:
            answer = self.resolver.resolve(f"{domain}.", kind, search=False)
        except dns.resolver.NXDOMAIN as error:
            if not self._is_trusted():
                raise LookupFailedError(
                    "The name server does not reach the Internet."
                ) from error
            raise DomainNotFoundError(domain) from error
        except dns.resolver.NoAnswer:
            return []
        # Time-outs, refusals, servers that are down, names that cannot be written.
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise LookupFailedError(str(error)) from error
        if kind == "MX":
            return [record.exchange.to_text() for record in answer]
        return [record.to_text() for record in answer]

    def _is_trusted(self) -> bool:
        """Whether the server knows names that exist; asked once."""
        if self.is_trusted is None:
            self.is_trusted = any(map(self._knows, KNOWN_NAMES))
        return self.is_trusted

    def _knows(self, name: str) -> bool:
        try:
            self.resolver.resolve(name, "NS", search=False)
        except (dns.exception.DNSException, OSError):
            return False
        return True
