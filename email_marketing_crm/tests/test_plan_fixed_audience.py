from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..hooks import uninstall_hook
from .common import NOW
from .plan_gates_common import ANA, BOB, PlanGatesCase

STRANGER = "stranger@example.com"


@tagged("post_install", "-at_install")
class TestPlanFixedAudience(PlanGatesCase):
    """Whom a confirmed campaign goes to does not change behind its plan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.segment = cls.make_segment(ANA, BOB, name="Ana and Bob")

    def schedule(self, **values):
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(days=1),
            **values,
        )
        mailing.with_user(self.user_marketing).action_schedule()
        self.assertEqual(mailing.state, "in_queue")
        return mailing

    def make_strangers(self):
        """Leads with the numbers of the contacts, as any database has."""
        leads = self.make_lead(STRANGER) | self.make_lead(STRANGER, "Other pumps")
        self.env.flush_all()
        for lead, partner in zip(leads, self.ana | self.bob, strict=True):
            self.env.cr.execute(
                "UPDATE crm_lead SET id = %s WHERE id = %s", [partner.id, lead.id]
            )
        self.env.invalidate_all()

    def test_no_stranger_gets_the_mail_of_another_model(self):
        self.make_strangers()
        mailing = self.schedule()
        with self.assertRaises(UserError) as refused:
            mailing.with_user(self.user_marketing).write(
                {"mailing_model_id": self.lead_model, "marketing_segment_ids": False}
            )
        self.assertIn("was fixed when it was confirmed", str(refused.exception))
        with self.assertRaises(UserError):
            mailing.sudo().mailing_model_id = self.lead_model
        self.clock.tick(timedelta(days=1))
        self.deliver()
        self.assertCountEqual(self.received(), [ANA, BOB])

    def test_a_campaign_that_was_sent_does_not_keep_the_add_on(self):
        """What is left is sent to nobody by Odoo's own queue."""
        self.env["marketing.journey"].create(
            {
                "name": "Welcome",
                "segment_id": self.segment.id,
                "user_id": self.user_marketing.id,
            }
        )
        sent, waiting = self.schedule(), self.schedule(subject="Next pumps")
        self.clock.tick(timedelta(days=1))
        waiting.action_cancel()
        self.deliver()
        waiting.with_user(self.user_marketing).action_schedule()
        uninstall_hook(self.env)
        self.assertFalse(
            self.env["marketing.journey"].search(
                [("user_id", "=", self.user_marketing.id)]
            )
        )
        self.assertEqual(sent.state, "done")
        self.assertEqual(waiting.state, "draft")
        for mailing in sent | waiting:
            self.assertFalse(mailing._get_recipients())

    def test_what_would_be_ignored_is_refused(self):
        news = self.env["mailing.list"].create({"name": "News"})
        other = self.make_segment(BOB, name="Others")
        mailing = self.schedule()
        for values in (
            {"mailing_domain": repr([("id", "=", self.ana.id)])},
            {"contact_list_ids": [Command.set(news.ids)]},
            {"marketing_segment_ids": [Command.set(other.ids)]},
            {"marketing_kind": False},
            {"ab_testing_enabled": True},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                mailing.write(values)

    def test_it_stays_with_our_lanes(self):
        """Without its only segment, one that is left out, Odoo's queue would take it
        and send it to those who were left out too."""
        mailing = self.make_list_mailing_without(BOB)
        out = mailing.marketing_excluded_segment_ids
        mailing.action_launch()
        with self.assertRaises(UserError):
            mailing.marketing_excluded_segment_ids = False
        more = self.make_segment(ANA, name="Partners")
        mailing.marketing_excluded_segment_ids = out | more
        self.assertEqual(mailing.marketing_kind, "campaign", "some more may be out")

    def test_what_was_sent_keeps_its_audience(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.deliver()
        self.assertEqual(mailing.state, "done")
        with self.assertRaises(UserError):
            mailing.mailing_model_id = self.lead_model

    def test_the_same_values_and_other_fields_can_be_written(self):
        mailing = self.schedule()
        mailing.write(
            {
                "mailing_model_id": self.partner_model,
                "mailing_domain": mailing.mailing_domain,
                "marketing_segment_ids": [Command.set(self.segment.ids)],
                "subject": "Newer pumps",
                "marketing_priority": "2",
            }
        )
        self.assertEqual(mailing.subject, "Newer pumps")

    def test_a_draft_may_go_to_anybody(self):
        mailing = self.schedule()
        mailing.action_cancel()
        self.make_lead(STRANGER)
        leads = self.make_segment(STRANGER, name="Leads", model="crm.lead")
        mailing.write(
            {
                "mailing_model_id": self.lead_model,
                "marketing_segment_ids": [Command.set(leads.ids)],
            }
        )
        mailing.schedule_date = NOW
        mailing.action_launch()
        self.deliver()
        self.assertEqual(self.received(), [STRANGER])

    def test_the_form_lets_nobody_try(self):
        mailing = self.schedule()
        with (
            Form(mailing.with_user(self.user_marketing)) as form,
            self.assertRaisesRegex(AssertionError, "readonly"),
        ):
            form.mailing_model_id = self.env["ir.model"]._get("crm.lead")
        draft = self.make_mailing(self.segment)
        with Form(draft.with_user(self.user_marketing)) as form:
            form.mailing_model_id = self.env["ir.model"]._get("mailing.contact")
        self.assertEqual(draft.mailing_model_real, "mailing.contact")

    def test_the_mail_of_a_journey_that_somebody_waits_for(self):
        mailing = self.make_mailing(marketing_kind="journey")
        mailing.mailing_model_id = self.lead_model
        mailing.mailing_model_id = self.partner_model
        self.env["marketing.delivery"]._plan(
            mailing, [(self.person_of(ANA).id, self.ana.id, 1)]
        )
        with self.assertRaises(UserError) as refused:
            mailing.mailing_model_id = self.lead_model
        self.assertIn("of its journey", str(refused.exception))
        self.deliver()
        self.assertEqual(self.outcomes(mailing), {ANA: "sent"})
        self.assertEqual(self.received(), [ANA])
