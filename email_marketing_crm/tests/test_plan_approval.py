from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import NOW
from .common_delivery import DeliveryCase

ANA, BOB = "ana@example.com", "bob@example.com"


@tagged("post_install", "-at_install")
class TestPlanApproval(DeliveryCase):
    """A second person approves what is sent, exactly as it was seen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana = cls.make_partner(ANA, "Ana")
        cls.bob = cls.make_partner(BOB, "Bob")
        cls.segment = cls.make_segment(ANA, BOB)
        cls.company = cls.user_marketing.company_id
        cls.company.marketing_needs_approval = True
        cls.second_manager = new_test_user(
            cls.env,
            "second_manager",
            groups="email_marketing_crm.group_marketing_manager,base.group_user",
        )

    def make_draft(self, user=None, **values):
        """A mailing that a marketer wrote himself."""
        user = user or self.user_marketing
        mailing = self.make_mailing.__func__(
            type(self), self.segment, user_id=user.id, **values
        )
        self.env.cr.execute(
            "UPDATE mailing_mailing SET create_uid = %s WHERE id = %s",
            [user.id, mailing.id],
        )
        mailing.invalidate_recordset()
        return mailing.with_user(user)

    def decide(self, mailing, decision="approved", note=False, user=None):
        wizard = (
            self.env["marketing.mailing.decision"]
            .with_user(user or self.user_manager)
            .create({"mailing_id": mailing.id, "decision": decision, "note": note})
        )
        wizard.action_decide()
        mailing.invalidate_recordset()

    def approve(self, mailing):
        mailing.action_request_approval()
        self.decide(mailing)

    def activities(self, mailing):
        return mailing.sudo().activity_ids.user_id

    # ------------------------------------------------------------------
    # the way it goes
    # ------------------------------------------------------------------

    def test_requested_approved_sent(self):
        mailing = self.make_draft()
        with self.assertRaisesRegex(UserError, "must be approved by a second person"):
            mailing.action_launch()
        mailing.action_request_approval()
        self.assertEqual(mailing.marketing_approval_state, "requested")
        self.assertIn(self.user_manager, self.activities(mailing))
        self.assertNotIn(self.user_marketing, self.activities(mailing))
        with self.assertRaisesRegex(UserError, "waits for its approval"):
            mailing.action_launch()
        self.decide(mailing, note="Looks good")
        self.assertEqual(mailing.marketing_approval_state, "approved")
        self.assertEqual(mailing.marketing_approval_user_id, self.user_manager)
        self.assertEqual(mailing.marketing_approval_date, NOW)
        self.assertEqual(mailing.marketing_approval_note, "Looks good")
        self.assertFalse(self.activities(mailing))
        mailing.action_launch()
        self.deliver()
        self.assertCountEqual(self.received(), [ANA, BOB])

    def test_refused(self):
        mailing = self.make_draft()
        mailing.action_request_approval()
        with self.assertRaisesRegex(UserError, "Say why"):
            self.decide(mailing, "refused")
        self.decide(mailing, "refused", "The price is wrong")
        self.assertEqual(mailing.marketing_approval_state, "refused")
        with self.assertRaisesRegex(UserError, "The price is wrong"):
            mailing.action_launch()
        self.assertFalse(self.activities(mailing))
        mailing.subject = "New pumps, right price"
        self.approve(mailing)
        mailing.action_launch()
        self.assertEqual(mailing.state, "in_queue")

    def test_companies_that_do_not_want_it(self):
        self.company.marketing_needs_approval = False
        mailing = self.make_draft()
        self.assertFalse(mailing.marketing_approval_needed)
        mailing.action_launch()
        self.assertEqual(mailing.state, "in_queue")

    def test_scheduling_and_direct_sending_need_it_too(self):
        mailing = self.make_draft(
            schedule_type="scheduled", schedule_date=NOW + timedelta(days=1)
        )
        for attempt in (mailing.action_schedule, mailing.action_send_mail):
            with self.assertRaises(UserError):
                attempt()
        self.assertEqual(mailing.state, "draft")

    # ------------------------------------------------------------------
    # who decides
    # ------------------------------------------------------------------

    def test_nobody_approves_his_own(self):
        """Whoever made it, is responsible for it, or asks."""
        made = self.make_draft(self.user_manager)
        made.action_request_approval()
        with self.assertRaises(AccessError):
            self.decide(made, user=self.user_manager)
        self.decide(made, user=self.second_manager)
        asked = self.make_draft()
        asked.with_user(self.user_manager).action_request_approval()
        with self.assertRaises(AccessError):
            self.decide(asked, user=self.user_manager)
        owned = self.make_draft()
        owned.sudo().user_id = self.user_manager
        owned.action_request_approval()
        self.assertFalse(owned.with_user(self.user_manager).marketing_may_decide)
        with self.assertRaises(AccessError):
            self.decide(owned, user=self.user_manager)
        self.assertTrue(owned.with_user(self.second_manager).marketing_may_decide)

    def test_only_managers_decide(self):
        mailing = self.make_draft()
        mailing.action_request_approval()
        other = new_test_user(
            self.env, "colleague", groups="email_marketing_crm.group_marketing_user"
        )
        with self.assertRaises(AccessError):
            self.decide(mailing, user=other)
        with self.assertRaises(AccessError):
            mailing.with_user(other)._decide_approval("approved", False)

    def test_nobody_writes_an_approval(self):
        """By no call from outside: values, defaults, copies."""
        mailing = self.make_draft()
        for user in (self.user_marketing, self.user_manager):
            mailings = self.env["mailing.mailing"].with_user(user)
            values = {"marketing_approval_state": "approved"}
            with self.assertRaises(AccessError):
                mailing.with_user(user).write(values)
            with self.assertRaises(AccessError):
                mailings.create({"subject": "Mine", **values})
            with self.assertRaises(AccessError):
                mailings.with_context(
                    default_marketing_approval_state="approved"
                ).create({"subject": "Mine"})
            with self.assertRaises(AccessError):
                mailing.with_user(user).write({"marketing_approval_fingerprint": "x"})
        self.approve(mailing)
        self.assertEqual(mailing.copy().marketing_approval_state, "none")

    def test_somebody_has_to_be_there_to_approve(self):
        managers = self.env.ref("email_marketing_crm.group_marketing_manager")
        managers.user_ids = [Command.set([])]
        mailing = self.make_draft()
        with self.assertRaisesRegex(UserError, "Nobody can approve"):
            mailing.action_request_approval()

    # ------------------------------------------------------------------
    # what was approved is what is sent
    # ------------------------------------------------------------------

    def test_every_change_withdraws_it(self):
        other = self.make_segment(BOB, name="Others")
        topic = self.env["marketing.topic"].create({"name": "Pumps"})
        for values in (
            {"subject": "Free pumps"},
            {"body_html": "<p>Something else</p>"},
            {"preview": "Look"},
            {"email_from": "Somebody <else@pumps.example.com>"},
            {"reply_to": "else@pumps.example.com"},
            {"marketing_segment_ids": [Command.link(other.id)]},
            {"marketing_excluded_segment_ids": [Command.link(other.id)]},
            {"marketing_topic_id": topic.id},
            {"marketing_holdout_percent": 10},
            {"use_exclusion_list": False},
            {"marketing_is_transactional": True},
            {"mailing_domain": "[]"},
            {"marketing_skips_opportunities": True},
        ):
            with self.subTest(values):
                mailing = self.make_draft()
                self.approve(mailing)
                mailing.write(values)
                self.assertEqual(mailing.marketing_approval_state, "none")
                with self.assertRaises(UserError):
                    mailing.action_launch()

    def test_writing_the_same_changes_nothing(self):
        mailing = self.make_draft()
        self.approve(mailing)
        mailing.write({"subject": mailing.subject, "color": 3, "favorite": True})
        self.assertEqual(mailing.marketing_approval_state, "approved")

    def test_a_request_is_withdrawn_as_well(self):
        mailing = self.make_draft()
        mailing.action_request_approval()
        mailing.subject = "Free pumps"
        self.assertEqual(mailing.marketing_approval_state, "none")
        self.assertFalse(self.activities(mailing))
        with self.assertRaisesRegex(UserError, "Nobody asks for an approval"):
            self.decide(mailing)

    def test_a_segment_that_is_changed_after_it(self):
        segment = self.env["marketing.segment"].create(
            {"name": "Pumps", "domain": repr([("email", "=", ANA)])}
        )
        mailing = self.make_draft()
        mailing.marketing_segment_ids = segment
        self.approve(mailing)
        segment.domain = "[]"
        with self.assertRaisesRegex(UserError, "changed after it was approved"):
            mailing.action_launch()
        self.assertTrue(mailing.marketing_approval_is_outdated)
        mailing.action_request_approval()
        segment.domain = repr([("email", "=", BOB)])
        with self.assertRaisesRegex(UserError, "not what was asked about"):
            self.decide(mailing)

    def test_a_language_that_is_added_after_it(self):
        mailing = self.make_draft()
        self.approve(mailing)
        lang = self.env["res.lang"]._activate_lang("fr_FR")
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": mailing.id,
                "lang_id": lang.id,
                "subject": "Nouvelles pompes",
                "body_html": "<p>Regardez</p>",
            }
        )
        mailing.invalidate_recordset()
        with self.assertRaisesRegex(
            UserError, "after it was approved|must be approved"
        ):
            mailing.action_launch()

    def test_a_condition_that_is_changed_after_it(self):
        """Wherever its block stands: others than the approver saw would read it."""
        lang = self.env["res.lang"]._activate_lang("fr_FR")
        condition = self.env["marketing.content.condition"].create(
            {"name": "French", "lang_ids": [Command.set(lang.ids)]}
        )
        body = f'<p data-marketing-condition="{condition.id}">Regardez</p>'
        own = self.make_draft(body_html=body)
        translated, tested, other = (self.make_draft() for _number in range(3))
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": translated.id,
                "lang_id": lang.id,
                "subject": "Nouvelles pompes",
                "body_html": body,
            }
        )
        tested.action_open_ab_test()
        test = tested.sudo().marketing_ab_test_ids
        test.varies = "content"
        test.arm_ids[1].body_html = body
        mailings = own + translated + tested + other
        for mailing in mailings:
            self.approve(mailing)
        condition.with_user(self.user_marketing).name = "French readers"
        self.assertEqual(mailings.mapped("marketing_approval_state"), ["approved"] * 4)
        condition.with_user(self.user_marketing).is_inverted = True
        mailings.invalidate_recordset()
        self.assertEqual(
            mailings.mapped("marketing_approval_state"),
            ["none", "none", "none", "approved"],
        )
        for mailing in own + translated + tested:
            with self.assertRaisesRegex(UserError, "must be approved"):
                mailing.action_launch()

    def test_a_segment_of_a_condition_that_is_changed_after_it(self):
        segment = self.env["marketing.segment"].create(
            {"name": "Pumps", "domain": repr([("email", "=", ANA)])}
        )
        condition = self.env["marketing.content.condition"].create(
            {"name": "Pumps", "segment_ids": [Command.set(segment.ids)]}
        )
        body = f'<p data-marketing-condition="{condition.id}">Look</p>'
        mailing = self.make_draft(body_html=body)
        self.approve(mailing)
        segment.domain = "[]"
        with self.assertRaisesRegex(UserError, "changed after it was approved"):
            mailing.action_launch()

    def test_a_version_that_is_changed_after_it(self):
        mailing = self.make_draft()
        mailing.action_open_ab_test()
        self.approve(mailing)
        self.assertEqual(mailing.marketing_approval_state, "approved")
        mailing.sudo().marketing_ab_test_ids.arm_ids[0].subject = "Free pumps"
        mailing.invalidate_recordset()
        self.assertFalse(mailing._is_approved())
        with self.assertRaisesRegex(
            UserError, "after it was approved|must be approved"
        ):
            mailing.action_launch()

    def test_new_members_are_no_change(self):
        mailing = self.make_draft()
        self.approve(mailing)
        self.make_partner("cem@example.com")
        cem = self.env["res.partner"].search([("email", "=", "cem@example.com")])
        self.segment._include_records(cem)
        mailing.action_launch()
        self.assertEqual(len(self.deliveries_of(mailing)), 3)

    def test_a_change_on_the_way_holds_it(self):
        """What has not left waits until it is approved again."""
        mailing = self.make_draft()
        self.approve(mailing)
        mailing.action_launch()
        mailing.sudo().subject = "Free pumps"
        self.assertEqual(mailing.marketing_hold, "paused")
        self.deliver()
        self.assertEqual(self.received(), [])
        with self.assertRaises(UserError):
            mailing.action_marketing_resume()
        self.approve(mailing)
        mailing.action_marketing_resume()
        self.deliver()
        self.assertEqual(len(self.received()), 2)

    def test_failed_mails_are_sent_again_only_as_they_were_approved(self):
        mailing = self.make_draft()
        self.approve(mailing)
        mailing.action_launch()
        self.deliver()
        delivery = self.deliveries_of(mailing)[0]
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'failed' WHERE id = %s",
            [delivery.id],
        )
        self.env.invalidate_all()
        mailing.sudo().body_html = "<p>Something else</p>"
        with self.assertRaises(UserError):
            delivery.with_user(self.user_marketing).action_resend()

    # ------------------------------------------------------------------
    # Odoo's own mailings
    # ------------------------------------------------------------------

    def make_standard(self, **values):
        mailing = self.make_draft(
            mailing_domain=repr([("id", "=", self.ana.id)]), **values
        )
        mailing.marketing_segment_ids = [Command.clear()]
        mailing.mailing_domain = repr([("id", "=", self.ana.id)])
        return mailing

    def run_queue(self):
        with self.enter_registry_test_mode(), self.mock_mail_gateway():
            self.env.ref(
                "mass_mailing.ir_cron_mass_mailing_queue"
            ).method_direct_trigger()

    def test_standard_mailings_need_it_too(self):
        mailing = self.make_standard()
        self.assertFalse(mailing.marketing_kind)
        with self.assertRaises(UserError):
            mailing.action_launch()
        self.approve(mailing)
        mailing.action_launch()
        self.run_queue()
        self.assertEqual(self.received(), [ANA])

    def test_the_standard_queue_does_not_stop_at_what_is_not_approved(self):
        self.company.marketing_needs_approval = False
        mailing = self.make_standard()
        mailing.action_launch()
        self.company.marketing_needs_approval = True
        approved = self.make_standard(subject="Approved")
        self.approve(approved)
        approved.action_launch()
        self.run_queue()
        self.assertEqual(mailing.state, "draft")
        self.assertEqual(approved.state, "done")

    def test_a_standard_mailing_that_is_changed_in_the_queue(self):
        mailing = self.make_standard(
            schedule_type="scheduled", schedule_date=NOW + timedelta(days=1)
        )
        self.approve(mailing)
        mailing.action_schedule()
        mailing.subject = "Free pumps"
        self.assertEqual(mailing.state, "draft")

    def test_the_winner_of_a_test_is_what_was_approved(self):
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        mailing = self.make_standard(
            ab_testing_enabled=True, ab_testing_pc=50, campaign_id=campaign.id
        )
        self.approve(mailing)
        mailing.action_launch()
        self.run_queue()
        mailing.sudo().action_select_as_winner()
        winner = campaign.ab_testing_winner_mailing_id
        self.assertNotEqual(winner, mailing)
        self.assertEqual(winner.state, "in_queue")

    def test_another_mail_is_no_winner(self):
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        mailing = self.make_standard(
            ab_testing_enabled=True, ab_testing_pc=50, campaign_id=campaign.id
        )
        self.approve(mailing)
        winner = mailing.copy({"subject": "Free pumps", "ab_testing_pc": 100})
        campaign.ab_testing_winner_mailing_id = winner
        with self.assertRaises(UserError):
            winner.action_launch()

    # ------------------------------------------------------------------
    # settings
    # ------------------------------------------------------------------

    def test_settings(self):
        tag = self.env["crm.tag"].create({"name": "Complaint"})
        with Form(self.env["res.config.settings"]) as form:
            form.marketing_needs_approval = False
            form.marketing_complaint_segment_ids.add(self.segment)
            form.marketing_complaint_tag_ids.add(tag)
        form.record.execute()
        self.assertFalse(self.env.company.marketing_needs_approval)
        self.assertEqual(self.env.company.marketing_complaint_segment_ids, self.segment)
        self.assertEqual(self.env.company.marketing_complaint_tag_ids, tag)
