"""The name of the topic in a mail, for each reader in his language."""

import email
from email import policy

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .content_common import ContentCase
from .volume_common import VolumeCase

BODY = (
    '<p>Dear <t t-out="object.name">friend</t>, you read about'
    ' <t t-out="object.marketing_topic_name">our news</t>.</p>'
)


def make_topic(env):
    topic = env["marketing.topic"].create(
        {"name": "New pumps", "is_double_opt_in": False}
    )
    topic.with_context(lang="zh_CN").name = "新水泵"
    return topic


@tagged("post_install", "-at_install")
class TestContentTopic(ContentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.topic = make_topic(cls.env)
        for record in cls.ana + cls.li + cls.eva:
            cls.env["marketing.consent"]._set_state(
                record.marketing_person_id.ids, cls.topic, "in", {"source": "page"}
            )

    def make_topic_mailing(self, **values):
        return self.make_mailing(
            self.everybody,
            **{
                "body_html": BODY,
                "subject": "{{ object.marketing_topic_name ||| News }}",
                "marketing_topic_id": self.topic.id,
                **values,
            },
        )

    def test_each_reads_it_in_his_language(self):
        sent = self.sent(self.make_topic_mailing())
        self.assertIn("you read about New pumps", sent["ana@example.com"]["body"])
        self.assertIn("you read about 新水泵", sent["li@example.com"]["body"])
        self.assertEqual(sent["li@example.com"]["subject"], "新水泵")
        self.assertIn("New pumps", sent["eva@example.com"]["body"], "not translated")

    def test_the_language_a_person_chose_comes_first(self):
        self.ana.marketing_person_id.preferred_lang = "zh_CN"
        self.env.flush_all()
        sent = self.sent(self.make_topic_mailing())
        self.assertIn("you read about 新水泵", sent["ana@example.com"]["body"])

    def test_without_a_topic_the_default_stands_there(self):
        sent = self.sent(self.make_topic_mailing(marketing_topic_id=False))
        self.assertIn("you read about our news", sent["li@example.com"]["body"])
        self.assertEqual(sent["li@example.com"]["subject"].strip(), "News")

    def test_preview_and_page_in_the_browser_name_it_too(self):
        mailing = self.make_topic_mailing()
        seen = mailing._prepare_mail_as_seen_by(self.li)
        self.assertIn("新水泵", seen["body_html"])
        shown = mailing.with_context(marketing_view=True)._render_field(
            "body_html", self.li.ids
        )
        self.assertIn("新水泵", shown[self.li.id])

    def test_a_marketer_without_the_right_to_templates_may_use_it(self):
        mailing = self.make_topic_mailing().with_user(self.user_marketing)
        mailing.body_html = BODY
        self.assertIn(
            "object.marketing_topic_name",
            self.env["res.partner"].mail_allowed_qweb_expressions(),
        )

    def test_the_check_says_that_there_is_no_topic(self):
        bare = BODY.replace(">our news<", "><")
        mailing = self.make_topic_mailing(
            body_html=bare, marketing_topic_id=False, subject="You read about pumps"
        )
        check = self.env["marketing.mailing.check"]._check_mailing(mailing)
        found = check.finding_ids.filtered(lambda line: line.code == "missing_value")
        self.assertEqual(found.count, 3)
        self.assertIn("Topic of the Mailing", found.message)
        mailing.marketing_topic_id = self.topic
        check = self.env["marketing.mailing.check"]._check_mailing(mailing)
        self.assertNotIn("missing_value", check.finding_ids.mapped("code"))

    def test_nobody_learns_topics_by_the_field(self):
        """Outside of a mail the field is empty, whatever the user may read."""
        self.make_topic_mailing()
        self.assertFalse(self.li.with_user(self.user_sales).marketing_topic_name)
        with self.assertRaises(AccessError):
            self.topic.with_user(self.user_employee).write({"name": "Mine"})


@tagged("post_install", "-at_install")
class TestTopicInHighVolume(VolumeCase):
    def test_the_fast_lane_names_it_too(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        topic = make_topic(self.env)
        self.partners[:10].lang = "zh_CN"
        self.env.flush_all()
        self.run_inbox()
        self.env["marketing.consent"]._set_state(
            self.partners.marketing_person_id.ids, topic, "in", {"source": "page"}
        )
        self.mailing.write({"body_html": BODY, "marketing_topic_id": topic.id})
        self.deliver()
        deliveries = self.deliveries_of(self.mailing)
        self.assertTrue(all(deliveries.mapped("is_high_volume")))
        texts = {
            address: email.message_from_bytes(content, policy=policy.SMTP)
            .get_body(("html",))
            .get_content()
            for address, content in self.smtp.taken
        }
        self.assertEqual(len(texts), 20)
        self.assertIn("about 新水泵", texts["volume0@example.com"])
        self.assertIn("about New pumps", texts["volume19@example.com"])
