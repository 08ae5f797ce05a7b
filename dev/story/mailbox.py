"""The mail catcher, and a mail as the program of its recipient reads it."""

import email
import email.policy
import json
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any


class Catcher:
    """All mailboxes of the outside world at once; threads may share it.

    Subjects are read from the received source: the catcher's own list garbles
    Chinese ones that are folded in the middle of a character.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._mails: list[Mail] = []
        self._lock = threading.Lock()

    def count(self, subject: str) -> int:
        """Return how many mails of a subject were received."""
        return len(self.read(subject))

    def read(self, subject: str) -> list["Mail"]:
        """Return the mails of a subject as they were received."""
        with self._lock:
            self._fetch_new()
            return [mail for mail in self._mails if mail.subject == subject]

    def _fetch_new(self) -> None:
        with self._open(f"/email?skip={len(self._mails)}") as answer:
            keys = [item["id"] for item in json.load(answer)]
        with ThreadPoolExecutor(4) as pool:
            self._mails += pool.map(self._fetch, keys)

    def _fetch(self, key: str) -> "Mail":
        with self._open(f"/email/{key}/source") as answer:
            return Mail.parse(answer.read())

    def _open(self, path: str) -> Any:
        return urllib.request.urlopen(self.url + path, timeout=60)


@dataclass(frozen=True)
class Mail:
    """What a mail program needs of a received mail."""

    message: EmailMessage
    address: str
    subject: str
    pictures: tuple[str, ...]
    links: tuple[str, ...]

    @classmethod
    def parse(cls, source: bytes) -> "Mail":
        """Read a mail as it came over the wire."""
        message = email.message_from_bytes(source, policy=email.policy.default)
        part = message.get_body(("html",))
        found = _Html()
        if part:
            found.feed(part.get_content())
        return cls(
            message=message,
            address=parseaddr(str(message["To"]))[1].lower(),
            subject=str(message["Subject"]),
            pictures=tuple(found.pictures),
            links=tuple(dict.fromkeys(found.links)),
        )

    @property
    def message_id(self) -> str:
        """How an answer refers to this mail."""
        return str(self.message["Message-Id"]).strip()

    @property
    def pixel(self) -> str:
        """The picture that is loaded to tell that the mail was opened."""
        return next((url for url in self.pictures if "/mail/track/" in url), "")

    @property
    def tracked_links(self) -> list[str]:
        """The links that are counted."""
        return [url for url in self.links if "/r/" in url]

    @property
    def one_click_address(self) -> str:
        """Where a mail program POSTs to unsubscribe, by RFC 8058."""
        if "One-Click" not in str(self.message.get("List-Unsubscribe-Post", "")):
            return ""
        found = re.search(r"<(https?:[^>]+)>", str(self.message["List-Unsubscribe"]))
        return found[1] if found else ""


class _Html(HTMLParser):
    """Collects the addresses of pictures and links."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a picture or a link."""
        values = dict(attrs)
        if tag == "img" and values.get("src"):
            self.pictures.append(str(values["src"]))
        elif tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))


def poll(seconds: float, pause: float = 1.0) -> Iterator[float]:
    """Yield the seconds gone by until the time is over."""
    start = time.monotonic()
    while (gone := time.monotonic() - start) < seconds:
        yield gone
        time.sleep(pause)
