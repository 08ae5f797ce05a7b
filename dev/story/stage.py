"""What every act of the story works with."""

import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from .client import WebClient
from .contacts import World
from .gateway import Gateway
from .habits import Footprint, Habit, footprint, has_human
from .mailbox import Catcher, Mail, poll
from .recipients import Followers
from .report import Report

T = TypeVar("T")

MARKETER = ("mia", "mia")
"""Login and password of the marketer in the demo data."""

PATIENCE = 300
"""Seconds after which a consequence that did not come is a failure."""


class StoryStopped(Exception):
    """The story cannot go on; the sentence says why."""


@dataclass(frozen=True)
class Place:
    """Where Odoo and the mail catcher are, told by the environment."""

    url: str
    database: str
    login: str
    password: str
    mails: str

    @classmethod
    def from_environment(cls) -> "Place":
        """Read the variables that ``make demo`` sets."""
        names = ("URL", "DATABASE", "LOGIN", "PASSWORD", "MAILS_URL")
        missing = [f"EMC_{n}" for n in names if not os.environ.get(f"EMC_{n}")]
        if missing:
            raise StoryStopped(
                f"{', '.join(missing)} must be set: play the story with 'make demo'."
            )
        return cls(*(os.environ[f"EMC_{name}"] for name in names))


@dataclass
class Stage:
    """Who is on the stage, and what later acts need of earlier ones."""

    place: Place
    seed: int
    world: World
    report: Report
    manager: WebClient
    """The administrator, who is marketing manager too."""

    marketer: WebClient
    catcher: Catcher
    gateway: Gateway
    # records made by the acts, by their ids
    segment: int = 0
    first_readers: int = 0
    clicked: int = 0
    first_mailing: int = 0
    campaign: int = 0
    campaign_hour: datetime | None = None
    journey: int = 0
    tag: int = 0

    # who is who, by address
    audience: set[str] = field(default_factory=set)
    readers: list[str] = field(default_factory=list)
    left: dict[str, set[str]] = field(default_factory=dict)
    """Who of the audience gets no mail, by the reason."""

    recipients: set[str] = field(default_factory=set)
    first_mails: list[Mail] = field(default_factory=list)
    mails: dict[str, Mail] = field(default_factory=dict)
    habits: dict[str, Habit] = field(default_factory=dict)
    footprints: dict[str, Footprint] = field(default_factory=dict)
    """What everybody has done so far."""

    followers: Followers | None = None
    qualified: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    """What sales makes of whom."""

    def clickers(self) -> set[str]:
        """Return whose human click in the campaign was counted."""
        return self._who_did("clicked")

    def unsubscribed(self) -> set[str]:
        """Return who unsubscribed from the campaign."""
        return self._who_did("unsubscribed")

    def _who_did(self, kind: str) -> set[str]:
        return {
            address
            for address, habit in self.habits.items()
            if has_human(footprint(habit), kind)
        }

    def log_in(self, login: str, password: str) -> WebClient:
        """Open another user's browser."""
        return WebClient(self.place.url, self.place.database, login, password)

    def wait_for(
        self,
        what: str,
        look: Callable[[], T],
        done: Callable[[T], bool],
        seconds: float = PATIENCE,
    ) -> T:
        """Look until what is awaited is there or the time is over; return the last.

        Nothing is pushed: the lanes of the running server do the work.
        """
        self.report.progress_done()
        seen = look()
        for gone in poll(seconds):
            if done(seen):
                break
            now = textwrap.shorten(str(seen), 40, placeholder=" …")
            self.report.progress(f"waiting for {what}: {now} after {gone:.0f} s")
            seen = look()
        self.report.progress_done()
        return seen


def open_stage(place: Place, seed: int, world: World, report: Report) -> Stage:
    """Log in and make sure that the story can be played here."""
    try:
        manager = WebClient(place.url, place.database, place.login, place.password)
        marketer = WebClient(place.url, place.database, *MARKETER)
        gateway = Gateway(place.url, place.database, place.login, place.password)
    except OSError as error:
        raise StoryStopped(f"Odoo does not answer on {place.url}: {error}.") from None
    if not manager.count(
        "ir.module.module",
        [("name", "=", "email_marketing_crm"), ("state", "=", "installed")],
    ):
        raise StoryStopped(f"{place.database} has no email_marketing_crm.")
    if manager.count("res.partner", [("ref", "=like", "STORY-%")]):
        raise StoryStopped(
            f"The story was played in {place.database} already; it needs a fresh one."
        )
    return Stage(
        place=place,
        seed=seed,
        world=world,
        report=report,
        manager=manager,
        marketer=marketer,
        catcher=Catcher(place.mails),
        gateway=gateway,
    )
