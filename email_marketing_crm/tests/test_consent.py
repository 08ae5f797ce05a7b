from datetime import datetime

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.email_marketing_crm.hooks import build_consents

from .common import NOW
from .consent_common import ANA, BEN, CEM, ConsentCase


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
    # lists
    # ------------------------------------------------------------------

    def test_a_membership_is_a_consent_on_an_unknown_basis(self):
        self.subscribe(ANA)
        consent = self.person_of(ANA).consent_ids
        self.assertEqual((consent.state, consent.legal_basis), ("in", "unknown"))

    def test_opting_out_of_the_list_withdraws_the_topic(self):
        self.subscribe(ANA)
        self.subscription_of(ANA).opt_out = True
        self.assertEqual(self.state_of(ANA), "out")

    def test_withdrawing_the_topic_opts_out_of_the_list(self):
        self.subscribe(ANA)
        self.answer(ANA, "out")
        self.assertTrue(self.subscription_of(ANA).opt_out)
        self.answer(ANA, "in")
        self.assertFalse(self.subscription_of(ANA).opt_out)

    def test_agreeing_subscribes_to_the_list(self):
        self.answer(ANA, "in")
        self.assertFalse(self.subscription_of(ANA).opt_out)
        self.assertEqual(len(self.subscription_of(ANA)), 1)

    def test_merging_lists_does_not_undo_an_opt_out(self):
        other = self.env["mailing.list"].create({"name": "Valves"})
        self.subscribe(ANA, other)
        self.subscribe(BEN, other)
        self.answer(ANA, "out")
        self.mailing_list.action_merge(other, archive=True)
        self.assertTrue(self.subscription_of(ANA).opt_out)
        self.assertEqual(self.state_of(BEN), "in")

    def test_every_contact_of_a_person_is_opted_out(self):
        self.subscribe(ANA)
        self.subscribe(ANA, name="Ana again")
        self.subscription_of(ANA)[0].opt_out = True
        self.assertEqual(self.subscription_of(ANA).mapped("opt_out"), [True, True])

    def test_a_new_membership_does_not_undo_an_opt_out(self):
        self.answer(ANA, "out")
        self.subscribe(ANA)
        self.assertTrue(self.subscription_of(ANA).opt_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_an_import_does_not_undo_an_opt_out(self):
        self.subscribe(ANA)
        self.answer(ANA, "out")
        self.subscription_of(ANA).with_context(import_file=True).opt_out = False
        self.assertTrue(self.subscription_of(ANA).opt_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_a_user_does_not_tick_somebody_back_who_left(self):
        self.subscribe(ANA)
        self.answer(ANA, "out")
        with self.assertRaisesRegex(UserError, "a tick does not change that"):
            self.subscription_of(ANA).with_user(self.user_marketing).opt_out = False
        self.assertEqual(self.state_of(ANA), "out")

    def test_nobody_claims_by_a_context_that_the_person_did_it(self):
        self.subscribe(ANA)
        self.answer(ANA, "out")
        for context in (
            {"marketing_consent_evidence": {"source": "page", "is_confirmed": True}},
            {"marketing_consent_follows": True},
        ):
            with self.subTest(context=context), self.assertRaises(UserError):
                self.subscription_of(ANA).with_user(self.user_marketing).with_context(
                    **context
                ).opt_out = False
        self.assertEqual(self.state_of(ANA), "out")
        self.assertTrue(self.subscription_of(ANA).opt_out)
        evidence = {"source": "page", "ip": "198.51.100.7"}
        entry = (
            self.env["mail.blacklist"]
            .with_user(self.user_marketing)
            .with_context(marketing_consent_evidence=evidence)
            .sudo()
            .create({"email": ANA})
        )
        self.assertTrue(entry)
        last = self.person_of(ANA).consent_log_ids.sorted("id")[-1]
        self.assertEqual((last.source, last.ip), ("blacklist", False))

    def test_a_topic_adopts_the_list_it_gets(self):
        other = self.env["mailing.list"].create({"name": "Valves"})
        self.subscribe(ANA, other)
        self.subscribe(BEN, other)
        self.subscribe(CEM, other)
        self.subscription_of(BEN, other).opt_out = True
        self.answer(CEM, "out", self.topic_events)
        self.topic_events.mailing_list_id = other
        self.assertEqual(self.state_of(ANA, self.topic_events), "in")
        self.assertEqual(self.state_of(BEN, self.topic_events), "out")
        self.assertTrue(self.subscription_of(CEM, other).opt_out)

    # ------------------------------------------------------------------
    # lists without a topic
    # ------------------------------------------------------------------

    def leave_plain_list(self):
        """Ana left a list that is no topic, and her list contact was deleted."""
        plain = self.env["mailing.list"].create({"name": "Guests"})
        self.subscribe(ANA, plain)
        self.subscription_of(ANA, plain).opt_out = True
        self.subscription_of(ANA, plain).contact_id.unlink()
        return plain

    def test_who_left_a_list_without_topic_stays_out_when_he_is_added_again(self):
        plain = self.leave_plain_list()
        self.assertEqual(self.evidence_of(ANA), ["withdrawn"])
        self.subscribe(ANA, plain)
        self.assertTrue(self.subscription_of(ANA, plain).opt_out)
        self.subscription_of(ANA, plain).with_context(import_file=True).opt_out = False
        self.assertTrue(self.subscription_of(ANA, plain).opt_out)
        self.subscribe(BEN, plain)
        self.assertFalse(self.subscription_of(BEN, plain).opt_out)

    def test_a_user_who_takes_the_tick_away_answers_for_it(self):
        plain = self.leave_plain_list()
        self.subscribe(ANA, plain)
        self.subscription_of(ANA, plain).with_user(self.user_marketing).opt_out = False
        self.assertFalse(self.subscription_of(ANA, plain).opt_out)
        log = self.person_of(ANA).consent_log_ids.sorted("id")[-1]
        self.assertEqual(
            (log.event, log.mailing_list_id, log.user_id),
            ("given", plain, self.user_marketing),
        )
        self.subscription_of(ANA, plain).contact_id.unlink()
        self.subscribe(ANA, plain)
        self.assertFalse(self.subscription_of(ANA, plain).opt_out)

    def test_a_list_that_becomes_a_topic_remembers_who_left(self):
        plain = self.leave_plain_list()
        self.topic_events.mailing_list_id = plain
        self.assertEqual(self.state_of(ANA, self.topic_events), "out")
        self.topic_events.mailing_list_id = False
        self.subscribe(ANA, plain)
        self.assertTrue(self.subscription_of(ANA, plain).opt_out)

    def test_merged_persons_left_a_list_both(self):
        plain = self.leave_plain_list()
        self.subscribe(BEN, plain)
        self.person_of(ANA)._merge_into(self.person_of(BEN))
        self.assertTrue(self.subscription_of(BEN, plain).opt_out)

    def test_installation_takes_over_opt_outs_of_lists_without_topic(self):
        plain = self.env["mailing.list"].create({"name": "Guests"})
        self.subscribe(ANA, plain)
        self.subscription_of(ANA, plain).opt_out = True
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM marketing_consent_log")
        consents = self.env["marketing.consent"]
        self.assertEqual(consents._build_refusals(), 1)
        self.assertEqual(consents._build_refusals(), 0)

    # ------------------------------------------------------------------
    # blacklist
    # ------------------------------------------------------------------

    def test_the_blacklist_and_the_person_agree(self):
        self.make_partner(ANA)
        self.answer(ANA, "in")
        entry = self.block(ANA)
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "in")
        entry.action_archive()
        self.assertFalse(self.person_of(ANA).is_opted_out)
        entry.action_unarchive()
        self.assertTrue(self.person_of(ANA).is_opted_out)
        entry.unlink()
        self.assertFalse(self.person_of(ANA).is_opted_out)
        self.assertEqual(
            self.evidence_of(ANA),
            ["given", "stopped", "resumed", "stopped", "resumed"],
        )

    def test_an_address_that_was_blocked_before_it_was_known_stays_blocked(self):
        self.env.cr.execute(
            "INSERT INTO mail_blacklist (email, active) VALUES (%s, TRUE)", [BEN]
        )
        self.make_partner(BEN)
        self.assertTrue(self.person_of(BEN).is_opted_out)

    def test_stopping_everything_withdraws_every_topic(self):
        self.subscribe(ANA)
        self.answer(ANA, "in", self.topic_events)
        self.person_of(ANA)._stop_everything({"source": "page", "ip": "192.0.2.7"})
        self.assertTrue(self.is_blocked(ANA))
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")
        self.assertEqual(self.state_of(ANA, self.topic_events), "out")
        self.assertTrue(self.subscription_of(ANA).opt_out)

    def test_taking_off_the_blacklist_gives_no_consent_back(self):
        self.answer(ANA, "in")
        self.person_of(ANA)._stop_everything({"source": "page"})
        self.env["mail.blacklist"]._remove(ANA)
        self.assertFalse(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_a_membership_of_somebody_who_wants_no_mail_is_no_consent(self):
        self.block(ANA)
        self.subscribe(ANA)
        self.assertIsNone(self.state_of(ANA))
        self.assertTrue(self.subscription_of(ANA).opt_out)

    # ------------------------------------------------------------------
    # merge
    # ------------------------------------------------------------------

    def merge(self, source, target):
        self.person_of(source)._merge_into(self.person_of(target))

    def test_the_strictest_answer_survives_a_merge(self):
        self.subscribe(BEN)
        self.answer(ANA, "out")
        self.answer(ANA, "in", self.topic_events)
        self.answer(BEN, "pending", self.topic_events, source="form")
        self.merge(ANA, BEN)
        self.assertEqual(self.state_of(BEN), "out")
        self.assertTrue(self.subscription_of(BEN).opt_out)
        self.assertEqual(self.state_of(BEN, self.topic_events), "pending")
        self.assertEqual(len(self.person_of(BEN).consent_ids), 2)
        self.assertIn("withdrawn", self.evidence_of(BEN))

    def test_who_stopped_everything_stays_stopped_after_a_merge(self):
        self.make_partner(ANA)
        self.make_partner(BEN)
        self.person_of(ANA)._stop_everything({"source": "page"})
        self.merge(ANA, BEN)
        self.assertTrue(self.person_of(BEN).is_opted_out)
        self.assertTrue(self.is_blocked(BEN))

    def test_a_merge_keeps_the_wishes(self):
        self.make_partner(ANA)
        self.make_partner(BEN)
        self.person_of(ANA).write(
            {
                "is_do_not_track": True,
                "preferred_frequency": "month",
                "paused_until": datetime(2026, 5, 1),
            }
        )
        self.person_of(BEN).write({"preferred_frequency": "week"})
        self.env.flush_all()
        self.merge(ANA, BEN)
        ben = self.person_of(BEN)
        self.assertTrue(ben.is_do_not_track)
        self.assertEqual(ben.preferred_frequency, "month")
        self.assertEqual(ben.paused_until, datetime(2026, 5, 1))

    def test_an_old_address_that_opts_out_means_the_person(self):
        self.make_partner(ANA)
        self.make_partner(BEN)
        self.answer(BEN, "in")
        self.merge(ANA, BEN)
        self.answer(ANA, "out")
        self.assertEqual(self.state_of(BEN), "out")
        self.block(ANA)
        self.assertTrue(self.person_of(BEN).is_opted_out)
        self.assertTrue(self.is_blocked(BEN))

    # ------------------------------------------------------------------
    # installation
    # ------------------------------------------------------------------

    @mute_logger("odoo.addons.email_marketing_crm.hooks")
    def test_what_people_told_odoo_before_is_taken_over(self):
        old = self.env["mailing.list"].create({"name": "Old news", "is_public": True})
        self.subscribe(ANA, old)
        self.subscribe(BEN, old)
        self.subscription_of(BEN, old).opt_out = True
        self.env.cr.execute(
            "INSERT INTO mail_blacklist (email, active) VALUES (%s, TRUE)", [ANA]
        )
        self.env.flush_all()
        build_consents(self.env)
        self.env.invalidate_all()
        topic = self.env["marketing.topic"].search([("mailing_list_id", "=", old.id)])
        self.assertEqual(topic.name, "Old news")
        self.assertEqual(self.state_of(ANA, topic), "in")
        self.assertEqual(self.state_of(BEN, topic), "out")
        self.assertTrue(self.person_of(ANA).is_opted_out)
        before = self.evidence_of(BEN)
        build_consents(self.env)
        self.assertEqual(self.evidence_of(BEN), before)

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
