from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .common import NOW
from .journey_common import JourneyCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestJourneyEntry(JourneyCase):
    """Who comes into a journey, how often, and as what."""

    def participants(self, journey):
        return self.env["marketing.journey.participant"].search(
            [("journey_id", "=", journey.id)], order="id"
        )

    def test_the_members_enter_with_the_start(self):
        journey = self.make_journey(self.wait(), publish=False)
        self.assertEqual(journey.entry_count, 3)
        self.assertFalse(self.participants(journey))
        journey.action_publish()
        self.assertEqual(
            self.participants(journey).person_id, self.partners.marketing_person_id
        )
        self.assertEqual(journey.live_count, 3)

    def test_whoever_comes_into_the_segment_later_enters(self):
        journey = self.make_journey(self.wait())
        dee = self.make_partner("dee@example.com")
        self.env.flush_all()
        self.segment._include_records(dee)
        self.run_inbox()
        self.assertEqual(self.participant_of(journey, dee).state, "running")

    def test_whoever_enters_need_not_wait_for_the_next_minute(self):
        self.make_journey(self.mail())
        dee = self.make_partner("dee@example.com")
        self.env.flush_all()
        self.segment._include_records(dee)
        lanes = self.env["marketing.lane"].search([("kind", "=", "journey")])
        wakes = [("cron_id", "in", lanes.cron_id.ids)]
        before = self.env["ir.cron.trigger"].search_count(wakes)
        self.env["marketing.inbox"]._run_lane(0, 1)
        self.env.cr.precommit.run()
        self.env["marketing.inbox"]._run_lane(0, 1)
        self.assertGreater(self.env["ir.cron.trigger"].search_count(wakes), before)

    def test_nobody_enters_a_draft(self):
        journey = self.make_journey(self.wait(), publish=False)
        self.happened(
            "segment_entered",
            "ana@example.com",
            res_model="marketing.segment",
            res_id=self.segment.id,
        )
        self.run_inbox()
        self.assertFalse(self.participants(journey))

    def test_two_records_of_one_person_are_one_participant(self):
        twin = self.make_partner("ANA@example.com", "Ana at work")
        segment = self.make_segment("Twins", self.ana | twin)
        journey = self.make_journey(self.wait(), segment_id=segment.id)
        self.assertEqual(len(self.participants(journey)), 1)

    def come_back(self, partner):
        self.happened(
            "segment_entered",
            partner.email,
            res_model="marketing.segment",
            res_id=self.segment.id,
        )
        self.run_inbox()

    def test_once_means_once(self):
        journey = self.make_journey(self.tag())
        self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).state, "done")
        self.clock.tick(timedelta(days=900))
        self.come_back(self.ana)
        self.assertEqual(len(self.participants(journey)), 3)

    def test_again_after_some_days(self):
        journey = self.make_journey(self.tag(), reentry="again", reentry_days=30)
        self.run_journeys()
        self.clock.tick(29 * DAY)
        self.come_back(self.ana)
        self.assertEqual(self.participant_of(journey, self.ana).visit, 1)
        self.clock.tick(2 * DAY)
        self.come_back(self.ana)
        again = self.participant_of(journey, self.ana)
        self.assertEqual((again.visit, again.state), (2, "running"))

    def test_nobody_enters_while_under_way(self):
        journey = self.make_journey(
            self.wait(50, "weeks"), reentry="again", reentry_days=0
        )
        self.clock.tick(DAY)
        self.come_back(self.ana)
        self.assertEqual(len(self.participants(journey)), 3)

    def test_a_large_segment_enters_and_leaves_batch_by_batch(self):
        models = "odoo.addons.email_marketing_crm.models"
        with (
            patch(f"{models}.marketing_journey_entry.ENTRY_BATCH", 2),
            patch(f"{models}.marketing_journey_participant.LEAVE_BATCH", 2),
        ):
            journey = self.make_journey(self.tag(), reentry="again", reentry_days=0)
            self.assertEqual(len(self.participants(journey)), 2)
            self.assertTrue(journey.entering_since)
            self.run_journeys()
            self.assertFalse(journey.entering_since)
            self.assertEqual(len(self.participants(journey)), 3)
            self.assertEqual(journey.done_count, 3)

            journey = self.make_journey(self.wait())
            self.run_journeys()
            journey.action_end()
            journey.invalidate_recordset()
            self.assertEqual((journey.live_count, journey.exited_count), (1, 2))
            self.run_journeys()
            journey.invalidate_recordset()
            self.assertEqual((journey.live_count, journey.exited_count), (0, 3))

    def test_members_are_added_by_hand_whatever_the_rule(self):
        journey = self.make_journey(self.tag())
        self.run_journeys()
        members = self.env["marketing.segment.member"].search(
            [("segment_id", "=", self.segment.id)]
        )
        ana = members.filtered(
            lambda member: member.person_id == self.ana.marketing_person_id
        )
        add = self.env["marketing.journey.add"].with_user(self.user_marketing)
        wizard = add.create({"journey_id": journey.id, "member_ids": ana.ids})
        self.assertEqual(wizard.busy_count, 0)
        wizard.action_add()
        again = self.participant_of(journey, self.ana)
        self.assertEqual((again.visit, again.state), (2, "running"))
        wizard = add.create({"journey_id": journey.id, "member_ids": members.ids})
        self.assertEqual(wizard.busy_count, 1)
        wizard.action_add()
        self.assertEqual(self.participant_of(journey, self.ana), again)
        self.assertEqual(self.participant_of(journey, self.bo).visit, 2)


