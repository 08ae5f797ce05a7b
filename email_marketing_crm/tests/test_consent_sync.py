from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.email_marketing_crm.hooks import build_consents

from .consent_common import ANA, BEN, CEM, ConsentCase


@tagged("post_install", "-at_install")
class TestConsentSync(ConsentCase):
    """Consents, Odoo's lists and its blacklist say the same, whoever changes one."""

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
