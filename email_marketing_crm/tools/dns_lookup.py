"""Questions to the domain name system."""

from collections.abc import Sequence

import dns.exception
import dns.resolver

from .address_check import DomainNotFoundError, LookupFailedError


class DnsLookup:
    """A `Lookup` (tools/address_check.py) over the network; safe for threads.

    :param nameservers: addresses of the servers to ask; empty for the machine's own
    :param timeout: seconds a question may take, all servers together
    """

    def __init__(self, nameservers: Sequence[str] = (), timeout: float = 5.0):
        self.error = None
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
            raise DomainNotFoundError(domain) from error
        except dns.resolver.NoAnswer:
            return []
        # Time-outs, refusals, servers that are down, names that cannot be written.
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise LookupFailedError(str(error)) from error
        if kind == "MX":
            return [record.exchange.to_text() for record in answer]
        return [record.to_text() for record in answer]