@tagged("post_install", "-at_install")
class TestJourneyExit(JourneyCase):
    """Why people leave, and that it happens before the next step."""

    def start(self, **values):
        journey = self.make_journey(self.wait(1, "days"), self.mail(), **values)
        self.run_journeys()
        return journey

    def assertLeft(self, journey, partner, reason):
        participant = self.participant_of(journey, partner)
        self.assertEqual(
            (participant.state, participant.exit_reason), ("exited", reason)
        )
        self.assertFalse(participant.due)
        self.assertEqual(self.story_of(participant)[-1], ("left", reason))

    def assertNotMailed(self, journey, partner):
        self.assertFalse(
            self.env["marketing.delivery"].search_count(
                [
                    ("mailing_id", "in", journey.version_id.step_ids.mailing_id.ids),
                    ("person_id", "=", partner.marketing_person_id.id),
                ]
            )
        )

    def test_unsubscribing_between_two_steps_ends_it_before_the_mail(self):
        journey = self.start()
        self.env["mail.blacklist"]._add("ana@example.com")
        self.pass_time(days=1)
        self.assertLeft(journey, self.ana, "unsubscribed")
        self.assertNotMailed(journey, self.ana)
        self.assertEqual(self.participant_of(journey, self.bo).state, "done")

    def test_the_lane_sees_it_even_when_the_inbox_is_late(self):
        journey = self.start()
        self.env["mail.blacklist"]._add("ana@example.com")
        self.happened("hard_bounce", "bo@example.com")
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.clock.tick(DAY)
        self.run_journeys()
        self.assertLeft(journey, self.ana, "unsubscribed")
        self.assertLeft(journey, self.bo, "hard_bounce")
        self.assertEqual(self.participant_of(journey, self.chen).state, "done")

    def test_the_inbox_lets_people_leave_without_waiting_for_a_step(self):
        journey = self.start()
        self.happened("complaint", "ana@example.com")
        self.run_inbox()
        self.assertLeft(journey, self.ana, "complaint")

    def test_leaving_a_list_ends_journeys_of_mailing_contacts_only(self):
        mailing_list = self.env["mailing.list"].create({"name": "News"})
        contact = self.make_contact("ana@example.com", lists=mailing_list)
        contacts = self.start(segment_id=self.make_segment("List", contact).id)
        partners = self.start()
        contact.subscription_ids.opt_out = True
        self.run_inbox()
        self.assertLeft(contacts, self.ana, "unsubscribed")
        self.assertEqual(self.participant_of(partners, self.ana).state, "running")

    def test_archived_and_deleted_records_end_it(self):
        journey = self.start()
        self.ana.active = False
        self.bo.unlink()
        person = self.env["marketing.person"].search(
            [("email_normalized", "=", "bo@example.com")]
        )
        self.run_inbox()
        self.assertLeft(journey, self.ana, "archived")
        gone = self.env["marketing.journey.participant"].search(
            [("journey_id", "=", journey.id), ("person_id", "=", person.id)]
        )
        self.assertEqual(gone.exit_reason, "deleted")

    def test_a_lost_lead_leaves_and_a_won_one_reaches_the_goal(self):
        leads = self.make_lead("dee@example.com") | self.make_lead("eve@example.com")
        types = self.env["marketing.touchpoint.type"]
        journey = self.start(
            segment_id=self.make_segment("Leads", leads).id,
            goal_type_id=types._get_id("won"),
        )
        leads[0].action_set_lost()
        leads[1].action_set_won()
        self.run_inbox()
        self.assertLeft(journey, leads[0], "archived")
        self.assertLeft(journey, leads[1], "goal")

    def test_a_record_with_another_address_is_another_person(self):
        journey = self.start()
        before = self.participant_of(journey, self.ana)
        self.ana.email = "ana@elsewhere.example.com"
        self.run_inbox()
        before.invalidate_recordset()
        self.assertEqual(before.exit_reason, "address_changed")

    def test_leaving_the_segment_matters_only_where_the_journey_says_so(self):
        stays = self.start()
        leaves = self.start(exit_on_leave=True)
        self.env["marketing.segment.member"].search(
            [("person_id", "=", self.ana.marketing_person_id.id)]
        ).action_remove()
        self.run_inbox()
        self.assertLeft(leaves, self.ana, "segment_left")
        self.assertEqual(self.participant_of(stays, self.ana).state, "running")

    def test_the_goal_ends_it_with_success(self):
        types = self.env["marketing.touchpoint.type"]
        journey = self.start(goal_type_id=types._get_id("order"))
        self.happened("order", "ana@example.com", reliability="security_scan")
        self.happened("order", "bo@example.com")
        self.run_inbox()
        self.assertEqual(self.participant_of(journey, self.ana).state, "running")
        self.assertLeft(journey, self.bo, "goal")
        self.assertEqual(journey.goal_count, 1)
        self.assertEqual(journey.exited_count, 0)

    def test_a_goal_reached_before_entering_does_not_count(self):
        types = self.env["marketing.touchpoint.type"]
        self.happened("order", "ana@example.com", date=NOW - DAY)
        self.run_inbox()
        journey = self.start(goal_type_id=types._get_id("order"))
        self.assertEqual(self.participant_of(journey, self.ana).state, "running")

    def test_people_are_removed_by_hand_with_a_reason(self):
        journey = self.start()
        ana = self.participant_of(journey, self.ana)
        self.env["marketing.journey.remove"].with_user(self.user_marketing).create(
            {"participant_ids": ana.ids, "reason": "Called us"}
        ).action_remove()
        self.assertLeft(journey, self.ana, "removed")
        self.assertIn("Called us", ana.log_ids.sorted("id")[-1].description)

    def test_who_left_stays_out(self):
        journey = self.start()
        ana = self.participant_of(journey, self.ana)
        participants = self.env["marketing.journey.participant"]
        participants._leave({ana.id: "removed"})
        participants._leave({ana.id: "ended"})
        self.pass_time(days=1)
        self.assertLeft(journey, self.ana, "removed")
        self.assertEqual(ana.log_ids.mapped("event").count("left"), 1)

    # ------------------------------------------------------------------
    # merge
    # ------------------------------------------------------------------

    def merge(self, source, target):
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {"dst_partner_id": target.id}
        )
        wizard._merge((source | target).ids, target, extra_checks=False)
        self.run_inbox()

    def test_of_two_merged_people_one_goes_on(self):
        journey = self.start()
        ana = self.participant_of(journey, self.ana)
        bo = self.participant_of(journey, self.bo)
        person = self.bo.marketing_person_id
        self.merge(self.ana, self.bo)
        (ana | bo).invalidate_recordset()
        self.assertEqual((ana.state, ana.exit_reason), ("exited", "merged"))
        self.assertEqual(bo.state, "running")
        self.assertEqual((ana | bo).person_id, person)

    def test_the_pass_of_a_merged_person_goes_on_with_the_record_that_stays(self):
        dee = self.make_partner("dee@example.com")
        journey = self.start()
        ana = self.participant_of(journey, self.ana)
        self.merge(self.ana, dee)
        self.pass_time(days=1)
        ana.invalidate_recordset()
        self.assertEqual(ana.person_id, dee.marketing_person_id)
        self.assertEqual((ana.state, ana.res_id), ("done", dee.id))


