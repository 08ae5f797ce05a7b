"""Statistics of mailings: what Odoo would say, without reading every trace."""

import random

from odoo.tests import tagged

from odoo.addons.mass_mailing.models.mailing import MailingMailing as StockMailing
from odoo.addons.mass_mailing.models.utm_campaign import UtmCampaign as StockCampaign

from .common import NOW, MarketingCase

FIGURES = (
    "scheduled",
    "expected",
    "canceled",
    "sent",
    "pending",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "bounced",
    "failed",
    "received_ratio",
    "opened_ratio",
    "replied_ratio",
    "bounced_ratio",
    "clicks_ratio",
)
CAMPAIGN_FIGURES = ("received_ratio", "opened_ratio", "replied_ratio", "bounced_ratio")


@tagged("post_install", "-at_install")
class TestMailingStatistics(MarketingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailings = cls.env["mailing.mailing"].create(
            [
                {
                    "subject": f"Newsletter {number}",
                    "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                    "body_html": "<p>Hello</p>",
                }
                for number in range(4)
            ]
        )
        # Two mailings in the first, one in the second, none in the third.
        cls.campaigns = cls.env["utm.campaign"].create(
            [{"title": name} for name in ("Spring", "Summer", "Nothing yet")]
        )
        cls.mailings[:2].campaign_id = cls.campaigns[0]
        cls.mailings[2].campaign_id = cls.campaigns[1]
        cls.partner = cls.make_partner("ana@example.com")
        cls.link = cls.env["link.tracker"].create(
            {"url": "https://example.com/pumps", "title": "Pumps"}
        )
        cls.statuses = [
            status
            for status, _label in cls.env["mailing.trace"]
            ._fields["trace_status"]
            .selection
        ] + [False]

    def make_traces(self, count, mailing=None, **values):
        return self.env["mailing.trace"].create(
            [
                {
                    "trace_type": "mail",
                    "mass_mailing_id": (mailing or self.mailings[0]).id,
                    "model": "res.partner",
                    "res_id": self.partner.id,
                    "email": f"reader{number}@example.com",
                    **values,
                }
                for number in range(count)
            ]
        )

    def click(self, traces):
        return self.env["link.tracker.click"].create(
            [
                {
                    "link_id": self.link.id,
                    "mailing_trace_id": trace.id,
                    "mass_mailing_id": trace.mass_mailing_id.id,
                }
                for trace in traces
            ]
        )

    def read_figures(self, compute, records=None, names=FIGURES):
        """What these methods make of the figures."""
        records = self.mailings if records is None else records
        self.env.flush_all()
        self.env.invalidate_all()
        for method in compute:
            method(records)
        return [{name: record[name] for name in names} for record in records]

    def check_campaigns(self):
        """What Odoo says of the campaigns, and we say it too."""
        stock, ours = (
            self.read_figures([compute], self.campaigns, CAMPAIGN_FIGURES)
            for compute in (
                StockCampaign._compute_statistics,
                type(self.campaigns)._compute_statistics,
            )
        )
        self.assertEqual(ours, stock)
        return ours

    def check(self):
        stock = self.read_figures(
            (StockMailing._compute_statistics, StockMailing._compute_clicks_ratio)
        )
        model = type(self.mailings)
        ours = self.read_figures(
            (model._compute_statistics, model._compute_clicks_ratio)
        )
        self.assertEqual(ours, stock)
        self.check_campaigns()
        return ours

    def test_random_lives_of_traces_are_counted_as_odoo_counts(self):
        draw = random.Random(4)
        counts = self.env["marketing.mailing.count"]
        for _round in range(12):
            for mailing in self.mailings[:3]:
                traces = self.make_traces(draw.randint(0, 6), mailing)
                for trace in traces:
                    trace.write(
                        {
                            "trace_status": draw.choice(self.statuses),
                            "sent_datetime": draw.choice((NOW, False)),
                        }
                    )
            everybody = self.env["mailing.trace"].search(
                [("mass_mailing_id", "in", self.mailings.ids)]
            )
            some = everybody.browse(draw.sample(everybody.ids, len(everybody) // 3))
            self.click(some)
            some[::2].set_clicked()
            some[1::3].write({"trace_status": draw.choice(self.statuses)})
            some[:1].mass_mailing_id = draw.choice(self.mailings)
            draw.choice(everybody or [everybody]).unlink()
            clicks = self.env["link.tracker.click"].search([])
            clicks[: draw.randint(0, 3)].unlink()
            if draw.random() < 0.3:
                self.mailings[1].campaign_id = draw.choice(
                    (self.campaigns[0], self.campaigns[1], False)
                )
                counts._cron_roll_up()
            self.check()
        self.assertFalse(counts._correct(), "Nothing was miscounted")

    def test_sql_is_counted_too(self):
        """Bulk lanes and other modules write traces below the ORM."""
        self.make_traces(5)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mailing_trace SET trace_status = 'sent', sent_datetime = now()"
            " WHERE mass_mailing_id = %s",
            [self.mailings[0].id],
        )
        self.env.cr.execute(
            "INSERT INTO mailing_trace (trace_type, model, res_id, mass_mailing_id,"
            " campaign_id, trace_status)"
            " SELECT 'mail', 'res.partner', n, %s, %s, 'bounce'"
            "   FROM generate_series(1, 3) n",
            [self.mailings[0].id, self.campaigns[0].id],
        )
        [figures, *_others] = self.check()
        self.assertEqual(figures["delivered"], 5)
        self.assertEqual(figures["bounced"], 3)

    def test_a_hit_counts_its_click_once(self):
        """Trace and click change in one statement, also of a mail that bounced."""
        self.link.mass_mailing_id = self.mailings[0]
        traces = self.make_traces(2, trace_status="bounce") | self.make_traces(
            2, trace_status="sent"
        )
        self.env.flush_all()
        hits = self.env["marketing.hit"]
        for trace in traces:
            for _time in range(2):
                hits._record_click(self.link.code, trace.id, "192.0.2.1", None)
        [figures, *_others] = self.check()
        self.assertEqual(figures["opened"], 4)
        self.assertEqual(figures["clicks_ratio"], 100)

    def test_a_deleted_mailing_leaves_no_count(self):
        # PostgreSQL refuses to cascade over two ways within the inserting transaction.
        self.click(self.make_traces(4, trace_status="open")).mass_mailing_id = False
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM mailing_mailing WHERE id = %s", [self.mailings[0].id]
        )
        self.env.flush_all()
        counts = self.env["marketing.mailing.count"]
        self.assertFalse(
            [row for row in counts._get_counts(self.mailings[:1].ids) if any(row[2:])]
        )
        self.assertFalse(counts._correct())

    def test_what_was_miscounted_is_corrected(self):
        self.make_traces(3, trace_status="sent")
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM marketing_mailing_count")
        self.assertTrue(self.env["marketing.mailing.count"]._correct())
        self.check()

    def test_a_marketer_reads_the_list_of_mailings(self):
        self.make_traces(3, trace_status="sent", sent_datetime=NOW)
        self.env.flush_all()
        self.env.invalidate_all()
        mailing = self.mailings[0].with_user(self.user_marketing)
        self.assertEqual(mailing.delivered, 3)
        self.assertEqual(mailing.received_ratio, 100)

    def test_a_mailing_that_is_not_saved_has_no_figures(self):
        new = self.env["mailing.mailing"].new({"subject": "Draft"})
        self.assertEqual(new.sent, 0)
        self.assertEqual(new.clicks_ratio, 0)

    def test_other_questions_about_traces_read_the_traces(self):
        self.make_traces(2)
        groups = self.env["mailing.trace"].with_context(marketing_counted=True)
        self.assertEqual(
            groups._read_group(
                [("mass_mailing_id", "=", self.mailings[0].id)], [], ["__count"]
            ),
            [(2,)],
        )

    # ------------------------------------------------------------------
    # campaigns
    # ------------------------------------------------------------------

    def test_a_campaign_adds_up_its_mailings(self):
        self.make_traces(6, trace_status="sent", sent_datetime=NOW)
        self.make_traces(2, self.mailings[1], trace_status="open", sent_datetime=NOW)
        self.make_traces(1, self.mailings[1], trace_status="reply", sent_datetime=NOW)
        self.make_traces(1, self.mailings[1], trace_status="bounce", sent_datetime=NOW)
        self.make_traces(5, self.mailings[1], trace_status="cancel")
        self.mailings[1].active = False
        spring, summer, nothing = self.check_campaigns()
        self.assertEqual(
            spring,
            {
                "received_ratio": 90,
                "opened_ratio": 30,
                "replied_ratio": 10,
                "bounced_ratio": 10,
            },
        )
        self.assertEqual(set(summer.values()) | set(nothing.values()), {0})

    def test_statistics_of_a_campaign_read_no_trace(self):
        self.make_traces(3, trace_status="sent", sent_datetime=NOW)
        self.env.flush_all()
        self.env.cr.execute("UPDATE mailing_trace SET campaign_id = NULL")
        self.env.invalidate_all()
        campaign = self.campaigns[0].with_user(self.user_marketing)
        self.assertEqual(campaign.received_ratio, 100)

    def test_a_campaign_that_is_not_saved_has_no_figures(self):
        self.assertEqual(self.env["utm.campaign"].new({}).received_ratio, 0)
