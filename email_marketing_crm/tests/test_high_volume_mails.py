import re
from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user, tagged

from ..models.marketing_delivery_writer import Ids
from .common_smtp import ScriptedServer
from .volume_common import BODY, VolumeCase

#: Persons: of each language, in the segment or not, with a salesperson or without, as
#: many as the lane wants for a text of their own.
PERSONS = 144
#: Mails of one text that are compared; those of the texts for some are more.
READERS = 84
LANGS = ("en_US", "zh_CN", "de_DE")
NAMES = (
    "Ana",
    "O'Brien & Co",
    "张三",
    "Ünal Öztürk",
    'Bo "Bee"',
    "Dr. Who, MD",
    "名前の長いお客様" * 6,
    "A company whose name is so long that no header takes it in one line"
    + " or two" * 9,
    "Zoë (née O’Hara)",
    "🎉 Party; at: noon @ home",
    "مرحبا بالعالم",
    "{{ object.name }} ${object.name} %s %(name)s",
    "Ὀδυσσεύς",
)
#: Local parts and domains that links and headers have to write in their own way.
ADDRESSES = (
    "plain{}@example.com",
    "UPPER{}@Example.COM",
    "first.last+tag{}@example.com",
    "o'neil{}@example.com",
    "under_score-{}@mail.example.co.uk",
    "a!b#c$d%e&f{}@example.com",
    "key=value/{}?x@example.com",
    "a-local-part-that-is-as-long-as-it-may-be-for-one-more-person{}@"
    "a-domain-that-is-long-as-well.and-has-many-parts.example.org",
)
#: What no mail can be filled in with.
AWKWARD = ("<b>Eve</b> = 1", "back\\slash", "no\u00a0break", "two  blanks")
ENCODING = re.compile(rb"Content-Transfer-Encoding: (\S+)")
CHINESE = BODY.format(text="水泵" * 300)
RICH = """
<div><p>Dear <t t-out="object.name"/> in <t t-out="object.country_id.name">Rome</t>,</p>
{block}
<p>Call <span data-marketing-sender="phone">us</span>, or look
<a href="https://www.example.com/{lang}?a=1&amp;b=2">here</a>.</p>
<div data-marketing-sender="signature">The team</div>
<p><a href="/unsubscribe_from_list">Unsubscribe</a>
<a href="/marketing/preferences">choose</a> <a href="/view">view</a></p></div>
"""


