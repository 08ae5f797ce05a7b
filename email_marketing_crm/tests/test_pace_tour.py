from odoo.tests import HttpCase, new_test_user, tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestPaceTour(HttpCase):
    """The owner of a braked sender reads why, lets it go on, and ends its warm-up."""

    browser_size = "1900x1000"

    def test_braked_sender_goes_on(self):
        owner = new_test_user(
            self.env,
            "tour_owner",
            groups="email_marketing_crm.group_marketing_manager,base.group_user",
        )
        sender = self.env["marketing.sender"].create(
            {"domain": "news.tour.example.com", "user_id": owner.id}
        )
        sender.action_start_warm_up()
        sender._note_result(
            [
                (sender.id, "gmail", "sent", 40),
                (sender.id, "gmail", "bounced_hard", 8),
            ]
        )
        self.assertEqual(sender.brake_state, "braked")
        self.start_tour(
            "/odoo/marketing-senders", "marketing_sender_brake", login="tour_owner"
        )
        self.assertEqual(sender.brake_state, "free")
        self.assertEqual(sender.brake_ids.end_user_id, owner)
        self.assertEqual(sender.brake_ids.end_note, "Took the old list out")
        self.assertFalse(sender.is_warming_up)
        self.assertEqual(sender.warm_up_decision, "stopped")
        self.assertIsNone(sender._get_warm_up_quota(), "Only the quotas hold.")


@tagged("post_install", "-at_install")
class TestWaitingTour(TourCase):
    def test_who_waits_at_a_sender(self):
        """A manager asks which mails wait for the quota of a sender."""
        self.clear_deliveries()
        readers = self.env["res.partner"].create(
            [
                {"name": name, "email": f"{name}@example.com"}
                for name in ("tour_reader1", "tour_reader2", "tour_reader3")
            ]
        )
        mailing = self.make_mailing(self.make_segment(readers))
        sender = mailing.marketing_sender_id
        sender.hourly_quota = 1
        mailing.action_put_in_queue()
        self.run_lanes()
        self.start_tour(
            f"/odoo/marketing-senders/{sender.id}",
            "marketing_sender_waiting",
            login="admin",
        )
