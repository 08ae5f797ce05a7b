"""Mail that people wait for goes first and obeys fewer gates."""

from odoo.tests import tagged

from .plan_gates_common import ANA, PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanTransactional(PlanGatesCase):
    def test_transactional_mail_ignores_pauses(self):
        self.person_of(ANA).write(
            {"paused_until": "2027-01-01", "preferred_frequency": "month"}
        )
        self.assertEqual(self.launch(self.make_mailing(self.segment))[ANA], "paused")
        mailing = self.make_mailing(self.segment, marketing_is_transactional=True)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_what_is_waited_for_is_composed_first(self):
        """Then by priority, though it is due later."""
        mailings = {
            name: self.make_mailing(self.segment, subject=name, **values)
            for name, values in (
                ("low", {"marketing_priority": "0"}),
                ("normal", {}),
                ("high", {"marketing_priority": "2"}),
                (
                    "transactional",
                    {"marketing_priority": "0", "marketing_is_transactional": True},
                ),
            )
        }
        for mailing in mailings.values():
            self.launch(mailing)
            self.clock.tick(60)
        deliveries = self.env["marketing.delivery"]
        order = []
        for _mailing in mailings:
            claimed = deliveries._claim_due(0, 1, 3)
            [mailing_id] = {row[1] for row in claimed}
            order.append(self.env["mailing.mailing"].browse(mailing_id).subject)
            deliveries._skip({row[0]: "canceled" for row in claimed})
        self.assertEqual(order, ["transactional", "high", "normal", "low"])

    def test_strict_profiles_let_transactional_mail_have_no_topic(self):
        profile = self.env["marketing.compliance.profile"].create(
            {"name": "Strict", "check_consent": "block"}
        )
        mailing = self.make_mailing(self.segment)
        self.assertTrue(mailing._find_consent_problem(profile))
        mailing.marketing_is_transactional = True
        self.assertFalse(mailing._find_consent_problem(profile))
