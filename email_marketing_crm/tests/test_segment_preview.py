"""Segments: how many they will be and who can be mailed, before anything is saved."""

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .segment_common import ScreenCase, SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentForm(SegmentCase):
    def test_preview_shows_what_is_not_saved(self):
        self.make_partner("ana@example.com", city="Porto")
        self.make_partner("bo@example.com", city="Lund")
        self.happened("form", "bo@example.com")
        self.run_inbox()
        form = Form(self.env["marketing.segment"])
        form.name = "Readers"
        form.domain = repr([self.in_crowd])
        self.assertEqual(form.preview_count, 2)
        form.domain = repr([self.in_crowd, ("city", "=", "Porto")])
        self.assertEqual(form.preview_count, 1)
        self.assertEqual(
            form.preview_person_ids.ids,
            self.person_of("ana@example.com").ids,
        )
        form.domain = repr([self.in_crowd])
        with form.rule_ids.new() as rule:
            rule.type_id = self.env["marketing.touchpoint.type"].search(
                [("code", "=", "form")]
            )
            rule.operator = "at_most"
            rule.times = 0
        self.assertEqual(form.preview_count, 1)
        form.domain = "[('no_such_field', '=', 1)]"
        self.assertIn("no_such_field", form.preview_message)
        self.assertEqual(form.preview_count, 0)
        form.domain = repr([self.in_crowd])
        self.assertFalse(form.preview_message)
        segment = form.save()
        self.assertFalse(segment.member_ids)
        segment._refresh()
        self.assertEqual(segment.preview_count, 1)

    def test_preview_of_a_saved_segment_knows_who_was_put_by_hand(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        bo = self.make_partner("bo@example.com", city="Lund")
        self.make_partner("cy@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.add(ana, segment, "exclude")
        self.add(bo, segment)
        with Form(segment) as form:
            form.domain = repr([self.in_crowd, ("city", "in", ["Porto", "Faro"])])
            self.assertEqual(form.preview_count, 2)

    def test_other_records_take_a_new_domain(self):
        form = Form(self.env["marketing.segment"])
        form.domain = "[('city', '=', 'Porto')]"
        form.res_model = "crm.lead"
        self.assertEqual(form.domain, "[]")


@tagged("post_install", "-at_install")
class TestSegmentPreview(ScreenCase):
    def make_audience(self):
        """Five contacts: two can be mailed, the others cannot, each for a reason."""
        for name in ("ana", "bo", "cy", "di", "ed"):
            self.make_partner(f"{name}@example.com", city="Porto")
        self.run_inbox()
        self.env["mail.blacklist"]._add("bo@example.com")
        self.person_of("cy@example.com").action_suppress()
        self.person_of("di@example.com").action_suppress()

    def test_figures_add_up_to_the_size_while_editing(self):
        self.make_audience()
        form = Form(self.env["marketing.segment"].with_user(self.user_marketing))
        form.domain = repr([self.in_crowd])
        figures = self.figures(form.preview_outcomes)
        self.assertEqual(figures, {"mailable": 2, "suppressed": 2, "blacklisted": 1})
        self.assertEqual(sum(figures.values()), form.preview_count)
        form.domain = repr([self.in_crowd, ("email", "=", "bo@example.com")])
        self.assertEqual(
            self.figures(form.preview_outcomes), {"mailable": 0, "blacklisted": 1}
        )
        form.domain = "[('no_such_field', '=', 1)]"
        self.assertFalse(form.preview_outcomes["figures"])

    def test_each_figure_opens_its_people(self):
        self.make_audience()
        segment = self.make_segment().with_user(self.user_marketing)
        expected = {
            "mailable": ["ana@example.com", "ed@example.com"],
            "suppressed": ["cy@example.com", "di@example.com"],
            "blacklisted": ["bo@example.com"],
        }
        figures = self.figures(segment.get_mailing_outcomes())
        self.assertEqual(
            figures, {outcome: len(people) for outcome, people in expected.items()}
        )
        for outcome, people in expected.items():
            with self.subTest(outcome=outcome):
                action = segment.action_view_people(outcome)
                self.assertEqual(self.people(action, self.user_marketing), people)
        everybody = segment.action_view_people()
        self.assertEqual(len(self.people(everybody)), segment.preview_count)

    def test_figures_are_those_of_the_check_before_sending(self):
        self.make_audience()
        segment = self.make_segment()
        mailing = self.env["mailing.mailing"].create(segment._prepare_mailing_values())
        mailing.action_check_audience()
        checked = self.env["marketing.delivery.preview"]._read_group(
            [("mailing_id", "=", mailing.id)], ["outcome"], ["__count"]
        )
        self.assertEqual(
            {("mailable" if code == "planned" else code): n for code, n in checked},
            self.figures(segment.get_mailing_outcomes()),
        )

    def test_a_segment_that_waits_shows_who_its_members_will_be(self):
        self.make_audience()
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        segment.domain = repr([self.in_crowd, ("email", "=", "ana@example.com")])
        self.assertEqual(segment.member_count, 5)
        self.assertEqual(segment.preview_count, 1)
        self.assertEqual(self.figures(segment.get_mailing_outcomes()), {"mailable": 1})
        self.assertEqual(self.people(segment.action_view_people()), ["ana@example.com"])

    def test_decisions_by_hand_count(self):
        self.make_audience()
        extra = self.make_partner("extra@example.com", city="Lund")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        segment._include_records(extra)
        segment._exclude_persons(self.person_of("ana@example.com").ids)
        for is_settled in (True, False):
            segment.is_settled = is_settled
            with self.subTest(is_settled=is_settled):
                self.assertEqual(
                    self.people(segment.action_view_people("mailable")),
                    ["ed@example.com", "extra@example.com"],
                )
                self.assertEqual(
                    sum(self.figures(segment.get_mailing_outcomes()).values()), 5
                )

    def test_archived_records_are_not_mailed(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment(kind="static")
        segment._include_records(partner)
        partner.active = False
        self.assertEqual(
            self.figures(segment.get_mailing_outcomes()), {"mailable": 0, "gone": 1}
        )

    def test_leads_of_one_customer_get_one_mail(self):
        customer = self.make_partner("customer@example.com")
        leads = self.env["crm.lead"]
        for name in ("ana", "bo"):
            leads |= self.make_lead(f"{name}@example.com", name=name)
        self.run_inbox()
        leads.partner_id = customer
        leads.flush_recordset()
        self.env.cr.execute(  # as an import that fills in both would leave them
            "UPDATE crm_lead SET email_normalized = split_part(name, ' ', 1)"
            " || '@example.com', marketing_person_id = (SELECT id FROM marketing_person"
            " WHERE email_normalized = crm_lead.name || '@example.com')"
            " WHERE id = ANY(%s)",
            [leads.ids],
        )
        self.env.invalidate_all()
        segment = self.make_segment(kind="static", res_model="crm.lead", domain=[])
        segment._include_records(leads)
        self.assertEqual(
            self.figures(segment.get_mailing_outcomes()),
            {"mailable": 1, "duplicate": 1},
        )

    def test_persons_of_other_companies_are_a_figure_of_their_own(self):
        self.make_partner("shared@example.com")
        self.make_partner("other@example.com", company_id=self.company_other.id)
        self.run_inbox()
        segment = self.make_segment(company_id=False).with_user(self.user_marketing)
        self.assertEqual(
            self.figures(segment.get_mailing_outcomes()),
            {"mailable": 1, "other_company": 1},
        )
        hidden = segment.action_view_people("other_company")
        self.assertEqual(self.people(hidden, self.user_marketing), [])

    def test_figures_of_others_segments_open_nothing(self):
        segment = self.make_segment(company_id=self.company_other.id)
        domain = [("segment_outcome", "=", f"{segment.id}:all")]
        persons = self.env["marketing.person"]
        with self.assertRaises(AccessError):
            persons.with_user(self.user_marketing).search(domain)
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                persons.with_user(user).search(domain)
            with self.assertRaises(AccessError):
                segment.with_user(user).get_mailing_outcomes()
        for nonsense in ("", "nobody", "0:all", f"{segment.id}"):
            with self.subTest(nonsense=nonsense):
                self.assertFalse(persons.search([("segment_outcome", "=", nonsense)]))