@tagged("post_install", "-at_install")
class TestSameMails(VolumeCase):
    """The two lanes send the same mails, to the last byte.

    Each mailing is sent twice to the same persons, by the standard lane and by the one
    for high volume, which is given the numbers of the first mails: pixel, links and
    Message-ID are the same then. Only the boundary between the texts is drawn anew.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in LANGS[1:]:
            cls.env["res.lang"]._activate_lang(code)
        seller = new_test_user(
            cls.env,
            "seller",
            name="Bo Ek (Öst)",
            email="bo@pumps.example.com",
            groups="sales_team.group_sale_salesman",
        )
        seller.signature = "<p>Bo Ek, <b>Försäljning</b></p>"
        seller.partner_id.phone = "+46 8 123"
        country = cls.env.ref("base.cn")
        country.with_context(lang="zh_CN").name = "中国"
        cls.crowd = cls.env["res.partner"].create(
            [
                {
                    "name": (*NAMES, *AWKWARD)[number % 17]
                    if number >= PERSONS
                    else NAMES[number % 13],
                    "email": ADDRESSES[number % 8].format(number),
                    "lang": LANGS[number % 3],
                    "city": "Ghent" if number % 5 else False,
                    "country_id": country.id,
                    "user_id": seller.id if number // 6 % 2 else False,
                }
                for number in range(PERSONS + len(NAMES) + len(AWKWARD))
            ]
        )
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.env.invalidate_all()
        cls.buyers = cls.make_segment(
            *(partner.email_normalized for partner in cls.crowd[::4] + cls.crowd[1::4]),
            name="Buyers",
        )

    # ------------------------------------------------------------------
    # MAILINGS
    # ------------------------------------------------------------------

    def make_journey_mailing(self, **values):
        """A mailing that the same persons may get more than once."""
        mailing = self.make_mailing(
            **{"body_html": BODY.format(text="Look: " * 30), **values}
        )
        mailing.marketing_kind = "journey"
        return mailing

    def make_rich_mailing(self):
        """In three languages, with a block for some, from each one's salesperson."""
        condition = self.env["marketing.content.condition"].create(
            {"name": "Buyers", "segment_ids": [Command.set(self.buyers.ids)]}
        )
        block = f'<p data-marketing-condition="{condition.id}">For buyers only.</p>'
        mailing = self.make_journey_mailing(
            body_html=RICH.format(block=block, lang="en"),
            marketing_sender_kind="salesperson",
        )
        for code, subject in (("zh_CN", "新水泵"), ("de_DE", "Neue Pumpen für Sie")):
            self.env["marketing.mailing.translation"].create(
                {
                    "mailing_id": mailing.id,
                    "lang_id": self.env["res.lang"]._get_data(code=code).id,
                    "subject": subject,
                    "body_html": RICH.format(block=block, lang=code),
                    "preview": subject,
                }
            )
        return mailing

    def make_test_mailing(self, varies, **version):
        """With an A/B test that everybody is part of."""
        mailing = self.make_journey_mailing()
        self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "varies": varies,
                "key": "pumps",
                "test_percent": 100,
                "arm_ids": [Command.create({}), Command.create(version)],
            }
        )
        return mailing

    # ------------------------------------------------------------------
    # COMPARISON
    # ------------------------------------------------------------------

    def send_to(self, mailing, records, visit, is_high_volume):
        """Send a mailing by a lane: `{address: mail}`, with its deliveries."""
        mailing.marketing_sender_id.is_high_volume = is_high_volume
        self.smtp = ScriptedServer()
        deliveries = self.env["marketing.delivery"]
        deliveries._plan(
            mailing,
            [(one.marketing_person_id.id, one.id, visit) for one in records],
        )
        self.run_lanes()
        sent = deliveries.search(
            [("mailing_id", "=", mailing.id), ("visit", "=", visit)]
        )
        self.assertEqual(set(sent.mapped("state")), {"sent"})
        self.assertEqual(len(self.smtp.taken), len(records))
        return dict(self.smtp.taken), sent

    def compare(self, mailing, records):
        """Mails of the two lanes are the same; returns those that were compared."""
        slow, by_hand = self.send_to(mailing, records, 1, False)
        self.assertFalse(any(by_hand.mapped("is_high_volume")))
        numbers = {
            delivery.res_id: Ids(
                delivery.mail_mail_id_int,
                delivery.trace_id.id,
                delivery.trace_id.message_id,
            )
            for delivery in by_hand
        }
        model = type(self.env["marketing.delivery"])
        claim = model._claim_group

        def claim_as_before(deliveries, mailing, recipients):
            claimed = claim(deliveries, mailing, recipients)
            return {
                one.delivery_id: numbers[one.res_id]
                for one in recipients
                if one.delivery_id in claimed
            }

        with patch.object(model, "_claim_group", claim_as_before):
            fast, by_lane = self.send_to(mailing, records, 2, True)
        awkward = by_lane.filtered(lambda delivery: not delivery.is_high_volume)
        names = {partner.email_normalized: partner.name for partner in self.crowd}
        self.assertLessEqual({names[one.email] for one in awkward}, set(AWKWARD))
        compared = []
        for delivery in by_lane - awkward:
            expected, written = slow[delivery.email], fast[delivery.email]
            if self.without_boundary(written) != self.without_boundary(expected):
                self.assertEqual(
                    self.without_boundary(written).decode(),
                    self.without_boundary(expected).decode(),
                    delivery.email,
                )
            compared.append(written)
        return compared

    @staticmethod
    def without_boundary(mail):
        return re.sub(rb"={15}\d{19}==", b"BOUNDARY", mail)

    def test_the_same_mails_as_the_standard_lane(self):
        """A thousand, of all kinds of texts, names and addresses."""
        some = self.crowd[-READERS:]
        everybody = self.crowd
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Wants {partner.name}",
                    "contact_name": partner.name,
                    "email_from": partner.email_formatted,
                    "type": "lead",
                    "user_id": False,
                }
                for partner in some
            ]
        )
        mailings = [
            (self.make_journey_mailing(**values), some)
            for values in (
                {},
                {"subject": "Dear {{ object.name }}, new pumps", "preview": "For you"},
                {"body_html": CHINESE, "subject": "新水泵"},
                {"body_html": "<p>Hi <t t-out='object.name'/></p>"},
                {"body_html": "<p><b t-out='object.city or object.name'>x</b></p>"},
                {"body_html": "<p>Short, and to all the same.</p>"},
                {"email_from": '"Pümps" <news@pumps.example.com>'},
            )
        ]
        mailings += [
            (self.make_rich_mailing(), everybody),
            (self.make_test_mailing("subject", subject="水泵 {{ object.name }}"), some),
            (self.make_test_mailing("content", body_html=CHINESE), some),
            (
                self.make_test_mailing("sender", email_from="Ö <o@pumps.example.com>"),
                some,
            ),
            (
                self.make_journey_mailing(
                    mailing_model_id=self.env["ir.model"]._get_id("crm.lead"),
                    reply_to_mode="new",
                    body_html="<p>Dear <t t-out='object.contact_name'>friend</t>, "
                    "<t t-out='object.name'/>?</p>",
                ),
                leads,
            ),
        ]
        compared, encodings = 0, set()
        for mailing, records in mailings:
            with self.subTest(mailing.id):
                mails = self.compare(mailing, records)
                compared += len(mails)
                for mail in mails:
                    self.assertIn(b"Content-Type: text/plain", mail)
                    encodings.update(ENCODING.findall(mail))
        self.assertGreaterEqual(compared, 1000)
        self.assertEqual(encodings, {b"quoted-printable", b"base64"})
