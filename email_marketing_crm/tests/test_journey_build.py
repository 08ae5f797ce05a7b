from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import NOW
from .journey_common import JourneyCase

#: Models that tell about journeys and who is in them.
MODELS = (
    "marketing.journey",
    "marketing.journey.version",
    "marketing.journey.step",
    "marketing.journey.participant",
    "marketing.journey.log",
)


@tagged("post_install", "-at_install")
class TestJourneyBuild(JourneyCase):
    """Building, checking, publishing and changing a journey."""

    def test_a_new_journey_has_a_version_in_work(self):
        journey = self.make_journey(publish=False)
        self.assertEqual(journey.draft_version_id.number, 1)
        self.assertIn("no steps yet", journey.problems)

    def test_a_mail_step_owns_a_mailing_for_the_records_of_the_segment(self):
        lead = self.make_lead("dee@example.com")
        journey = self.make_journey(
            self.mail("Hello"),
            publish=False,
            segment_id=self.make_segment("Leads", lead).id,
        )
        mailing = self.step_of(journey, "mail").mailing_id
        self.assertEqual(mailing.mailing_model_real, "crm.lead")
        self.assertEqual(mailing.marketing_kind, "journey")
        self.assertEqual((mailing.subject, mailing.state), ("Hello", "draft"))
        self.assertEqual(mailing.user_id, self.user_marketing)

    def test_steps_are_shown_in_the_order_people_walk_them(self):
        journey = self.make_journey(
            self.mail("First"),
            self.wait_for(no=[self.mail("Second")], yes=[self.tag(), self.END]),
            publish=False,
        )
        self.assertEqual(
            [(step.kind, step.level) for step in journey.step_ids.sorted("position")],
            [("mail", 0), ("wait_event", 0), ("tag", 1), ("end", 1), ("mail", 1)],
        )
        tag = self.step_of(journey, "tag")
        self.assertIn("If yes: Add tag: Engaged", tag.outline)

    def test_a_step_that_is_put_in_goes_between(self):
        journey = self.make_journey(self.mail(), self.END, publish=False)
        mail, end = self.step_of(journey, "mail"), self.step_of(journey, "end")
        action = mail.action_add_after()
        self.assertEqual(action["target"], "new")
        with Form(
            self.env["marketing.journey.step"].with_context(**action["context"])
        ) as form:
            self.assertEqual(form.edge, "next")
            form.kind = "wait"
        wait = self.step_of(journey, "wait")
        self.assertEqual((wait.parent_id, end.parent_id), (mail, wait))

    def test_a_new_step_takes_the_free_branch(self):
        journey = self.make_journey(
            self.wait_for(event_source="any", yes=[self.END]), publish=False
        )
        wait = self.step_of(journey, "wait_event")
        values = (
            self.env["marketing.journey.step"]
            .with_context(**wait.action_add_after()["context"])
            .default_get(["parent_id", "edge"])
        )
        self.assertEqual(values["edge"], "no")

    def test_what_follows_a_removed_step_moves_up(self):
        journey = self.make_journey(
            self.mail(), self.wait(), self.tag(), self.END, publish=False
        )
        mailing = self.step_of(journey, "mail").mailing_id
        (self.step_of(journey, "mail") | self.step_of(journey, "wait")).unlink()
        self.assertEqual(journey.step_ids.mapped("kind"), ["tag", "end"])
        self.assertFalse(self.step_of(journey, "tag").parent_id)
        self.assertFalse(mailing.exists())

    def test_a_fork_is_not_removed_before_its_branches(self):
        journey = self.make_journey(
            self.wait_for(event_source="any", yes=[self.END], no=[self.END]),
            publish=False,
        )
        with self.assertRaisesRegex(UserError, "both branches"):
            self.step_of(journey, "wait_event").unlink()

    def test_wrong_places_are_refused_in_words(self):
        journey = self.make_journey(self.mail(), self.END, publish=False)
        mail, end = self.step_of(journey, "mail"), self.step_of(journey, "end")
        steps = self.env["marketing.journey.step"]
        version = journey.draft_version_id
        for values, words in (
            ({"parent_id": end.id, "kind": "wait"}, "the journey ends there"),
            ({"parent_id": mail.id, "edge": "yes", "kind": "wait"}, "Choose one of"),
            ({"parent_id": mail.id, "kind": "end"}, "cannot end before"),
        ):
            with (
                self.subTest(words=words),
                self.assertRaisesRegex(ValidationError, words),
            ):
                steps.create({"version_id": version.id, **values})
            self.env.invalidate_all()
        with self.assertRaisesRegex(ValidationError, "in circles"):
            mail.parent_id = end

    def test_what_is_missing_is_said_before_publishing(self):
        journey = self.make_journey(
            self.mail("Empty"),
            {"kind": "wait_event", "yes": [self.END]},
            publish=False,
        )
        mail = self.step_of(journey, "mail")
        mail.mailing_id.body_html = False
        journey.invalidate_recordset()
        self.assertIn("has no content yet", journey.problems)
        self.assertIn("which event", journey.problems)
        for action in (journey.action_check, journey.action_publish):
            with self.assertRaisesRegex(UserError, "no content yet"):
                action()
        self.assertEqual(journey.state, "draft")

    def test_a_hand_over_needs_a_policy(self):
        self.env["marketing.handoff.policy"].search([]).active = False
        journey = self.make_journey({"kind": "handoff"}, publish=False)
        self.assertIn("has no hand-off policy", journey.problems)

    def test_a_step_that_is_moved_takes_the_free_branch(self):
        journey = self.make_journey(
            self.wait_for(event_source="any", yes=[self.wait(), self.END]),
            publish=False,
        )
        fork, end = self.step_of(journey, "wait_event"), self.step_of(journey, "end")
        with Form(end) as form:
            form.parent_id = fork
            self.assertEqual(form.edge, "no")
        self.assertEqual((end.parent_id, end.edge), (fork, "no"))

    def test_a_wait_for_the_mail_before_needs_a_mail_before(self):
        journey = self.make_journey(self.wait_for(yes=[self.END]), publish=False)
        self.assertIn("no mail comes before", journey.problems)

    def test_a_fork_that_leads_nowhere_is_no_fork(self):
        journey = self.make_journey(self.wait_for(event_source="any"), publish=False)
        self.assertIn("leads nowhere", journey.problems)

    def test_tags_of_another_kind_of_record_are_none(self):
        lead = self.make_lead("dee@example.com")
        journey = self.make_journey(
            self.tag(), publish=False, segment_id=self.make_segment("L", lead).id
        )
        self.assertIn("does not say which tags", journey.problems)

    # ------------------------------------------------------------------
    # versions
    # ------------------------------------------------------------------

    def test_a_published_step_never_changes(self):
        journey = self.make_journey(self.wait(), self.tag())
        wait = self.step_of(journey, "wait")
        for change in (
            lambda: wait.write({"wait_number": 9}),
            wait.unlink,
            lambda: self.add_steps(journey.version_id, [self.wait()]),
            lambda: journey.version_id.unlink(),
        ):
            with self.assertRaises(UserError):
                change()
            self.env.invalidate_all()

    def test_people_finish_on_the_version_they_entered_on(self):
        journey = self.make_journey(self.wait(1, "days"), self.tag())
        self.run_journeys()
        journey.action_edit()
        draft = journey.draft_version_id
        self.assertEqual(draft.number, 2)
        self.assertEqual(
            draft.step_ids.mapped("key"), journey.version_id.step_ids.mapped("key")
        )
        new_tag = self.env["res.partner.category"].create({"name": "New"})
        self.step_of(journey, "tag").category_ids = new_tag
        journey.action_publish()
        dee = self.make_partner("dee@example.com")
        self.env.flush_all()
        self.segment._include_records(dee)
        self.run_inbox()
        self.pass_time(days=1)
        self.assertEqual(self.ana.category_id, self.tag_engaged)
        self.assertEqual(dee.category_id, new_tag)
        self.assertEqual(
            journey.version_ids.sorted("number").mapped("state"),
            ["replaced", "published"],
        )

    def test_a_new_version_has_mails_of_its_own(self):
        journey = self.make_journey(self.mail("Hello"), self.END)
        old = self.step_of(journey, "mail").mailing_id
        journey.action_edit()
        new = self.step_of(journey, "mail").mailing_id
        self.assertNotEqual(new, old)
        self.assertEqual((new.subject, new.marketing_kind), ("Hello", "journey"))
        journey.action_discard_draft()
        self.assertFalse(new.exists())
        self.assertFalse(journey.draft_version_id)
        self.assertTrue(old.exists())

    def test_a_journey_has_one_version_in_work(self):
        journey = self.make_journey(self.wait())
        journey.action_edit()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["marketing.journey.version"].create(
                {"journey_id": journey.id, "number": 9}
            )

    def test_a_copy_has_the_same_steps_and_nobody(self):
        journey = self.make_journey(
            self.mail(), self.wait_for(yes=[self.tag()], no=[self.END])
        )
        copy = journey.copy()
        self.assertEqual((copy.state, copy.live_count), ("draft", 0))
        self.assertEqual(
            copy.step_ids.mapped("summary"), journey.step_ids.mapped("summary")
        )
        self.assertFalse(copy.problems)

    # ------------------------------------------------------------------
    # life
    # ------------------------------------------------------------------

    def test_a_pause_keeps_due_times_and_loses_nobody(self):
        journey = self.make_journey(self.wait(1, "days"), self.tag())
        self.run_journeys()
        journey.action_pause()
        self.pass_time(days=2)
        self.assertFalse(self.ana.category_id)
        ana = self.participant_of(journey, self.ana)
        self.assertEqual((ana.state, ana.due), ("running", NOW + timedelta(days=1)))
        dee = self.make_partner("dee@example.com")
        self.env.flush_all()
        self.segment._include_records(dee)
        self.env["mail.blacklist"]._add("bo@example.com")
        self.run_inbox()
        self.assertTrue(self.participant_of(journey, dee))
        self.assertEqual(self.participant_of(journey, self.bo).state, "exited")
        journey.action_resume()
        self.run_journeys()
        self.assertEqual(self.ana.category_id, self.tag_engaged)
        self.assertFalse(self.bo.category_id)

    def test_the_end_is_final(self):
        journey = self.make_journey(self.wait())
        journey.action_end()
        self.assertEqual((journey.live_count, journey.exited_count), (0, 3))
        self.assertEqual(self.participant_of(journey, self.ana).exit_reason, "ended")
        for change in (journey.action_publish, journey.unlink):
            with self.assertRaises(UserError):
                change()

    def test_the_segment_stays_once_people_entered(self):
        journey = self.make_journey(self.wait())
        with self.assertRaisesRegex(UserError, "cannot change"):
            journey.segment_id = self.make_segment("Other", self.ana)

    def test_a_journey_nobody_walked_is_deleted_with_its_mails(self):
        journey = self.make_journey(self.mail(), publish=False)
        mailing = self.step_of(journey, "mail").mailing_id
        journey.unlink()
        self.assertFalse(mailing.exists())

    # ------------------------------------------------------------------
    # figures
    # ------------------------------------------------------------------

    def test_every_figure_opens_those_it_counts(self):
        journey = self.make_journey(
            self.wait_for(
                "form", event_source="any", yes=[self.tag()], no=[self.wait()]
            )
        )
        self.run_journeys()
        self.happened("form", "ana@example.com")
        self.run_inbox()
        self.run_journeys()
        fork = self.step_of(journey, "wait_event")
        fork.invalidate_recordset()
        self.assertEqual(
            (fork.here_count, fork.passed_count, fork.yes_count, fork.no_count),
            (2, 1, 1, 0),
        )
        self.assertEqual(fork.yes_rate, 1.0)
        participants = self.env["marketing.journey.participant"]
        for action, expected in (
            (fork.action_view_here(), self.bo | self.chen),
            (fork.action_view_yes(), self.ana),
            (fork.action_view_no(), self.env["res.partner"]),
            (fork.action_view_passed(), self.ana),
        ):
            self.assertEqual(
                participants.search(action["domain"]).person_id,
                expected.marketing_person_id,
            )
        self.assertEqual((journey.live_count, journey.done_count), (2, 1))

    def test_the_journeys_of_a_person_are_one_click_away(self):
        self.make_journey(self.wait())
        person = self.ana.marketing_person_id.with_user(self.user_marketing)
        self.assertEqual(person.journey_count, 1)
        action = person.action_view_journeys()
        passes = self.env["marketing.journey.participant"].search(action["domain"])
        self.assertEqual(passes.person_id, self.ana.marketing_person_id)


