"""What the law asks for: a manager reads it, an administrator chooses it, it stops."""

from odoo.tests import tagged

from .check_common import CLEAN
from .tour_common import TourCase

BODY = CLEAN + "<p>Tour Pumps Ltd</p>"


@tagged("post_install", "-at_install")
class TestComplianceTour(TourCase):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls.make_user("law_marketer")
        cls.manager = cls.make_user("law_manager", "manager")

    def setUp(self):
        super().setUp()
        self.clear_deliveries()
        self.company = self.env.ref("base.user_admin").company_id
        self.assertEqual(self.marketer.company_id, self.company)
        self.company.write(
            {"name": "Tour Pumps Ltd", "marketing_compliance_profile_id": False}
        )
        self.company.partner_id.write({"street": "12 Mill Lane", "city": "York"})
        self.profile = self.env.ref("email_marketing_crm.compliance_profile_china")
        topic = self.env["marketing.topic"].create({"name": "Tour news"})
        partners = self.env["res.partner"].create(
            [
                {"name": name, "email": f"{name}@example.com"}
                for name in ("tour_ana", "tour_bo")
            ]
        )
        self.env.cr.precommit.run()
        self.env["marketing.consent"]._set_state(
            partners[0].marketing_person_id.ids,
            topic,
            "in",
            {"source": "page", "legal_basis": "consent", "is_confirmed": True},
        )
        self.mailing = self.make_mailing(
            self.make_segment(partners),
            self.marketer,
            preview="Quiet, small, and they need half of the current",
            body_arch=BODY,
            body_html=BODY,
            email_from="Tour Pumps Ltd <news@pumps.example.com>",
            marketing_topic_id=topic.id,
        )

    def open_form(self, tour, user):
        self.start_tour(
            f"/odoo/action-mass_mailing.mailing_mailing_action_mail/{self.mailing.id}",
            tour,
            login=user.login,
        )
        self.env.invalidate_all()

    def test_a_profile_is_read_chosen_and_met(self):
        self.open_form("marketing_compliance_read", self.manager)
        self.assertFalse(self.company.marketing_compliance_profile_id)
        self.assertFalse(self.mailing.marketing_blocking)
        self.start_tour(
            "/odoo/action-mass_mailing.action_mass_mailing_configuration",
            "marketing_compliance_choose",
            login="admin",
        )
        self.env.invalidate_all()
        self.assertEqual(self.company.marketing_compliance_profile_id, self.profile)
        self.assertIn("advertising label", self.mailing.marketing_blocking)
        self.open_form("marketing_compliance_meet", self.marketer)
        self.assertEqual(
            (self.mailing.subject, self.mailing.state), ("AD: New pumps", "in_queue")
        )
        self.assertFalse(self.mailing.marketing_blocking)
        self.assertIn("postal address", self.mailing.marketing_warnings)
        deliveries = self.env["marketing.delivery"].search(
            [("mailing_id", "=", self.mailing.id)], order="email"
        )
        self.assertEqual(
            deliveries.mapped(lambda delivery: delivery.reason or delivery.state),
            ["planned", "no_consent"],
        )
        self.run_lanes()
        self.assertEqual(
            self.received(), ["tour_ana@example.com"], "Only who agreed gets it."
        )
