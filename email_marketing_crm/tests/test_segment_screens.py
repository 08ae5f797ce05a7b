"""What a marketer sees of a segment: figures that open, sizes, overlaps."""

from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .segment_common import SegmentCase


class ScreenCase(SegmentCase):
    def people(self, action, user=None):
        """Addresses of the persons that an action opens, sorted."""
        persons = self.env[action["res_model"]].with_user(user or self.env.user)
        return sorted(persons.search(action["domain"]).mapped("email_normalized"))

    def figures(self, outcomes):
        self.assertFalse(outcomes["took_too_long"])
        return {figure["code"]: figure["count"] for figure in outcomes["figures"]}


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


@tagged("post_install", "-at_install")
class TestSegmentHistory(ScreenCase):
    def history_of(self, segment):
        return [
            (row.date, row.size, row.entered_count, row.left_count)
            for row in segment.history_ids.sorted("date")
        ]

    def test_one_row_a_day(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment()
        segment._refresh()
        self.assertEqual(self.history_of(segment), [(date(2026, 3, 4), 1, 1, 0)])
        self.make_partner("bo@example.com")
        segment._refresh()
        self.assertEqual(self.history_of(segment), [(date(2026, 3, 4), 2, 2, 0)])
        self.clock.tick(timedelta(days=1))
        self.env["res.partner"].search(
            [("email", "=", "ana@example.com")]
        ).active = False
        segment._refresh()
        self.assertEqual(
            self.history_of(segment),
            [(date(2026, 3, 4), 2, 2, 0), (date(2026, 3, 5), 1, 0, 1)],
        )
        self.assertEqual(segment.size_chart, [["2026-03-04", 2], ["2026-03-05", 1]])

    def test_what_happens_after_the_last_refresh_of_a_day_is_counted_the_next_day(self):
        segment = self.make_segment()
        self.make_partner("ana@example.com")
        self.run_inbox()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(self.history_of(segment), [(date(2026, 3, 4), 0, 0, 0)])
        self.clock.tick(timedelta(days=1))
        segment._refresh()
        self.assertEqual(
            self.history_of(segment),
            [(date(2026, 3, 4), 0, 1, 0), (date(2026, 3, 5), 1, 0, 0)],
        )

    def test_who_entered_and_left(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment()
        partner.active = False
        segment._refresh()
        self.make_segment(name="Another")
        action = segment.action_view_moves()
        moves = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(
            sorted(moves.type_id.mapped("code")), ["segment_entered", "segment_left"]
        )
        self.assertEqual(len(moves), 2)

    def test_marketers_read_sizes_and_nobody_writes_them(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment()
        row = segment.history_ids.with_user(self.user_marketing)
        self.assertEqual(row.size, 1)
        with self.assertRaises(AccessError):
            row.size = 5
        segment.company_id = self.company_other
        row.invalidate_recordset()
        with self.assertRaises(AccessError):
            row.read(["size"])
        self.assertFalse(
            self.env["marketing.segment.history"]
            .with_user(self.user_sales)
            .has_access("read")
        )


@tagged("post_install", "-at_install")
class TestSegmentOverlap(ScreenCase):
    def setUp(self):
        super().setUp()
        for name, city in (("ana", "Porto"), ("bo", "Porto"), ("cy", "Lund")):
            self.make_partner(f"{name}@example.com", city=city)
        self.run_inbox()
        self.porto = self.make_segment(domain=[("city", "=", "Porto")], name="Porto")
        self.early = self.make_segment(
            domain=[("email", "in", ["bo@example.com", "cy@example.com"])],
            name="Early",
        )

    def compare(self, segments, user=None):
        action = segments.with_user(user or self.user_marketing).action_compare()
        return (
            self.env["marketing.segment.overlap"]
            .with_user(user or self.user_marketing)
            .browse(action["res_id"])
        )

    def test_parts_of_two_segments(self):
        overlap = self.compare(self.porto | self.early)
        self.assertEqual(
            {line.name: line.person_count for line in overlap.line_ids},
            {"only “Porto”": 1, "only “Early”": 1, "both “Early” and “Porto”": 1},
        )
        self.assertEqual(overlap.person_count, 3)
        for line in overlap.line_ids:
            with self.subTest(line=line.name):
                people = self.people(line.action_view_people(), self.user_marketing)
                self.assertEqual(len(people), line.person_count)
        both = overlap.line_ids.filtered(lambda line: len(line.segment_ids) == 2)
        self.assertEqual(self.people(both.action_view_people()), ["bo@example.com"])

    def test_three_segments(self):
        everybody = self.make_segment(name="Crowd")
        overlap = self.compare(self.porto | self.early | everybody)
        self.assertEqual(len(overlap.line_ids), 7)
        self.assertEqual(sum(overlap.line_ids.mapped("person_count")), 3)
        for line in overlap.line_ids:
            people = self.people(line.action_view_people(), self.user_marketing)
            self.assertEqual(len(people), line.person_count, line.name)

    def test_segment_of_a_part_follows_the_segments(self):
        overlap = self.compare(self.porto | self.early)
        line = overlap.line_ids.filtered(
            lambda part: part.segment_ids.ids == self.porto.ids
        )
        action = line.action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.make_partner("di@example.com", city="Porto")
        self.run_inbox()
        segment._refresh()
        self.assertEqual(
            self.members_of(segment), ["ana@example.com", "di@example.com"]
        )

    def test_one_segment_asks_for_another(self):
        overlap = self.compare(self.porto)
        self.assertFalse(overlap.line_ids)
        with self.assertRaises(UserError):
            overlap.action_compare()
        overlap.segment_ids |= self.early.with_user(self.user_marketing)
        overlap.action_compare()
        self.assertEqual(overlap.person_count, 3)

    def test_persons_of_other_companies_are_not_counted(self):
        self.make_partner(
            "other@example.com", city="Porto", company_id=self.company_other.id
        )
        self.run_inbox()
        (self.porto | self.early).company_id = False
        self.porto._refresh()
        self.assertEqual(len(self.members_of(self.porto)), 3)
        self.assertEqual(self.compare(self.porto | self.early).person_count, 3)
        both = new_test_user(
            self.env,
            "marketer_of_both",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
            company_id=self.env.company.id,
            company_ids=[Command.set((self.env.company | self.company_other).ids)],
        )
        overlap = self.compare(self.porto | self.early, both)
        overlap = overlap.with_context(
            allowed_company_ids=(self.env.company | self.company_other).ids
        )
        overlap.action_compare()
        self.assertEqual(overlap.person_count, 4)

    def test_others_compare_nothing(self):
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.porto.with_user(user).action_compare()


@tagged("post_install", "-at_install")
class TestSegmentSelection(ScreenCase):
    """From a list of records to a segment."""

    def apply(self, records, user=None, **values):
        wizard = (
            self.env["marketing.segment.add"]
            .with_user(user or self.user_marketing)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create(values)
        )
        return wizard.action_apply()["params"]["message"]

    def test_static_segment_takes_and_gives_back(self):
        ana, bo = (
            self.make_partner("ana@example.com"),
            self.make_partner("bo@x.example"),
        )
        segment = self.make_segment(kind="static")
        self.assertIn("2 persons", self.apply(ana | bo, segment_id=segment.id))
        message = self.apply(bo, segment_id=segment.id, operation="exclude")
        self.assertIn("1 persons were taken out", message)
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(
            self.moves_of(segment, "bo@x.example"), ["segment_entered", "segment_left"]
        )
        self.assertFalse(segment.excluded_count)

    def test_conditions_decide_again(self):
        ana = self.make_partner("ana@example.com")
        segment = self.make_segment()
        self.apply(ana, segment_id=segment.id, operation="exclude")
        self.assertEqual(self.members_of(segment), [])
        self.apply(ana, segment_id=segment.id, operation="follow")
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        static = self.make_segment(kind="static")
        with self.assertRaises(UserError):
            self.apply(ana, segment_id=static.id, operation="follow")

    def test_each_model_has_both_actions(self):
        for model in ("res.partner", "crm.lead", "mailing.contact"):
            bindings = self.env["ir.actions.actions"].get_bindings(model)
            names = [action["name"] for action in bindings.get("action", [])]
            with self.subTest(model=model):
                self.assertIn("Add to Segment", names)
                self.assertIn("Remove from Segment", names)


@tagged("post_install", "-at_install")
class TestSegmentCompanies(ScreenCase):
    def test_a_segment_finds_records_of_its_company_alone(self):
        mine = self.make_partner("ana@example.com", company_id=self.env.company.id)
        other = self.make_partner("ana@example.com", company_id=self.company_other.id)
        shared = self.make_partner("ana@example.com")
        self.run_inbox()
        segment = self.make_segment()
        everywhere = self.make_segment(company_id=False)
        partners = self.env["res.partner"]
        for reached, expected in (
            (segment, mine | shared),
            (everywhere, mine | shared | other),
        ):
            found = partners.search([("marketing_segment_ids", "in", reached.ids)])
            self.assertEqual(found & (mine | other | shared), expected)

    def test_segments_of_other_companies_find_nothing(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment(company_id=self.company_other.id)
        domain = [("marketing_segment_ids", "in", segment.ids)]
        partners = self.env["res.partner"].with_user(self.user_marketing)
        self.assertFalse(partners.search(domain))
        self.assertEqual(partners.sudo().search(domain), partner)


@tagged("post_install", "-at_install")
class TestSegmentExplain(ScreenCase):
    def ask(self, segment, email):
        form = Form(
            self.env["marketing.segment.explain"].with_user(self.user_marketing)
        )
        form.segment_id = segment
        form.person_id = self.person_of(email)
        return form

    def test_each_condition_has_its_verdict(self):
        self.make_partner("ana@example.com", city="Porto")
        self.happened("form", "ana@example.com")
        self.run_inbox()
        segment = self.make_segment(
            ("form", "at_least", 2, 30), domain=[("city", "=", "Porto")]
        )
        answer = self.ask(segment, "ana@example.com")
        verdicts = [
            (line["name"], line["verdict"]) for line in answer.line_ids._records
        ]
        self.assertEqual(answer.standing, "outside")
        self.assertIn("1 of 3 conditions", answer.summary)
        self.assertEqual([verdict for _n, verdict in verdicts], ["yes", "yes", "no"])
        self.assertIn("Porto", verdicts[1][0])
        self.assertIn("Form submitted", verdicts[2][0])

    def test_standing(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        self.make_partner("bo@example.com", city="Lund")
        self.run_inbox()
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.assertEqual(self.ask(segment, "ana@example.com").standing, "member")
        self.assertEqual(self.ask(segment, "bo@example.com").standing, "outside")
        ana.city = "Lund"
        self.env.flush_all()
        self.assertEqual(self.ask(segment, "ana@example.com").standing, "leaving")
        ana.city = "Porto"
        action = segment.member_ids.with_user(self.user_marketing).action_explain()
        answer = (
            self.env[action["res_model"]]
            .with_user(self.user_marketing)
            .browse(action["res_id"])
        )
        self.assertEqual(answer.standing, "member")
        answer.action_keep_out()
        self.assertEqual(answer.standing, "excluded")
        self.assertEqual(answer.line_ids[-1].verdict, "no")
        answer.action_follow_conditions()
        self.assertEqual(answer.standing, "member")
        segment._include_records(
            self.env["res.partner"].search([("city", "=", "Lund")])
        )
        person = self.person_of("bo@example.com")
        self.assertEqual(self.ask(segment, "bo@example.com").standing, "manual")
        action = person.with_user(self.user_marketing).action_explain_segment()
        self.assertEqual(action["context"], {"default_person_id": person.id})

    def test_leads_that_one_may_not_read_stay_unknown(self):
        self.make_lead("ana@example.com", city="Porto", name="Secret")
        self.run_inbox()
        segment = self.env["marketing.segment"].create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "domain": "[('city', '=', 'Porto')]",
            }
        )
        segment._refresh()
        answer = self.ask(segment, "ana@example.com")
        self.assertEqual(answer.standing, "member")
        self.assertNotIn("Porto", [line["detail"] for line in answer.line_ids._records])

    def test_others_ask_nothing(self):
        segment = self.make_segment()
        self.make_partner("ana@example.com")
        person = self.person_of("ana@example.com")
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                segment.with_user(user).action_explain()
            with self.assertRaises(AccessError):
                person.with_user(user).action_explain_segment()
        segment.company_id = self.company_other
        with self.assertRaises(AccessError):
            self.ask(segment.with_user(self.user_marketing), "ana@example.com")