@tagged("post_install", "-at_install")
class TestJourneyAccess(JourneyCase):
    """Marketers build, managers start, nobody else sees journeys."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journey = cls.make_journey(cls.mail(), cls.END, publish=False)

    def test_a_marketer_builds_but_does_not_start(self):
        journey = (
            self.env["marketing.journey"]
            .with_user(self.user_marketing)
            .create({"name": "Mine", "segment_id": self.segment.id, "state": "running"})
        )
        self.assertEqual(journey.state, "draft")
        step = self.env["marketing.journey.step"].with_user(self.user_marketing)
        mail = step.create({"version_id": journey.draft_version_id.id, "kind": "mail"})
        mail.mailing_id.body_html = "<p>Good day</p>"
        self.assertFalse(journey.problems)
        journey.action_check()
        with self.assertRaisesRegex(AccessError, "Only a marketing manager"):
            journey.action_publish()
        with self.assertRaises(AccessError):
            journey.state = "running"
        with self.assertRaises(AccessError):
            journey.draft_version_id.state = "published"

    def test_a_manager_starts_and_a_marketer_may_not_change_the_rules_then(self):
        self.journey.with_user(self.user_manager).action_publish()
        self.assertEqual(self.journey.state, "running")
        journey = self.journey.with_user(self.user_marketing)
        for change in (
            journey.action_pause,
            journey.action_end,
            lambda: journey.write({"exit_on_leave": True}),
        ):
            with self.assertRaises(AccessError):
                change()
        journey.name = "Better name"
        self.journey.with_user(self.user_manager).exit_on_leave = True

    def test_a_marketer_sees_participants_and_changes_none(self):
        self.journey.action_publish()
        self.run_journeys()
        participant = self.participant_of(self.journey, self.ana).with_user(
            self.user_marketing
        )
        self.assertEqual(
            participant.log_ids.mapped("event"), ["step", "step", "entered"]
        )
        self.assertTrue(participant.log_ids[0].description)
        for attempt in (
            lambda: participant.write({"state": "done"}),
            participant.unlink,
            participant.log_ids.unlink,
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_salespeople_and_employees_see_nothing(self):
        for user in (self.user_sales, self.user_employee):
            for model in (*MODELS, "marketing.journey.add", "marketing.journey.remove"):
                with self.subTest(user=user.login, model=model):
                    with self.assertRaises(AccessError):
                        self.env[model].with_user(user).search([], limit=1)

    def test_a_company_does_not_see_the_journeys_of_another(self):
        journey = self.make_journey(
            self.wait(),
            company_id=self.company_other.id,
            user_id=self.env.user.id,
        )
        self.run_journeys()
        for model in MODELS:
            field = {
                "marketing.journey": "id",
                "marketing.journey.log": "participant_id.journey_id",
            }.get(model, "journey_id")
            domain = [(field, "=", journey.id)]
            with self.subTest(model=model):
                self.assertTrue(self.env[model].search_count(domain))
                found = self.env[model].with_user(self.user_manager).search(domain)
                self.assertFalse(found)

    def test_a_segment_of_another_company_is_refused(self):
        self.segment.company_id = self.company_other
        with self.assertRaises(UserError):
            self.make_journey(publish=False, company_id=self.env.company.id)
