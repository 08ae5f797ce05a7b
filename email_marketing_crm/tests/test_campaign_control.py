from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .campaign_common import CampaignCase
from .common import NOW


@tagged("post_install", "-at_install")
class TestCampaignControl(CampaignCase):
    """A campaign is scheduled, checked, paused and stopped."""

    # ------------------------------------------------------------------
    # schedule, pause, stop
    # ------------------------------------------------------------------

    def test_scheduled(self):
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(hours=3),
        )
        mailing.action_schedule()
        self.assertEqual(mailing.state, "in_queue")
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"planned"})
        mailing.schedule_date = NOW + timedelta(hours=1)
        self.clock.tick(3601)
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})
        self.assertEqual(mailing.state, "done")

    def test_back_to_draft_forgets_the_plan(self):
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(hours=3),
        )
        mailing.action_schedule()
        mailing.with_user(self.user_marketing).action_cancel()
        self.assertEqual(mailing.state, "draft")
        self.assertFalse(self.deliveries_of(mailing))
        mailing.action_launch()
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})

    def test_no_way_back_once_composed(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.compose()
        with self.assertRaisesRegex(UserError, "is being sent already"):
            mailing.action_cancel()

    def test_pause_and_resume(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.compose()
        mailing.with_user(self.user_marketing).action_marketing_pause()
        self.send()
        self.assertEqual(self.received(), [])
        self.assertEqual(
            self.env["mail.mail"]._get_lane_backlog(0, 1), (0, None), "no false alarm"
        )
        mailing.with_user(self.user_marketing).action_marketing_resume()
        self.send()
        self.assertEqual(len(self.received()), 2)

    def test_what_is_archived_waits(self):
        """As in Odoo's own queue; what was stopped before is canceled all the same."""
        mailing, stopped = (self.make_mailing(self.segment) for _number in range(2))
        (mailing | stopped).action_launch()
        first = self.deliveries_of(mailing)[0]
        self.env["marketing.delivery"]._compose(mailing, first.ids)
        stopped.action_marketing_stop()
        (mailing | stopped).active = False
        self.deliver()
        self.assertEqual(list(self.outcomes(mailing).values()), ["composed", "planned"])
        self.assertEqual(set(self.outcomes(stopped).values()), {"canceled"})
        self.assert_sums_up(mailing)
        mailing.active = True
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})

    def test_a_hold_is_ended_by_its_button_only(self):
        """Else whoever may edit mailings lets go what waits for a manager."""
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        mailing.marketing_hold = "check"
        with self.assertRaisesRegex(AccessError, "by its buttons"):
            mailing.with_user(self.user_marketing).write({"marketing_hold": False})
        mailing.with_user(self.user_marketing).action_marketing_resume()
        self.assertEqual(mailing.marketing_hold, "check")

    def test_what_was_stopped_stays_stopped(self):
        """Neither pausing nor resuming lets mails go that are being canceled."""
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.compose()
        mailing = mailing.with_user(self.user_marketing)
        mailing.action_marketing_stop()
        mailing.action_marketing_pause()
        mailing.action_marketing_resume()
        self.deliver()
        self.assertEqual(self.received(), [])
        self.assertEqual(set(self.outcomes(mailing).values()), {"canceled"})
        self.assertEqual(mailing.state, "done")

    def test_a_stopped_mailing_is_done_before_its_hour(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.compose()
        self.env["mailing.mailing"]._update_campaign_states()
        mailing.schedule_date = NOW + timedelta(days=7)
        mailing.with_user(self.user_marketing).action_marketing_stop()
        self.deliver()
        self.assertEqual(mailing.state, "done")
        self.assertEqual(set(self.outcomes(mailing).values()), {"canceled"})

    def test_stop(self):
        """What has not left is canceled, whether it was composed or not."""
        self.make_partner("cleo@example.com")
        segment = self.make_segment("cleo@example.com", name="More")
        mailing = self.make_mailing(self.segment | segment)
        mailing.action_launch()
        deliveries = self.env["marketing.delivery"]
        first = self.deliveries_of(mailing)[0]
        deliveries._compose(mailing, first.ids)
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.env["mail.mail"]._run_lane(0, 1)
        second = self.deliveries_of(mailing)[1]
        deliveries._compose(mailing, second.ids)
        mailing.with_user(self.user_marketing).action_marketing_stop()
        self.deliver()
        self.assertEqual(
            list(self.outcomes(mailing).values()), ["sent", "canceled", "canceled"]
        )
        self.assertEqual(second.trace_id.trace_status, "cancel")
        self.assertEqual(self.received(), [])
        self.assertEqual(mailing.state, "done")
        self.assert_sums_up(mailing)

    def test_one_mail_is_canceled(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.compose()
        bob = self.deliveries_of(mailing)[1].with_user(self.user_marketing)
        bob.action_cancel()
        self.assertEqual((bob.state, bob.reason), ("skipped", "canceled"))
        self.send()
        self.assertEqual(self.received(), ["ana@example.com"])
        with self.assertRaises(UserError):
            bob.action_cancel()
        with self.assertRaises(UserError):
            bob.action_resend()

    def test_deleted_mailing_sends_nothing(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.compose()
        mails = self.env["mail.mail"].search([("mailing_id", "=", mailing.id)])
        self.assertEqual(len(mails), 2)
        mailing.unlink()
        self.assertFalse(mails.exists())
        self.send()
        self.assertEqual(self.received(), [])

    # ------------------------------------------------------------------
    # check before sending
    # ------------------------------------------------------------------

    def check_audience(self, mailing):
        """What a marketer opens who looks at all records of the plan."""
        action = mailing.with_user(self.user_marketing).action_check_audience()
        plan = self.env[action["res_model"]].browse(action["res_id"])
        return plan.with_user(self.user_marketing).action_view_records()

    def test_check_audience(self):
        """What the check shows is what the plan does, and it plans nothing."""
        self.env["mail.blacklist"]._add("bob@example.com")
        double = self.make_partner("ana@example.com", "Ana again")
        self.make_partner("supp@example.com", "Sue")
        self.make_partner("nowhere", "No address", ref="odd")
        self.person_of("supp@example.com").action_suppress()
        segment = self.make_segment("supp@example.com", name="More")
        mailing = self.make_mailing(self.segment | segment)
        mailing.mailing_domain = repr(
            [
                "|",
                ("ref", "=", "odd"),
                ("marketing_segment_ids", "in", mailing.marketing_segment_ids.ids),
            ]
        )
        action = self.check_audience(mailing)
        preview = self.env[action["res_model"]].with_user(self.user_marketing)
        rows = preview.search(action["domain"])
        self.assertEqual(
            {(row.email, row.res_id == double.id): row.outcome for row in rows},
            {
                ("ana@example.com", False): "planned",
                ("ana@example.com", True): "same_person",
                ("bob@example.com", False): "blacklisted",
                ("supp@example.com", False): "suppressed",
                (False, False): "no_address",
            },
        )
        self.assertEqual(len(rows), mailing.total)
        self.assertFalse(self.deliveries_of(mailing))
        groups = dict(preview._read_group(action["domain"], ["outcome"], ["__count"]))
        mailing.action_launch()
        self.assertEqual(mailing.marketing_waiting, groups["planned"])
        self.assertEqual(mailing.marketing_skipped, 2)
        # Checking again replaces the rows.
        mailing.with_user(self.user_marketing).action_check_audience()
        self.assertEqual(preview.search_count(action["domain"]), len(rows))
        self.assertEqual(rows[:1].exists().ids, [], "The former check is gone")

    def test_check_belongs_to_its_user(self):
        mailing = self.make_mailing(self.segment)
        action = self.check_audience(mailing)
        other = new_test_user(
            self.env,
            "second_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
        )
        preview = self.env["marketing.delivery.preview"].with_user(other)
        self.assertFalse(preview.search(action["domain"]))

    def test_figures_open_what_they_count(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        action = (
            mailing.with_user(self.user_marketing)
            .with_context(search_default_waiting=1)
            .action_view_deliveries()
        )
        self.assertEqual(action["context"]["search_default_waiting"], 1)
        found = self.env["marketing.delivery"].search(action["domain"])
        self.assertEqual(len(found), mailing.marketing_audience)
        ana = found.filtered(lambda delivery: delivery.res_id == self.ana.id)
        self.assertEqual(ana.action_open_record()["res_model"], "res.partner")
        self.ana.unlink()
        self.assertEqual(ana.action_open_record()["res_model"], "marketing.person")
