from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .common import NOW
from .pace_common import PaceCase


@tagged("post_install", "-at_install")
class TestPaceOutside(PaceCase):
    """Mails that Odoo's own queue sends over the server and domain of a sender."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailing = cls.make_sender_mailing(6)
        cls.sender = cls.mailing.marketing_sender_id
        cls.sender.tz = "UTC"
        cls.env["res.partner"].create(
            [
                {"name": f"Reader {number}", "email": f"reader{number}@example.com"}
                for number in range(5)
            ]
        )
        cls.env.ref("mail.ir_cron_mail_scheduler_action").active = True

    def make_standard(
        self, domain=(("email", "=like", "reader%@example.com"),), **values
    ):
        """A mailing without segments: it has no plan, and Odoo sends it."""
        mailing = self.make_mailing(mailing_domain=repr(list(domain)), **values)
        self.assertFalse(mailing.marketing_kind)
        self.assertEqual(mailing.marketing_sender_id, self.sender)
        return mailing

    def send_standard(self, mailing):
        """Let Odoo write the mails of a mailing, and send what it sends at once."""
        with self.mock_mail_gateway(mail_unlink_sent=True):
            mailing._action_send_mail()
        self.env.flush_all()
        self.taken += self.received()

    def queue(self):
        """Run Odoo's mail queue, as each minute with something in it."""
        self.env.invalidate_all()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        self.taken += self.received()

    def standard_hour(self):
        """An hour in which the pace lane and Odoo's queue work."""
        for _quarter in range(4):
            self.pace()
            self.compose()
            self.send()
            self.queue()
            self.clock.tick(15 * 60)

    def write_mail(self, sender="Pumps Ltd <billing@pumps.example.com>"):
        return self.env["mail.mail"].create(
            {
                "subject": "Invoice",
                "email_from": sender,
                "email_to": "Customer <customer@gmail.com>",
                "body_html": "<p>Please pay</p>",
            }
        )

    # ------------------------------------------------------------------
    # counted
    # ------------------------------------------------------------------

    def test_without_limits_nothing_waits_and_all_is_counted(self):
        mailing = self.make_standard()
        self.send_standard(mailing)
        self.assertEqual(len(self.taken), 5)
        self.assertEqual(self.sender.day_used, 5)
        self.assertFalse(mailing.marketing_pace_text)
        self.pace()
        self.assertEqual((self.sender.day_ids.sent, self.sender.day_ids.other), (5, 0))

    def test_any_other_mail_of_the_domain_counts_and_never_waits(self):
        self.sender.hourly_quota = 2
        mails = [self.write_mail() for _number in range(3)]
        self.write_mail("somebody@elsewhere.example")
        with self.mock_mail_gateway():
            self.env["mail.mail"].process_email_queue()
        self.assertEqual({mail.state for mail in mails}, {"sent"})
        self.sender.invalidate_recordset()
        self.assertEqual(self.sender.day_used, 3)
        self.assertEqual(self.sender._count_used()["gmail"].hour, 3)
        self.mailing.action_launch()
        self.minute()
        self.assertEqual(self.sent_count(self.mailing), 0, "the hour is used up")
        self.assertEqual(self.sender.day_ids.other, 3)

    def test_a_batch_costs_as_many_queries_as_one_mail(self):
        def count_queries(number):
            mails = self.env["mail.mail"]
            for _mail in range(number):
                mails |= self.write_mail()
            self.env.flush_all()
            counts = []
            original = type(self.env["marketing.sender"])._note_outside

            def note(senders, *args):
                before = self.env.cr.sql_log_count
                result = original(senders, *args)
                counts.append(self.env.cr.sql_log_count - before)
                return result

            with (
                patch.object(type(self.env["marketing.sender"]), "_note_outside", note),
                self.mock_mail_gateway(),
            ):
                mails.send()
            return counts

        count_queries(1)
        [one], [many] = count_queries(1), count_queries(20)
        self.assertLessEqual(many, one)

    def test_other_mail_proves_the_warm_up_but_no_rate(self):
        counts = self.env["marketing.sender"]
        counts._note_result([(self.sender.id, "gmail", "other", 900)], is_outside=True)
        counts._note_result([(self.sender.id, "other", "sent", 100)])
        counts._note_result([(self.sender.id, "other", "bounced_hard", 6)])
        self.assertEqual(self.sender.brake_ids.cause, "bounce")
        self.assertEqual(self.sender.brake_ids.total, 100)

    def test_counts_outlive_the_compaction(self):
        counts = self.env["marketing.sender"]
        for _mail in range(3):
            counts._note_result([(self.sender.id, "gmail", "other", 1)], True)
            counts._note_result([(self.sender.id, "gmail", "other", 1)])
        self.clock.tick(600)
        self.pace()
        self.assertEqual(self.sender._count_used()["gmail"].hour, 3)

    def test_the_server_that_was_used(self):
        """A sender of one server does not count what another one sends."""
        server = self.env["ir.mail_server"].create(
            {"name": "Relay", "smtp_host": "relay.example.com", "sequence": 1}
        )
        own = self.sender.copy({"mail_server_id": server.id})
        mail = self.write_mail()
        mail.mail_server_id = server
        with self.mock_mail_gateway():
            (mail | self.write_mail("a@pumps.example.com")).send()
        used = {
            sender: sum(mails.day for mails in sender._count_used().values())
            for sender in (own, self.sender)
        }
        self.assertEqual(sum(used.values()), 2)
        self.assertGreaterEqual(used[own], 1)

    def test_bounces_of_a_mailing_without_a_plan(self):
        mailing = self.make_standard()
        self.send_standard(mailing)
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "hard_bounce",
                    "dedup_key": "bounce:1",
                    "person_id": self.person_of("reader1@example.com").id,
                    "mailing_id": mailing.id,
                }
            ]
        )
        self.env.cr.precommit.run()
        self.run_inbox()
        totals = self.sender._get_totals(self.sender._get_day_start())
        self.assertEqual(totals, {"sent": 5, "bounced_hard": 1})

    # ------------------------------------------------------------------
    # held
    # ------------------------------------------------------------------

    def test_a_mailing_without_a_plan_keeps_to_the_quota(self):
        self.sender.hourly_quota = 2
        mailing = self.make_standard()
        self.assertIn("keeps to the quota", mailing.marketing_pace_text)
        self.send_standard(mailing)
        self.assertFalse(self.taken, "not at once either")
        mailing.invalidate_recordset()
        self.assertIn("5 mails wait", mailing.marketing_pace_text)
        for sent in (2, 4, 5):
            self.standard_hour()
            self.assertEqual(len(self.taken), sent)
        self.assertEqual(len(set(self.taken)), 5)
        mailing.invalidate_recordset()
        self.assertNotIn("wait", mailing.marketing_pace_text or "")

    def test_no_limit_any_more(self):
        self.sender.hourly_quota = 1
        self.send_standard(self.make_standard())
        self.sender.hourly_quota = 0
        self.pace()
        self.queue()
        self.assertEqual(len(self.taken), 5)

    def test_planned_and_other_mailings_share_the_quota(self):
        self.sender.hourly_quota = 4
        self.mailing.action_launch()
        self.compose()
        self.send_standard(self.make_standard())
        for sent in (4, 8, 11):
            self.standard_hour()
            self.assertEqual(len(self.taken), sent)

    def test_a_more_important_mailing_goes_first(self):
        self.sender.hourly_quota = 4
        self.send_standard(self.make_standard())
        self.mailing.marketing_priority = "2"
        self.mailing.action_launch()
        self.compose()
        self.standard_hour()
        self.assertEqual(self.sent_count(self.mailing), 4)

    def test_what_waits_does_not_keep_other_mails_back(self):
        self.sender.hourly_quota = 1
        self.send_standard(self.make_standard())
        mail = self.write_mail("somebody@elsewhere.example")
        self.env["ir.config_parameter"].set_param("mail.mail.queue.batch.size", "2")
        with self.mock_mail_gateway():
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(mail.state, "sent")

    def test_a_braked_sender_sends_nothing_not_even_what_was_let_go(self):
        self.sender.hourly_quota = 60
        self.send_standard(self.make_standard())
        self.clock.move_to(NOW.replace(minute=50))
        self.pace()
        self.sender.action_brake()
        self.queue()
        self.assertFalse(self.taken)
        self.pace()
        self.assertFalse(
            self.env["mail.mail"].search([("marketing_released_date", "!=", False)])
        )
        self.sender._go_on("The list was cleaned")
        self.pace()
        self.queue()
        self.assertEqual(len(self.taken), 5)

    def test_a_provider_has_its_pace(self):
        self.env["res.partner"].create(
            [{"name": f"G{n}", "email": f"reader{n}@gmail.com"} for n in range(3)]
        )
        self.sender.provider_ids = [
            Command.create({"provider": "gmail", "hourly_quota": 1})
        ]
        self.send_standard(self.make_standard([("email", "=like", "reader%")]))
        self.standard_hour()
        self.assertEqual(len(self.taken), 6)
        self.standard_hour()
        self.assertEqual(len(self.taken), 7)

    def test_who_unsubscribes_while_it_waits_gets_nothing(self):
        self.sender.hourly_quota = 60
        self.send_standard(self.make_standard())
        self.env["mail.blacklist"]._add("reader2@example.com")
        for _hour in range(2):
            self.standard_hour()
        self.assertEqual(len(self.taken), 4)
        self.assertNotIn("reader2@example.com", self.taken)

    def test_a_test_mail_does_not_wait(self):
        self.sender.hourly_quota = 1
        self.sender.daily_quota = 1
        self.write_mail().send()
        mailing = self.make_standard()
        test = self.env["mailing.mailing.test"].create(
            {"mass_mailing_id": mailing.id, "email_to": "me@example.com"}
        )
        with self.mock_mail_gateway():
            test.send_mail_test()
        self.assertEqual(self.received(), ["me@example.com"])
