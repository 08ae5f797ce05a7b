"""The timeline: what a person did, for whom, in which words, page by page."""

from ast import literal_eval
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..tools import reliability
from .common import NOW, MarketingCase

ANA = "ana@pumps.example"


class TimelineCase(MarketingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.make_partner(ANA)
        cls.person = cls.partner.marketing_person_id
        cls.lead = cls.make_lead(ANA, user_id=cls.user_sales.id)
        cls.mailing = cls.env["mailing.mailing"].create(
            {
                "subject": "Spring newsletter",
                "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                "body_html": '<p>Hello <t t-out="object.name"/>!</p>',
            }
        )
        cls.link = cls.env["link.tracker"].create(
            {
                "url": "https://pumps.example/prices",
                "title": "Price list",
                "label": "Prices",
                "mass_mailing_id": cls.mailing.id,
            }
        )
        cls.env.cr.precommit.run()
        cls.env.cr.execute("DELETE FROM marketing_touchpoint")

    def mail_event(self, code, **values):
        values = {
            "mailing_id": self.mailing.id,
            "res_model": "res.partner",
            "res_id": self.partner.id,
        } | values
        self.happened(code, ANA, **values)

    def timeline(self, record=None, user=None, **kwargs):
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        record = (record or self.partner).with_user(user or self.user_marketing)
        return record.marketing_timeline(**kwargs)

    def titles(self, *args, **kwargs):
        return [row["title"] for row in self.timeline(*args, **kwargs)["touchpoints"]]


@tagged("post_install", "-at_install")
class TestTimeline(TimelineCase):
    # ------------------------------------------------------------------
    # words
    # ------------------------------------------------------------------

    def test_events_are_told_newest_first_with_their_names(self):
        self.mail_event("sent", date=NOW - timedelta(days=2))
        self.mail_event("opened", date=NOW - timedelta(days=1, hours=1))
        self.mail_event("clicked", date=NOW - timedelta(days=1), link_id=self.link.id)
        self.happened("form", ANA, data={"title": "Ask for a quote"})
        self.assertEqual(
            self.titles(),
            [
                "Submitted the form “Ask for a quote”",
                "Clicked “Prices” in “Spring newsletter”",
                "Opened “Spring newsletter”",
                "Mail “Spring newsletter” sent",
            ],
        )

    def test_what_was_deleted_is_told_without_its_name(self):
        self.mail_event("clicked", link_id=self.link.id)
        self.env.cr.precommit.run()
        self.link.unlink()
        self.assertEqual(self.titles(), ["Clicked a link in “Spring newsletter”"])
        self.mailing.unlink()
        self.assertEqual(self.titles(), ["Link clicked"])

    def test_why_a_mail_was_not_sent_is_in_words(self):
        self.mail_event("skipped", data={"reason": "opted_out"})
        self.assertEqual(
            self.titles(), ["Mail “Spring newsletter” not sent: Opted out"]
        )
        (row,) = self.timeline(user=self.user_sales)["touchpoints"]
        self.assertFalse(row["has_preview"])

    def test_types_of_companies_are_told_by_their_name(self):
        self.env["marketing.touchpoint.type"].create(
            {"name": "Visited our booth", "code": "booth"}
        )
        self.happened("booth", ANA)
        self.happened("booth", ANA, data={"title": "Hanover"})
        self.assertEqual(
            self.titles(), ["Visited our booth: Hanover", "Visited our booth"]
        )

    def test_list_of_events_uses_the_same_words(self):
        self.mail_event("clicked", link_id=self.link.id)
        self.env.cr.precommit.run()
        event = self.env["marketing.touchpoint"].search([])
        event = event.with_user(self.user_marketing)
        self.assertEqual(event.description, "Clicked “Prices” in “Spring newsletter”")
        self.assertEqual(event.action_open_record()["res_model"], "mailing.mailing")

    def test_machines_are_marked_and_the_reason_is_in_words(self):
        self.mail_event(
            "clicked", reliability="security_scan", reliability_reasons=["burst"]
        )
        self.mail_event(
            "opened", reliability="unknown", reliability_reasons=["yahoo_proxy"]
        )
        self.mail_event(
            "opened", reliability="human_likely", reliability_reasons=["browser"]
        )
        human, unknown, scan = self.timeline()["touchpoints"]
        self.assertTrue(scan["is_automatic"])
        self.assertEqual(
            scan["reason"],
            "Looks like a mail scanner: followed 3 or more links within 10 seconds.",
        )
        self.assertFalse(unknown["is_automatic"])
        self.assertIn("Not known whether a human did it", unknown["reason"])
        self.assertFalse(human["reason"])

    def test_every_reason_has_words(self):
        clauses = self.env["marketing.touchpoint"]._get_reliability_clauses()
        codes = {"burst", "auto_reply", "no_request"}
        for kind in ("open", "click"):
            for agent in (
                None,
                "curl/8",
                "Mozilla/5.0",
                "GoogleImageProxy",
                "YahooMailProxy",
                "Mozilla/5.0 Chrome/120.0",
                "Something else",
            ):
                for method, seconds in (("GET", 60), ("HEAD", 60), ("GET", 1)):
                    found = reliability.classify_hit(kind, agent, method, seconds)
                    codes.update(found.reasons)
        self.assertLessEqual(codes, clauses.keys())
        openings = self.env["marketing.touchpoint"]._get_reliability_openings()
        self.assertEqual(set(openings), set(reliability.CLASSES))

    def test_money_is_shown_in_the_company_currency(self):
        self.lead.expected_revenue = 12500
        self.lead.action_set_won()
        rows = self.timeline(self.lead, self.user_sales)["touchpoints"]
        won = next(row for row in rows if row["title"].endswith("won"))
        self.assertIn("12,500.00", won["amount"])

    # ------------------------------------------------------------------
    # filters and pages
    # ------------------------------------------------------------------

    def test_filters_by_kind(self):
        self.mail_event("sent")
        self.mail_event("clicked", link_id=self.link.id)
        self.happened("page_view", ANA, data={"url": "https://pumps.example/a"})
        self.happened("won", ANA, data={"title": "Pumps"})
        self.happened("unsubscribed", ANA, data={"title": "Newsletter"})
        for kind, title in (
            ("mails", "Mail “Spring newsletter” sent"),
            ("clicks", "Clicked “Prices” in “Spring newsletter”"),
            ("web", "Viewed https://pumps.example/a"),
            ("sales", "Lead “Pumps” won"),
            ("consent", "Unsubscribed from “Newsletter”"),
        ):
            with self.subTest(kind=kind):
                rows = self.timeline(kinds=[kind])["touchpoints"]
                self.assertEqual([row["title"] for row in rows], [title])
                self.assertEqual(rows[0]["kind"], kind)
        self.assertEqual(len(self.titles(kinds=["mails", "clicks"])), 2)
        self.assertEqual(self.titles(kinds=["segments"]), [])

    def test_every_type_belongs_to_a_filter(self):
        summary = self.partner.with_user(self.user_sales).marketing_summary()
        offered = {kind["code"] for kind in summary["kinds"]}
        kinds = self.partner._get_kind_by_type()
        self.assertEqual(set(kinds.values()), offered)

    def test_pages_hold_every_event_once_whatever_comes_in_between(self):
        same_moment = NOW - timedelta(days=1)
        for number in range(25):
            date = same_moment if number < 15 else NOW - timedelta(hours=number)
            self.happened("page_view", ANA, date=date, data={"title": str(number)})
        first = self.timeline(limit=10)
        seen = [row["id"] for row in first["touchpoints"]]
        page = first
        while page["next"]:
            self.happened("form", ANA, data={"title": "Came in meanwhile"})
            page = self.timeline(limit=10, before=page["next"])
            seen += [row["id"] for row in page["touchpoints"]]
        self.assertEqual(len(seen), 25)
        self.assertEqual(len(set(seen)), 25)
        events = self.env["marketing.touchpoint"].browse(seen)
        keys = [(event.date, event.id) for event in events]
        self.assertEqual(keys, sorted(keys, reverse=True))

    def test_a_page_costs_the_same_number_of_queries_for_long_histories(self):
        counts = []
        for number in (5, 40):
            for _event in range(number):
                self.mail_event("clicked", link_id=self.link.id)
            self.timeline()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.partner.with_user(self.user_marketing).marketing_timeline()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_somebody_without_address_has_an_empty_timeline(self):
        nobody = self.make_partner(False, name="Nobody")
        page = self.timeline(nobody)
        self.assertEqual(page, {"touchpoints": [], "next": False})
        summary = nobody.with_user(self.user_marketing).marketing_summary()
        self.assertFalse(summary["person_id"])

    # ------------------------------------------------------------------
    # who sees what
    # ------------------------------------------------------------------

    def test_a_salesperson_sees_the_timeline_of_his_lead_only(self):
        self.mail_event("sent")
        self.assertEqual(
            self.titles(self.lead, self.user_sales), ["Mail “Spring newsletter” sent"]
        )
        colleague = new_test_user(
            self.env, "colleague", groups="sales_team.group_sale_salesman"
        )
        for method in ("marketing_timeline", "marketing_summary"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(self.lead.with_user(colleague), method)()

    def test_employees_see_contacts_but_not_what_they_did(self):
        self.mail_event("sent")
        partner = self.partner.with_user(self.user_employee)
        self.assertTrue(partner.name)
        for method in ("marketing_timeline", "marketing_summary"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(partner, method)()
        self.assertNotIn("marketing_score", partner.fields_get())
        with self.assertRaises(AccessError):
            partner.read(["marketing_score"])
        arch = partner.get_view(self.env.ref("base.view_partner_form").id)["arch"]
        self.assertNotIn("marketing_timeline", arch)

    def test_events_of_another_company_are_left_out(self):
        self.happened("form", ANA, data={"title": "Ours"})
        self.happened(
            "form",
            ANA,
            data={"title": "Theirs"},
            company_id=self.company_other.id,
        )
        for user in (self.user_sales, self.user_marketing, self.user_manager):
            with self.subTest(user=user.login):
                titles = self.titles(user=user)
                self.assertEqual(titles, ["Submitted the form “Ours”"])
        self.user_sales.company_ids = [Command.link(self.company_other.id)]
        both = self.partner.with_company(self.company_other).with_context(
            allowed_company_ids=[self.env.company.id, self.company_other.id]
        )
        self.assertEqual(len(self.titles(both, self.user_sales)), 2)

    def test_counts_leave_events_of_another_company_out(self):
        self.mail_event("clicked", reliability="human_likely")
        self.mail_event(
            "clicked", reliability="human_likely", company_id=self.company_other.id
        )
        self.env.cr.precommit.run()
        summary = self.partner.with_user(self.user_sales).marketing_summary()
        clicks = next(
            tile for tile in summary["engagement"] if tile["code"] == "clicked"
        )
        self.assertEqual(clicks["count"], 1)

    def test_leads_of_colleagues_are_told_without_their_name(self):
        secret = self.make_lead(ANA, name="Secret deal", user_id=self.user_manager.id)
        self.happened(
            "won",
            ANA,
            res_model="crm.lead",
            res_id=secret.id,
            value=900,
            data={"title": "Secret deal"},
        )
        rows = self.timeline(self.lead, self.user_sales)["touchpoints"]
        won = next(row for row in rows if row["kind"] == "sales" and row["id"])
        self.assertEqual(won["title"], "Lead won")
        self.assertFalse(won["amount"])
        self.assertFalse(won["res_id"])
        titles = self.titles(self.partner, self.user_marketing)
        self.assertIn("Lead “Secret deal” won", titles)

    def test_marketers_open_the_mailing_and_salespeople_read_the_mail(self):
        self.mail_event("sent")
        (row,) = self.timeline(self.partner, self.user_marketing)["touchpoints"]
        self.assertEqual(
            (row["res_model"], row["res_id"]), ("mailing.mailing", self.mailing.id)
        )
        self.assertFalse(row["has_preview"])
        (row,) = self.timeline(self.lead, self.user_sales)["touchpoints"]
        self.assertFalse(row["res_model"])
        self.assertTrue(row["has_preview"])
        mail = self.lead.with_user(self.user_sales).marketing_timeline_mail(row["id"])
        self.assertEqual(mail["subject"], "Spring newsletter")
        self.assertIn("Hello Ana Pereira!", mail["body"])

    def test_mails_of_other_persons_cannot_be_read_through_a_lead(self):
        self.make_partner("bo@valves.example", name="Bo")
        self.happened("sent", "bo@valves.example", mailing_id=self.mailing.id)
        self.mail_event("sent", company_id=self.company_other.id)
        self.env.cr.precommit.run()
        lead = self.lead.with_user(self.user_sales)
        for event in self.env["marketing.touchpoint"].search([]):
            with self.assertRaises(UserError):
                lead.marketing_timeline_mail(event.id)

    # ------------------------------------------------------------------
    # summary
    # ------------------------------------------------------------------

    def test_summary_counts_humans_and_machines_apart(self):
        for days in (1, 2, 40):
            self.mail_event(
                "clicked",
                date=NOW - timedelta(days=days),
                reliability="human_likely",
            )
        self.mail_event(
            "clicked", date=NOW - timedelta(hours=1), reliability="security_scan"
        )
        self.run_inbox()
        summary = self.lead.with_user(self.user_sales).marketing_summary()
        tiles = {tile["code"]: tile for tile in summary["engagement"]}
        self.assertEqual(tiles["clicked"]["count"], 2)
        self.assertEqual(tiles["clicked"]["automatic"], 1)
        self.assertEqual(tiles["clicked"]["date"], "2026-03-03 10:00:00")
        self.assertFalse(tiles["replied"]["date"])

    def test_summary_explains_the_score(self):
        self.happened("form", ANA, data={"title": "Ask for a quote"})
        self.run_inbox()
        summary = self.lead.with_user(self.user_sales).marketing_summary()
        self.assertGreater(summary["score"]["score"], 0)
        behaviour = [
            line for line in summary["score"]["lines"] if line["kind"] == "behaviour"
        ]
        self.assertEqual(
            summary["score"]["score"], sum(line["points"] for line in behaviour)
        )

    def test_summary_says_why_somebody_gets_no_mail(self):
        partner = self.partner.with_user(self.user_sales)
        self.assertEqual(partner.marketing_summary()["warnings"], [])
        self.mail_event("hard_bounce")
        self.env["mail.blacklist"]._add(ANA)
        self.run_inbox()
        bounced, blacklisted = partner.marketing_summary()["warnings"]
        self.assertIn("the address does not exist", bounced)
        self.assertIn("unsubscribed from all mailings", blacklisted)

    def test_only_who_may_read_persons_is_offered_to_open_one(self):
        for user, offered in ((self.user_marketing, True), (self.user_sales, False)):
            with self.subTest(user=user.login):
                summary = self.partner.with_user(user).marketing_summary()
                self.assertEqual(summary["may_open_person"], offered)
        person = self.person.with_user(self.user_marketing)
        self.assertFalse(person.marketing_summary()["may_open_person"])


@tagged("post_install", "-at_install")
class TestEngagementInLists(TimelineCase):
    """Score, grade, life cycle and dates where salespeople work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calm = cls.make_lead("calm@pumps.example", user_id=cls.user_sales.id)
        cls.eager = cls.make_lead("eager@pumps.example", user_id=cls.user_sales.id)

    def setUp(self):
        super().setUp()
        self.happened("form", "eager@pumps.example", data={"title": "Quote"})
        self.run_inbox()
        self.leads = self.env["crm.lead"].with_user(self.user_sales)

    def test_leads_are_sorted_and_filtered_by_score(self):
        mine = [("id", "in", (self.calm | self.eager).ids)]
        found = self.leads.search(mine, order="marketing_score desc")
        self.assertEqual(found.ids, [self.eager.id, self.calm.id])
        found = self.leads.search([*mine, ("marketing_score", ">", 0)])
        self.assertEqual(found.ids, [self.eager.id])
        for order in ("marketing_grade", "marketing_lifecycle_stage_id desc"):
            self.assertEqual(len(self.leads.search(mine, order=order)), 2)

    def test_who_never_engaged_comes_last(self):
        mine = [("id", "in", (self.calm | self.eager).ids)]
        for direction in ("asc", "desc"):
            found = self.leads.search(
                mine, order=f"marketing_last_engagement_date {direction}"
            )
            self.assertEqual(found.ids, [self.eager.id, self.calm.id])

    def test_engaged_lately(self):
        found = self.leads.search(
            [("marketing_last_engagement_date", ">=", "today -30d")]
        )
        self.assertIn(self.eager.id, found.ids)
        self.assertNotIn(self.calm.id, found.ids)

    def test_leads_are_grouped_by_grade_and_life_cycle(self):
        for field in ("marketing_grade", "marketing_lifecycle_stage_id"):
            groups = self.leads.formatted_read_group(
                [("id", "in", (self.calm | self.eager).ids)], [field], ["__count"]
            )
            self.assertEqual(sum(group["__count"] for group in groups), 2)

    def test_views_of_each_kind_of_user_can_be_loaded(self):
        partners = self.env["res.partner"]
        for user in (self.user_employee, self.user_sales, self.user_marketing):
            with self.subTest(user=user.login):
                views = partners.with_user(user).get_views(
                    [(False, "list"), (False, "form"), (False, "search")]
                )
                has_score = "marketing_score" in views["views"]["list"]["arch"]
                self.assertEqual(has_score, user != self.user_employee)

    def test_unusable_addresses_say_what_is_wrong(self):
        broken = self.make_partner("ana.pumps.example", name="No at")
        half = self.make_partner("ana pereira@@pumps.example", name="Two of them")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.res_partner_unusable_address_action"
        )
        partners = self.env["res.partner"].with_user(self.user_marketing)
        found = partners.search(literal_eval(action["domain"]))
        self.assertLessEqual({broken.id, half.id}, set(found.ids))
        self.assertNotIn(self.partner.id, found.ids)
        self.assertEqual(broken.marketing_address_problem, "The @ is missing.")
        self.assertEqual(half.marketing_address_problem, "There is more than one @.")
        self.assertFalse(self.partner.marketing_address_problem)


@tagged("post_install", "-at_install")
class TestPersonForm(TimelineCase):
    def test_buttons_count_what_the_user_may_open(self):
        marketer = self.person.with_user(self.user_marketing)
        self.assertEqual((marketer.partner_count, marketer.lead_count), (1, 0))
        self.user_marketing.group_ids += self.env.ref("sales_team.group_sale_manager")
        marketer.invalidate_recordset()
        self.assertEqual(marketer.lead_count, 1)
        action = marketer.action_view_leads()
        self.assertEqual(action["res_id"], self.lead.id)
        self.make_lead(ANA, name="Second", user_id=self.user_sales.id)
        marketer.invalidate_recordset()
        self.assertEqual(marketer.lead_count, 2)
        self.assertEqual(
            self.env["crm.lead"].search_count(marketer.action_view_leads()["domain"]),
            2,
        )

    def test_a_marketer_stops_mail_and_only_a_manager_allows_it_again(self):
        self.person.with_user(self.user_marketing).action_suppress()
        self.assertEqual(self.person.suppression, "manual")
        with self.assertRaises(AccessError):
            self.person.with_user(self.user_marketing).action_lift_suppression()
        self.person.with_user(self.user_manager)._lift_suppression("It was a mistake")
        self.assertEqual(self.person.suppression, "none")
        with self.assertRaises(AccessError):
            self.person.with_user(self.user_sales).action_suppress()

    def test_types_that_are_captured_stay(self):
        sent = self.env.ref("email_marketing_crm.touchpoint_type_sent")
        manager = sent.with_user(self.user_manager)
        with self.assertRaises(UserError):
            manager.unlink()
        with self.assertRaises(UserError):
            manager.code = "posted"
        own = manager.create({"name": "Visited our booth", "code": "booth"})
        own.unlink()
