"""Helpers for tests about campaigns."""

from .common_delivery import DeliveryCase


class CampaignCase(DeliveryCase):
    """A marketer sends a mailing to segments."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana = cls.make_partner("ana@example.com", "Ana")
        cls.bob = cls.make_partner("bob@example.com", "Bob")
        cls.segment = cls.make_segment("ana@example.com", "bob@example.com")

    def assert_sums_up(self, mailing):
        """Sent + Σ reasons = audience, at any moment."""
        mailing.invalidate_recordset()
        self.assertEqual(
            mailing.marketing_audience,
            mailing.marketing_sent
            + mailing.marketing_waiting
            + mailing.marketing_failed
            + mailing.marketing_unknown
            + mailing.marketing_skipped,
        )
        self.assertEqual(mailing.marketing_audience, len(self.deliveries_of(mailing)))
