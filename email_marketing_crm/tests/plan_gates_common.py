"""Helpers for tests of whom a marketer leaves out of a campaign."""

from odoo import Command

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

    def make_list_mailing_without(self, *emails):
        """A mailing to a list of Ana and Bob that leaves out some of them.

        With a segment out it has a plan: Odoo's queue knows no segments.
        """
        news = self.env["mailing.list"].create({"name": "News"})
        for email in (ANA, BOB):
            self.make_contact(email, lists=news)
        out = self.make_segment(*emails, name="Competitors")
        mailing = self.make_list_mailing(
            news, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        self.assertEqual(mailing.marketing_kind, "campaign")
        return mailing

    def make_opportunity(self, email, **values):
        return self.make_lead(email, type="opportunity", **values)
