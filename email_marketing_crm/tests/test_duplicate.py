from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import NOW, MarketingCase


@tagged("post_install", "-at_install")
class TestDuplicate(MarketingCase):
    """What looks like one human being is listed, and merged only by a human."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user_cleaner = new_test_user(
            cls.env,
            "cleaner",
            groups="email_marketing_crm.group_marketing_manager,base.group_user,"
            "base.group_partner_manager",
        )
        cls.scans = cls.env["marketing.duplicate.scan"]
        # What the database held before is no part of the story.
        cls.env["marketing.duplicate"].search([]).unlink()
        for model in cls.env["marketing.person"]._get_record_models():
            scan = cls.scans._get_scan(model)
            scan.write({"date": NOW - timedelta(seconds=1), "res_id": 0})

    def scan(self):
        """Look at everything that changed; every record of a test is new."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        for model in self.env["marketing.person"]._get_record_models():
            table = self.env[model]._table
            # Created within the transaction of the test, at the frozen time.
            self.env.cr.execute(
                f"UPDATE {table} SET write_date = %s WHERE write_date > %s",
                [NOW, NOW - timedelta(days=1)],
            )
            self.scans._get_scan(model).write(
                {"date": NOW - timedelta(seconds=1), "res_id": 0}
            )
        for _run in range(50):
            _processed, remaining = self.scans._scan_batch()
            if not remaining:
                return
        raise AssertionError("The search never ends")

    def pairs(self):
        return {
            (
                pair.first_person_id.email_normalized,
                pair.second_person_id.email_normalized,
            ): pair
            for pair in self.env["marketing.duplicate"].search([("state", "=", "open")])
        }

    # ------------------------------------------------------------------
    # search
    # ------------------------------------------------------------------

    def test_persons_who_look_like_one_are_listed_with_the_reasons(self):
        self.make_partner("ana@gmail.com", "Ana Pereira", company_name="Acme GmbH")
        self.make_lead(
            "ana@acme.example", contact_name="Pereira, Ana", partner_name="ACME Inc."
        )
        self.make_contact("an.a+shop@gmail.com", "A.")
        self.make_partner("bo@example.com", "Bo Ek")
        self.scan()
        pairs = self.pairs()
        self.assertEqual(len(pairs), 2)
        reasons = {pair.reasons for pair in pairs.values()}
        self.assertEqual(reasons, {"name_company", "dots,plus_address"})
        self.assertTrue(all(pair.reason_text for pair in pairs.values()))

    def test_a_pair_is_there_once_however_often_it_is_found(self):
        self.make_partner("ana@example.com")
        self.make_partner("ana+x@example.com")
        self.make_contact("ana+x@example.com")
        for _time in range(3):
            self.scan()
        self.assertEqual(len(self.pairs()), 1)

    def test_contacts_of_one_person_and_without_address_are_pairs_of_contacts(self):
        one = self.make_partner("ana@example.com", phone="+49 170 1234567")
        other = self.make_partner("ana@example.com", "Pereira Ana")
        third = self.make_partner(False, "Ana Pereira", phone="0170 1234567")
        self.scan()
        pairs = self.env["marketing.duplicate"].search([])
        self.assertEqual(set(pairs.mapped("res_model")), {"res.partner"})
        self.assertEqual(
            {(pair.first_id, pair.second_id): pair.reason for pair in pairs},
            {(one.id, other.id): "same_address", (one.id, third.id): "phone"},
        )

    def test_a_shared_mailbox_and_a_switchboard_are_no_duplicates(self):
        for number in range(30):
            self.make_partner(
                f"n{number}@example.com", f"Common {number}", phone="0170 7654321"
            )
        self.make_partner("info@example.com", "Ana Pereira")
        self.make_partner("info@example.com", "Bo Ek")
        self.scan()
        self.assertFalse(self.pairs())

    def test_a_pair_leaves_the_list_when_nothing_speaks_for_it_any_more(self):
        partner = self.make_partner("ana@example.com", company_name="Acme")
        self.make_partner("a@acme.example", company_name="Acme")
        self.scan()
        self.assertEqual(len(self.pairs()), 1)
        partner.name = "Zoe Smith"
        self.scan()
        self.assertFalse(self.pairs())

    def test_records_of_two_companies_are_never_a_pair(self):
        self.make_partner("ana@example.com", company_id=self.env.company.id)
        self.make_partner("ana+x@example.com", company_id=self.company_other.id)
        self.scan()
        self.assertFalse(self.pairs())

    def test_records_that_are_deleted_leave_nothing(self):
        partner = self.make_partner("ana@example.com", phone="0170 1234567")
        other = self.make_partner("ana@example.com", "Ana Pereira")
        self.scan()
        self.assertEqual(len(self.env["marketing.duplicate"].search([])), 1)
        other.unlink()
        self.assertFalse(self.env["marketing.duplicate"].search([]))
        keys = self.env["marketing.duplicate.key"].search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "in", (partner.id, other.id)),
            ]
        )
        self.assertEqual(set(keys.mapped("res_id")), {partner.id})

    def test_a_batch_after_the_other_reaches_everything(self):
        for number in range(7):
            self.make_partner(f"ana+{number}@example.com")
        self.patch(type(self.scans), "_scan_batch_size", 2)
        self.scan()
        self.assertEqual(len(self.pairs()), 7 * 6 / 2)

    # ------------------------------------------------------------------
    # decisions
    # ------------------------------------------------------------------

    def find_pair(self):
        self.scan()
        pair = self.env["marketing.duplicate"].search([("state", "=", "open")])
        self.assertEqual(len(pair), 1)
        return pair

    def merge(self, pairs, user=None, **values):
        wizard = self.env["marketing.duplicate.merge"].with_user(
            user or self.user_cleaner
        )
        action = pairs.with_user(user or self.user_cleaner).action_merge()
        wizard = wizard.browse(action["res_id"])
        wizard.write(values)
        wizard.action_merge()
        return wizard

    def test_not_the_same_is_remembered_for_ever(self):
        self.make_partner("ana@example.com")
        other = self.make_partner("ana+x@example.com")
        pair = self.find_pair()
        pair.with_user(self.user_marketing).action_not_same()
        other.function = "CEO"
        self.scan()
        self.assertFalse(self.pairs())
        self.assertEqual((pair.state, pair.user_id), ("different", self.user_marketing))
        pair.with_user(self.user_marketing).action_reopen()
        self.assertEqual(len(self.pairs()), 1)

    def test_not_the_same_survives_the_merge_with_somebody_else(self):
        for email in ("ana@example.com", "ana+x@example.com", "ana+y@example.com"):
            self.make_lead(email, contact_name="Ana")
        self.scan()
        pairs = self.pairs()
        pairs["ana@example.com", "ana+x@example.com"].action_not_same()
        self.merge(pairs["ana+x@example.com", "ana+y@example.com"])
        self.scan()
        self.assertFalse(self.pairs(), "ana is none of those two")

    def test_the_merge_of_persons_moves_history_and_records(self):
        partner = self.make_partner("ana@example.com")
        lead = self.make_lead("ana+x@example.com", contact_name="Ana Pereira")
        self.happened("form", "ana+x@example.com")
        self.run_inbox()
        pair = self.find_pair()
        self.merge(pair)
        self.assertEqual((pair.state, pair.user_id), ("merged", self.user_cleaner))
        person = partner.marketing_person_id
        self.assertEqual(lead.marketing_person_id, person)
        self.assertIn("form", self.touchpoints_of("ana@example.com"))
        self.happened("form", "ana+x@example.com")
        self.run_inbox()
        self.assertEqual(self.touchpoints_of("ana@example.com").count("form"), 2)
        self.assertEqual(lead.email_from, "ana+x@example.com")

    def test_what_moves_is_shown_before(self):
        self.make_partner("ana@example.com")
        self.make_lead("ana+x@example.com", contact_name="Ana Pereira")
        source = self.person_of("ana+x@example.com")
        source.action_suppress()
        action = self.find_pair().with_user(self.user_cleaner).action_merge()
        line = self.env["marketing.duplicate.merge"].browse(action["res_id"]).line_ids
        self.assertIn("ana@example.com", line[f"{line.keep}_label"])
        self.assertIn("leads: 1", line.moves)
        self.assertIn("gets no marketing mail", line.warning)

    def test_contacts_of_the_same_name_are_merged_along(self):
        partner = self.make_partner("ana@example.com", phone="0170 1234567")
        other = self.make_partner("ana+x@example.com", function="CEO")
        self.merge(self.find_pair())
        self.assertFalse(other.exists())
        self.assertEqual(partner.function, "CEO")
        self.assertEqual(
            self.person_of("ana+x@example.com").merged_into_id,
            partner.marketing_person_id,
        )

    def test_contacts_stay_two_if_the_user_says_so(self):
        partner = self.make_partner("ana@example.com")
        other = self.make_partner("ana+x@example.com")
        self.merge(self.find_pair(), with_contacts=False)
        self.assertEqual(other.marketing_person_id, partner.marketing_person_id)

    def test_the_merge_of_contacts_is_that_of_odoo(self):
        partner = self.make_partner("ana@example.com")
        other = self.make_partner("ana@example.com")
        lead = self.make_lead("ana@example.com", partner_id=other.id)
        self.merge(self.find_pair())
        self.assertEqual(len((partner | other).exists()), 1)
        self.assertEqual(lead.partner_id, (partner | other).exists())
        self.assertFalse(self.pairs())

    def test_who_was_blocked_stays_blocked(self):
        self.make_partner("ana@example.com")
        self.make_partner("ana+x@example.com")
        self.env["mail.blacklist"]._add("ana+x@example.com")
        self.merge(self.find_pair())
        self.assertTrue(self.person_of("ana@example.com").is_blacklisted)

    def test_several_pairs_of_one_human_are_merged_at_once(self):
        for email in ("ana@example.com", "ana+x@example.com", "ana+y@example.com"):
            self.make_lead(email, contact_name="Ana")
        self.scan()
        self.merge(self.env["marketing.duplicate"].search([]))
        persons = [
            self.person_of(email)
            for email in ("ana@example.com", "ana+x@example.com", "ana+y@example.com")
        ]
        self.assertEqual(len([p for p in persons if not p.merged_into_id]), 1)
        self.assertFalse(self.pairs())

    def test_a_chain_of_pairs_leads_to_the_one_who_stays(self):
        for email in ("ana@example.com", "ana+x@example.com", "ana+y@example.com"):
            self.make_lead(email, contact_name="Ana")
        self.scan()
        pairs = self.pairs()
        pairs["ana@example.com", "ana+y@example.com"].unlink()
        chain = (
            pairs["ana@example.com", "ana+x@example.com"]
            | pairs["ana+x@example.com", "ana+y@example.com"]
        )
        self.merge(chain)
        self.assertEqual(set(chain.mapped("state")), {"merged"})
        ana = self.person_of("ana@example.com")
        for email in ("ana+x@example.com", "ana+y@example.com"):
            self.assertEqual(self.person_of(email).merged_into_id, ana)

    def test_nothing_is_merged_silently(self):
        partner = self.make_partner("ana@example.com")
        other = self.make_partner("ana@example.com")
        self.scan()
        self.assertEqual(len((partner | other).exists()), 2)
        self.find_pair().with_user(self.user_cleaner).action_merge()
        self.assertEqual(len((partner | other).exists()), 2)

    def test_a_user_merges_two_whom_the_search_does_not_take_for_one(self):
        self.make_lead("ana@example.com", contact_name="Ana")
        self.make_lead("boss@acme.example", contact_name="The Boss")
        persons = self.person_of("ana@example.com")
        with self.assertRaises(UserError):
            persons.with_user(self.user_cleaner).action_merge_by_hand()
        persons |= self.person_of("boss@acme.example")
        action = persons.with_user(self.user_cleaner).action_merge_by_hand()
        wizard = self.env["marketing.duplicate.merge"].browse(action["res_id"])
        wizard.with_user(self.user_cleaner).action_merge()
        self.assertEqual(len(persons.filtered("merged_into_id")), 1)

    def test_both_sides_are_shown(self):
        self.make_partner("ana@example.com", function="CEO", phone="0170 1234567")
        self.make_lead("ana+x@example.com", contact_name="Ana", partner_name="Acme")
        pair = self.find_pair().with_user(self.user_marketing)
        sides = {
            pair[f"{side}_email"]: (pair[f"{side}_function"], pair[f"{side}_company"])
            for side in ("first", "second")
        }
        self.assertEqual(
            sides,
            {"ana@example.com": ("CEO", False), "ana+x@example.com": (False, "Acme")},
        )

    # ------------------------------------------------------------------
    # access
    # ------------------------------------------------------------------

    def test_who_may_merge(self):
        self.make_lead("ana@example.com", contact_name="Ana")
        self.make_lead("ana+x@example.com", contact_name="Ana")
        pair = self.find_pair()
        with self.assertRaises(AccessError):
            self.merge(pair, self.user_marketing)
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                pair.with_user(user).action_not_same()
        self.merge(pair, self.user_manager)
        self.assertEqual(pair.state, "merged")

    def test_contacts_are_merged_by_those_who_may_change_contacts(self):
        self.make_partner("ana@example.com")
        self.make_partner("ana@example.com")
        pair = self.find_pair()
        with self.assertRaises(AccessError):
            self.merge(pair, self.user_manager)

    def test_a_decided_pair_is_not_merged(self):
        self.make_partner("ana@example.com")
        self.make_partner("ana+x@example.com")
        pair = self.find_pair()
        pair.action_not_same()
        with self.assertRaises(UserError):
            pair.with_user(self.user_cleaner).action_merge()
