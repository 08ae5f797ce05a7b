"""Links to content assets: their token, and what is handed on to the page behind."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

#: Where contents are on the web site; followed by the token of one.
CONTENT_PATH = "/marketing/content/"

_TOKEN = re.compile(rf"{CONTENT_PATH}([\w-]+)")


def read_token(url: str | None) -> str | None:
    """The token in the address of a content; None in any other address."""
    found = _TOKEN.search(url or "")
    return found and found[1]


def add_campaign(url: str, query: Mapping[str, str]) -> str:
    """The address of a page, with the campaign of the link that leads there.

    :param query: parameters of the link; others than those of campaigns (``utm_…``)
        stay behind, and what the address says itself stays
    """
    parts = urlsplit(url)
    known = dict(parse_qsl(parts.query, keep_blank_values=True))
    added = urlencode(
        {
            key: value
            for key, value in query.items()
            if key.startswith("utm_") and key not in known
        }
    )
    joined = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=joined))
