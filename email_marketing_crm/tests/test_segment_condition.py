"""Segments: attributes and behaviour decide who is a member."""

from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from .common import NOW
from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentCondition(SegmentCase):
    def test_attributes_decide(self):
        self.make_partner("ana@example.com", city="Porto")
        self.make_partner("bo@example.com", city="Lund")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(segment.size, 1)
        self.assertEqual(segment.member_count, 1)
        self.assertEqual(segment.refreshed_at, NOW)

    def test_record_without_usable_address_is_no_member(self):
        self.make_partner(False)
        self.make_partner("nonsense")
        self.assertEqual(self.members_of(self.make_segment()), [])

    def test_hundred_records_with_one_address_are_one_member(self):
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Ana {number}",
                    "email": "Ana <ANA@example.com>",
                    "category_id": [Command.set(self.crowd.ids)],
                }
                for number in range(100)
            ]
        )
        segment = self.make_segment()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(segment.member_ids.res_id, min(partners.ids))

    def test_another_record_stands_in_for_one_that_is_gone(self):
        first = self.make_partner("ana@example.com", name="Ana")
        second = self.make_partner("ana@example.com", name="Ana Pereira")
        segment = self.make_segment()
        first.active = False
        self.run_inbox()
        self.assertEqual(segment.member_ids.res_id, second.id)
        self.assertEqual(self.moves_of(segment, "ana@example.com"), ["segment_entered"])

    def test_names_of_all_scripts(self):
        self.make_partner("li@example.com", name="李小龙")
        self.make_partner("noor@example.com", name="نور الدين")
        self.make_partner("ana@example.com", name="Ana O'Neil 100%")
        for name, email in (
            ("李", "li@example.com"),
            ("نور", "noor@example.com"),
            ("O'Neil 100%", "ana@example.com"),
        ):
            with self.subTest(name=name):
                segment = self.make_segment(domain=[("name", "ilike", name)])
                self.assertEqual(self.members_of(segment), [email])

    def test_leads_and_mailing_contacts_too(self):
        self.make_lead("ana@example.com", city="Porto-Segment")
        self.make_contact("bo@example.com", company_name="Pumps-Segment")
        for model, domain, email in (
            ("crm.lead", "[('city', '=', 'Porto-Segment')]", "ana@example.com"),
            (
                "mailing.contact",
                "[('company_name', '=', 'Pumps-Segment')]",
                "bo@example.com",
            ),
        ):
            with self.subTest(model=model):
                segment = self.env["marketing.segment"].create(
                    {"name": model, "res_model": model, "domain": domain}
                )
                segment._refresh()
                self.assertEqual(self.members_of(segment), [email])

    def test_texts_are_compared_in_the_language_of_the_responsible(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.crowd.with_context(lang="fr_FR").name = "Foule"
        self.make_partner("ana@example.com")
        self.user_marketing.lang = "fr_FR"
        segment = self.env["marketing.segment"].create(
            {
                "name": "Foule",
                "domain": "[('category_id', 'ilike', 'Foule')]",
                "user_id": self.user_marketing.id,
            }
        )
        segment._refresh()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])

    def test_at_least_counts_events(self):
        self.make_readers(ana=3, bo=2, cy=0)
        three = self.make_segment(("clicked", "at_least", 3, 0))
        self.assertEqual(self.members_of(three), ["ana@example.com"])
        one = self.make_segment(("clicked", "at_least", 1, 0))
        self.assertEqual(self.members_of(one), ["ana@example.com", "bo@example.com"])

    def test_at_most_counts_events_and_never_means_zero(self):
        self.make_readers(ana=3, bo=2, cy=0)
        two = self.make_segment(("clicked", "at_most", 2, 0))
        self.assertEqual(self.members_of(two), ["bo@example.com", "cy@example.com"])
        never = self.make_segment(("clicked", "at_most", 0, 0))
        self.assertEqual(self.members_of(never), ["cy@example.com"])

    def test_all_and_any(self):
        for email in ("ana", "bo", "cy", "di"):
            self.make_partner(f"{email}@example.com")
        self.happened("form", "ana@example.com")
        self.happened("form", "bo@example.com")
        self.happened("replied", "bo@example.com")
        self.happened("replied", "cy@example.com")
        self.run_inbox()
        form, reply = ("form", "at_least", 1, 0), ("replied", "at_least", 1, 0)
        silent = ("form", "at_most", 0, 0)
        for match, rules, members in (
            ("all", (form, reply), ["bo"]),
            ("any", (form, reply), ["ana", "bo", "cy"]),
            ("all", (silent, reply), ["cy"]),
            ("any", (silent, reply), ["bo", "cy", "di"]),
            ("any", (silent, ("replied", "at_most", 0, 0)), ["ana", "cy", "di"]),
            ("all", (silent, ("replied", "at_most", 0, 0)), ["di"]),
        ):
            with self.subTest(match=match, rules=rules):
                segment = self.make_segment(*rules, match=match)
                self.assertEqual(
                    self.members_of(segment),
                    [f"{member}@example.com" for member in members],
                )

    def test_days_roll_on(self):
        self.make_partner("ana@example.com")
        self.happened("form", "ana@example.com", date=NOW - timedelta(days=29))
        self.run_inbox()
        recent = self.make_segment(("form", "at_least", 1, 30))
        silent = self.make_segment(("form", "at_most", 0, 30))
        self.assertEqual(self.members_of(recent), ["ana@example.com"])
        self.assertEqual(self.members_of(silent), [])
        self.clock.move_to(NOW + timedelta(days=1, seconds=1))
        (recent | silent).next_refresh = NOW
        for _segment in range(2):
            self.env["marketing.segment"]._run_lane(0, 1)
        self.assertEqual(self.members_of(recent), [])
        self.assertEqual(self.members_of(silent), ["ana@example.com"])
        self.assertEqual(
            self.moves_of(recent, "ana@example.com"),
            ["segment_entered", "segment_left"],
        )

    def test_relative_dates_of_attributes_roll_on(self):
        self.make_partner("ana@example.com")
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = %s WHERE email = 'ana@example.com'",
            [NOW],
        )
        segment = self.make_segment(domain=[("create_date", ">=", "today -30d")])
        self.assertTrue(segment.is_time_dependent)
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.clock.move_to(NOW + timedelta(days=31))
        segment._refresh()
        self.assertEqual(self.members_of(segment), [])

    def test_only_in_one_mailing(self):
        mailings = self.env["mailing.mailing"].create(
            [{"subject": "Spring"}, {"subject": "Autumn"}]
        )
        for email, mailing in zip(("ana", "bo"), mailings, strict=True):
            self.make_partner(f"{email}@example.com")
            self.happened(
                "opened",
                f"{email}@example.com",
                mailing_id=mailing.id,
                reliability="human_likely",
            )
        self.run_inbox()
        segment = self.make_segment(
            ("opened", "at_least", 1, 0, {"mailing_id": mailings[0].id})
        )
        self.assertEqual(self.members_of(segment), ["ana@example.com"])

    def test_scanners_do_not_count_unless_asked_for(self):
        self.make_partner("ana@example.com")
        self.happened("clicked", "ana@example.com", reliability="security_scan")
        self.run_inbox()
        self.assertEqual(
            self.members_of(self.make_segment(("clicked", "at_least", 1, 0))), []
        )
        any_click = self.make_segment(
            ("clicked", "at_least", 1, 0, {"reliability": "security_scan"})
        )
        self.assertEqual(self.members_of(any_click), ["ana@example.com"])
