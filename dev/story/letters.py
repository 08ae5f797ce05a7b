"""The mails that the company of the story sends."""

LINKS = 4
"""Links in the campaign's mail, as its recipients see them."""

INVITATION_SUBJECT = "A first look at our autumn collection / 秋季新品抢先看"
CAMPAIGN_SUBJECT = (
    "Autumn programme 2026: invitation to our open house – 秋季开放日邀请"
)
JOURNEY_SUBJECT = "Your catalogue for the open house / 开放日产品目录"
REMINDER_SUBJECT = "Still interested in our open house? / 您还感兴趣吗？"


def campaign_body() -> str:
    """Return the campaign's mail: four links, one of them with odd characters."""
    return _body(
        '<p>Dear <t t-out="object.name">reader</t>,</p>'
        "<p>our open house shows what the next season brings.</p>"
        '<p><a href="https://www.autumn.example/open-house">See the programme</a></p>'
        '<p><a href="https://www.autumn.example/register?day=2&amp;place=hall%201">'
        "Book your place</a></p>"
        '<p><a href="https://www.autumn.example/目录/秋?q=a b&amp;x=ü#top">目录</a></p>'
        '<p><a href="https://www.autumn.example/demo">Ask for a demonstration</a></p>'
    )


def short_body(text: str, link: str) -> str:
    """Return a mail with one paragraph and one link."""
    return _body(
        f"<p>{text}</p>"
        f'<p><a href="https://www.autumn.example/{link}">Read more / 了解更多</a></p>'
    )


def _body(content: str) -> str:
    return (
        '<div class="o_layout" style="font-family:Arial,sans-serif">'
        f"{content}"
        '<p style="font-size:12px">Example Trading Company · '
        '<a href="/unsubscribe_from_list">Unsubscribe / 退订</a></p></div>'
    )
