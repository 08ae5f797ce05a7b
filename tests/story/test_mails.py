"""Mails as the recipients of the story read, answer and return them."""

import email
import email.policy
from email.message import EmailMessage

from dev.story.gateway import HARD, SOFT, make_absence_note, make_bounce, make_reply
from dev.story.mailbox import Mail

HTML = """<p>您好</p>
<a href="http://127.0.0.1/r/aBc/m/7">产品目录</a><a href="http://127.0.0.1/r/xYz/m/7">x</a>
<a href="http://127.0.0.1/mailing/3/confirm_unsubscribe?email=a">Unsubscribe</a>
<a href="http://127.0.0.1/r/aBc/m/7">once more</a>
<img src="http://127.0.0.1/logo.png"><img src="http://127.0.0.1/mail/track/9/t/blank.gif"/>
"""


def make_mail(**headers):
    message = EmailMessage()
    message["From"] = "Mia <mia@trading.example>"
    message["To"] = "王伟 <Wei.Wang@Huafeng.example>"
    message["Reply-To"] = "Mia <catchall@trading.example>"
    message["Return-Path"] = "<bounce@trading.example>"
    message["Subject"] = "Autumn programme 2026: invitation – 秋季开放日邀请，欢迎您"
    message["Message-Id"] = "<1-openerp-12-res.partner@host>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("text")
    message.add_alternative(HTML, subtype="html")
    return Mail.parse(message.as_bytes())


def parse(source):
    return email.message_from_bytes(source, policy=email.policy.default)


def test_a_mail_is_read_as_a_mail_program_reads_it():
    mail = make_mail()
    assert mail.address == "wei.wang@huafeng.example"
    assert mail.subject.endswith("秋季开放日邀请，欢迎您")
    assert mail.pixel == "http://127.0.0.1/mail/track/9/t/blank.gif"
    assert mail.tracked_links == [
        "http://127.0.0.1/r/aBc/m/7",
        "http://127.0.0.1/r/xYz/m/7",
    ]


def test_the_one_click_address_needs_both_headers():
    url = "http://127.0.0.1/mailing/3/unsubscribe_oneclick?email=a%40b&hash=1"
    both = make_mail(
        List_Unsubscribe=f"<mailto:a@b>, <{url}>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )
    assert both.one_click_address == url
    assert make_mail(List_Unsubscribe=f"<{url}>").one_click_address == ""


def test_a_reply_goes_where_the_mail_wants_it_and_names_it():
    reply = parse(make_reply(make_mail(), "王伟", "请与我联系"))
    assert "catchall@trading.example" in reply["To"]
    assert reply["In-Reply-To"] == "<1-openerp-12-res.partner@host>"
    assert "wei.wang@huafeng.example" in reply["From"]
    assert "请与我联系" in reply.get_content()
    assert "Auto-Submitted" not in reply


def test_an_absence_note_says_that_a_machine_wrote_it():
    assert parse(make_absence_note(make_mail(), ""))["Auto-Submitted"] == "auto-replied"


def test_a_bounce_is_a_delivery_status_notification():
    for status, words in (HARD, SOFT):
        bounce = parse(make_bounce(make_mail(), status, words))
        assert bounce.get_content_type() == "multipart/report"
        assert bounce.get_param("report-type") == "delivery-status"
        assert bounce["To"] == "bounce@trading.example"
        _text, report, original = bounce.iter_parts()
        server, recipient = report.get_payload()
        assert server["Reporting-MTA"]
        assert recipient["Status"] == status
        assert recipient["Final-Recipient"].endswith("wei.wang@huafeng.example")
        message_id = original.get_payload()[0]["Message-Id"]
        assert message_id == "<1-openerp-12-res.partner@host>"
