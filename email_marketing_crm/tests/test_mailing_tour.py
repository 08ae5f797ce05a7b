"""A marketer chooses, holds, moves and stops a mailing, and settles what is unclear."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from .tour_common import TourCase

NAMES = ("tour_ana", "tour_bo", "tour_carl")


@tagged("post_install", "-at_install")
class TestMailingTour(TourCase):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls.make_user("mailing_marketer", tz="UTC")
        cls.salesperson = new_test_user(
            cls.env,
            "mailing_salesperson",
            name="Tour salesperson",
            email="sales@elsewhere.example.com",
            groups="sales_team.group_sale_salesman",
        )

    def setUp(self):
        super().setUp()
        self.clear_deliveries()
        self.partners = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "email": f"{name}@example.com",
                    "user_id": self.salesperson.id,
                }
                for name in NAMES
            ]
        )
        self.mailing = self.make_mailing(
            self.make_segment(self.partners), self.marketer
        )
        self.env.cr.precommit.run()

    def open_form(self, tour, record=None):
        record = record or self.mailing
        self.start_tour(
            f"/odoo/{record._name}/{record.id}", tour, login=self.marketer.login
        )
        self.env.invalidate_all()

    def deliveries(self, *names):
        found = self.env["marketing.delivery"].search(
            [("mailing_id", "=", self.mailing.id)], order="email"
        )
        return found.filtered(
            lambda delivery: not names or delivery.email.split("@")[0] in names
        )

    def test_what_is_chosen_for_a_mailing(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        topic = self.env["marketing.topic"].create({"name": "Tour pumps"})
        self.open_form("marketing_mailing_choose")
        self.assertEqual(self.mailing.marketing_topic_id, topic)
        self.assertEqual(self.mailing.marketing_priority, "2")
        self.assertEqual(self.mailing.marketing_holdout_percent, 10)
        self.assertTrue(self.mailing.marketing_skips_opportunities)
        self.assertFalse(self.mailing.marketing_is_transactional)
        self.assertEqual(self.mailing.marketing_sender_kind, "salesperson")
        self.assertEqual(
            (self.mailing.marketing_send_time, self.mailing.marketing_best_within),
            ("best_hour", "week"),
        )
        template = self.env["marketing.mail.template"].search(
            [("name", "=", "New pumps")]
        )
        self.assertIn("Look at our pumps", template.body_html)
        translation = self.mailing.marketing_translation_ids
        self.assertEqual(
            (translation.lang_id.code, translation.subject),
            ("fr_FR", "Nouvelles pompes"),
        )

    def test_paused_resumed_moved_and_stopped(self):
        self.mailing.action_put_in_queue()
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        later = self.deliveries("tour_bo", "tour_carl")
        later._hold(dict.fromkeys(later.ids, ("local_time", tomorrow)))
        self.run_lanes()
        self.assertEqual(self.deliveries("tour_ana").state, "sent")
        self.open_form("marketing_mailing_run")
        self.assertFalse(self.mailing.marketing_hold)
        self.assertEqual(self.mailing.schedule_date, datetime(2098, 6, 2, 9))
        self.assertEqual(
            later.mapped("due"), [datetime(2098, 6, 2, 9)] * 2, "They wait until then."
        )
        self.open_form("marketing_mailing_stop")
        self.assertEqual(self.mailing.marketing_hold, "stopped")
        self.run_lanes()
        self.assertEqual(later.mapped("reason"), ["canceled"] * 2)
        self.assertEqual(self.deliveries("tour_ana").state, "sent")

    def test_what_nobody_knows_is_settled(self):
        self.mailing.action_put_in_queue()
        self.run_lanes()
        deliveries = self.deliveries("tour_ana", "tour_bo")
        deliveries.flush_recordset()
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'unknown', sent_date = NULL"
            " WHERE id = ANY(%s)",
            [deliveries.ids],
        )
        self.env.invalidate_all()
        self.open_form("marketing_delivery_decide")
        ana, bo = deliveries
        self.assertEqual((ana.state, bo.state), ("planned", "sent"))
        self.assertTrue(bo.sent_date)
        self.run_lanes()
        self.assertEqual(ana.state, "sent")
        self.assertEqual(
            self.received(),
            ["tour_ana@example.com"],
            "Only the one that was to be sent again.",
        )

    def test_why_somebody_got_no_mail(self):
        self.make_mailing(
            self.mailing.marketing_segment_ids,
            self.marketer,
            subject="Pumps of next year",
            schedule_type="scheduled",
            schedule_date=fields.Datetime.now() + timedelta(days=300),
        ).action_put_in_queue()
        self.env["mail.blacklist"]._add("tour_bo@example.com")
        self.mailing.action_put_in_queue()
        self.run_lanes()
        self.assertEqual(self.deliveries("tour_bo").reason, "blacklisted")
        self.open_form(
            "marketing_person_not_sent", self.partners[1].marketing_person_id
        )
