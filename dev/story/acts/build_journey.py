"""Act 3c: a journey waits for those who will click."""

import time
from datetime import UTC, datetime
from typing import Any

from ..letters import JOURNEY_SUBJECT, REMINDER_SUBJECT, short_body
from ..stage import Stage

MINUTES = 2
"""How long the journey waits for a click; days in real life."""

TAG = "Open house: interested"


def play(stage: Stage) -> None:
    """Build the journey in its form; the marketing manager publishes it."""
    stage.report.chapter("3c. A journey for those who will click")
    manager, marketer = stage.manager, stage.marketer
    stage.journey = marketer.save(
        "marketing.journey",
        {"name": "After the invitation", "segment_id": stage.clicked},
    )
    version = marketer.read("marketing.journey", stage.journey, "draft_version_id")
    _build_steps(stage, version["draft_version_id"][0])
    found = marketer.read("marketing.journey", stage.journey, "problems")["problems"]
    stage.report.check("problems before publishing", 0, len((found or "").splitlines()))
    # Publishing wakes the scheduler: it finds the campaign due, not a minute later.
    wait = stage.campaign_hour - datetime.now(UTC)
    time.sleep(max(0.0, wait.total_seconds() + 1))
    manager.press("marketing.journey", stage.journey, "action_publish")
    state = manager.read("marketing.journey", stage.journey, "state")["state"]
    stage.report.check("journey", "running", state)


def _build_steps(stage: Stage, version: int) -> None:
    """Mail, wait for a click; yes: tag and hand over; no: remind."""
    marketer = stage.marketer
    clicked = marketer.find_one("marketing.touchpoint.type", [("code", "=", "clicked")])
    stage.tag = marketer.save("res.partner.category", {"name": TAG})
    mail = _add_mail(
        stage,
        {"version_id": version},
        JOURNEY_SUBJECT,
        short_body("Here is your catalogue. 这是您的产品目录。", "catalogue"),
    )
    wait = _add_step(
        stage,
        {
            "version_id": version,
            "parent_id": mail,
            "edge": "next",
            "kind": "wait_event",
            "event_type_id": clicked,
            "event_source": "mail",
            "event_reliability": "human_likely",
            "wait_number": MINUTES,
            "wait_unit": "minutes",
        },
    )
    tag = _add_step(
        stage,
        {
            "version_id": version,
            "parent_id": wait,
            "edge": "yes",
            "kind": "tag",
            "category_ids": [(4, stage.tag)],
        },
    )
    _add_step(
        stage,
        {"version_id": version, "parent_id": tag, "edge": "next", "kind": "handoff"},
    )
    _add_mail(
        stage,
        {"version_id": version, "parent_id": wait, "edge": "no"},
        REMINDER_SUBJECT,
        short_body("Are you still interested? 您还感兴趣吗？", "open-house"),
    )


def _add_step(stage: Stage, values: dict[str, Any]) -> int:
    return stage.marketer.save("marketing.journey.step", values)


def _add_mail(stage: Stage, values: dict[str, Any], subject: str, body: str) -> int:
    """Add a step that sends a mail, and write the mail in Odoo's editor."""
    step = _add_step(stage, {**values, "kind": "mail"})
    mailing = stage.marketer.read("marketing.journey.step", step, "mailing_id")
    stage.marketer.save(
        "mailing.mailing",
        {"subject": subject, "body_arch": body, "body_html": body},
        mailing["mailing_id"][0],
    )
    return step
