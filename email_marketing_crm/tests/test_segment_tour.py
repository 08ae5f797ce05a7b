from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestSegmentTour(HttpCase):
    def test_segment_from_nothing(self):
        """A marketer builds a segment, sees who is in it and keeps somebody out."""
        self.env["marketing.touchpoint.type"].create(
            {"code": "stand_visit", "name": "Visited the stand"}
        )
        self.env["res.partner"].create(
            [
                {"name": "Ana Pereira", "email": "ana@example.com"},
                {"name": "Bo Ek", "email": "bo@example.com"},
            ]
        )
        self.env["marketing.touchpoint"]._capture(
            [
                {"type": "stand_visit", "email": email, "dedup_key": f"tour:{email}"}
                for email in ("ana@example.com", "bo@example.com")
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.start_tour("/odoo/segments", "marketing_segment", login="admin")
        segment = self.env["marketing.segment"].search(
            [("name", "=", "Visitors of the stand")]
        )
        self.assertEqual((segment.member_count, segment.excluded_count), (1, 1))
