import re
from urllib.parse import urlencode

from odoo import Command, fields
from odoo.tests import tagged

from .consent_common import ANA
from .consent_page_common import PageCase


@tagged("post_install", "-at_install")
class TestUnsubscribe(PageCase):
    """Odoo's links in mailings to contacts, and to lists."""

    def setUp(self):
        super().setUp()
        self.person = self.make_person()
        self.partner = self.person.partner_ids
        self.agree(self.person)
        self.agree(self.person, self.other)

    def make_mailing(self, topic=None, **values):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "New pumps",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
                **({"marketing_topic_id": topic.id} if topic else {}),
                **values,
            }
        )
        self.env.flush_all()
        return mailing

    def make_campaign(self):
        """A mailing of ours, to a segment, without a topic."""
        segment = self.env["marketing.segment"].create(
            {"name": "Readers", "res_model": "res.partner"}
        )
        return self.make_mailing(marketing_segment_ids=[Command.set(segment.ids)])

    def path_of(self, mailing, action, record=None, token=None):
        record = record or self.partner
        token = token or mailing._generate_mailing_recipient_token(record.id, ANA)
        query = urlencode({"document_id": record.id, "email": ANA, "hash_token": token})
        return f"/mailing/{mailing.id}/{action}?{query}"

    def unsubscribe(self, mailing):
        page = self.look(self.path_of(mailing, "confirm_unsubscribe"))
        fields_ = dict(
            re.findall(
                r'name="(mailing_id|document_id|email|hash_token)" value="([^"]*)"',
                page.text,
            )
        )
        return page, self.press(page, "/mailing/confirm_unsubscribe", **fields_)

    def test_the_topic_of_the_mailing_is_withdrawn_and_nothing_else(self):
        mailing = self.make_mailing(self.topic)
        page, answer = self.unsubscribe(mailing)
        self.assertIn("Other topics stay as they are", page.text)
        self.assertIn("Pumps", answer.text)
        self.assertIn("Stop all e-mail", answer.text)
        self.assertEqual(self.state_of(ANA), "out")
        self.assertEqual(self.state_of(ANA, self.other), "in")
        self.assertFalse(self.person_of(ANA).is_opted_out)
        evidence = self.person_of(ANA).consent_log_ids[:1]
        self.assertEqual((evidence.source, evidence.mailing_id), ("mail", mailing))

    def test_a_mailing_without_topic_blocks_the_address_and_says_so(self):
        mailing = self.make_campaign()
        page, answer = self.unsubscribe(mailing)
        self.assertIn("no mailing of any kind", page.text)
        self.assertIn("all our mailings", answer.text)
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_one_click_does_the_same(self):
        mailing = self.make_mailing(self.topic)
        answer = self.url_open(
            self.path_of(mailing, "unsubscribe_oneclick"),
            data={"List-Unsubscribe": "One-Click"},
        )
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.state_of(ANA), "out")
        self.assertFalse(self.person_of(ANA).is_opted_out)

    def test_following_any_link_unsubscribes_nobody(self):
        for mailing in (self.make_mailing(self.topic), self.make_campaign()):
            for action in ("confirm_unsubscribe", "unsubscribe"):
                for method in ("GET", "HEAD"):
                    self.look(self.path_of(mailing, action), method=method)
            self.look(self.path_of(mailing, "unsubscribe_oneclick"))
        self.assertEqual(self.state_of(ANA), "in")
        self.assertFalse(self.person_of(ANA).is_opted_out)

    def test_a_mailing_that_is_not_ours_keeps_the_pages_of_odoo(self):
        mailing = self.make_mailing()
        asked = self.look(self.path_of(mailing, "confirm_unsubscribe"))
        self.assertNotIn("/marketing/preferences", asked.text)
        self.assertFalse(self.person_of(ANA).is_opted_out)
        answer = self.look(self.path_of(mailing, "unsubscribe"))
        self.assertIn("no longer part of our services", answer.text)
        self.env.invalidate_all()
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_forged_links_do_nothing(self):
        mailing = self.make_mailing(self.topic)
        for action in ("confirm_unsubscribe", "unsubscribe"):
            path = self.path_of(mailing, action, token="0" * 128)
            self.assertGreaterEqual(self.look(path).status_code, 400)
        path = self.path_of(mailing, "unsubscribe_oneclick", token="0" * 128)
        answer = self.url_open(path, data={"List-Unsubscribe": "One-Click"})
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertEqual(self.state_of(ANA), "in")

    def test_made_up_mailings_are_refused_and_break_nothing(self):
        mailing = self.make_mailing(self.topic)
        page = self.look(self.path_of(mailing, "confirm_unsubscribe"))
        for number in ("pumps", "-1", "0", ""):
            answer = self.press(
                page, "/mailing/confirm_unsubscribe", mailing_id=number, email=ANA
            )
            self.assertIn(answer.status_code, (400, 401, 403, 404), number)
        for number in (None, "pumps", [], 0):
            answer = self.url_open(
                "/mailing/list/update",
                json={"params": {"mailing_id": number, "email": ANA}},
            ).json()
            self.assertEqual(answer.get("result"), "error", number)
        self.assertEqual(self.state_of(ANA), "in")

    def test_the_reason_can_be_given_afterwards(self):
        _page, answer = self.unsubscribe(self.make_mailing(self.topic))
        action = re.search(
            r'action="(/marketing/preferences/[^"]+/reason)"', answer.text
        )
        reason = self.env["mailing.subscription.optout"].search([], limit=1)
        self.press(answer, action.group(1), reason=str(reason.id))
        self.assertEqual(self.person_of(ANA).consent_log_ids[:1].reason_id, reason)

    def test_a_topic_of_its_own_is_left_with_the_list(self):
        mailing_list = self.env["mailing.list"].create({"name": "Pump list"})
        contact = self.env["mailing.contact"].create(
            {"email": ANA, "list_ids": [fields.Command.set(mailing_list.ids)]}
        )
        mailing = self.make_mailing(
            self.topic,
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[fields.Command.set(mailing_list.ids)],
        )
        self.url_open(
            self.path_of(mailing, "unsubscribe_oneclick", contact),
            data={"List-Unsubscribe": "One-Click"},
        )
        self.assertEqual(self.state_of(ANA), "out")
        self.assertTrue(contact.subscription_ids.opt_out)

    def test_pages_of_mailing_lists_keep_working_and_tell_us(self):
        mailing_list = self.env["mailing.list"].create(
            {"name": "Pump list", "is_public": True}
        )
        self.topic.mailing_list_id = mailing_list
        contact = self.env["mailing.contact"].create(
            {"email": ANA, "list_ids": [fields.Command.set(mailing_list.ids)]}
        )
        mailing = self.make_mailing(
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[fields.Command.set(mailing_list.ids)],
        )
        self.assertEqual(mailing.marketing_topic_id, self.topic)
        path = self.path_of(mailing, "unsubscribe", contact)
        self.assertEqual(self.look(path).status_code, 200)
        self.assertEqual(self.state_of(ANA), "in")
        self.url_open(
            self.path_of(mailing, "unsubscribe_oneclick", contact),
            data={"List-Unsubscribe": "One-Click"},
        )
        self.assertEqual(self.state_of(ANA), "out")
        self.env.invalidate_all()
        self.assertTrue(contact.subscription_ids.opt_out)
        token = mailing._generate_mailing_recipient_token(contact.id, ANA)
        self.make_jsonrpc_request(
            "/mailing/list/update",
            {
                "mailing_id": mailing.id,
                "document_id": contact.id,
                "email": ANA,
                "hash_token": token,
                "lists_optin_ids": mailing_list.ids,
            },
        )
        self.assertEqual(self.state_of(ANA), "in")
        self.assertEqual(self.person_of(ANA).consent_log_ids[:1].source, "page")
