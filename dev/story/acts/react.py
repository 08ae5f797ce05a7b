"""Act 4: the recipients act, strangers try, another system reports."""

import json
import textwrap
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import Any

from ..habits import FOLLOWS, Footprint, cast, footprint
from ..letters import JOURNEY_SUBJECT
from ..recipients import TOO_FAST, Followers, react, request
from ..stage import Stage, StoryStopped

EVENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("page_view", {"url": "https://h5.autumn.example/prices", "title": "Prices"}),
    ("page_view", {"url": "https://h5.autumn.example/demo", "title": "Demonstration"}),
    ("download", {"title": "Catalogue autumn 2026.pdf"}),
    ("form", {"title": "Ask for a demonstration", "data": {"hall": "1 / 一号馆"}}),
)
"""What each buyer does on the company's H5 pages."""


def play(stage: Stage) -> None:
    """Let everybody do what they do."""
    if stage.mails.keys() != stage.recipients:
        raise StoryStopped("The campaign did not reach those it was meant for.")
    time.sleep(TOO_FAST)
    stage.habits = cast(stage.mails, stage.seed)
    counts = Counter(habit.name for habit in stage.habits.values())
    stage.report.chapter("4. Recipients, strangers, and another system")
    people = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
    for line in textwrap.wrap(people, 72):
        stage.report.note(line)
    react(
        [(stage.mails[address], habit) for address, habit in stage.habits.items()],
        stage.gateway,
    )
    stage.footprints = {
        address: footprint(habit) for address, habit in stage.habits.items()
    }
    walking = sorted(stage.clickers() - stage.unsubscribed())
    stage.followers = Followers(stage.catcher, JOURNEY_SUBJECT, walking[::3], FOLLOWS)
    stage.followers.start()
    _forge(stage)
    _report_events(stage)


def _forge(stage: Stage) -> None:
    """Somebody makes up tokens and recipients; nothing may come of it."""
    report = stage.report
    reactions = [
        ("mailing_id", "in", [stage.first_mailing, stage.campaign]),
        ("type_id.code", "in", ["opened", "clicked"]),
    ]
    touchpoints = stage.manager.count("marketing.touchpoint", reactions)
    blocked = stage.manager.count("mail.blacklist")
    mine, other = list(stage.mails.values())[:2]
    old = stage.first_mails[-1]
    link = mine.tracked_links[0].rpartition("/m/")[0]
    stranger = old.tracked_links[0].rpartition("/m/")[2]
    answers = [
        ("pixel with a made-up token", 401, mine.pixel.replace("/blank", "0/blank")),
        ("link with another mail's recipient", 301, f"{link}/m/{stranger}"),
        ("link with nobody's number", 301, f"{link}/m/999999999"),
        ("link that does not exist", 404, f"{stage.place.url}/r/nowhere/m/1"),
    ]
    for what, status, url in answers:
        report.check(what, status, request(url))
    forged = mine.one_click_address.replace(
        mine.address.partition("@")[0], other.address.partition("@")[0]
    )
    report.check(
        "unsubscribe with somebody else's token",
        401,
        request(forged, "POST", body="List-Unsubscribe=One-Click"),
    )
    report.check(
        "touchpoints out of it",
        0,
        stage.manager.count("marketing.touchpoint", reactions) - touchpoints,
    )
    report.check(
        "unsubscribed by it", 0, stage.manager.count("mail.blacklist") - blocked
    )


def _report_events(stage: Stage) -> None:
    """The H5 pages report what buyers did there; their queue sends everything twice."""
    report = stage.report
    key = _make_api_key(stage)
    buyers = sorted(a for a, habit in stage.habits.items() if habit.name == "buyer")
    events = [
        {"id": f"{number}-{address}", "source": "h5", "type": kind, "email": address}
        | values
        for address in buyers
        for number, (kind, values) in enumerate(EVENTS)
    ]
    bad = {"id": "bad", "source": "h5", "type": "won", "email": buyers[0]}
    nobody = {"id": "nobody", "source": "h5", "type": "form", "email": "nobody"}
    body = [bad, *events, nobody]
    kinds = [("type_id.code", "in", [kind for kind, _values in EVENTS])]
    before = stage.manager.count("marketing.touchpoint", kinds)
    first = _post_events(stage, key, body)
    report.check("events taken", len(events), first.get("accepted"))
    report.check(
        "lines refused, by their index",
        [0, len(body) - 1],
        [error["index"] for error in first.get("errors", [])],
    )
    _post_events(stage, key, body)
    report.check(
        "touchpoints more, everything sent twice",
        len(events),
        stage.manager.count("marketing.touchpoint", kinds) - before,
    )
    report.check("without a key", 401, _post_events(stage, "made-up", body)["status"])
    classes = _default_classes(stage)
    for address in buyers:
        done: Footprint = Counter((kind, classes[kind]) for kind, _values in EVENTS)
        stage.footprints[address] += done


def _default_classes(stage: Stage) -> dict[str, str]:
    """Return how sure Odoo is set up to be of what other systems report."""
    rows = stage.manager.rows("marketing.touchpoint.type", [], ["code", "reliability"])
    return {row["code"]: row["reliability"] for row in rows}


def _make_api_key(stage: Stage) -> str:
    """Make an API key in the preferences, which ask for the password again."""
    manager = stage.manager
    wizard = manager.call(
        "res.users.apikeys.description", "create", {"name": "H5", "duration": "1"}
    )
    check = manager.press("res.users.apikeys.description", wizard, "make_key")
    shown = manager.call(
        check["res_model"],
        "run_check",
        [check["res_id"]],
        context={"password": stage.place.password},
    )
    return shown["context"]["default_key"]


def _post_events(stage: Stage, key: str, events: list[dict]) -> dict[str, Any]:
    """POST events as another system does."""
    question = urllib.request.Request(
        f"{stage.place.url}/marketing/events",
        json.dumps({"events": events}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(question, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return {"status": error.code}
