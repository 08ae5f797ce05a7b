from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools.erasure import ErasureRule, get_erased_address
from .erasure_common import ErasureCase

#: Models that know a person and are no rows of his: records, the log of erasures, the
#: persons themselves.
NOT_ROWS = {
    "crm.lead",
    "mailing.contact",
    "marketing.person",
    "marketing.privacy.request",
    "res.partner",
}


@tagged("post_install", "-at_install")
class TestErasure(ErasureCase):
    """After an erasure nobody can tell who somebody was, and he is never mailed."""

    # ------------------------------------------------------------------
    # what goes
    # ------------------------------------------------------------------

    def test_nobody_can_tell_who_it_was(self):
        lead = self.make_lead(
            "ana@example.com", name="Ana wants pumps", contact_name="Ana Quintela"
        )
        contact = self.make_contact("ana@example.com")
        self.env["mail.blacklist"]._add("ana@example.com")
        self.env["mail.blacklist"]._remove("ana@example.com")
        mailing = self.make_mailing(self.make_segment("ana@example.com"))
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        self.deliver()
        self.happened(
            "form",
            "ana@example.com",
            data={"url": "https://example.com/ana", "title": "Ana's form"},
            value=12.5,
        )
        trace = self.env["mailing.trace"].search([("email", "=", "ana@example.com")])
        self.env["link.tracker.click"].create(
            {
                "link_id": self.env["link.tracker"]
                .create({"url": "https://www.example.com/pumps"})
                .id,
                "mailing_trace_id": trace.id,
                "ip": "198.51.100.7",
            }
        )
        self.partner.message_post(body="Ana called")
        self.run_inbox()
        request = self.erase()
        self.assertEqual(
            self.everything_about(
                "ana@example.com", "quintela", "198.51.100.7", "987 1234"
            ),
            [],
        )
        self.assertEqual(
            self.person.email_normalized, f"erased-{self.person.id}@erased.invalid"
        )
        self.assertTrue(self.person.is_erased)
        self.assertFalse(self.partner.active)
        self.assertFalse(lead.active)
        self.assertFalse(contact.exists())
        self.assertEqual(request.state, "done")
        self.assertEqual(request.erased_count, 1)
        self.assertEqual(request.user_id, self.user_manager)

    def test_figures_stay(self):
        mailing = self.make_mailing(self.make_segment("ana@example.com"))
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        self.deliver()
        self.happened("form", "ana@example.com", value=12.5)
        self.run_inbox()
        before = self.touchpoints_of("ana@example.com", "form", "sent")
        sent = mailing.marketing_sent
        self.erase()
        self.assertEqual(
            self.touchpoints_of(get_erased_address(self.person.id), "form", "sent"),
            before,
        )
        form = self.env["marketing.touchpoint"].search(
            [("person_id", "=", self.person.id), ("type_id.code", "=", "form")]
        )
        self.assertEqual(form.value, 12.5)
        mailing.invalidate_recordset()
        self.assertEqual((mailing.marketing_sent, sent), (1, 1))
        self.assertEqual(len(mailing.mailing_trace_ids), 1)

    def test_all_addresses_of_a_merged_person_go(self):
        former = self.make_partner("a.pereira@example.com")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.partner | former).ids, self.partner
        )
        alias = self.person_of("a.pereira@example.com")
        self.erase(alias)
        self.assertEqual(
            self.everything_about("ana@example.com", "a.pereira@example.com"), []
        )
        self.assertEqual(
            self.env["marketing.suppression"]._is_suppressed(
                ["ana@example.com", "a.pereira@example.com"]
            ),
            {"ana@example.com", "a.pereira@example.com"},
        )

    def test_a_mail_that_waits_does_not_leave_and_the_journey_ends(self):
        for step in ("plan", "compose"):
            with self.subTest(step=step):
                email = f"{step}@example.com"
                self.make_partner(email)
                person = self.person_of(email)
                mailing = self.make_mailing(self.make_segment(email))
                mailing.action_put_in_queue()
                self.env["marketing.delivery"]._plan_audience(mailing)
                if step == "compose":
                    self.compose()
                self.erase(person)
                self.deliver()
                self.assertNotIn(email, self.received())
                self.assertEqual(
                    set(self.outcomes(mailing).values()), {"suppression_list"}
                )

    def test_nothing_else_happens_to_others(self):
        other = self.make_partner("bo@example.com")
        self.make_contact("bo@example.com")
        self.happened("form", "bo@example.com", data={"title": "Form of Bo"})
        self.run_inbox()
        before = self.everything_about("bo@example.com", "Form of Bo")
        self.erase()
        self.assertEqual(self.everything_about("bo@example.com", "Form of Bo"), before)
        self.assertTrue(other.active)

    def test_what_was_agreed_to_is_kept_as_evidence_without_identity(self):
        topic = self.env["marketing.topic"].create({"name": "Pumps"})
        consents = self.env["marketing.consent"]
        consents._set_state(
            self.person.ids,
            topic,
            "in",
            {"source": "form", "ip": "198.51.100.7", "user_agent": "Firefox"},
        )
        self.env["mail.blacklist"]._block(["ana@example.com"])
        before = self.env["marketing.consent.log"].search(
            [("person_id", "=", self.person.id)]
        )
        events = before.mapped("event")
        self.erase()
        evidence = self.env["marketing.consent.log"].search(
            [("person_id", "=", self.person.id)]
        )
        self.assertEqual(evidence.mapped("event"), events)
        self.assertFalse(any(evidence.mapped("ip") + evidence.mapped("user_agent")))
        self.assertTrue(all(evidence.filtered("topic_id").mapped("text")))
        self.assertFalse(consents.search([("person_id", "=", self.person.id)]))
        self.assertEqual(self.everything_about("ana@example.com", "198.51.100.7"), [])

    def test_his_own_confirmation_is_the_only_way_back(self):
        topic = self.env["marketing.topic"].create({"name": "Pumps"})
        self.erase()
        self.make_partner("ana@example.com")
        person = self.person_of("ana@example.com")
        self.env["marketing.consent"]._set_state(
            person.ids, topic, "in", {"source": "hand"}
        )
        self.assertTrue(person.is_suppressed)
        request = self.env["marketing.consent.request"].create(
            {
                "person_id": person.id,
                "topic_ids": [Command.set(topic.ids)],
                "token_hash": "0" * 64,
                "date": self.clock(),
                "expiry_date": "2027-01-01",
            }
        )
        request._confirm({"ip": "198.51.100.9"})
        self.assertFalse(person.is_suppressed)
        self.assertFalse(
            self.env["marketing.suppression"]._is_suppressed(["ana@example.com"])
        )

    # ------------------------------------------------------------------
    # coming back
    # ------------------------------------------------------------------

    def test_who_comes_back_is_not_mailed_before_he_confirms(self):
        self.erase()
        partner = self.make_partner("ana@example.com")
        person = partner.marketing_person_id
        self.assertNotEqual(person, self.person)
        self.assertTrue(person.is_suppressed)
        mailing = self.make_mailing(self.make_segment("ana@example.com"))
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        self.assertEqual(
            self.outcomes(mailing), {"ana@example.com": "suppression_list"}
        )
        self.env["marketing.suppression"]._lift("ana@example.com", {"source": "page"})
        again = self.make_mailing(self.make_segment("ana@example.com"))
        again.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(again)
        self.assertEqual(self.outcomes(again), {"ana@example.com": "planned"})

    def test_a_late_click_on_an_old_mail_brings_nobody_back(self):
        mailing = self.make_mailing(self.make_segment("ana@example.com"))
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        self.deliver()
        trace = self.env["mailing.trace"].search([("email", "=", "ana@example.com")])
        self.erase()
        trace.set_opened()
        self.assertFalse(self.person_of("ana@example.com"))
        self.assertNotIn(
            "opened", self.touchpoints_of(get_erased_address(self.person.id))
        )

    # ------------------------------------------------------------------
    # records that are needed
    # ------------------------------------------------------------------

    def test_contacts_can_stay_and_belong_to_somebody_who_is_not_mailed(self):
        self.erase(records="keep")
        self.assertTrue(self.partner.active)
        self.assertEqual(self.partner.email, "ana@example.com")
        self.assertNotEqual(self.partner.marketing_person_id, self.person)
        self.assertTrue(self.partner.marketing_person_id.is_suppressed)
        self.assertFalse(
            self.env["marketing.touchpoint"].search(
                [("person_id", "=", self.person.id), ("res_id", "!=", False)]
            )
        )

    def test_users_and_companies_keep_their_contact(self):
        user_partner = self.user_employee.partner_id
        user_partner.email = "employee@example.com"
        company = self.make_partner("info@example.com", is_company=True)
        request = self.erase(
            self.person_of("employee@example.com") | self.person_of("info@example.com")
        )
        self.assertTrue(user_partner.active)
        self.assertEqual(company.email, "info@example.com")
        kept = request.line_ids.filtered(lambda line: line.outcome == "kept")
        self.assertEqual((kept.res_model, kept.count), ("res.partner", 2))

    def test_a_lead_that_was_won_stays_in_the_figures(self):
        lead = self.make_lead("ana@example.com", type="opportunity")
        lead.action_set_won()
        self.erase()
        self.assertTrue(lead.active)
        self.assertFalse(lead.email_from)

    # ------------------------------------------------------------------
    # completeness
    # ------------------------------------------------------------------

    def test_every_table_that_knows_persons_has_a_rule(self):
        rules = self.env["marketing.person"]._get_erasure_rules()
        covered = {(rule.model, rule.person_column) for rule in rules}
        # What is transient is gone within hours by itself.
        knowing = {
            (name, field.name)
            for name, model in self.env.items()
            if model._auto
            and not model._abstract
            and not model._transient
            and name not in NOT_ROWS
            for field in model._fields.values()
            if field.store
            and field.type == "many2one"
            and field.comodel_name == "marketing.person"
        }
        self.assertLessEqual(knowing, covered)
        for rule in rules:
            with self.subTest(model=rule.model):
                columns = self.env[rule.model]._fields
                self.assertIn(rule.person_column, columns)
                for name in rule.clear:
                    self.assertTrue(columns[name].store, name)
                self.assertTrue(rule.reason)

    def test_a_rule_says_what_it_clears(self):
        with self.assertRaises(ValueError):
            ErasureRule("x", "anonymized", "Why.")
        with self.assertRaises(ValueError):
            ErasureRule("x", "deleted", "Why.", clear={"name": None})

    def test_who_was_erased_is_not_erased_again(self):
        self.erase()
        with self.assertRaises(UserError):
            self.erase()

    def test_an_erased_person_stays_in_the_database_for_the_figures(self):
        self.erase()
        self.env.cr.execute(
            "UPDATE marketing_person SET create_date = now() - interval '3 days'"
        )
        self.env["marketing.person"]._gc_persons_without_trace()
        self.assertTrue(self.person.exists())
        self.assertFalse(self.person.score_id)

    def test_lists_of_a_contact_go_with_it(self):
        newsletter = self.env["mailing.list"].create({"name": "Newsletter"})
        contact = self.make_contact("ana@example.com", lists=newsletter)
        contact.write({"list_ids": [Command.set(newsletter.ids)]})
        self.erase()
        self.assertFalse(newsletter.contact_ids)
