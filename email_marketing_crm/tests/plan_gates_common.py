"""Helpers for tests of whom a marketer leaves out of a campaign."""

from .common_delivery import DeliveryCase

ANA, BOB, CEM = (f"{name}@example.com" for name in ("ana", "bob", "cem"))


class PlanGatesCase(DeliveryCase):
    """A segment of Ana, Bob and Cem, and a campaign that mailings may belong to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana, cls.bob, cls.cem = (
            cls.make_partner(email, email.split("@")[0].capitalize())
            for email in (ANA, BOB, CEM)
        )
        cls.segment = cls.make_segment(ANA, BOB, CEM)
        cls.lead_model = cls.env["ir.model"]._get_id("crm.lead")
        cls.campaign = cls.env["utm.campaign"].create({"name": "Spring"})

    def launch(self, mailing):
        mailing.with_user(self.user_marketing).action_launch()
        return self.outcomes(mailing)

    def make_opportunity(self, email, **values):
        return self.make_lead(email, type="opportunity", **values)
