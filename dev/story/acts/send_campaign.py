"""Act 3: two mailings, and people who leave between plan and sending."""

from datetime import UTC, datetime, timedelta

from ..letters import (
    CAMPAIGN_SUBJECT,
    INVITATION_SUBJECT,
    campaign_body,
    short_body,
)
from ..mailbox import Mail
from ..recipients import unsubscribe
from ..stage import Stage

DELAY = 20
"""Seconds from the plan until the campaign may leave."""

LEAVE_BEFORE, LEAVE_BETWEEN, CALLED, GONE = 3, 4, 3, 2
"""How many unsubscribe before and after the plan, ask by phone, and are archived."""


def plan(stage: Stage) -> None:
    """Send to the first readers, then plan the campaign to the whole segment."""
    _send_first_news(stage)
    _plan_campaign(stage)


def _send_first_news(stage: Stage) -> None:
    report = stage.report
    report.chapter("3a. A small mailing to the first readers")
    mailing = stage.first_mailing = _write_mailing(
        stage,
        stage.first_readers,
        INVITATION_SUBJECT,
        short_body("Our autumn collection is here. 秋季新品已到。", "collection"),
    )
    stage.marketer.press("mailing.mailing", mailing, "action_launch")
    readers = len(stage.readers)
    mails = receive(stage, INVITATION_SUBJECT, readers)
    report.check("mails in the catcher", readers, len(mails))
    report.check("mails sent", readers, _wait_for_sent(stage, mailing, readers))
    stage.first_mails = sorted(mails, key=lambda mail: mail.address)


def _plan_campaign(stage: Stage) -> None:
    report, marketer = stage.report, stage.marketer
    report.chapter("3b. The campaign is planned; some leave before it does")
    before = stage.first_mails[:LEAVE_BEFORE]
    between = stage.first_mails[LEAVE_BEFORE : LEAVE_BEFORE + LEAVE_BETWEEN]
    for mail in before:
        unsubscribe(mail)
    mailing = stage.campaign = _write_mailing(
        stage, stage.segment, CAMPAIGN_SUBJECT, campaign_body()
    )
    hour = datetime.now(UTC) + timedelta(seconds=DELAY)
    marketer.save(
        "mailing.mailing",
        {
            "schedule_type": "scheduled",
            "schedule_date": hour.strftime("%Y-%m-%d %H:%M:%S"),
        },
        mailing,
    )
    marketer.press("mailing.mailing", mailing, "action_put_in_queue")
    report.check("planned", len(stage.audience) - LEAVE_BEFORE, _planned(stage))

    for mail in between:
        unsubscribe(mail)
    others = sorted(stage.audience - {mail.address for mail in stage.first_mails})
    called, gone = others[:CALLED], _loners(stage, others[CALLED:])[:GONE]
    for address in called:
        marketer.save("mail.blacklist", {"email": address})
    contacts = marketer.find("res.partner", [("email_normalized", "in", gone)])
    marketer.press("res.partner", contacts, "action_archive")
    stage.left = {
        "blacklisted": {mail.address for mail in (*before, *between)} | set(called),
        "gone": set(gone),
    }
    stage.recipients = stage.audience - set().union(*stage.left.values())
    stage.campaign_hour = hour


def play(stage: Stage) -> None:
    """Receive the campaign, and compare the ledger with the mails."""
    report, mailing = stage.report, stage.campaign
    report.chapter("3d. The campaign leaves")
    mails = receive(stage, CAMPAIGN_SUBJECT, len(stage.recipients))
    report.check("mails in the catcher", len(stage.recipients), len(mails))
    stage.mails = {mail.address: mail for mail in mails}
    _check_ledger(stage, mailing)
    report.check(
        "mails to somebody who left",
        0,
        len(set().union(*stage.left.values()) & stage.mails.keys()),
    )


def _check_ledger(stage: Stage, mailing: int) -> None:
    """Everybody of the audience has one row, with its reason where there is one."""
    report = stage.report
    wanted = len(stage.recipients)
    report.check("sent", wanted, _wait_for_sent(stage, mailing, wanted))
    for reason, people in sorted(stage.left.items()):
        found = stage.marketer.count(
            "marketing.delivery",
            [("mailing_id", "=", mailing), ("reason", "=", reason)],
        )
        report.check(f"not sent: {reason}", len(people), found)
    report.check(
        "sent + all reasons = audience",
        len(stage.audience),
        stage.marketer.count("marketing.delivery", [("mailing_id", "=", mailing)]),
    )
    report.check(
        "different addresses in the catcher", len(stage.recipients), len(stage.mails)
    )


def _write_mailing(stage: Stage, segment: int, subject: str, body: str) -> int:
    """Press the segment's button and fill in the form of the mailing."""
    action = stage.marketer.press("marketing.segment", segment, "action_send_mailing")
    return stage.marketer.save(
        "mailing.mailing",
        {
            "subject": subject,
            "body_arch": body,
            "body_html": body,
            "reply_to_mode": "update",
        },
        action["res_id"],
    )


def receive(stage: Stage, subject: str, expected: int) -> list[Mail]:
    """Wait until the catcher has as many mails of a subject; return them."""
    stage.wait_for(
        f"{expected} mails",
        lambda: stage.catcher.count(subject),
        lambda count: count >= expected,
    )
    return stage.catcher.read(subject)


def _wait_for_sent(stage: Stage, mailing: int, expected: int) -> int:
    """Return how many mails Odoo knows to be sent; the last ones are written late."""
    return stage.wait_for(
        "what was sent",
        lambda: _count(stage, mailing, "sent"),
        lambda count: count >= expected,
        seconds=30,
    )


def _planned(stage: Stage) -> int:
    return _count(stage, stage.campaign, "planned")


def _count(stage: Stage, mailing: int, state: str) -> int:
    return stage.marketer.count(
        "marketing.delivery", [("mailing_id", "=", mailing), ("state", "=", state)]
    )


def _loners(stage: Stage, addresses: list[str]) -> list[str]:
    """Return those who are in the address book once only."""
    several = {one.address for one in stage.world.people if one.flaw == "duplicate"}
    return [address for address in addresses if address not in several]
