"""When two names are written alike."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")


def name_key(text: str | None) -> str:
    """A name without what writers do differently: case, spaces, width of characters.

    The same as the SQL of `marketing.import` says in the index of contacts' names.
    """
    wide = unicodedata.normalize("NFKC", text or "")
    return _SPACES.sub(" ", wide).strip().lower()


def website_key(text: str | None) -> str:
    """The host of a website without `www.`, or an empty text.

    "https://www.Acme.com/en" and "acme.com" are the same company's.
    """
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", (text or "").strip().lower())
    host = re.split(r"[/?#:]", bare, maxsplit=1)[0]
    return host.removeprefix("www.")


def website_spellings(key: str) -> list[str]:
    """The ways Odoo may have stored the website of a host (`website_key`)."""
    return [
        f"{scheme}://{www}{key}{slash}"
        for scheme in ("http", "https")
        for www in ("", "www.")
        for slash in ("", "/")
    ]
