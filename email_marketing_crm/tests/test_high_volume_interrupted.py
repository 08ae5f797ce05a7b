"""The high-volume lane: runs that end early, and what the next one makes of them."""

from unittest.mock import patch

from odoo.tests import tagged

from ..models import marketing_delivery_sessions as sessions
from .volume_common import VolumeFaultCase


@tagged("post_install", "-at_install")
class TestVolumeInterrupted(VolumeFaultCase):
    def test_slow_server(self):
        """A run ends in time; what is left stays planned for the next one."""
        with patch.object(sessions, "RUN_SECONDS", -1):
            self.mailing.action_launch()
            with (
                self.smtp.patched(self.env),
                patch.object(type(self.env["ir.mail_server"]), "_disable_send", bool),
            ):
                self.env["marketing.delivery"]._run_lane(0, 1)
        self.assertEqual(self.smtp.taken, [])
        self.assertEqual(set(self.states().values()), {"planned"})
        self.run_lanes()
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assert_nothing_twice()

    def sleep_for_a_week(self):
        """What was due meanwhile leaves with the next run; it is gated again then."""
        self.env["mail.blacklist"]._add(self.emails_known[2])
        self.clock.tick(7 * 24 * 3600)
        self.run_lanes()
        found = self.outcomes(self.mailing)
        self.assertEqual(found.pop(self.emails_known[2]), "blacklisted")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_scheduler_was_off_for_a_week(self):
        self.mailing.action_launch()
        self.sleep_for_a_week()

    def test_scheduler_was_off_for_a_week_in_the_standard_lane(self):
        """Here the mails are written already."""
        self.mailing.marketing_sender_id.is_high_volume = False
        self.mailing.action_launch()
        self.compose()
        self.sleep_for_a_week()

    def test_worker_that_died(self):
        """Its journal tells: finished, in hand, or never left."""
        self.mailing.action_launch()
        deliveries = self.deliveries_of(self.mailing)
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sending', is_high_volume = TRUE"
            " WHERE mailing_id = %s",
            [self.mailing.id],
        )
        journal = self.env["marketing.handover"]._begin(deliveries.ids)
        journal.write(deliveries[0].id, {})
        journal.write(deliveries[1].id, {deliveries[0].id: None})
        self.env["marketing.delivery"]._invalidate_deliveries()
        self.run_lanes()
        self.assertEqual(deliveries[0].state, "sent")
        self.assertEqual(deliveries[1].state, "unknown")
        self.assertEqual(set(deliveries[2:].mapped("state")), {"sent"})
        self.assertCountEqual(self.smtp.addresses, deliveries[2:].mapped("email"))

    def test_journal_of_mails_that_fail_or_go_out_of_turn(self):
        """What left in order is told by its place; the rest by name."""
        self.mailing.action_launch()
        ids = self.deliveries_of(self.mailing).ids
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sending' WHERE id = ANY(%s)", [ids]
        )
        journal = self.env["marketing.handover"]._begin(ids)
        refusal = {"type": "unknown", "reason": "no", "is_temporary": False}
        for current, finished, place, kept in (
            (0, {}, 0, {}),
            (1, {0: None}, 1, {}),
            (3, {1: refusal}, 2, {1: refusal}),
            (2, {3: None}, 2, {1: refusal, 3: None}),
            (4, {2: None}, 4, {1: refusal, 3: None}),
        ):
            journal.write(
                ids[current],
                {ids[one]: failure for one, failure in finished.items()},
            )
            self.env.cr.execute(
                "SELECT place, finished FROM marketing_handover WHERE id = %s",
                [journal.handover_id],
            )
            self.assertEqual(
                self.env.cr.fetchone(),
                (place, {str(ids[one]): failure for one, failure in kept.items()}),
            )
        [handover] = self.env["marketing.handover"]._take_abandoned()
        self.assertCountEqual(handover.sent, [ids[0], ids[2], ids[3]])
        self.assertEqual(handover.failed, {ids[1]: refusal})
        self.assertEqual(handover.unknown, [ids[4]])
        self.assertCountEqual(handover.untouched, ids[5:])

    def test_what_somebody_else_took_meanwhile_is_not_written_again(self):
        """Groups are committed one by one, which frees what comes after them."""
        deliveries = self.env["marketing.delivery"]

        def send_nothing(lane, mailing, content, part, sessions):
            """All are left to Odoo; meanwhile another lane and a user were quicker."""
            first, second = self.deliveries_of(self.mailing)[:2]
            lane._mark_sent(first.ids)
            second._cancel()
            return list(part)

        self.mailing.action_launch()
        first, second, *others = self.deliveries_of(self.mailing)
        with patch.object(type(deliveries), "_send_volume", send_nothing):
            self.run_lanes()
        self.assertEqual((first.state, second.reason), ("sent", "canceled"))
        self.assertFalse((first | second).trace_id)
        self.assertCountEqual(self.smtp.addresses, [one.email for one in others])

    def test_somebody_is_forgotten_while_the_mails_leave(self):
        """His mail goes with him; what is known of the others is written down."""
        self.mailing.action_launch()
        forgotten = self.deliveries_of(self.mailing)[3]
        email, delivery_id = forgotten.email, forgotten.id

        def forget(address):
            if address == email:
                self.env.cr.execute(
                    "DELETE FROM marketing_delivery WHERE id = %s", [delivery_id]
                )

        self.smtp.on_taken = forget
        self.run_lanes()
        self.assertEqual(len(self.states()), len(self.emails_known) - 1)
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assert_nothing_twice()
