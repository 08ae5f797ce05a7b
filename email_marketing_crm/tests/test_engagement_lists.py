"""Score, grade, life cycle and dates in the lists of contacts and leads."""

from ast import literal_eval

from odoo.tests import tagged

from .timeline_common import TimelineCase


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
