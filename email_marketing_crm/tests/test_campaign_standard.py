from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .campaign_common import CampaignCase


@tagged("post_install", "-at_install")
class TestCampaignStandard(CampaignCase):
    """Mailings that Odoo sends itself, beside campaigns."""

    # ------------------------------------------------------------------
    # Odoo's own mailings
    # ------------------------------------------------------------------

    def test_standard_mailings_stay_standard(self):
        mailing = self.make_mailing(
            mailing_domain=repr([("id", "in", (self.ana | self.bob).ids)])
        )
        self.assertFalse(mailing.marketing_kind)
        mailing.action_launch()
        self.assertFalse(self.deliveries_of(mailing))
        with self.enter_registry_test_mode(), self.mock_mail_gateway():
            self.env.ref(
                "mass_mailing.ir_cron_mass_mailing_queue"
            ).method_direct_trigger()
        self.assertEqual(mailing.state, "done")
        self.assertCountEqual(self.received(), ["ana@example.com", "bob@example.com"])
        self.assertEqual(self.touchpoints_of("ana@example.com", "sent"), ["sent"])

    def test_the_queue_of_odoo_leaves_our_mailings_alone(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        with self.enter_registry_test_mode(), self.mock_mail_gateway():
            self.env.ref(
                "mass_mailing.ir_cron_mass_mailing_queue"
            ).method_direct_trigger()
        self.assertEqual(mailing.state, "in_queue")
        self.assertFalse(mailing.mailing_trace_ids)
        self.assertEqual(self.emails, [])

    def test_ab_tests_are_sent_by_odoo(self):
        mailing = self.make_mailing(self.segment, ab_testing_enabled=True)
        self.assertFalse(mailing.marketing_kind)
        mailing.ab_testing_enabled = False
        self.assertEqual(mailing.marketing_kind, "campaign")

    def test_copy_is_a_draft_to_the_same_segments(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        mailing.action_marketing_pause()
        copy = mailing.copy()
        self.assertEqual(copy.marketing_segment_ids, self.segment)
        self.assertEqual(copy.marketing_kind, "campaign")
        self.assertFalse(copy.marketing_hold)
        self.assertFalse(copy.marketing_audience)

    def test_direct_sending_goes_through_the_plan(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_send_mail()
        self.assertEqual(mailing.state, "in_queue")
        self.assertEqual(set(self.outcomes(mailing).values()), {"planned"})

    def test_models_without_persons(self):
        users = self.env["ir.model"]._get_id("mailing.list")
        mailing = self.make_mailing(self.segment, mailing_model_id=users)
        self.assertTrue(mailing.marketing_has_persons, "Contacts of lists are persons")
        other = (
            self.env["ir.model"]
            .search([("is_mailing_enabled", "=", True)])
            .filtered(
                lambda model: (
                    "marketing_person_id" not in self.env[model.model]._fields
                    and model.model != "mailing.list"
                )
            )
        )
        for model in other[:1]:
            with self.assertRaises(ValidationError):
                mailing.mailing_model_id = model

    def test_lists_narrow_the_segment(self):
        news = self.env["mailing.list"].create({"name": "News"})
        self.make_contact("ana@example.com", lists=news)
        self.make_contact("bob@example.com")
        mailing = self.make_list_mailing(news, self.segment)
        mailing.action_launch()
        self.assertEqual(self.outcomes(mailing), {"ana@example.com": "planned"})

    def test_test_mails_still_work(self):
        mailing = self.make_mailing(self.segment)
        self.user_employee.email = "boss@example.com"
        self.env["mail.blacklist"]._add("boss@example.com")
        wizard = self.env["mailing.mailing.test"].create(
            {"email_to": "boss@example.com", "mass_mailing_id": mailing.id}
        )
        with self.mock_mail_gateway():
            wizard.send_mail_test()
        self.assertEqual(self.received(), ["boss@example.com"])
