import re

from odoo.tests import tagged
from odoo.tools import email_normalize

from .consent_common import ANA, BEN, ConsentCase


@tagged("post_install", "-at_install")
class TestDoNotTrack(ConsentCase):
    """Who does not want to be tracked gets mail, and leaves no trace of reading it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_partner(ANA)
        cls.make_partner(BEN)
        cls.segment = cls.make_segment(ANA, BEN)
        cls.person_of(ANA).is_do_not_track = True
        cls.env.flush_all()

    def get_mails(self, **values):
        mailing = self.make_mailing(self.segment, **values)
        mailing.action_launch()
        self.deliver()
        return mailing, {
            email_normalize(mail["email_to"][0]): mail for mail in self._mails
        }

    def test_no_pixel_and_no_link_that_knows_the_person(self):
        _mailing, mails = self.get_mails()
        ana, ben = str(mails[ANA]["body"]), str(mails[BEN]["body"])
        self.assertIn("blank.gif", ben)
        self.assertRegex(ben, r"/r/\w+/m/\d+\?k=\w{10}")
        self.assertNotIn("blank.gif", ana)
        self.assertNotRegex(ana, r"/r/\w+")
        self.assertIn('href="https://www.example.com/pumps"', ana)

    def test_links_to_the_preference_page_are_each_persons_own(self):
        _mailing, mails = self.get_mails(
            body_html='<p><a href="/marketing/preferences">Choose</a></p>'
        )
        persons = self.env["marketing.person"]
        for email in (ANA, BEN):
            [token] = re.findall(
                r"/marketing/preferences/([\w-]+)", str(mails[email]["body"])
            )
            person, is_expired = persons._find_by_preference_token(token)
            self.assertEqual(person.email_normalized, email)
            self.assertFalse(is_expired)
        self.assertFalse(
            self.env["link.tracker"].search([("url", "like", "/marketing/preferences")])
        )

    def test_opens_and_clicks_of_old_mails_are_not_kept(self):
        self.person_of(ANA).is_do_not_track = False
        mailing, _mails = self.get_mails()
        self.person_of(ANA).is_do_not_track = True
        self.env.flush_all()
        traces = mailing.mailing_trace_ids
        link = self.env["link.tracker"].search([("mass_mailing_id", "=", mailing.id)])
        for trace in traces:
            trace.set_opened()
            self.env["link.tracker.click"].add_click(
                link.code, ip="192.0.2.1", country_code=None, mailing_trace_id=trace.id
            )
        self.assertEqual(self.touchpoints_of(ANA, "opened", "clicked"), [])
        self.assertEqual(
            set(self.touchpoints_of(BEN, "opened", "clicked")), {"opened", "clicked"}
        )
        trace = traces.filtered(lambda trace: trace.email == ANA)
        self.assertEqual(trace.trace_status, "sent")
        self.assertFalse(trace.links_click_datetime)

    def test_captured_behaviour_is_dropped_and_other_events_are_kept(self):
        for code in ("opened", "clicked", "page_view", "download", "form", "replied"):
            self.happened(code, ANA)
            self.env["marketing.touchpoint"]._capture(
                [
                    {
                        "type": code,
                        "person_id": self.person_of(ANA).id,
                        "dedup_key": f"dnt:{code}",
                    }
                ]
            )
        behaviour = ("opened", "clicked", "page_view", "download")
        self.assertEqual(self.touchpoints_of(ANA, *behaviour), [])
        self.assertEqual(
            set(self.touchpoints_of(ANA, "form", "replied")), {"form", "replied"}
        )

    def test_other_systems_are_told(self):
        event = {"type": "page_view", "source": "web", "url": "/pumps"}
        answer = (
            self.env["marketing.touchpoint"]
            .with_user(self.user_marketing)
            .report_events(
                [
                    {**event, "id": 1, "email": ANA},
                    {**event, "id": 2, "email": BEN},
                    {**event, "id": 3, "email": "rubbish"},
                    {**event, "id": 4, "email": ANA, "type": "form"},
                ]
            )
        )
        self.assertEqual(answer["accepted"], 2)
        self.assertEqual([error["index"] for error in answer["errors"]], [0, 2])
        self.assertIn("does not want to be tracked", answer["errors"][0]["error"])
        self.assertEqual(self.touchpoints_of(ANA, "form", "page_view"), ["form"])
        self.assertEqual(self.touchpoints_of(BEN, "page_view"), ["page_view"])

    def test_it_holds_for_every_address_after_a_merge(self):
        self.person_of(ANA)._merge_into(self.person_of(BEN))
        self.assertTrue(self.person_of(BEN).is_do_not_track)
        self.happened("page_view", ANA)
        self.happened("page_view", BEN)
        self.assertEqual(self.touchpoints_of(BEN, "page_view"), [])
        self.person_of(BEN).is_do_not_track = False
        self.env.flush_all()
        self.assertFalse(self.person_of(ANA).is_do_not_track)

    def test_it_is_not_do_not_contact(self):
        mailing, mails = self.get_mails()
        self.assertIn(ANA, mails)
        self.assertEqual(self.outcomes(mailing)[ANA], "sent")
