from datetime import timedelta

from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.email_marketing_crm.tests.common import NOW, MarketingCase

ANA, BEN = "ana@example.com", "ben@example.com"


@tagged("post_install", "-at_install")
class TestVisit(MarketingCase):
    """Pages are in the history of whoever the visitor is, or turns out to be."""

    _visitor_number = 0

    def make_visitor(self, partner=None):
        """A visitor who is logged in, or one whom nobody knows."""
        type(self)._visitor_number += 1
        return self.env["website.visitor"].create(
            {
                "access_token": partner.id
                if partner
                else f"{self._visitor_number:032x}",
                "website_id": self.env["website"].search([], limit=1).id,
            }
        )

    def see(self, visitor, path, minutes=0, page=None):
        """Somebody looked at a page so many minutes ago."""
        return self.env["website.track"].create(
            {
                "visitor_id": visitor.id,
                "url": f"https://pumps.example{path}",
                "page_id": page.id if page else False,
                "visit_datetime": NOW - timedelta(minutes=minutes),
            }
        )

    def pages_of(self, email):
        """`[(path, minutes ago)]` of the person, oldest first."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        events = self.env["marketing.touchpoint"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("type_id.code", "=", "page_view"),
            ],
            order="date, id",
        )
        return [
            (
                event.data["url"].removeprefix("https://pumps.example"),
                (NOW - event.date).total_seconds() / 60,
            )
            for event in events
        ]

    # ------------------------------------------------------------------
    # who it was
    # ------------------------------------------------------------------

    def test_a_form_says_who_looked_at_the_pages_before(self):
        visitor = self.make_visitor()
        self.see(visitor, "/pumps?utm_source=wechat", minutes=2000)
        self.see(visitor, "/prices?token=secret", minutes=5)
        lead = self.make_lead(ANA)
        self.assertEqual(self.pages_of(ANA), [])
        visitor.write({"lead_ids": [Command.link(lead.id)]})
        expected = [("/pumps", 2000), ("/prices", 5)]
        self.assertEqual(self.pages_of(ANA), expected)
        lead.write({"visitor_ids": [Command.set(visitor.ids)]})
        visitor._capture_past()
        self.assertEqual(self.pages_of(ANA), expected)

    def test_a_lead_may_name_the_visitor_when_it_is_made(self):
        visitor = self.make_visitor()
        self.see(visitor, "/pumps")
        self.make_lead(ANA, visitor_ids=[Command.link(visitor.id)])
        self.assertEqual(self.pages_of(ANA), [("/pumps", 0)])

    def test_a_first_login_says_who_it_was(self):
        visitor = self.make_visitor()
        self.see(visitor, "/pumps")
        visitor.access_token = self.make_partner(ANA).id
        self.assertEqual(self.pages_of(ANA), [("/pumps", 0)])

    def test_a_login_on_another_device_says_who_it_was(self):
        target = self.make_visitor(self.make_partner(ANA))
        visitor = self.make_visitor()
        self.see(visitor, "/pumps", minutes=3)
        visitor._merge_visitor(target)
        self.assertEqual(self.pages_of(ANA), [("/pumps", 3)])

    def test_what_one_person_saw_is_never_told_of_another(self):
        visitor = self.make_visitor()
        self.see(visitor, "/pumps", minutes=60)
        visitor.lead_ids = self.make_lead(ANA)
        self.see(visitor, "/prices")
        visitor.lead_ids |= self.make_lead(BEN)
        self.assertEqual(self.pages_of(ANA), [("/pumps", 60)])
        self.assertEqual(self.pages_of(BEN), [("/prices", 0)])

    # ------------------------------------------------------------------
    # what counts
    # ------------------------------------------------------------------

    def test_loading_a_page_again_is_no_other_visit(self):
        visitor = self.make_visitor()
        for minutes in (100, 90, 65, 20, 19):
            self.see(visitor, "/pumps", minutes=minutes)
        self.see(visitor, "/prices", minutes=89)
        visitor.lead_ids = self.make_lead(ANA)
        self.assertEqual(
            self.pages_of(ANA), [("/pumps", 100), ("/prices", 89), ("/pumps", 20)]
        )

    def test_colleagues_and_who_is_not_tracked_are_left_out(self):
        colleague = new_test_user(
            self.env, "colleague", groups="base.group_user", email=BEN
        )
        self.make_partner(ANA)
        self.person_of(ANA).is_do_not_track = True
        for email, partner in (
            (ANA, self.env["res.partner"].search([("email", "=", ANA)])),
            (BEN, colleague.partner_id),
        ):
            visitor = self.make_visitor()
            self.see(visitor, "/pumps")
            visitor.access_token = partner.id
            self.assertEqual(self.pages_of(email), [])

    def test_what_is_older_than_the_history_is_left_out(self):
        visitor = self.make_visitor()
        self.see(visitor, "/pumps", minutes=60 * 24 * 31 * 26)
        visitor.lead_ids = self.make_lead(ANA)
        self.assertEqual(self.pages_of(ANA), [])

    def test_a_page_has_its_name(self):
        visitor = self.make_visitor()
        page = self.env["website.page"].create(
            {
                "name": "Our pumps",
                "type": "qweb",
                "arch": "<div>Pumps</div>",
                "url": "/pumps",
            }
        )
        self.see(visitor, "/pumps", page=page)
        visitor.lead_ids = self.make_lead(ANA)
        self.pages_of(ANA)
        event = self.env["marketing.touchpoint"].search(
            [
                ("person_id.email_normalized", "=", ANA),
                ("type_id.code", "=", "page_view"),
            ]
        )
        self.assertEqual(event.description, "Viewed “Our pumps”")

    def test_many_pages_cost_as_many_statements_as_one(self):
        def count(pages):
            visitor = self.make_visitor()
            for number in range(pages):
                self.see(visitor, f"/{number}")
            self.make_lead(ANA, visitor_ids=[])
            visitor.lead_ids = self.make_lead(f"p{pages}@example.com")
            self.env.flush_all()
            self.env.cr.precommit.run()
            before = self.env.cr.sql_log_count
            visitor._capture_past()
            self.env.cr.precommit.run()
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(1), count(12))

    # ------------------------------------------------------------------
    # erasure
    # ------------------------------------------------------------------

    def test_an_erasure_takes_the_visitors_along(self):
        by_login = self.make_visitor(self.make_partner(ANA))
        by_form = self.make_visitor()
        other = self.make_visitor()
        by_form.lead_ids = self.make_lead(ANA)
        for visitor in (by_login, by_form, other):
            self.see(visitor, "/pumps")
        self.person_of(ANA)._erase()
        self.assertEqual((by_login | by_form | other).exists(), other)
