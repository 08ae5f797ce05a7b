from datetime import datetime

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import NOW
from .consent_common import ANA, BEN, ConsentCase


@tagged("post_install", "-at_install")
class TestConsent(ConsentCase):
    """The answer to a topic, its evidence, and who may change which."""

    def test_an_answer_keeps_what_was_shown_and_where_it_came_from(self):
        self.answer(
            ANA, "in", ip="192.0.2.7", user_agent="Firefox", text="Yes, pumps please."
        )
        person = self.person_of(ANA)
        consent = person.consent_ids
        self.assertEqual((consent.state, consent.legal_basis), ("in", "consent"))
        evidence = person.consent_log_ids
        self.assertEqual(
            (evidence.event, evidence.state_before, evidence.state_after),
            ("given", False, "in"),
        )
        self.assertEqual(evidence.text, "Yes, pumps please.")
        self.assertEqual(evidence.text_version, self.topic.text_version)
        self.assertEqual(
            (evidence.ip, evidence.user_agent, evidence.source),
            ("192.0.2.7", "Firefox", "page"),
        )
        self.assertEqual(evidence.date, NOW)
        self.assertEqual(self.touchpoints_of(ANA), ["consent_given"])

    def test_the_text_is_the_one_of_the_topic_and_its_version_rises(self):
        self.answer(ANA, "in")
        self.topic.consent_text = "Send me news about pumps."
        self.assertEqual(self.topic.text_version, 2)
        self.topic.consent_text = "Send me news about pumps."
        self.topic.sequence = 3
        self.assertEqual(self.topic.text_version, 2)
        self.answer(BEN, "in")
        self.assertIn("Pumps", self.person_of(ANA).consent_log_ids.text)
        evidence = self.person_of(BEN).consent_log_ids
        self.assertEqual(
            (evidence.text, evidence.text_version), ("Send me news about pumps.", 2)
        )

    def test_the_same_answer_again_changes_nothing(self):
        self.assertTrue(self.answer(ANA, "out"))
        self.assertFalse(self.answer(ANA, "out"))
        self.assertEqual(self.evidence_of(ANA), ["withdrawn"])
        self.assertEqual(self.touchpoints_of(ANA), ["consent_withdrawn"])

    def test_who_agrees_again_renews_his_consent(self):
        self.topic.expiry_months = 12
        self.answer(ANA, "in")
        consent = self.person_of(ANA).consent_ids
        self.assertEqual(consent.expiry_date, NOW + relativedelta(months=12))
        self.clock.move_to(datetime(2027, 6, 1))
        consent.invalidate_recordset()
        self.assertTrue(consent.is_expired)
        self.assertIn(
            consent, self.env["marketing.consent"].search([("is_expired", "=", True)])
        )
        self.answer(ANA, "in")
        consent.invalidate_recordset()
        self.assertFalse(consent.is_expired)
        self.assertEqual(self.evidence_of(ANA), ["given", "renewed"])

    def test_only_the_person_or_a_user_takes_an_opt_out_back(self):
        for source in ("list", "import", "api", "form", "merge", "blacklist"):
            with self.subTest(source=source):
                self.answer(ANA, "out")
                self.assertFalse(self.answer(ANA, "in", source=source))
                self.assertEqual(self.state_of(ANA), "out")
                self.assertFalse(self.answer(ANA, "pending", source=source))
                self.assertEqual(self.state_of(ANA), "out")
        for source in ("confirmation", "page", "hand"):
            with self.subTest(source=source):
                self.answer(ANA, "out")
                self.assertTrue(self.answer(ANA, "in", source=source))
                self.assertEqual(self.state_of(ANA), "in")

    def test_an_import_does_not_confirm_what_waits_for_confirmation(self):
        self.answer(ANA, "pending", source="form")
        self.assertFalse(self.answer(ANA, "in", source="import"))
        self.assertEqual(self.state_of(ANA), "pending")

    def test_a_better_basis_replaces_an_unknown_one_and_never_the_other_way(self):
        self.answer(ANA, "in", source="list")
        consent = self.person_of(ANA).consent_ids
        self.assertEqual(consent.legal_basis, "unknown")
        self.answer(ANA, "in", source="import", legal_basis="contract")
        consent.invalidate_recordset()
        self.assertEqual(consent.legal_basis, "contract")
        self.answer(ANA, "in", source="list")
        consent.invalidate_recordset()
        self.assertEqual(consent.legal_basis, "contract")

    def test_a_crowd_answers_at_once(self):
        emails = [f"p{number}@crowd.example" for number in range(200)]
        ids = list(self.env["marketing.person"]._get_or_create_ids(emails).values())
        topic = self.topic_events
        consents = self.env["marketing.consent"]
        evidence = {"source": "import", "legal_basis": "contract"}
        consents._set_state(ids[:2], topic, "in", evidence)
        self.env.flush_all()
        with self.assertQueryCount(12):
            changed = consents._set_state(ids, topic, "in", evidence)
        self.assertEqual(len(changed), 198)
        self.assertEqual(topic.in_count, 200)

    # ------------------------------------------------------------------
    # evidence
    # ------------------------------------------------------------------

    def test_nobody_changes_or_deletes_evidence(self):
        self.answer(ANA, "in")
        evidence = self.person_of(ANA).consent_log_ids
        for user in (self.user_marketing, self.user_manager, self.env.user):
            with self.subTest(user=user.login):
                with self.assertRaisesRegex(UserError, "cannot be changed"):
                    evidence.with_user(user).write({"event": "withdrawn"})
                with self.assertRaisesRegex(UserError, "delete"):
                    evidence.with_user(user).unlink()
        for user in (self.user_marketing, self.user_manager):
            with self.assertRaises(AccessError):
                evidence.with_user(user).create(
                    {
                        "person_id": evidence.person_id.id,
                        "event": "given",
                        "source": "page",
                        "date": NOW,
                    }
                )
            with self.assertRaises(AccessError):
                evidence.person_id.consent_ids.with_user(user).write({"state": "in"})

    def test_an_answered_topic_is_archived_and_not_deleted(self):
        self.answer(ANA, "in")
        with self.assertRaisesRegex(UserError, "Archive the topic"):
            self.topic.with_user(self.user_manager).unlink()
        self.topic_events.with_user(self.user_manager).unlink()
        self.assertFalse(self.topic_events.exists())

    def test_who_sees_consents(self):
        self.answer(ANA, "in")
        consent = self.person_of(ANA).consent_ids
        self.assertEqual(consent.with_user(self.user_marketing).state, "in")
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                consent.with_user(user).read(["state"])

    def test_topics_of_another_company_are_not_seen(self):
        foreign = self.env["marketing.topic"].create(
            {"name": "Foreign", "company_id": self.company_other.id}
        )
        self.answer(ANA, "in", foreign)
        person = self.person_of(ANA)
        marketer = self.user_marketing
        self.assertNotIn(foreign, foreign.with_user(marketer).search([]))
        self.assertFalse(
            self.env["marketing.consent"]
            .with_user(marketer)
            .search([("person_id", "=", person.id)])
        )
        self.assertFalse(
            self.env["marketing.consent.log"]
            .with_user(marketer)
            .search([("person_id", "=", person.id)])
        )

    def test_a_marketer_sets_up_a_topic(self):
        form = Form(self.env["marketing.topic"].with_user(self.user_marketing))
        form.name = "Spare parts"
        form.expiry_months = 24
        topic = form.save()
        self.assertTrue(topic.is_double_opt_in)
        self.assertIn("/marketing/subscribe/", topic.subscribe_url)

    # ------------------------------------------------------------------
    # written down by a user
    # ------------------------------------------------------------------

    def write_down(self, records, **values):
        return (
            self.env["marketing.consent.change"]
            .with_user(self.user_marketing)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create({"topic_id": self.topic.id, "note": "Signed at the fair", **values})
            .action_apply()
        )

    def test_a_user_writes_down_what_a_person_said(self):
        partner = self.make_partner(ANA)
        self.answer(ANA, "out")
        self.write_down(partner)
        self.assertEqual(self.state_of(ANA), "in")
        evidence = self.person_of(ANA).consent_log_ids[:1]
        self.assertEqual(
            (evidence.source, evidence.user_id, evidence.note),
            ("hand", self.user_marketing, "Signed at the fair"),
        )

    def test_many_at_once_take_no_opt_out_back(self):
        partners = self.make_partner(ANA) | self.make_partner(BEN)
        self.answer(ANA, "out")
        answer = self.write_down(partners, legal_basis="contract")
        self.assertIn("1 persons were left", answer["params"]["message"])
        self.assertEqual((self.state_of(ANA), self.state_of(BEN)), ("out", "in"))
        self.write_down(partners, state="out")
        self.assertEqual((self.state_of(ANA), self.state_of(BEN)), ("out", "out"))

    def test_records_without_address_and_users_without_right(self):
        with self.assertRaisesRegex(UserError, "usable e-mail address"):
            self.write_down(self.make_partner("rubbish"))
        with self.assertRaises(AccessError):
            self.env["marketing.consent.change"].with_user(self.user_sales).create({})

    def test_a_manager_takes_somebody_off_the_blacklist(self):
        self.answer(ANA, "in")
        person = self.person_of(ANA)
        person._stop_everything({"source": "page"})
        with self.assertRaises(AccessError):
            person.with_user(self.user_marketing).action_allow_mail()
        person.with_user(self.user_manager).action_allow_mail()
        self.assertFalse(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_somebody_who_said_no_is_not_forgotten_with_his_records(self):
        partner = self.make_partner(ANA)
        self.answer(ANA, "out")
        partner.unlink()
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM marketing_touchpoint")
        self.env.cr.execute("DELETE FROM marketing_inbox")
        self.env.cr.execute(
            "UPDATE marketing_person SET create_date = create_date - interval '9 days'"
        )
        self.env["marketing.person"]._gc_persons_without_trace()
        self.assertEqual(self.state_of(ANA), "out")

    # ------------------------------------------------------------------
    # time
    # ------------------------------------------------------------------

    def test_an_expired_consent_is_noted_once(self):
        self.topic.expiry_months = 1
        self.answer(ANA, "in")
        self.clock.move_to(datetime(2026, 5, 1))
        self.env["marketing.consent"]._note_expired()
        self.env["marketing.consent"]._note_expired()
        self.assertEqual(self.evidence_of(ANA), ["given", "expired"])

    def test_an_answer_in_the_moment_of_a_merge_is_not_lost(self):
        """Neither sees what the other one has not committed yet."""
        self.answer(ANA, "in")
        self.answer(BEN, "in")
        ana, ben = self.person_of(ANA), self.person_of(BEN)
        self.env["marketing.consent"].search([("person_id", "=", ben.id)]).unlink()
        self.env.flush_all()
        ben._merge_into(ana)
        self.env.cr.execute(
            "INSERT INTO marketing_consent (person_id, topic_id, state, legal_basis,"
            " source, date) VALUES (%s, %s, 'out', 'consent', 'page', %s)",
            [ben.id, self.topic.id, NOW],
        )
        self.env.invalidate_all()
        self.assertEqual(self.state_of(ANA), "in")
        self.run_inbox()
        self.assertEqual(self.state_of(ANA), "out")
        self.assertFalse(
            self.env["marketing.consent"].search([("person_id", "=", ben.id)])
        )
