"""A marketer builds the two segments of R-033 from nothing and mails them."""

from odoo import fields
from odoo.tests import new_test_user, tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestSegmentScreensTour(TourCase):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(
            cls.env,
            "tour_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user,"
            "base.group_partner_manager",
            email="marketer@tour.example.com",
        )

    def setUp(self):
        super().setUp()
        industry = self.env["res.partner.industry"].create({"name": "Tour Software"})
        software = self.env["res.partner"].create(
            {"name": "Soft Ltd", "is_company": True, "industry_id": industry.id}
        )
        steel = self.env["res.partner"].create(
            {"name": "Steel Ltd", "is_company": True}
        )
        people = {
            "ana": ("Chief Information Officer", software, "/blog/pumps"),
            "bo": ("Chief Executive Officer", software, "/blog/valves"),
            "carl": ("Clerk", software, "/blog/pumps"),
            "dora": ("Chief Operating Officer", software, "/jobs"),
            "emil": ("Chief Executive Officer", steel, "/blog/pumps"),
        }
        for name, (function, company, page) in people.items():
            email = f"{name}@tour.example.com"
            self.env["res.partner"].create(
                {
                    "name": name.capitalize(),
                    "email": email,
                    "function": function,
                    "parent_id": company.id,
                }
            )
            self.happened(
                "page_view", email, {"url": f"https://tour.example.com{page}"}
            )
        for name in ("ana", "bo"):
            self.happened(
                "download", f"{name}@tour.example.com", {"topic": "Tour Pumps"}
            )
        self.happened("download", "carl@tour.example.com", {"topic": "Tour Pipes"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env["mail.blacklist"]._add("bo@tour.example.com")
        self.env["marketing.inbox"]._run_lane(0, 1)

    def happened(self, kind, email, data):
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": kind,
                    "email": email,
                    "date": fields.Datetime.now(),
                    "data": data,
                    "dedup_key": f"tour:{kind}:{email}",
                }
            ]
        )

    def assert_mailed(self, name, addresses):
        """The mailing was planned, and its mails reach these addresses."""
        segment = self.env["marketing.segment"].search([("name", "=", name)])
        mailing = self.env["mailing.mailing"].search(
            [("marketing_segment_ids", "in", segment.ids)]
        )
        self.assertEqual(mailing.state, "in_queue")
        deliveries = self.env["marketing.delivery"].search(
            [("mailing_id", "=", mailing.id)]
        )
        self.assertEqual(
            sorted(deliveries.mapped(lambda row: row.reason or row.state)),
            ["blacklisted", "planned"],
        )
        self.run_lanes()
        self.assertEqual(self.received(), addresses)
        return segment

    def test_chiefs_of_software_companies_who_read_the_blog(self):
        self.start_tour(
            "/odoo/segments/new",
            "marketing_segment_decision_makers",
            login="tour_marketer",
            timeout=120,
        )
        segment = self.assert_mailed(
            "Chiefs of software companies who read the blog", ["ana@tour.example.com"]
        )
        self.assertEqual((segment.member_limit, segment.sort_order), (1000, "created"))
        self.assertEqual(segment.rule_ids.page, "/blog")
        self.assertEqual((segment.rule_ids.period, segment.rule_ids.days), ("last", 30))

    def test_downloaded_something_on_a_topic(self):
        self.start_tour(
            "/odoo/segments/new",
            "marketing_segment_downloads",
            login="tour_marketer",
            timeout=120,
        )
        segment = self.assert_mailed(
            "Downloaded something about pumps", ["ana@tour.example.com"]
        )
        self.assertEqual(segment.rule_ids.days, 14)

    def test_template_and_comparison(self):
        everybody = self.env["marketing.segment"].create(
            {
                "name": "Tour Everybody",
                "domain": "[('email', 'like', 'tour.example.com')]",
            }
        )
        everybody._refresh()
        self.start_tour(
            "/odoo/segments",
            "marketing_segment_template",
            login="tour_marketer",
            timeout=120,
        )
        segment = self.env["marketing.segment"].search([("name", "=", "Pump readers")])
        self.assertEqual((segment.size, segment.user_id), (2, self.marketer))
