from odoo.tests import tagged

from .common import MarketingCase


@tagged("post_install", "-at_install")
class TestIndexes(MarketingCase):
    """Look-ups of the hot paths have an index that PostgreSQL can use."""

    def plan_of(self, query):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(f"EXPLAIN {query}")
        return " ".join(row[0] for row in self.env.cr.fetchall())

    def test_lookups_use_an_index(self):
        # In an empty table one index is as good as the other.
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "New pumps",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        self.env.cr.execute(
            """
            INSERT INTO mailing_trace
                   (trace_type, model, res_id, mass_mailing_id, email)
            SELECT 'mail', 'res.partner', n, %s, n || '@example.com'
              FROM generate_series(1, 2000) n;
            ANALYZE mailing_trace;
            """,
            [mailing.id],
        )
        for query, index in (
            (
                "SELECT id FROM res_partner WHERE email_normalized = 'a@example.com'",
                "email_normalized",
            ),
            (
                "SELECT id FROM mailing_contact WHERE email_normalized = 'a@x.com'",
                "email_normalized",
            ),
            ("SELECT id FROM mailing_trace WHERE message_id = '<1@x>'", "message_id"),
            (
                "SELECT id FROM mailing_trace"
                f" WHERE mass_mailing_id = {mailing.id} AND email = '1@example.com'",
                "mailing_email",
            ),
        ):
            with self.subTest(query=query):
                self.assertIn(index, self.plan_of(query))
