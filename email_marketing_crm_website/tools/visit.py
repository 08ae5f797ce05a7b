"""What the address of a visited page tells."""

from urllib.parse import parse_qsl, urlsplit, urlunsplit

#: Where a visitor came from, as marketers write it into links.
UTM_NAMES = ("utm_source", "utm_medium", "utm_campaign")
MAX_LENGTH = 500
MAX_NAME_LENGTH = 100


def clean_url(url: str) -> str:
    """An address without what follows `?` or `#`, which may hold secrets.

    >>> clean_url("https://example.com/my/invoice/3?access_token=xyz#top")
    'https://example.com/my/invoice/3'
    """
    try:
        parts = urlsplit(url)
        host = (parts.netloc or "").rpartition("@")[2]
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, host, parts.path, "", ""))[:MAX_LENGTH]


def describe_visit(url: str, referrer: str | None = None) -> dict[str, str]:
    """What an event keeps of an address that somebody visited.

    :param url: the whole address
    :param referrer: the page whose link he followed; told by its host, and only if
        that is another one
    :returns: `url`, `utm_source` and its like where the address has them, `referrer`
    """
    facts = {"url": clean_url(url)}
    facts.update(get_utm(url))
    host = get_host(referrer)
    if host and host != get_host(url):
        facts["referrer"] = host
    return facts


def get_utm(url: str) -> dict[str, str]:
    """The marks of campaigns in an address, by name."""
    try:
        query = dict(parse_qsl(urlsplit(url).query, max_num_fields=100))
    except ValueError:
        return {}
    return {
        name: query[name].strip()[:MAX_NAME_LENGTH]
        for name in UTM_NAMES
        if query.get(name, "").strip()
    }


def get_host(url: str | None) -> str:
    """The host of an address, empty where there is none."""
    try:
        return (urlsplit(url or "").hostname or "")[:MAX_NAME_LENGTH]
    except ValueError:
        return ""
