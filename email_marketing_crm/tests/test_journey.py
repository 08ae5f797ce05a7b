from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .common import NOW
from .journey_common import JourneyCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestJourneySteps(JourneyCase):
    """What each kind of step does to the people who come to it."""

    def test_a_mail_is_planned_for_everybody_by_one_call(self):
        journey = self.make_journey(self.mail())
        mailing = self.step_of(journey, "mail").mailing_id
        with patch.object(
            type(self.env["marketing.delivery"]), "_plan", autospec=True
        ) as plan:
            self.run_journeys()
        self.assertEqual(plan.call_count, 1)
        _model, planned, rows = plan.call_args.args
        self.assertEqual(planned.id, mailing.id)
        self.assertEqual(
            sorted(rows),
            sorted(
                (
                    partner.marketing_person_id.id,
                    partner.id,
                    self.participant_of(journey, partner).id,
                )
                for partner in self.partners
            ),
        )
        self.assertEqual(self.participant_of(journey, self.ana).state, "done")

    def test_a_wait_lasts_as_long_as_it_says(self):
        journey = self.make_journey(self.wait(2, "days"), self.tag())
        self.run_journeys()
        ana = self.participant_of(journey, self.ana)
        self.assertEqual((ana.state, ana.due), ("running", NOW + 2 * DAY))
        self.pass_time(days=1, hours=23)
        self.assertFalse(self.ana.category_id)
        self.pass_time(hours=1)
        self.assertEqual(self.ana.category_id, self.tag_engaged)
        self.assertEqual(self.participant_of(journey, self.ana).state, "done")

    def test_workers_that_stood_still_do_not_send_two_mails_at_once(self):
        journey = self.make_journey(
            self.wait(1, "days"), self.mail("First"), self.wait(), self.mail("Second")
        )
        self.clock.tick(timedelta(days=7))
        self.run_journeys()
        ana = self.participant_of(journey, self.ana)
        self.assertEqual(ana.step_id.kind, "wait")
        self.assertEqual(ana.due, NOW + 8 * DAY)

    def test_tags_are_added_and_removed_in_the_name_of_the_responsible(self):
        old = self.env["res.partner.category"].create({"name": "Cold"})
        self.ana.category_id = old
        journey = self.make_journey(
            self.tag(), self.tag(old, tag_operation="remove"), self.END
        )
        self.run_journeys()
        self.assertEqual(self.ana.category_id, self.tag_engaged)
        self.assertEqual(self.ana.write_uid, self.user_marketing)
        self.assertEqual(
            self.story_of(self.participant_of(journey, self.ana)),
            [("entered", None), ("step", "next"), ("step", "next"), ("step", "end")],
        )

    def test_tags_of_leads(self):
        lead = self.make_lead("dee@example.com")
        tag = self.env["crm.tag"].create({"name": "Webinar"})
        self.make_journey(
            {"kind": "tag", "lead_tag_ids": [(6, 0, tag.ids)]},
            segment_id=self.make_segment("Leads", lead).id,
        )
        self.run_journeys()
        self.assertEqual(lead.tag_ids, tag)

    def test_tags_of_mailing_contacts(self):
        contact = self.make_contact("dee@example.com")
        self.make_journey(self.tag(), segment_id=self.make_segment("List", contact).id)
        self.run_journeys()
        self.assertEqual(contact.tag_ids, self.tag_engaged)

    def test_people_are_offered_to_sales_by_one_call(self):
        policy = self.env["marketing.handoff.policy"].create(
            {
                "name": "Journeys",
                "team_id": self.env["crm.team"].create({"name": "T"}).id,
            }
        )
        journey = self.make_journey(
            {"kind": "handoff", "policy_id": policy.id}, self.END
        )
        with patch.object(
            type(self.env["marketing.handoff"]),
            "_offer_persons",
            return_value=self.env["marketing.handoff"],
        ) as offer:
            self.run_journeys()
        self.assertEqual(offer.call_count, 1)
        self.assertEqual(
            set(offer.call_args.args[0]), set(self.partners.marketing_person_id.ids)
        )
        self.assertEqual(offer.call_args.kwargs["source"].id, journey.id)
        self.assertIn("Welcome", offer.call_args.kwargs["cause"])
        self.assertEqual(offer.call_args.kwargs["policy"], policy)

    def test_the_story_says_whom_the_policy_left_out(self):
        team = self.env["crm.team"].create({"name": "Inside Sales"})
        policy = self.env["marketing.handoff.policy"].create(
            {"name": "Journeys", "team_id": team.id}
        )
        handoff = {"kind": "handoff", "policy_id": policy.id}
        segment = self.make_segment("Ana alone", self.ana)
        self.make_journey(handoff, segment_id=segment.id)
        self.run_journeys()
        person = self.ana.marketing_person_id
        lead = self.env["crm.lead"].search([("marketing_person_id", "=", person.id)])
        self.assertEqual(lead.team_id, team)
        self.assertEqual(
            self.env["marketing.handoff"].search_count([("person_id", "=", person.id)]),
            1,
        )
        again = self.make_journey(handoff)
        self.run_journeys()
        stories = {
            partner: self.participant_of(again, partner).log_ids[0].description
            for partner in self.partners
        }
        self.assertIn("Not offered", stories[self.ana])
        self.assertEqual(stories[self.bo], "Offered to sales.")

    def test_a_step_of_many_takes_a_handful_of_statements(self):
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}", "email": f"p{n}@example.com"} for n in range(200)]
        )
        self.env.cr.precommit.run()
        self.make_journey(
            self.wait(1, "minutes"),
            self.wait_for("form", event_source="any", yes=[self.END], no=[self.END]),
            segment_id=self.make_segment("Many", partners).id,
        )
        self.run_journeys()
        self.clock.tick(60)
        self.env.invalidate_all()
        count = self.env.cr.sql_log_count
        self.assertEqual(
            self.env["marketing.journey.participant"]._run_lane(0, 1)[0], 200
        )
        self.assertLess(self.env.cr.sql_log_count - count, 60)

    def test_a_step_is_never_done_twice_in_one_pass(self):
        journey = self.make_journey(self.tag(), self.wait())
        self.run_journeys()
        ana = self.participant_of(journey, self.ana)
        first = self.step_of(journey, "tag")
        self.env.cr.execute(
            "UPDATE marketing_journey_participant SET step_id = %s, due = %s"
            " WHERE id = %s",
            [first.id, NOW, ana.id],
        )
        ana.invalidate_recordset()
        with self.assertLogs("odoo.addons.email_marketing_crm", "ERROR"):
            self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).attempts, 1)


