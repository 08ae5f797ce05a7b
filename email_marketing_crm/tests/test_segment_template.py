"""Templates: ready segments that ask for a number or a word."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import NOW
from .segment_common import SegmentCase

XML_ID = "email_marketing_crm.segment_template_%s"


@tagged("post_install", "-at_install")
class TestSegmentTemplate(SegmentCase):
    def use(self, template, user=None, name=None, **answers):
        """Use a template, answering some of its questions; the segment."""
        template = template.with_user(user or self.env.user)
        action = template.action_use()
        wizard = template.env[action["res_model"]].browse(action["res_id"])
        if name:
            wizard.name = name
        for line in wizard.line_ids:
            if line.parameter_id.code in answers:
                answer = answers[line.parameter_id.code]
                field = (
                    "value"
                    if line.kind not in ("industry", "country")
                    else (f"{line.kind}_id")
                )
                line[field] = answer
        segment = wizard.action_create()
        return self.env["marketing.segment"].browse(segment["res_id"])

    def template(self, name):
        return self.env.ref(XML_ID % name)

    def mine(self, segment):
        """Members of the segment among the contacts of the test."""
        crowd = self.env["res.partner"].search([self.in_crowd])
        emails = set(crowd.mapped("email_normalized"))
        return [email for email in self.members_of(segment) if email in emails]

    def test_every_template_makes_a_segment_that_can_be_computed(self):
        templates = self.env["marketing.segment.template"].search([])
        self.assertGreaterEqual(len(templates), 15)
        for template in templates:
            with self.subTest(template=template.name):
                template._check_content()
                segment = self.use(template)
                self.assertFalse(segment.error)
                self.assertTrue(segment.is_settled)
                self.assertTrue(segment.description)
        self.assertEqual(
            set(templates.mapped("dimension")),
            {key for key, _label in templates._fields["dimension"].selection},
        )

    def test_decision_makers_who_read_the_blog(self):
        """R-033: C-level people of software companies, newest 1000."""
        software = self.env["res.partner.industry"].create({"name": "Software"})
        company = self.env["res.partner"].create(
            {"name": "Soft Ltd", "is_company": True, "industry_id": software.id}
        )
        for name, function, parent in (
            ("ceo", "CEO", company),
            ("cto", "Founder and CTO", company),
            ("chief", "Chief Information Officer", company),
            ("zong", "总经理", company),
            ("director", "Director of Coordination", company),
            ("elsewhere", "CEO", self.env["res.partner"]),
            ("silent", "CFO", company),
        ):
            self.make_partner(
                f"{name}@example.com", name, function=function, parent_id=parent.id
            )
            if name != "silent":
                self.happened(
                    "page_view",
                    f"{name}@example.com",
                    data={"url": "https://www.example.com/blog/pumps"},
                )
        self.happened(
            "page_view",
            "silent@example.com",
            date=NOW - timedelta(days=31),
            data={"url": "https://www.example.com/blog/pumps"},
        )
        self.run_inbox()
        segment = self.use(self.template("decision_makers_reading"), industry=software)
        self.assertEqual(
            self.mine(segment),
            [f"{name}@example.com" for name in ("ceo", "chief", "cto", "zong")],
        )
        self.assertEqual(segment.member_limit, 1000)

    def test_downloaded_a_document_on_a_topic(self):
        """R-033: downloaded topic X in the last 14 days."""
        for name, topic, days in (
            ("ana", "Valves", 13),
            ("bo", "Valves", 15),
            ("cy", "Pipes", 1),
        ):
            self.make_partner(f"{name}@example.com", name)
            self.happened(
                "download",
                f"{name}@example.com",
                date=NOW - timedelta(days=days),
                data={"topic": topic},
            )
        self.run_inbox()
        segment = self.use(self.template("downloaded_topic"), topic="valves")
        self.assertEqual(self.mine(segment), ["ana@example.com"])
        wider = self.use(self.template("downloaded_topic"), topic="valves", days="20")
        self.assertEqual(self.mine(wider), ["ana@example.com", "bo@example.com"])

    def test_spent_an_amount(self):
        """R-038: customers who spent a given amount within a year."""
        for name, value in (("ana", 600), ("bo", 300)):
            self.make_partner(f"{name}@example.com", name)
            for _order in range(2):
                self.happened("order", f"{name}@example.com", value=value)
        self.run_inbox()
        segment = self.use(self.template("spent"), amount="1000")
        self.assertEqual(self.mine(segment), ["ana@example.com"])

    def test_gone_quiet(self):
        for name in ("ana", "bo", "cy"):
            self.make_partner(f"{name}@example.com", name)
            for _mail in range(3 if name != "cy" else 1):
                self.happened("sent", f"{name}@example.com")
        self.happened("clicked", "bo@example.com", reliability="human_likely")
        self.run_inbox()
        segment = self.use(self.template("gone_quiet"))
        self.assertEqual(self.mine(segment), ["ana@example.com"])

    def test_clicked_without_open_opportunity(self):
        for name in ("ana", "bo"):
            partner = self.make_partner(f"{name}@example.com", name)
            self.happened("clicked", f"{name}@example.com", reliability="human_likely")
        self.make_lead("bo@example.com", type="opportunity", partner_id=partner.id)
        self.run_inbox()
        template = self.template("clicked_without_opportunity")
        self.assertEqual(self.mine(self.use(template)), ["ana@example.com"])
        with self.assertRaisesRegex(UserError, "may not read"):
            self.use(template, self.user_marketing)

    def test_the_segment_can_be_changed_afterwards(self):
        template = self.template("downloaded_topic")
        segment = self.use(template, self.user_marketing, name="Pump readers")
        self.assertEqual((segment.name, segment.kind), ("Pump readers", "dynamic"))
        self.assertEqual(segment.user_id, self.user_marketing)
        segment.with_user(self.user_marketing).rule_ids.topic = "Valves"
        template.active = False
        segment._refresh()
        self.assertFalse(segment.error)

    def test_answers_are_checked(self):
        template = self.template("downloaded_topic")
        for answers in ({"days": "soon"}, {"days": "-1"}, {"topic": " "}):
            with self.subTest(answers=answers), self.assertRaises(UserError):
                self.use(template, **answers)
        with self.assertRaises(UserError):
            self.use(self.template("industry"), industry=False)

    def test_templates_that_cannot_be_used_are_refused(self):
        for values in (
            {"domain": "[('city', '=', '{city}')]"},
            {"domain": "[("},
            {"rules": "[{'type': 'no_such_type'}]"},
            {"rules": "[{'type': 'clicked', 'segment_id': 1}]"},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.env["marketing.segment.template"].create({"name": "T", **values})
        template = self.env["marketing.segment.template"].create(
            {
                "name": "City",
                "domain": "[('city', '=', '{city}')]",
                "parameter_ids": [
                    (0, 0, {"code": "city", "name": "Which city?", "kind": "text"})
                ],
            }
        )
        with self.assertRaises(ValidationError):
            template.domain = "[('city', '=', 'Porto')]"

    def test_managers_write_templates_and_marketers_use_them(self):
        template = self.template("spent")
        template.with_user(self.user_manager).summary = "Good customers."
        self.assertTrue(self.use(template, self.user_marketing))
        with self.assertRaises(AccessError):
            template.with_user(self.user_marketing).summary = "Mine."
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                template.with_user(user).action_use()
