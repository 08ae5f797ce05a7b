"""What stands above the list that a number or a button opens."""

from odoo.tests import tagged

from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestActionNames(DeliveryCase):
    """The client shows `display_name`; the menu's says nothing of the record."""

    def assert_title(self, action, words):
        self.assertIn(words, action.get("display_name") or action["name"])

    def test_a_list_says_what_it_is_a_list_of(self):
        ana = self.make_partner("ana@example.com")
        mailing = self.make_mailing(self.make_segment("ana@example.com"))
        person = ana.marketing_person_id
        plan_action = mailing.action_check_audience()
        plan = self.env[plan_action["res_model"]].browse(plan_action["res_id"])
        self.assertIn("New pumps", plan.display_name)
        line = plan.line_ids[:1]
        self.assert_title(line.action_view_people(), line.label)
        self.assert_title(plan.action_view_records(), "New pumps")
        mailing.action_put_in_queue()
        for action in (
            mailing.action_view_deliveries(),
            mailing.action_view_held(),
            mailing.action_view_translations(),
            mailing.action_view_result("sent"),
        ):
            self.assert_title(action, "New pumps")
        self.assert_title(mailing.action_view_held(), "Held mails")
        self.assert_title(person.action_view_waiting_deliveries(), "Mails Waiting")
        self.assert_title(person.action_view_skipped_deliveries(), "Mails Not Sent")
        sender = mailing.marketing_sender_id
        for action in (
            sender.action_view_mailings(),
            sender.action_view_waiting(),
            sender.action_view_days(),
        ):
            self.assert_title(action, sender.display_name)
        check = self.env["marketing.mailing.check"].new({"mailing_id": mailing.id})
        self.assertIn("New pumps", check.display_name)
