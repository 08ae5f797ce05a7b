"""What a marketer reads of a rule over records that he may not read."""

from odoo.tests import tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestUnreadDomainTour(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls.make_user("domain_marketer")

    def look(self, model, tour):
        mailing = self.make_mailing(
            user=self.marketer,
            mailing_model_id=self.env["ir.model"]._get_id(model),
            mailing_domain="[('email_from', '!=', False)]"
            if model == "crm.lead"
            else "[('email', '!=', False)]",
        )
        self.start_tour(
            f"/odoo/mailing.mailing/{mailing.id}", tour, login=self.marketer.login
        )

    def test_a_rule_over_records_that_he_may_not_read_is_not_called_wrong(self):
        leads = self.env["crm.lead"].with_user(self.marketer)
        self.assertFalse(leads.has_access("read"))
        self.look("crm.lead", "marketing_unread_domain")

    def test_a_rule_over_records_that_he_may_read_is_counted_by_odoo(self):
        self.look("res.partner", "marketing_read_domain")
