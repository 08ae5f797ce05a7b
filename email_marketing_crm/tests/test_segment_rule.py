from datetime import timedelta

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import NOW
from .segment_common import SegmentCase

ANA, BO, CY = "ana@example.com", "bo@example.com", "cy@example.com"


@tagged("post_install", "-at_install")
class TestSegmentRule(SegmentCase):
    def setUp(self):
        super().setUp()
        for email in (ANA, BO, CY):
            self.make_partner(email)

    def assert_members(self, segment, *emails):
        self.assertEqual(self.members_of(segment), sorted(emails))

    def type_id(self, code):
        return self.env["marketing.touchpoint.type"]._get_id(code)

    # ------------------------------------------------------------------
    # how often
    # ------------------------------------------------------------------

    def test_exactly(self):
        for email, times in ((ANA, 2), (BO, 1)):
            for _time in range(times):
                self.happened("form", email)
        self.run_inbox()
        self.assert_members(self.make_segment(("form", "exactly", 2, 0)), ANA)
        self.assert_members(self.make_segment(("form", "exactly", 1, 0)), BO)
        never = self.make_segment(("form", "exactly", 0, 0))
        self.assert_members(never, CY)
        self.happened("form", CY)
        self.run_inbox()
        self.assert_members(never)

    def test_customers_who_spent_so_much_in_a_year(self):
        for email, value, days in (
            (ANA, 600, 10),
            (ANA, 400, 300),
            (BO, 999, 10),
            (CY, 5000, 400),
        ):
            self.happened("order", email, value=value, date=NOW - timedelta(days=days))
        self.run_inbox()
        rule = {"measure": "value", "amount": 1000}
        spenders = self.make_segment(("order", "at_least", 1, 365, rule))
        self.assert_members(spenders, ANA)
        self.happened("order", BO, value=1)
        self.run_inbox()
        self.assert_members(spenders, ANA, BO)
        at_most = self.make_segment(("order", "at_most", 1, 365, rule))
        self.assert_members(at_most, ANA, BO, CY)
        exactly = self.make_segment(("order", "exactly", 1, 365, rule))
        self.assert_members(exactly, ANA, BO)
        nothing = {"measure": "value", "amount": 0}
        self.assert_members(
            self.make_segment(("order", "at_most", 1, 365, nothing)), CY
        )
        self.assert_members(
            self.make_segment(("order", "exactly", 1, 365, nothing)), CY
        )

    # ------------------------------------------------------------------
    # when
    # ------------------------------------------------------------------

    def test_between_two_days_in_the_time_zone_of_the_responsible(self):
        """9 March in Brussels began on the 8th at 23:00 UTC."""
        self.clock.move_to(NOW + timedelta(days=30))
        self.user_marketing.tz = "Europe/Brussels"
        self.happened("form", ANA, date="2026-03-08 22:59:59")
        self.happened("form", BO, date="2026-03-08 23:00:00")
        self.happened("form", CY, date="2026-03-10 22:59:59")
        self.run_inbox()
        for first, last, emails in (
            ("2026-03-09", "2026-03-10", (BO, CY)),
            ("2026-03-09", "2026-03-09", (BO,)),
            ("2026-03-10", False, (CY,)),
            (False, "2026-03-08", (ANA,)),
        ):
            with self.subTest(first=first, last=last):
                window = {"period": "between", "date_from": first, "date_to": last}
                segment = self.make_segment(
                    ("form", "at_least", 1, 0, window), user_id=self.user_marketing.id
                )
                self.assert_members(segment, *emails)
                self.assertFalse(segment.is_time_dependent)

    def test_days_mean_the_last_ones(self):
        segment = self.make_segment(("form", "at_least", 1, 30))
        self.assertEqual(segment.rule_ids.period, "last")
        self.assertTrue(segment.is_time_dependent)
        segment.rule_ids.period = "ever"
        self.assertFalse(segment.is_time_dependent)

    def test_windows_that_say_nothing_are_refused(self):
        for values in (
            {"period": "last"},
            {"period": "between"},
            {"measure": "value", "amount": 0},
        ):
            with self.subTest(**values), self.assertRaises(ValidationError):
                self.make_segment(("form", "at_least", 1, 0, values))

    def test_form_fills_in_the_window(self):
        form = Form(self.env["marketing.segment"])
        form.name = "Readers"
        form.domain = repr([self.in_crowd])
        with form.rule_ids.new() as rule:
            rule.type_id = self.env["marketing.touchpoint.type"].browse(
                self.type_id("form")
            )
            rule.period = "last"
            self.assertEqual(rule.days, 30)
            rule.period = "between"
            self.assertEqual(rule.days, 0)
            self.assertTrue(rule.date_from)
        segment = form.save()
        self.assertEqual(segment.rule_ids.period, "between")

    # ------------------------------------------------------------------
    # about what
    # ------------------------------------------------------------------

    def test_what_a_rule_is_about_is_seen(self):
        """In its list: page and topic have columns, the rest is told together."""
        campaign = self.env["utm.campaign"].create({"name": "Spring fair"})
        asset = self.env["marketing.asset"].create(
            {
                "name": "Pumps, compared",
                "source": "url",
                "url": "https://pumps.example.com/compared",
            }
        )
        form = Form(self.env["marketing.segment"])
        form.name = "Readers"
        with form.rule_ids.new() as rule:
            rule.type_id = self.env["marketing.touchpoint.type"].browse(
                self.type_id("clicked")
            )
            rule.page = "/pricing"
        self.assertFalse(form.is_scope_shown)
        for name, value, scope in (
            ("campaign_id", campaign, "Spring fair, /pricing"),
            ("asset_id", asset, "/pricing, Pumps, compared"),
        ):
            with self.subTest(name):
                with form.rule_ids.edit(0) as rule:
                    setattr(rule, name, value)
                    self.assertEqual(rule.scope, scope)
                self.assertTrue(form.is_scope_shown)
                with form.rule_ids.edit(0) as rule:
                    setattr(rule, name, value.browse())
                self.assertFalse(form.is_scope_shown)
        with form.group_ids.new() as group, group.rule_ids.new() as rule:
            rule.type_id = self.env["marketing.touchpoint.type"].browse(
                self.type_id("clicked")
            )
            rule.campaign_id = campaign
        self.assertTrue(form.save().group_ids.is_scope_shown)

    def test_only_in_a_campaign(self):
        campaign = self.env["utm.campaign"].create({"name": "Spring fair"})
        mailings = self.env["mailing.mailing"].create(
            [
                {
                    "subject": f"Mail {number}",
                    "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                    "campaign_id": campaign.id if number else False,
                }
                for number in range(2)
            ]
        )
        self.happened("opened", ANA, mailing_id=mailings[0].id, reliability="unknown")
        self.happened("opened", BO, mailing_id=mailings[1].id, reliability="unknown")
        self.run_inbox()
        segment = self.make_segment(
            (
                "opened",
                "at_least",
                1,
                0,
                {"campaign_id": campaign.id, "reliability": "unknown"},
            )
        )
        self.assert_members(segment, BO)
        self.assertTrue(segment.is_time_dependent)
        mailings[0].campaign_id = campaign
        segment._refresh()
        self.assert_members(segment, ANA, BO)

    def test_only_on_a_link(self):
        links = self.env["link.tracker"].create(
            [{"url": f"https://example.com/{name}"} for name in ("pumps", "valves")]
        )
        for email, link in zip((ANA, BO), links, strict=True):
            self.happened("clicked", email, link_id=link.id, reliability="human_likely")
        self.run_inbox()
        by_link = self.make_segment(
            ("clicked", "at_least", 1, 0, {"link_id": links[1].id})
        )
        self.assert_members(by_link, BO)
        by_page = self.make_segment(("clicked", "at_least", 1, 0, {"page": "/pumps"}))
        self.assert_members(by_page, ANA)

    def test_only_on_a_page(self):
        for email, url in (
            (ANA, "https://example.com/blog/pumps_2026"),
            (BO, "https://example.com/blog/pumpsX2026"),
            (CY, "https://example.com/Pricing?plan=5%25"),
        ):
            self.happened("page_view", email, data={"url": url})
        self.run_inbox()
        for pattern, emails in (
            ("/blog/", (ANA, BO)),
            ("/blog/*2026", (ANA, BO)),
            ("pumps_2026", (ANA,)),
            ("/pricing", (CY,)),
            ("5%25", (CY,)),
            ("%", (CY,)),
            ("'; DROP TABLE res_partner; --", ()),
        ):
            with self.subTest(pattern=pattern):
                segment = self.make_segment(
                    ("page_view", "at_least", 1, 0, {"page": pattern})
                )
                self.assert_members(segment, *emails)

    def test_only_on_a_topic(self):
        self.happened("download", ANA, data={"topic": "Pumps"})
        self.happened("download", BO, data={"tags": ["Valves", "PUMPS"], "topics": 3})
        self.happened("download", CY, data={"title": "A history of pumps"})
        self.run_inbox()
        segment = self.make_segment(("download", "at_least", 1, 14, {"topic": "pumps"}))
        self.assert_members(segment, ANA, BO, CY)
        valves = self.make_segment(("download", "at_least", 1, 14, {"topic": "valves"}))
        self.assert_members(valves, BO)

    def test_only_mailings_on_a_topic(self):
        topic = self.env["marketing.topic"].create({"name": "Pumps & more"})
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "News",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "marketing_topic_id": topic.id,
            }
        )
        self.happened("clicked", ANA, mailing_id=mailing.id, reliability="human_likely")
        self.happened("clicked", BO, reliability="human_likely")
        self.run_inbox()
        for name, emails in (("pumps & MORE", (ANA,)), ("pumps", ()), ("%", ())):
            with self.subTest(topic=name):
                segment = self.make_segment(
                    ("clicked", "at_least", 1, 0, {"topic": name})
                )
                self.assert_members(segment, *emails)

    # ------------------------------------------------------------------
    # groups
    # ------------------------------------------------------------------

    def make_grouped(self, match, group_match):
        """form <match> (download <group match> page_view)"""
        segment = self.env["marketing.segment"].create(
            {
                "name": "Grouped",
                "domain": repr([self.in_crowd]),
                "match": match,
                "rule_ids": [Command.create({"type_id": self.type_id("form")})],
                "group_ids": [
                    Command.create(
                        {
                            "match": group_match,
                            "rule_ids": [
                                Command.create({"type_id": self.type_id(code)})
                                for code in ("download", "page_view")
                            ],
                        }
                    )
                ],
            }
        )
        segment._refresh()
        return segment

    def test_groups_of_rules(self):
        for code, *emails in (
            ("form", ANA, BO),
            ("download", ANA, CY),
            ("page_view", CY),
        ):
            for email in emails:
                self.happened(code, email)
        self.run_inbox()
        for match, group_match, emails in (
            ("all", "any", (ANA,)),
            ("all", "all", ()),
            ("any", "any", (ANA, BO, CY)),
            ("any", "all", (ANA, BO, CY)),
        ):
            with self.subTest(match=match, group=group_match):
                self.assert_members(self.make_grouped(match, group_match), *emails)
        segment = self.make_grouped("all", "all")
        self.happened("page_view", ANA)
        self.run_inbox()
        self.assert_members(segment, ANA)

    def test_rules_of_a_group_belong_to_its_segment(self):
        segment = self.make_grouped("all", "any")
        rules = segment.group_ids.rule_ids
        self.assertEqual(rules.segment_id, segment)
        self.assertEqual(segment.rule_ids.type_id.code, "form")
        segment.next_refresh = False
        rules[0].times = 2
        self.assertTrue(segment.is_waiting)
        copied = segment.copy()
        self.assertEqual(copied.rule_ids.type_id.code, "form")
        self.assertEqual(copied.group_ids.rule_ids.segment_id, copied)
        self.assertEqual(copied.group_ids.rule_ids.mapped("times"), [2, 1])
        self.assertEqual(len(segment._get_rules()), 3)

    def test_group_without_rules_says_nothing(self):
        segment = self.make_segment(("form", "at_least", 1, 0))
        segment.group_ids = [Command.create({"match": "all"})]
        self.happened("form", ANA)
        self.run_inbox()
        self.assert_members(segment, ANA)

    def test_group_in_the_form(self):
        self.happened("download", ANA)
        self.run_inbox()
        with Form(self.env["marketing.segment"]) as form:
            form.name = "Readers"
            form.domain = repr([self.in_crowd])
            with form.group_ids.new() as group:
                for code in ("form", "download"):
                    with group.rule_ids.new() as rule:
                        rule.type_id = self.env["marketing.touchpoint.type"].browse(
                            self.type_id(code)
                        )
            self.assertEqual(form.preview_count, 1)
        form.record._refresh()
        self.assert_members(form.record, ANA)

    def test_rule_in_words(self):
        segment = self.make_segment(
            ("page_view", "at_least", 2, 30, {"page": "/blog"}),
            ("order", "at_most", 1, 0, {"measure": "value", "amount": 50}),
            (
                "form",
                "exactly",
                1,
                0,
                {"period": "between", "date_from": "2026-01-01"},
            ),
        )
        self.assertEqual(
            segment.rule_ids.mapped("display_name"),
            [
                "Page viewed at least 2 times, in the last 30 days, /blog",
                "Order: at most 50 in total",
                "Form submitted exactly 1 times, since 01/01/2026",
            ],
        )
