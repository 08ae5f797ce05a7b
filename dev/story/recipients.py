"""Recipients as programs: they read the mail they received and act on it.

Nothing here knows Odoo: pixel, links and the address of the one-click unsubscribe are
taken from the received source, and answers go back through the mail gateway.
"""

import http.client
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from .gateway import (
    HARD,
    SOFT,
    Gateway,
    make_absence_note,
    make_bounce,
    make_reply,
)
from .habits import BROWSER, OPENS, SCANS, Habit
from .mailbox import Catcher, Mail

TOO_FAST = 3
"""Seconds after which a mail may be read: nobody reads it sooner."""

SCAN_PAUSE = 12
"""Seconds after a scan until a human may click and be told apart from it."""

PROGRAMS = 2
"""How many recipients act at the same time."""

REPLY = "Please call me, we would like to see a demonstration. 请与我联系。"


class RecipientError(Exception):
    """A mail lacks something, or a server gave another answer than a user expects."""


def request(url: str, method: str = "GET", agent: str = BROWSER, body: str = "") -> int:
    """Ask a server once, following nothing; return the status."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    headers = {"User-Agent": agent, "Accept": "*/*"}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body or None, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def load_pixel(mail: Mail, agent: str) -> None:
    """Load the picture that tells that the mail was opened."""
    if not mail.pixel:
        raise RecipientError(f"The mail to {mail.address} has no pixel.")
    _expect(request(mail.pixel, agent=agent), 200, mail.pixel)


def click(mail: Mail, number: int, agent: str = BROWSER, method: str = "GET") -> None:
    """Follow a link of the mail up to where it leads out."""
    links = mail.tracked_links
    if number >= len(links):
        raise RecipientError(f"The mail to {mail.address} has {len(links)} links.")
    _expect(request(links[number], method, agent), 301, links[number])


def scan(mail: Mail, agent: str) -> None:
    """Look for malware behind every link, as a mail gateway does."""
    for number in range(len(mail.tracked_links)):
        click(mail, number, agent, "GET")
        click(mail, number, agent, "HEAD")
    load_pixel(mail, agent)


def unsubscribe(mail: Mail) -> None:
    """Press the mail program's own unsubscribe button (RFC 8058)."""
    address = mail.one_click_address
    if not address:
        raise RecipientError(f"The mail to {mail.address} has no List-Unsubscribe.")
    body = "List-Unsubscribe=One-Click"
    _expect(request(address, "POST", "Mail program", body), 200, address)


def _expect(status: int, wanted: int, url: str) -> None:
    if status != wanted:
        raise RecipientError(f"{url} answers {status} instead of {wanted}.")


def act(mail: Mail, name: str) -> None:
    """Carry out one act over HTTP."""
    if name in OPENS:
        load_pixel(mail, OPENS[name][0])
    elif name in SCANS:
        scan(mail, SCANS[name])
    elif name == "unsubscribe":
        unsubscribe(mail)
    elif "click" in name:
        click(mail, int(name.rsplit(maxsplit=1)[-1]))
    else:
        raise ValueError(f"Nobody knows how to {name!r}")


ANSWERS: dict[str, Callable[[Mail], bytes]] = {
    "reply": lambda mail: make_reply(mail, "", REPLY),
    "absence note": lambda mail: make_absence_note(mail, ""),
    "bounce hard": lambda mail: make_bounce(mail, *HARD),
    "bounce soft": lambda mail: make_bounce(mail, *SOFT),
}
"""Acts that send a mail back."""


def react(parts: Iterable[tuple[Mail, Habit]], gateway: Gateway) -> None:
    """Let recipients do with their mails what their habits say."""
    parts = sorted(parts, key=lambda part: part[0].address)
    with ThreadPoolExecutor(PROGRAMS) as pool:
        list(pool.map(lambda part: _act_over_http(*part), parts))
    scanned = time.monotonic()
    for mail, habit in parts:
        for name in habit.acts:
            if name in ANSWERS:
                gateway.deliver(ANSWERS[name](mail))
    late = [
        (mail, name.removeprefix("later "))
        for mail, habit in parts
        for name in habit.acts
        if name.startswith("later ")
    ]
    if late:
        time.sleep(max(0.0, scanned + SCAN_PAUSE - time.monotonic()))
    for mail, name in late:
        act(mail, name)


def _act_over_http(mail: Mail, habit: Habit) -> None:
    for name in habit.acts:
        if name not in ANSWERS and not name.startswith("later "):
            act(mail, name)


class Followers(threading.Thread):
    """Recipients who act on a mail as soon as they get it."""

    def __init__(
        self, catcher: Catcher, subject: str, addresses: Iterable[str], habit: Habit
    ) -> None:
        super().__init__(daemon=True)
        self.addresses = frozenset(addresses)
        self.error: Exception | None = None
        self._catcher, self._subject, self._habit = catcher, subject, habit
        self._over = threading.Event()

    def run(self) -> None:
        """Look into the mailboxes every few seconds, until everybody got the mail."""
        done: set[str] = set()
        try:
            while done < self.addresses and not self._over.is_set():
                mails = {mail.address: mail for mail in self._new_mails(done)}
                self._over.wait(TOO_FAST)
                for address, mail in sorted(mails.items()):
                    for name in self._habit.acts:
                        act(mail, name)
                    done.add(address)
        except Exception as error:
            self.error = error

    def _new_mails(self, done: set[str]) -> list[Mail]:
        return [
            mail
            for mail in self._catcher.read(self._subject)
            if mail.address in self.addresses - done
        ]

    def stop(self) -> None:
        """End the thread; raise what went wrong in it."""
        self._over.set()
        self.join()
        if self.error:
            raise self.error
