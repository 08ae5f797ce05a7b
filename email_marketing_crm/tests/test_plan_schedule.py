from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import NOW
from .common_delivery import DeliveryCase

ANA, BOB, CEM = (f"{name}@example.com" for name in ("ana", "bob", "cem"))


@tagged("post_install", "-at_install")
class TestPlanSchedule(DeliveryCase):
    """The hour of a campaign is changed while a part of it has left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for email in (ANA, BOB, CEM):
            cls.make_partner(email)
        cls.segment = cls.make_segment(ANA, BOB, CEM)

    def reschedule(self, mailing, moment):
        mailing = mailing.with_user(self.user_marketing)
        action = mailing.action_reschedule()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.user_marketing)
            .with_context(**action["context"])
            .create({"schedule_date": moment})
        )
        wizard.action_reschedule()
        return wizard

    def send_half(self):
        """One mail was sent, one is ready for its server, one is planned."""
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        first, second, third = self.deliveries_of(mailing)
        deliveries = self.env["marketing.delivery"]
        deliveries._compose(mailing, first.ids)
        self.send()
        deliveries._compose(mailing, second.ids)
        self.env["mailing.mailing"]._update_campaign_states()
        mailing.invalidate_recordset()
        self.assertEqual(mailing.state, "sending")
        return mailing, first, second, third

    def test_what_has_not_left_waits_for_the_new_hour(self):
        mailing, first, second, third = self.send_half()
        wizard = self.reschedule(mailing, NOW + timedelta(hours=5))
        self.assertEqual((wizard.sent_count, wizard.waiting_count), (1, 2))
        self.deliver()
        self.assertEqual(self.received(), [])
        self.assertEqual(
            [first.state, second.state, third.state], ["sent", "composed", "planned"]
        )
        self.assertEqual(mailing.state, "sending")
        self.clock.tick(5 * 3600)
        self.deliver()
        self.assertEqual(len(self.received()), 2)
        self.assertEqual(mailing.state, "done")

    def test_an_earlier_hour_lets_them_leave_at_once(self):
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(days=3),
        )
        mailing.action_schedule()
        self.reschedule(mailing, NOW)
        self.deliver()
        self.assertEqual(len(self.received()), 3)

    def test_who_opts_out_meanwhile_is_left_out(self):
        mailing, _first, second, _third = self.send_half()
        self.reschedule(mailing, NOW + timedelta(hours=5))
        self.env["mail.blacklist"]._add(second.email)
        self.clock.tick(5 * 3600)
        self.deliver()
        self.assertEqual(self.outcomes(mailing)[second.email], "blacklisted")

    def test_what_else_held_mails_back_is_asked_again(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        deliveries = self.deliveries_of(mailing)
        deliveries._hold(
            dict.fromkeys(deliveries.ids, ("tests_wait", NOW + timedelta(days=9)))
        )
        self.reschedule(mailing, NOW + timedelta(hours=1))
        self.assertFalse(any(deliveries.mapped("wait_reason")))
        self.clock.tick(3600)
        self.deliver()
        self.assertEqual(len(self.received()), 3)

    def test_a_mail_that_its_server_wants_later_keeps_waiting(self):
        mailing, _first, second, _third = self.send_half()
        self.env.cr.execute(
            "UPDATE marketing_delivery SET attempts = 1, due = %s WHERE id = %s",
            [NOW + timedelta(hours=2), second.id],
        )
        self.env.invalidate_all()
        self.reschedule(mailing, NOW)
        self.assertEqual(second.due, NOW + timedelta(hours=2))

    def test_the_audience_stays(self):
        """The new hour plans nobody anew."""
        mailing, *deliveries = self.send_half()
        late = self.make_partner("late@example.com")
        self.segment._include_records(late)
        self.reschedule(mailing, NOW + timedelta(hours=5))
        self.assertEqual(len(self.deliveries_of(mailing)), len(deliveries))

    def test_nothing_waits_any_more(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.deliver()
        with self.assertRaisesRegex(UserError, "Nothing of"):
            mailing.action_reschedule()

    def test_only_marketers(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                mailing.with_user(user).action_reschedule()

    def test_stopping_cancels_what_waits(self):
        mailing, first, second, third = self.send_half()
        self.reschedule(mailing, NOW + timedelta(hours=5))
        mailing.with_user(self.user_marketing).action_marketing_stop()
        self.deliver()
        self.assertEqual(
            [first.state, second.reason, third.reason], ["sent", "canceled", "canceled"]
        )
