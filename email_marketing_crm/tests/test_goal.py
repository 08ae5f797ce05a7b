"""Goal and audience come first: of a campaign, of a mailing, and how they are told."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .check_common import CLEAN, CheckCase
from .common_delivery import ReadersCase


@tagged("post_install", "-at_install")
class TestGoal(ReadersCase):
    """The readers get a mailing, and what they do then is counted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls.env["utm.campaign"].create({"title": "Spring"})
        cls.mailing = cls.make_mailing(cls.segment, campaign_id=cls.campaign.id)

    def deliver_all(self, *mailings):
        for mailing in mailings or [self.mailing]:
            mailing.action_put_in_queue()
        self.deliver()
        self.run_inbox()
        self.clock.tick(60)

    def react(self, name, code, mailing=None, **values):
        mailing = self.mailing if mailing is None else mailing
        self.happened(
            code,
            f"{name}@example.com",
            mailing_id=mailing.id,
            reliability=values.pop("reliability", "human_likely"),
            **values,
        )

    def count(self):
        """Let the worker count, as it does every half hour."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.clock.tick(60)
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=1.0
        ):
            self.env["marketing.mailing.result"]._cron_count()
        self.env.invalidate_all()

    def people(self, record):
        action = record.with_user(self.user_marketing).action_view_goal()
        persons = self.env["marketing.person"].with_user(self.user_marketing)
        found = persons.search(action["domain"])
        return {email.partition("@")[0] for email in found.mapped("email_normalized")}

    def test_a_mailing_against_its_goal(self):
        self.mailing.write({"marketing_goal": "clicked", "marketing_goal_target": 2})
        self.assertEqual(self.mailing.marketing_goal_state, "waiting")
        self.deliver_all()
        self.react("ana", "clicked")
        self.react("ana", "clicked")
        self.react("ben", "clicked", reliability="security_scan")
        self.count()
        self.assertEqual(self.mailing.marketing_goal_summary, "1 of 2: Clicked")
        self.assertEqual(self.mailing.marketing_goal_state, "running")
        self.assertEqual(self.people(self.mailing), {"ana"})
        self.react("cy", "clicked")
        self.count()
        self.assertEqual(self.mailing.marketing_goal_state, "reached")
        self.assertEqual(self.people(self.mailing), {"ana", "cy"})

    def test_a_share_is_of_those_who_got_it(self):
        self.mailing.write(
            {
                "marketing_goal": "opened",
                "marketing_goal_unit": "percent",
                "marketing_goal_target": 30,
            }
        )
        self.deliver_all()
        self.react("di", "hard_bounce")
        self.react("ana", "opened")
        self.count()
        self.assertEqual(
            self.mailing.marketing_goal_summary, "33.3 % of 30 %: Opened by humans"
        )
        self.assertEqual(self.mailing.marketing_goal_state, "reached")

    def test_the_window_ends_it(self):
        self.mailing.write({"marketing_goal": "replied", "marketing_goal_target": 1})
        self.deliver_all()
        self.count()
        self.assertEqual(self.mailing.state, "done")
        days = self.mailing.marketing_goal_deadline - self.mailing.sent_date
        self.assertEqual(days.days, 30)
        self.assertEqual(self.mailing.marketing_goal_state, "running")
        self.clock.tick(31 * 24 * 3600)
        self.env.invalidate_all()
        self.assertEqual(self.mailing.marketing_goal_state, "missed")

    def test_an_event_within_the_window_is_a_goal(self):
        """What journeys have as goals: here that they take a content asset."""
        asset, other = self.env["marketing.asset"].create(
            [
                {"name": name, "source": "url", "url": "https://pumps.example.com"}
                for name in ("Guide", "Film")
            ]
        )
        kind = self.env.ref("email_marketing_crm.touchpoint_type_download")
        self.mailing.write(
            {
                "marketing_goal": "event",
                "marketing_goal_type_id": kind.id,
                "marketing_goal_asset_id": asset.id,
                "marketing_goal_target": 5,
            }
        )
        taken = {"res_model": "marketing.asset", "reliability": "human_likely"}
        self.happened("download", "ben@example.com", res_id=asset.id, **taken)
        self.clock.tick(60)
        self.deliver_all()
        self.happened("download", "ana@example.com", res_id=asset.id, **taken)
        self.happened("download", "cy@example.com", res_id=other.id, **taken)
        self.count()
        self.assertEqual(
            self.mailing.marketing_goal_summary,
            "1 of 5: Document downloaded “Guide”",
            "Before the mail, and of another asset, is not the goal",
        )
        self.assertEqual(self.people(self.mailing), {"ana"})
        self.mailing.marketing_goal_asset_id = False
        self.assertEqual(self.mailing.marketing_goal_reached, 0, "To be counted")
        self.count()
        self.assertEqual(self.people(self.mailing), {"ana", "cy"})
        self.assertEqual(self.mailing.marketing_goal_reached, 2)
        self.clock.tick(31 * 24 * 3600)
        self.happened("download", "di@example.com", res_id=asset.id, **taken)
        self.count()
        self.assertEqual(self.mailing.marketing_goal_reached, 2, "Too late")

    def test_a_campaign_counts_persons_once(self):
        second = self.make_mailing(self.segment, campaign_id=self.campaign.id)
        self.campaign.write({"marketing_goal": "clicked", "marketing_goal_target": 3})
        self.deliver_all(self.mailing, second)
        for mailing in (self.mailing, second):
            self.react("ana", "clicked", mailing)
        self.react("ben", "clicked", second)
        self.count()
        self.assertEqual(self.campaign.marketing_goal_summary, "2 of 3: Clicked")
        self.assertEqual(self.people(self.campaign), {"ana", "ben"})
        self.assertTrue(self.mailing.marketing_goal_is_inherited)
        self.assertEqual(self.mailing.marketing_goal_summary, "1 of 3: Clicked")
        self.react("cy", "clicked")
        self.count()
        self.assertEqual(self.campaign.marketing_goal_state, "reached")
        self.assertEqual(self.mailing.marketing_goal_state, "reached")
        self.assertEqual(self.mailing.marketing_goal_reached, 2, "Its own part")
        second.write({"marketing_goal": "replied", "marketing_goal_target": 1})
        self.assertFalse(second.marketing_goal_is_inherited)
        self.assertEqual(second.marketing_goal_summary, "0 of 1: Replied")
        self.assertTrue(self.campaign.marketing_goal_deadline, "All of it has left")
        self.make_mailing(self.segment, campaign_id=self.campaign.id)
        self.env.invalidate_all()
        self.assertFalse(self.campaign.marketing_goal_deadline, "More is to come")

    def test_money_of_a_lead_counts_once_for_a_campaign(self):
        second = self.make_mailing(self.segment, campaign_id=self.campaign.id)
        self.campaign.write(
            {"marketing_goal": "won_revenue", "marketing_goal_target": 4000}
        )
        self.deliver_all(self.mailing, second)
        for mailing in (self.mailing, second):
            self.react("ana", "clicked", mailing)
        self.env.cr.precommit.run()
        self.clock.tick(3600)
        self.make_lead(
            "ana@example.com", type="opportunity", expected_revenue=1000
        ).action_set_won()
        self.count()
        self.assertEqual(self.campaign.marketing_goal_reached, 1000)
        self.assertEqual(self.campaign.marketing_goal_percent, 25)
        self.assertEqual(self.people(self.campaign), {"ana"})

    def test_lists_ask_once_for_all(self):
        mailings = self.mailing + self.make_mailing(self.segment)
        for number in range(6):
            campaign = self.env["utm.campaign"].create(
                {
                    "title": f"Campaign {number}",
                    "marketing_goal": "leads",
                    "marketing_goal_target": 1,
                }
            )
            mailings += self.make_mailing(self.segment, campaign_id=campaign.id)
        names = ["marketing_goal_summary", "marketing_goal_state"]

        def count_queries(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.with_user(self.user_marketing).read(names)
            return self.env.cr.sql_log_count - before

        count_queries(mailings)
        few, many = count_queries(mailings[2:4]), count_queries(mailings)
        self.assertLessEqual(many, few)
        campaigns = self.env["utm.campaign"].browse(mailings.campaign_id.ids)
        few, many = count_queries(campaigns[:2]), count_queries(campaigns)
        self.assertLessEqual(many, few)

    def test_what_stays_after_the_retention(self):
        self.campaign.write({"marketing_goal": "clicked", "marketing_goal_target": 3})
        self.deliver_all()
        self.react("ana", "clicked")
        self.count()
        self.run_inbox()
        self.clock.tick(3 * 366 * 24 * 3600)
        retention = self.env["marketing.retention"]
        cutoff, position = retention._get_cutoff("touchpoints"), 0
        while position is not None:
            _count, position = retention._delete_old_touchpoints(cutoff, position)
        self.env["marketing.goal.result"]._count(
            "utm.campaign",
            self.campaign._get_goal(),
            self.campaign._get_goal_mailings(),
        )
        self.env.invalidate_all()
        self.assertEqual(self.people(self.campaign), set())
        self.assertEqual(self.campaign.marketing_goal_reached, 1)

    def test_goals_that_make_no_sense_are_refused(self):
        for values in (
            {"marketing_goal": "event"},
            {"marketing_goal": "clicked", "marketing_goal_target": -1},
            {
                "marketing_goal": "clicked",
                "marketing_goal_unit": "percent",
                "marketing_goal_target": 101,
            },
        ):
            for record in (self.mailing, self.campaign):
                with self.subTest(values=values, record=record):
                    with self.assertRaises(ValidationError), self.env.cr.savepoint():
                        record.write(values)

    def test_a_mailing_of_a_campaign_goes_to_its_audience(self):
        self.campaign.marketing_segment_ids = self.segment
        self.user_marketing.group_ids += self.env.ref(
            "mass_mailing.group_mass_mailing_campaign"
        )
        mailings = self.env["mailing.mailing"].with_user(self.user_marketing)
        with Form(mailings.with_context(default_campaign_id=self.campaign.id)) as form:
            form.subject = "Pumps"
        mailing = form.save()
        self.assertEqual(mailing.marketing_segment_ids, self.segment)
        self.assertEqual(mailing.mailing_model_real, "res.partner")
        self.assertEqual(mailing.marketing_kind, "campaign")

    def test_others_see_no_persons(self):
        self.mailing.write({"marketing_goal": "clicked", "marketing_goal_target": 1})
        self.campaign.write({"marketing_goal": "clicked", "marketing_goal_target": 1})
        with self.assertRaises(AccessError):
            self.mailing.with_user(self.user_sales).action_view_goal()
        action = self.campaign.with_user(self.user_sales).action_view_goal()
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.env["marketing.goal.result"].with_user(user).search([])
        with self.assertRaises(AccessError):
            self.env["marketing.person"].with_user(self.user_employee).search(
                action["domain"]
            )
        with Form(self.campaign.with_user(self.user_sales)) as form:
            self.assertEqual(form.title, "Spring", "A lead of theirs may lead to it")


@tagged("post_install", "-at_install")
class TestGoalCheck(CheckCase):
    """Nobody writes a mail before he knows what it is for: the check says so."""

    def test_without_a_goal(self):
        mailing = self.make_clean(marketing_goal=False)
        finding = self.finding(self.check(mailing), "goal")
        self.assertEqual((finding.severity, finding.place), ("warn", "goal"))
        self.assertEqual(finding.action_open()["res_id"], mailing.id)
        mailing.marketing_goal = "clicked"
        self.assertEqual(mailing.marketing_check_result, "stale")
        mailing.marketing_goal_target = 0
        self.assertIn("how much", self.finding(self.check(mailing), "goal").message)
        mailing.marketing_goal_target = 3
        self.assertFalse(self.finding(self.check(mailing), "goal"))
        self.assertFalse(self.codes(self.check(mailing)))

    def test_the_goal_of_the_campaign_is_enough(self):
        campaign = self.env["utm.campaign"].create({"title": "Spring"})
        mailing = self.make_clean(marketing_goal=False, campaign_id=campaign.id)
        self.assertIn("goal", self.codes(self.check(mailing)))
        campaign.write({"marketing_goal": "leads", "marketing_goal_target": 3})
        self.assertEqual(mailing.marketing_check_result, "stale")
        self.assertFalse(self.codes(self.check(mailing)))

    def test_what_people_wait_for_needs_no_goal(self):
        mailing = self.make_clean(marketing_goal=False, marketing_is_transactional=True)
        self.assertNotIn("goal", self.codes(self.check(mailing)))

    def test_a_policy_may_let_a_goal_stop_it(self):
        self.env.ref("email_marketing_crm.marketing_check_policy_goal").level = "block"
        mailing = self.make_clean()
        self.check(mailing)
        mailing.action_put_in_queue()
        self.assertFalse(mailing.marketing_hold)
        mailing.marketing_goal = False
        self.assertEqual(mailing.marketing_hold, "check")

    def test_without_an_audience(self):
        everybody = self.make_clean(marketing_segment_ids=False, mailing_domain="[]")
        finding = self.finding(self.check(everybody), "audience")
        self.assertIn("every record of “Contact”", finding.message)
        some = self.make_clean(
            marketing_segment_ids=False, mailing_domain="[('city', '=', 'Berlin')]"
        )
        self.assertNotIn("audience", self.codes(self.check(some)))
        nobody = self.make_clean(
            marketing_segment_ids=False, mailing_domain="[('city', '=', 'Nowhere')]"
        )
        finding = self.finding(self.check(nobody), "audience")
        self.assertIn("nobody", finding.message)


@tagged("post_install", "-at_install")
class TestGoalTour(HttpCase):
    def test_a_goal_before_the_content(self):
        """A marketer says what success is, and opens who made it one."""
        user = new_test_user(
            self.env,
            "goal_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user,"
            "mass_mailing.group_mass_mailing_campaign",
        )
        partner = self.env["res.partner"].create(
            {"name": "Bo Goal", "email": "bo@goal.example.com"}
        )
        self.env.flush_all()
        segment = self.env["marketing.segment"].create(
            {"name": "Goal buyers", "kind": "static", "res_model": "res.partner"}
        )
        segment._include_records(partner)
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Goal pumps",
                "body_html": CLEAN,
                "body_arch": CLEAN,
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "marketing_segment_ids": [Command.set(segment.ids)],
                "user_id": user.id,
            }
        )
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": code,
                    "email": partner.email,
                    "mailing_id": mailing.id,
                    "reliability": "human_likely",
                    "dedup_key": f"test:goal:{code}",
                }
                for code in ("sent", "clicked")
            ]
        )
        self.env.cr.precommit.run()
        self.env["marketing.mailing.result"]._count(mailing.ids)
        self.env.flush_all()
        self.start_tour(
            f"/odoo/mailing.mailing/{mailing.id}",
            "marketing_goal",
            login="goal_marketer",
        )
        self.assertEqual(
            (mailing.marketing_goal, mailing.marketing_goal_target), ("clicked", 5)
        )
