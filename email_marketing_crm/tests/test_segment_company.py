"""Segments: those of a company find the records of that company alone."""

from odoo.tests import tagged

from .segment_common import ScreenCase


@tagged("post_install", "-at_install")
class TestSegmentCompanies(ScreenCase):
    def test_a_segment_finds_records_of_its_company_alone(self):
        mine = self.make_partner("ana@example.com", company_id=self.env.company.id)
        other = self.make_partner("ana@example.com", company_id=self.company_other.id)
        shared = self.make_partner("ana@example.com")
        self.run_inbox()
        segment = self.make_segment()
        everywhere = self.make_segment(company_id=False)
        partners = self.env["res.partner"]
        for reached, expected in (
            (segment, mine | shared),
            (everywhere, mine | shared | other),
        ):
            found = partners.search([("marketing_segment_ids", "in", reached.ids)])
            self.assertEqual(found & (mine | other | shared), expected)

    def test_segments_of_other_companies_find_nothing(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment(company_id=self.company_other.id)
        domain = [("marketing_segment_ids", "in", segment.ids)]
        partners = self.env["res.partner"].with_user(self.user_marketing)
        self.assertFalse(partners.search(domain))
        self.assertEqual(partners.sudo().search(domain), partner)
