"""Who said no is never mailed; whom the company blocked may be."""

from odoo.tests import tagged

from ..models.marketing_consent_sync import EVIDENCE, Evidence
from .plan_gates_common import ANA, BOB, CEM, PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanSaidNo(PlanGatesCase):
    def stop_everything(self, email, source):
        self.env["mail.blacklist"].with_context(
            **{EVIDENCE: Evidence(source=source)}
        )._block([email])

    def test_who_said_no_is_never_mailed(self):
        """Also by a mailing that ignores the exclusion list."""
        for email, source in ((ANA, "page"), (BOB, "mail"), (CEM, "api")):
            self.stop_everything(email, source)
        for values in (
            {"use_exclusion_list": False},
            {"use_exclusion_list": False, "marketing_is_transactional": True},
            {"marketing_is_transactional": True},
        ):
            with self.subTest(values):
                mailing = self.make_mailing(self.segment, **values)
                self.assertFalse(
                    {"planned"} & set(self.launch(mailing).values()), values
                )

    def test_who_says_no_after_the_mail_was_composed(self):
        mailing = self.make_mailing(self.segment, use_exclusion_list=False)
        self.launch(mailing)
        self.compose()
        self.stop_everything(ANA, "page")
        self.send()
        self.assertEqual(self.outcomes(mailing)[ANA], "stopped")
        self.assertCountEqual(self.received(), [BOB, CEM])

    def test_who_said_no_is_not_mailed_by_the_standard_queue_either(self):
        self.stop_everything(ANA, "page")
        mailing = self.make_mailing(
            mailing_domain=repr([("id", "in", (self.ana | self.bob).ids)]),
            use_exclusion_list=False,
        )
        with self.mock_mail_gateway():
            mailing._action_send_mail()
        self.assertEqual(self.received(), [BOB])

    def test_what_the_company_blocked_can_be_ignored(self):
        self.stop_everything(ANA, "blacklist")
        mailing = self.make_mailing(self.segment, use_exclusion_list=False)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_who_is_blocked_by_the_company_before_anybody_knew_him(self):
        self.env["mail.blacklist"].create({"email": "dan@example.com"})
        self.assertFalse(self.person_of("dan@example.com").has_said_no)
        self.stop_everything("eva@example.com", "page")
        self.assertTrue(self.person_of("eva@example.com").has_said_no)

    def test_who_says_no_to_an_address_that_was_blocked_before(self):
        self.stop_everything(ANA, "blacklist")
        self.stop_everything(ANA, "page")
        self.assertTrue(self.person_of(ANA).has_said_no)
        self.stop_everything(ANA, "blacklist")
        self.assertTrue(self.person_of(ANA).has_said_no, "The company unsays nothing")

    def test_who_wants_mail_again_is_mailed_again(self):
        self.stop_everything(ANA, "page")
        self.person_of(ANA)._allow_mail({"source": "page"})
        self.assertFalse(self.person_of(ANA).has_said_no)
        mailing = self.make_mailing(self.segment)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_an_address_blocked_before_anybody_knew_it_said_no(self):
        self.env.cr.execute(
            "INSERT INTO mail_blacklist (email, active)"
            " VALUES ('dan@example.com', TRUE)"
        )
        self.make_partner("dan@example.com")
        self.assertTrue(self.person_of("dan@example.com").has_said_no)

    def test_a_merge_keeps_the_no(self):
        self.stop_everything(BOB, "page")
        self.person_of(BOB)._merge_into(self.person_of(ANA))
        self.assertTrue(self.person_of(ANA).has_said_no)