@tagged("post_install", "-at_install")
class TestJourneyEventWait(JourneyCase):
    """Mail, then a click within three days: yes adds a tag, no ends after a mail."""

    def start(self, **wait):
        journey = self.make_journey(
            self.mail("First"),
            self.wait_for(
                yes=[self.tag(), self.END], no=[self.mail("Second"), self.END], **wait
            ),
        )
        self.run_journeys()
        return journey

    def click_elsewhere(self, email):
        """Somebody clicks in a mail that is not of the journey."""
        other = self.env["mailing.mailing"].create({"subject": "Newsletter"})
        self.happened(
            "clicked", email, mailing_id=other.id, reliability="human_confirmed"
        )
        self.run_inbox()
        self.run_journeys()

    def taken(self, journey, partner):
        """The edge somebody took at the wait, with its reason."""
        participant = self.participant_of(journey, partner)
        wait = self.step_of(journey, "wait_event")
        line = participant.log_ids.filtered(
            lambda log: log.step_id == wait and log.event == "step"
        )
        return line.outcome, line.detail or None

    def test_a_click_takes_the_yes_edge_at_once(self):
        journey = self.start()
        self.sent(journey, "ana@example.com")
        self.run_inbox()
        self.clicked(journey, "ana@example.com")
        self.run_inbox()
        self.run_journeys()
        self.assertEqual(self.taken(journey, self.ana), ("yes", None))
        self.assertEqual(self.ana.category_id, self.tag_engaged)
        self.assertEqual(self.participant_of(journey, self.bo).state, "waiting")

    def test_no_click_takes_the_no_edge_when_the_time_is_over(self):
        journey = self.start()
        self.sent(journey, "ana@example.com")
        self.run_inbox()
        self.pass_time(days=2, hours=23)
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")
        self.pass_time(hours=2)
        self.assertEqual(self.taken(journey, self.ana), ("no", "timeout"))

    def test_the_time_begins_when_the_mail_really_leaves(self):
        journey = self.start()
        self.assertFalse(self.participant_of(journey, self.ana).deadline)
        self.pass_time(days=4)  # the mail stands in the queue
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")
        self.sent(journey, "ana@example.com")
        self.run_inbox()
        ana = self.participant_of(journey, self.ana)
        self.assertEqual(ana.deadline, NOW + timedelta(days=7))
        self.assertEqual(ana.due, ana.deadline)
        self.pass_time(days=2, hours=23)
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")

    def test_an_event_before_the_wait_is_reached_counts(self):
        journey = self.make_journey(
            self.mail("First"),
            self.wait(1, "days"),
            self.wait_for(yes=[self.END], no=[self.END]),
        )
        self.run_journeys()
        self.sent(journey, "ana@example.com")
        self.clicked(journey, "ana@example.com")
        self.run_inbox()
        self.pass_time(days=1)
        self.assertEqual(self.taken(journey, self.ana), ("yes", None))

    def test_an_event_of_an_earlier_pass_does_not_count(self):
        journey = self.make_journey(
            self.mail("First"),
            self.wait_for(yes=[self.END], no=[self.END]),
            reentry="again",
            reentry_days=0,
        )
        self.run_journeys()
        self.sent(journey, "ana@example.com")
        self.clicked(journey, "ana@example.com")
        self.run_inbox()
        self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).state, "done")
        self.clock.tick(DAY)
        journey._enter(self.ana.marketing_person_id.ids)
        self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")

    def test_an_event_that_arrives_while_the_wait_is_reached_is_not_lost(self):
        journey = self.start()
        ana = self.participant_of(journey, self.ana)
        # Consumed by a worker that did not see that Ana waits.
        self.clicked(journey, "ana@example.com")
        self.env.cr.precommit.run()
        self.env.cr.execute("DELETE FROM marketing_inbox")
        self.assertEqual(ana.due, NOW + timedelta(minutes=1))
        self.pass_time(minutes=1)
        self.assertEqual(self.taken(journey, self.ana), ("yes", None))

    def test_the_click_of_a_scanner_does_not_take_the_yes_edge(self):
        journey = self.start()
        self.sent(journey, "ana@example.com")
        self.clicked(journey, "ana@example.com", reliability="security_scan")
        self.run_inbox()
        self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")

    def test_a_click_that_is_not_judged_yet_decides_nothing(self):
        journey = self.start()
        self.sent(journey, "ana@example.com")
        self.run_inbox()
        self.clock.tick(timedelta(days=3) - timedelta(seconds=20))
        self.clicked(journey, "ana@example.com")
        self.env.cr.precommit.run()
        self.clock.tick(timedelta(seconds=5))  # too early for the inbox
        self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")
        self.pass_time(minutes=2)
        self.assertEqual(self.taken(journey, self.ana), ("yes", None))

    def test_a_click_in_another_mail_does_not_count(self):
        journey = self.start()
        self.sent(journey, "ana@example.com")
        self.click_elsewhere("ana@example.com")
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")

    def test_a_click_in_any_mail_counts_where_the_step_says_so(self):
        journey = self.start(event_source="any")
        self.click_elsewhere("ana@example.com")
        self.assertEqual(self.taken(journey, self.ana), ("yes", None))

    def test_a_mail_that_is_skipped_leads_to_no_at_once_with_the_reason(self):
        journey = self.start()
        mailing = self.step_of(journey, "mail").mailing_id
        ana = self.participant_of(journey, self.ana)
        self.pass_time(minutes=5)
        self.assertEqual(ana.state, "waiting")
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'skipped', reason = 'blacklisted'"
            " WHERE mailing_id = %s AND visit = %s",
            [mailing.id, ana.id],
        )
        self.happened("skipped", "ana@example.com", mailing_id=mailing.id)
        self.run_inbox()
        self.run_journeys()
        self.assertEqual(self.taken(journey, self.ana), ("no", "blacklisted"))
        line = ana.log_ids.filtered(lambda log: log.outcome == "no")
        self.assertIn("not sent (Blacklisted)", line.description)
        self.assertEqual(self.participant_of(journey, self.bo).state, "waiting")

    def test_a_mail_that_failed_without_telling_is_found(self):
        journey = self.start()
        ana = self.participant_of(journey, self.ana)
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'failed' WHERE visit = %s", [ana.id]
        )
        self.pass_time(minutes=2)
        self.pass_time(hours=7)
        self.assertEqual(self.taken(journey, self.ana), ("no", "failed"))

    def test_without_a_mail_the_time_counts_from_the_arrival(self):
        journey = self.make_journey(
            self.wait_for("form", event_source="any", yes=[self.END], no=[self.END])
        )
        self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).deadline, NOW + 3 * DAY)
        self.happened("form", "ana@example.com")
        self.run_inbox()
        self.pass_time(days=4)
        self.assertEqual(self.taken(journey, self.ana), ("yes", None))
        self.assertEqual(self.taken(journey, self.bo), ("no", "timeout"))

    def test_a_branch_without_steps_ends_the_journey(self):
        journey = self.make_journey(
            self.wait_for("form", event_source="any", yes=[self.tag()])
        )
        self.run_journeys()
        self.pass_time(days=4)
        self.assertEqual(self.participant_of(journey, self.ana).state, "done")

    def test_clicks_that_turn_out_to_be_a_scanners_wake_nobody(self):
        journey = self.start()
        self.sent(journey, "ana@example.com")
        self.run_inbox()
        mailing = self.step_of(journey, "mail").mailing_id
        links = self.env["link.tracker"].create(
            [{"url": f"https://example.com/{n}"} for n in range(4)]
        )
        for link in links:
            self.happened(
                "clicked",
                "ana@example.com",
                mailing_id=mailing.id,
                link_id=link.id,
                reliability="human_likely",
            )
        self.run_inbox()
        self.run_journeys()
        self.assertEqual(self.participant_of(journey, self.ana).state, "waiting")