@tagged("post_install", "-at_install")
class TestJourneyFailure(JourneyCase):
    """One who cannot go on does not hold the others up."""

    def fail_for(self, partner):
        """Let the tag step fail for one contact."""
        partners = type(self.env["res.partner"])
        write = partners.write

        def refuse(records, vals):
            if "category_id" in vals and partner in records:
                raise ValueError(f"No tags for {partner.name}")
            return write(records, vals)

        return patch.object(partners, "write", refuse)

    def test_the_others_go_on_and_the_failure_is_kept(self):
        journey = self.make_journey(self.tag(), self.wait())
        with self.fail_for(self.bo), self.assertLogs("odoo.addons.email_marketing_crm"):
            self.run_journeys()
        self.assertEqual(self.ana.category_id, self.tag_engaged)
        self.assertEqual(self.chen.category_id, self.tag_engaged)
        bo = self.participant_of(journey, self.bo)
        self.assertEqual((bo.state, bo.attempts), ("running", 1))
        self.assertEqual(bo.due, NOW + timedelta(minutes=5))
        self.assertIn("No tags for Bo", bo.error)
        self.pass_time(minutes=5)
        bo.invalidate_recordset()
        self.assertEqual((bo.step_id.kind, bo.attempts), ("wait", 0))
        self.assertFalse(bo.error)

    def test_after_five_tries_a_human_is_asked(self):
        journey = self.make_journey(self.tag(), self.wait())
        with self.fail_for(self.bo), self.assertLogs("odoo.addons.email_marketing_crm"):
            self.run_journeys()
            for _attempt in range(4):
                self.pass_time(days=1)
        bo = self.participant_of(journey, self.bo)
        self.assertEqual((bo.state, bo.due), ("error", False))
        self.assertEqual(journey.error_count, 1)
        self.assertEqual(self.step_of(journey, "tag").error_count, 1)
        self.assertEqual(self.story_of(bo)[-1][0], "error")
        self.pass_time(days=30)
        self.assertEqual(self.participant_of(journey, self.bo).state, "error")
        bo.with_user(self.user_marketing).action_retry()
        self.run_journeys()
        bo = self.participant_of(journey, self.bo)
        self.assertEqual((bo.state, bo.step_id.kind), ("running", "wait"))
        self.assertEqual(
            self.story_of(bo),
            [("entered", None), ("error", None), ("retried", None), ("step", "next")],
        )

    def test_what_a_failed_group_did_is_undone(self):
        journey = self.make_journey(self.mail(), self.tag())
        plan = type(self.env["marketing.delivery"])._plan
        chen = self.participant_of(journey, self.chen)

        def plan_and_fail(model, mailing, rows, due=None):
            result = plan(model, mailing, rows, due)
            if chen.id in [row[2] for row in rows]:
                raise ValueError("The disk is full")
            return result

        with (
            patch.object(type(self.env["marketing.delivery"]), "_plan", plan_and_fail),
            self.assertLogs("odoo.addons.email_marketing_crm"),
        ):
            self.run_journeys()
        visits = self.env["marketing.delivery"].search(
            [("mailing_id", "in", journey.version_id.step_ids.mailing_id.ids)]
        )
        self.assertEqual(
            sorted(visits.mapped("visit")),
            sorted(
                self.participant_of(journey, partner).id
                for partner in (self.ana, self.bo)
            ),
        )

    def test_two_lanes_never_meet(self):
        self.make_journey(self.wait())
        participants = self.env["marketing.journey.participant"]
        self.clock.tick(DAY)
        first = participants._claim(0, 2)
        second = participants._claim(1, 2)
        self.assertFalse(set(first) & set(second))
        self.assertEqual(len(first) + len(second), 3)
        for number, claimed in enumerate((first, second)):
            persons = participants.browse(claimed).person_id
            self.assertEqual({person.id % 2 for person in persons} - {number}, set())

    def test_the_backlog_is_what_is_due(self):
        self.make_journey(self.wait())
        participants = self.env["marketing.journey.participant"]
        self.assertEqual(participants._get_lane_backlog(0, 1), (0, None))
        self.clock.tick(2 * DAY)
        self.assertEqual(participants._get_lane_backlog(0, 1), (3, NOW + DAY))
