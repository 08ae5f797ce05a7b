from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import NOW
from .consent_common import ANA, BEN, CEM, ConsentCase

FOOTER = """<p>Pumps Ltd, 12 Mill Lane, York</p>
    <p><a href="/unsubscribe_from_list">Unsubscribe</a></p>"""


@tagged("post_install", "-at_install")
class TestConsentGates(ConsentCase):
    """Who gets a mailing of a topic, and why the others do not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for email in (ANA, BEN, CEM):
            cls.make_partner(email)
        cls.segment = cls.make_segment(ANA, BEN, CEM)

    def make_topic_mailing(self, topic=None, **values):
        return self.make_mailing(
            self.segment, marketing_topic_id=(topic or self.topic).id, **values
        )

    def launch(self, mailing):
        mailing.with_user(self.user_marketing).action_launch()
        return self.outcomes(mailing)

    def use_profile(self, **checks):
        ignored = {
            f"check_{check}": "ignore"
            for check in self.env["marketing.compliance.profile"]._get_checks()
        }
        profile = self.env["marketing.compliance.profile"].create(
            {"name": "Test", **ignored, **checks}
        )
        self.env.company.marketing_compliance_profile_id = profile
        self.user_marketing.company_id.marketing_compliance_profile_id = profile
        return profile

    # ------------------------------------------------------------------
    # the answer
    # ------------------------------------------------------------------

    def test_only_who_agreed_gets_it(self):
        self.answer(ANA, "in")
        self.answer(BEN, "out")
        self.assertEqual(
            self.launch(self.make_topic_mailing()),
            {ANA: "planned", BEN: "consent_out", CEM: "no_consent"},
        )

    def test_pending_is_not_in(self):
        self.answer(ANA, "pending", source="form")
        self.assertEqual(self.launch(self.make_topic_mailing())[ANA], "consent_pending")

    def test_an_expired_consent_does_not_count(self):
        self.topic.expiry_months = 1
        self.answer(ANA, "in")
        self.clock.move_to(datetime(2026, 6, 1))
        self.assertEqual(self.launch(self.make_topic_mailing())[ANA], "consent_expired")

    def test_the_answer_to_another_topic_does_not_matter(self):
        self.answer(ANA, "out", self.topic_events)
        self.answer(ANA, "in")
        self.assertEqual(self.launch(self.make_topic_mailing())[ANA], "planned")

    def test_a_mailing_without_topic_goes_to_everybody_but_who_stopped_everything(self):
        self.answer(ANA, "out")
        self.person_of(BEN)._stop_everything({"source": "page"})
        outcomes = self.launch(self.make_mailing(self.segment))
        self.assertEqual(outcomes, {ANA: "planned", BEN: "blacklisted", CEM: "planned"})

    def test_who_withdraws_before_the_mail_is_composed_or_sent_does_not_get_it(self):
        for email in (ANA, BEN, CEM):
            self.answer(email, "in")
        mailing = self.make_topic_mailing()
        self.launch(mailing)
        self.answer(ANA, "out")
        self.compose()
        self.answer(BEN, "out")
        self.send()
        self.assertEqual(self.received(), [CEM])
        self.assertEqual(
            self.outcomes(mailing),
            {ANA: "consent_out", BEN: "consent_out", CEM: "sent"},
        )

    def make_lead_of(self, email, customer):
        """A lead of one person that is mailed to the address of another one."""
        lead = self.make_lead(email)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET partner_id = %s WHERE id = %s", [customer.id, lead.id]
        )
        self.env.invalidate_all()
        return self.make_mailing(
            self.make_segment(email, model="crm.lead", name="Leads"),
            mailing_model_id=self.env["ir.model"]._get_id("crm.lead"),
            marketing_topic_id=self.topic.id,
        )

    def test_the_consent_of_one_mailbox_is_none_of_another(self):
        """A lead of Ana whose customer is Ben is mailed to Ben."""
        ben = self.env["res.partner"].search([("email", "=", BEN)])
        mailing = self.make_lead_of(ANA, ben)
        self.answer(ANA, "in")
        self.assertEqual(self.launch(mailing), {ANA: "no_consent"})
        self.deliver()
        self.assertEqual(self.received(), [])

    def test_the_one_whose_mailbox_it_is_agreed(self):
        ben = self.env["res.partner"].search([("email", "=", BEN)])
        mailing = self.make_lead_of(ANA, ben)
        self.topic.expiry_months = 12
        self.answer(ANA, "in", date=NOW - timedelta(days=400))
        self.answer(BEN, "in")
        self.assertEqual(self.launch(mailing), {ANA: "planned"})
        self.deliver()
        self.assertEqual(self.received(), [BEN])

    def test_a_no_of_either_counts(self):
        ben = self.env["res.partner"].search([("email", "=", BEN)])
        mailing = self.make_lead_of(ANA, ben)
        self.answer(ANA, "out")
        self.answer(BEN, "in")
        self.assertEqual(self.launch(mailing), {ANA: "consent_out"})

    def test_an_address_that_came_after_the_plan_never_agreed(self):
        self.answer(ANA, "in")
        self.answer(BEN, "in")
        mailing = self.make_topic_mailing()
        self.launch(mailing)
        self.env["res.partner"].search([("email", "=", ANA)]).email = "new@example.com"
        self.deliver()
        self.assertEqual(self.outcomes(mailing)[ANA], "no_consent")
        self.assertEqual(self.received(), [BEN])

    def test_a_double_opt_in_proves_one_mailbox(self):
        profile = self.use_profile(check_consent="block", check_double_opt_in="block")
        self.assertEqual(profile.check_double_opt_in, "block")
        ben = self.env["res.partner"].search([("email", "=", BEN)])
        self.answer(ANA, "in", is_confirmed=True)
        self.answer(BEN, "in")
        mailing = self.make_lead_of(ANA, ben)
        self.assertEqual(self.launch(mailing), {ANA: "consent_unconfirmed"})

    def test_an_old_address_of_the_person_himself(self):
        """Who is known under two addresses agreed once, for both."""
        self.answer(ANA, "in")
        former = self.person_of(BEN)
        self.env["res.partner"].search([("email", "=", BEN)]).unlink()
        former._merge_into(self.person_of(ANA))
        ana = self.env["res.partner"].search([("email", "=", ANA)])
        ana.email = BEN
        mailing = self.make_topic_mailing(mailing_domain=repr([("id", "=", ana.id)]))
        self.assertIn("planned", self.launch(mailing).values())
        self.deliver()
        self.assertEqual(self.received(), [BEN])

    def test_a_lead_whose_person_stopped_everything_under_another_address(self):
        customer = self.make_partner("office@example.com")
        lead = self.make_lead(ANA, partner_id=customer.id)
        lead.email_from = ANA
        self.person_of(ANA)._stop_everything({"source": "page"})
        segment = self.make_segment(ANA, model="crm.lead", name="Leads")
        mailing = self.make_mailing(
            segment, mailing_model_id=self.env["ir.model"]._get_id("crm.lead")
        )
        mailing.action_launch()
        self.assertIn(self.outcomes(mailing)[ANA], ("stopped", "blacklisted"))

    def test_whose_consent_ends_is_asked_to_renew_it(self):
        self.topic.expiry_months = 12
        self.answer(ANA, "in", date=NOW - timedelta(days=400))
        self.answer(BEN, "in", date=NOW - timedelta(days=345))
        self.answer(CEM, "in")
        template = self.env.ref("email_marketing_crm.segment_template_consent_ends")
        found = self.env["marketing.segment"].create(
            {
                "name": "Ends soon",
                "res_model": "res.partner",
                "domain": template.domain.replace("{days}", "30"),
            }
        )
        found._refresh()
        emails = found.member_ids.person_id.mapped("email_normalized")
        self.assertEqual(set(emails) & {ANA, BEN, CEM}, {ANA, BEN})

    def test_one_button_prepares_the_mailing_that_asks_for_renewal(self):
        self.topic.write({"expiry_months": 12, "mailing_list_id": False})
        self.answer(ANA, "in", date=NOW - timedelta(days=400))
        self.answer(BEN, "in", date=NOW - timedelta(days=345))
        self.answer(CEM, "in")
        topic = self.topic.with_user(self.user_marketing)
        action = topic.action_ask_renewal()
        mailing = self.env["mailing.mailing"].browse(action["res_id"])
        again = self.env["mailing.mailing"].browse(topic.action_ask_renewal()["res_id"])
        self.assertEqual(again.marketing_segment_ids, mailing.marketing_segment_ids)
        mailing.email_from = "Pumps Ltd <news@pumps.example.com>"
        self.assertFalse(mailing.marketing_blocking)
        self.assertEqual(self.launch(mailing), {ANA: "planned", BEN: "planned"})
        mailing = self.make_topic_mailing(marketing_renews_consent=True)
        self.assertIn("/marketing/preferences", mailing.marketing_blocking)

    # ------------------------------------------------------------------
    # wishes
    # ------------------------------------------------------------------

    def test_a_pause(self):
        self.person_of(ANA).paused_until = NOW + timedelta(days=7)
        outcomes = self.launch(self.make_mailing(self.segment))
        self.assertEqual((outcomes[ANA], outcomes[BEN]), ("paused", "planned"))
        later = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(days=8),
        )
        later.action_schedule()
        self.assertEqual(self.outcomes(later)[ANA], "planned")

    def test_at_most_one_a_week(self):
        self.person_of(ANA).preferred_frequency = "week"
        self.launch(self.make_mailing(self.segment))
        self.deliver()
        self.assertEqual(self.launch(self.make_mailing(self.segment))[ANA], "frequency")
        self.clock.move_to(NOW + timedelta(days=6, hours=23))
        self.assertEqual(self.launch(self.make_mailing(self.segment))[ANA], "frequency")
        self.clock.move_to(NOW + timedelta(days=7, minutes=1))
        self.assertEqual(self.launch(self.make_mailing(self.segment))[ANA], "planned")

    def test_at_most_one_a_month(self):
        self.person_of(ANA).preferred_frequency = "month"
        self.happened("sent", ANA, date=NOW - timedelta(days=27))
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(self.launch(self.make_mailing(self.segment))[ANA], "frequency")
        self.clock.move_to(NOW + timedelta(days=5))
        self.assertEqual(self.launch(self.make_mailing(self.segment))[ANA], "planned")

    def test_of_two_mails_at_once_the_first_counts(self):
        self.person_of(ANA).preferred_frequency = "week"
        first = self.make_mailing(self.segment)
        second = self.make_mailing(self.segment, subject="More pumps")
        self.launch(first)
        self.launch(second)
        self.deliver()
        self.assertEqual(self.received().count(ANA), 1)
        self.assertEqual(self.outcomes(first)[ANA], "sent")
        self.assertEqual(self.outcomes(second)[ANA], "frequency")

    def test_mails_that_must_arrive_ignore_wishes(self):
        self.person_of(ANA).write(
            {"paused_until": NOW + timedelta(days=7), "preferred_frequency": "week"}
        )
        mailing = self.make_mailing(self.segment, use_exclusion_list=False)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    # ------------------------------------------------------------------
    # profile
    # ------------------------------------------------------------------

    def test_without_a_duty_of_consent_a_missing_one_warns(self):
        self.use_profile(check_consent="warn")
        self.answer(BEN, "out")
        mailing = self.make_topic_mailing()
        mailing.with_user(self.user_marketing).action_check_audience()
        preview = self.env["marketing.delivery.preview"].search(
            [("mailing_id", "=", mailing.id)]
        )
        self.assertEqual(
            {line.email: (line.outcome, line.warning) for line in preview},
            {
                ANA: ("planned", "no_consent"),
                BEN: ("consent_out", False),
                CEM: ("planned", "no_consent"),
            },
        )
        self.assertEqual(
            self.launch(mailing), {ANA: "planned", BEN: "consent_out", CEM: "planned"}
        )

    def test_double_opt_in_and_basis_may_be_required(self):
        self.answer(ANA, "in", source="import", legal_basis="consent")
        self.answer(BEN, "in", source="confirmation", is_confirmed=True)
        self.answer(CEM, "in", source="list")
        self.use_profile(check_consent="block", check_double_opt_in="block")
        self.assertEqual(
            self.launch(self.make_topic_mailing()),
            {ANA: "consent_unconfirmed", BEN: "planned", CEM: "planned"},
        )
        self.use_profile(check_consent="block", check_legal_basis="block")
        self.assertEqual(
            self.launch(self.make_topic_mailing()),
            {ANA: "planned", BEN: "planned", CEM: "consent_no_basis"},
        )

    def test_an_implied_consent_ends(self):
        self.answer(ANA, "in", source="import", legal_basis="contract")
        self.answer(BEN, "in")
        self.use_profile(check_consent="block", implied_months=24)
        self.clock.move_to(datetime(2028, 3, 3))
        self.assertEqual(self.launch(self.make_topic_mailing())[ANA], "planned")
        self.clock.move_to(datetime(2028, 3, 5))
        outcomes = self.launch(self.make_topic_mailing())
        self.assertEqual((outcomes[ANA], outcomes[BEN]), ("consent_expired", "planned"))

    def prepare_company(self):
        company = self.user_marketing.company_id
        company.name = "Pumps Ltd"
        company.partner_id.write({"street": "12 Mill Lane", "city": "York"})

    def test_a_mail_that_breaks_the_rules_is_not_sent(self):
        self.prepare_company()
        self.use_profile(
            check_consent="block",
            check_unsubscribe="block",
            check_sender="block",
            check_address="block",
            check_label="block",
        )
        mailing = self.make_mailing(
            self.segment, email_from="ana@gmail.com", body_html="<p>Buy</p>"
        )
        findings = mailing.marketing_blocking.splitlines()
        self.assertEqual(len(findings), 5)
        with self.assertRaisesRegex(UserError, "cannot be sent"):
            mailing.with_user(self.user_marketing).action_launch()
        self.assertEqual(mailing.state, "draft")
        mailing.write(
            {
                "subject": "【广告】New pumps",
                "email_from": "Pumps Ltd <news@pumps.example.com>",
                "body_html": FOOTER,
                "marketing_topic_id": self.topic.id,
            }
        )
        self.assertFalse(mailing.marketing_blocking)
        self.answer(ANA, "in")
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_a_warning_does_not_stop_a_mail(self):
        self.prepare_company()
        self.use_profile(check_label="warn", check_address="warn")
        mailing = self.make_mailing(self.segment)
        self.assertIn("广告", mailing.marketing_warnings)
        self.assertIn("12 Mill Lane", mailing.marketing_warnings)
        self.assertFalse(mailing.marketing_blocking)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_a_mail_that_is_changed_after_its_check_does_not_leave(self):
        self.use_profile(check_unsubscribe="block")
        mailing = self.make_mailing(self.segment, body_html=FOOTER)
        self.launch(mailing)
        mailing.body_html = "<p>Buy</p>"
        self.deliver()
        self.assertEqual(self.received(), [])
        self.assertEqual(self.outcomes(mailing)[ANA], "planned")
        self.assertEqual(mailing.marketing_hold, "check", "until it is put right")

    def test_a_mail_that_new_rules_forbid_does_not_leave(self):
        profile = self.use_profile()
        mailing = self.make_mailing(self.segment, body_html="<p>Buy</p>")
        self.launch(mailing)
        profile.check_unsubscribe = "block"
        self.env.invalidate_all()
        self.deliver()
        self.assertEqual(self.received(), [])
        self.assertEqual(self.outcomes(mailing)[ANA], "noncompliant")

    def test_each_company_has_its_own_rules(self):
        strict = self.use_profile(check_unsubscribe="block")
        self.company_other.marketing_compliance_profile_id = False
        topic = self.env["marketing.topic"].create(
            {"name": "Other", "company_id": self.company_other.id}
        )
        mailing = self.make_mailing(self.segment, body_html="<p>Buy</p>")
        self.assertEqual(mailing._get_compliance_profile(), strict)
        self.assertTrue(mailing.marketing_blocking)
        mailing.marketing_topic_id = topic
        self.assertFalse(mailing.marketing_blocking)

    def test_profiles_are_shipped_and_chosen_in_the_settings(self):
        for name, blocked in (
            ("gdpr", {"consent", "legal_basis", "unsubscribe", "sender"}),
            ("can_spam", {"unsubscribe", "sender", "address"}),
            ("casl", {"consent", "legal_basis", "unsubscribe", "sender", "address"}),
            ("china", {"consent", "legal_basis", "unsubscribe", "sender", "label"}),
        ):
            profile = self.env.ref(f"email_marketing_crm.compliance_profile_{name}")
            found = {
                check
                for check in profile._get_checks()
                if profile._get_level(check) == "block"
            }
            self.assertEqual(found, blocked, name)
        china = self.env.ref("email_marketing_crm.compliance_profile_china")
        settings = self.env["res.config.settings"].create({})
        settings.marketing_compliance_profile_id = china
        settings.execute()
        self.assertEqual(self.env.company.marketing_compliance_profile_id, china)

    def test_only_managers_change_profiles(self):
        profile = self.use_profile()
        profile.with_user(self.user_manager).name = "Changed"
        with self.assertRaises(AccessError):
            profile.with_user(self.user_marketing).name = "Mine"
        with self.assertRaises(AccessError):
            profile.with_user(self.user_sales).read(["name"])
