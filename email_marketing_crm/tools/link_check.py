"""Whether a web page is there, asked without becoming a tool against one's own network.

Only public addresses are called: each name is looked up first, every answer must be a
global address, and the connection goes to the very address that was looked at, so that
a second look-up cannot lead elsewhere. The same holds for each redirection.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

#: Redirections that are followed.
MAX_REDIRECTIONS = 5
#: Pages that are asked at a time.
THREADS = 8
#: Answers that say that a page is kept from programs, not that it is missing.
_CLOSED = {401, 403, 405, 406, 407, 408, 409, 425, 429, 451, 500, 502, 503, 504, 999}
_AGENT = "Mozilla/5.0 (compatible; link check before a mailing)"

#: `(method, url, address to connect to) → (status, where it leads)`
Fetch = Callable[[str, str, str], tuple[int, str | None]]
#: `host → addresses`
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What became of a link: `ok`, `dead`, `refused` (not called), `unknown`."""

    url: str
    state: str
    detail: str = ""


class RefusedError(Exception):
    """The address must not be called."""


def check_links(
    urls: list[str],
    timeout: float = 5.0,
    fetch: Fetch | None = None,
    resolve: Resolve | None = None,
) -> list[LinkResult]:
    """Ask for each page; in the order of the links.

    :param timeout: seconds for each question
    :param fetch: how a page is asked for; the network by default
    :param resolve: how a name is looked up; the network by default
    """
    fetch = fetch or _Fetcher(timeout)
    resolve = resolve or resolve_host
    if not urls:
        return []
    with ThreadPoolExecutor(min(THREADS, len(urls))) as threads:
        return list(threads.map(lambda url: check_link(url, fetch, resolve), urls))


def check_link(url: str, fetch: Fetch, resolve: Resolve) -> LinkResult:
    """Ask for one page: by HEAD, and by GET where a server does not answer that."""
    place = url
    try:
        for _turn in range(MAX_REDIRECTIONS + 1):
            address = get_public_address(place, resolve)
            status, location = fetch("HEAD", place, address)
            if status >= 400:
                status, location = fetch("GET", place, address)
            if 300 <= status < 400 and location:
                place = urljoin(place, location)
                continue
            if status >= 400 and status not in _CLOSED:
                return LinkResult(url, "dead", str(status))
            if status >= 400:
                return LinkResult(url, "unknown", str(status))
            return LinkResult(url, "ok", str(status))
        return LinkResult(url, "dead", "redirections")
    except RefusedError as error:
        return LinkResult(url, "refused", str(error))
    except socket.gaierror as error:
        gone = error.errno == socket.EAI_NONAME
        return LinkResult(url, "dead" if gone else "unknown", "no such server")
    except TimeoutError:
        return LinkResult(url, "unknown", "no answer in time")
    except ssl.SSLError as error:
        return LinkResult(url, "dead", f"certificate: {error.reason or error}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return LinkResult(url, "dead", str(error) or type(error).__name__)


def get_public_address(url: str, resolve: Resolve) -> str:
    """The address to call for a page.

    :raise RefusedError: no web page, an unusual port, or an address that is not public
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise RefusedError("no web page")
    if parts.username or parts.password:
        raise RefusedError("password in the link")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port not in (80, 443):
        raise RefusedError(f"port {port}")
    addresses = resolve(host, port)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    for address in addresses:
        if not is_public(address):
            raise RefusedError("private address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the Internet, not to a private network."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    if inner is None and getattr(parsed, "teredo", None):
        return False
    if inner is not None and not is_public(str(inner)):
        return False
    # NAT64 leads to IPv4 addresses of any kind.
    if parsed.version == 6 and parsed in ipaddress.ip_network("64:ff9b::/96"):
        return is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
    return parsed.is_global and not parsed.is_multicast


def resolve_host(host: str, port: int) -> list[str]:
    """Addresses of a host, as the machine looks them up."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(entry[4][0] for entry in found))


class _Fetcher:
    """Asks a web server at a given address, and reads the first line only."""

    def __init__(self, timeout: float):
        self.timeout = timeout
        self.context = ssl.create_default_context()

    def __call__(self, method: str, url: str, address: str) -> tuple[int, str | None]:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        connection = http.client.HTTPConnection(
            parts.hostname, parts.port or (443 if secure else 80), timeout=self.timeout
        )
        raw = socket.create_connection((address, connection.port), self.timeout)
        try:
            connection.sock = (
                self.context.wrap_socket(raw, server_hostname=parts.hostname)
                if secure
                else raw
            )
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"User-Agent": _AGENT, "Accept": "*/*", "Connection": "close"}
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location")
        finally:
            connection.close()
            raw.close()
