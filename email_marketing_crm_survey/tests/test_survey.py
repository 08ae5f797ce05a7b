from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.email_marketing_crm.tests.common import NOW
from odoo.addons.email_marketing_crm.tests.segment_common import SegmentCase
from odoo.addons.email_marketing_crm_survey.hooks import pre_init_hook, uninstall_hook

ANA, BEN = "ana@example.com", "ben@example.com"


@tagged("post_install", "-at_install")
class TestSurvey(SegmentCase):
    """Who finishes a survey has his answers in his history."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.survey = cls.env["survey.survey"].create(
            {
                "title": "How do you like our pumps?",
                "survey_type": "assessment",
                "access_mode": "public",
                "scoring_type": "scoring_without_answers",
                "question_and_page_ids": [
                    Command.create(
                        {
                            "title": "Which pump?",
                            "question_type": "simple_choice",
                            "suggested_answer_ids": [
                                Command.create({"value": "Big", "answer_score": 10}),
                                Command.create({"value": "Small", "answer_score": 5}),
                            ],
                        }
                    ),
                    Command.create({"title": "Why?", "question_type": "text_box"}),
                    Command.create({"title": "Since?", "question_type": "date"}),
                ],
            }
        )
        cls.which, cls.why, cls.since = cls.survey.question_ids

    def begin(self, **values):
        return self.survey._create_answer(**values)

    def answer(self, answers, pump=0, why="They are quiet"):
        for one in answers:
            one._save_lines(self.which, self.which.suggested_answer_ids[pump].id)
            one._save_lines(self.why, why)
            one._save_lines(self.since, None)
        answers._mark_done()

    def event_of(self, email):
        self.env.flush_all()
        self.env.cr.precommit.run()
        return self.env["marketing.touchpoint"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("type_id.code", "=", "survey"),
            ]
        )

    # ------------------------------------------------------------------
    # what is kept
    # ------------------------------------------------------------------

    def test_answers_and_score_are_in_the_history(self):
        answer = self.begin(partner=self.make_partner(ANA))
        self.assertFalse(self.event_of(ANA))
        self.answer(answer, pump=1)
        event = self.event_of(ANA)
        self.assertEqual(event.date, NOW)
        self.assertEqual(event.reliability, "human_confirmed")
        self.assertEqual((event.res_model, event.res_id), (answer._name, answer.id))
        self.assertEqual(
            event.data,
            {
                "title": "How do you like our pumps?",
                "score": 50,
                "answers": [
                    {"Which pump?": ["Small"]},
                    {"Why?": ["They are quiet"]},
                ],
            },
        )
        self.assertEqual(
            event.description,
            "Answered “How do you like our pumps?”, 50 % of all points",
        )
        self.assertIn("Which pump?: Small; Why?: They are quiet", event.facts)
        answer.write({"state": "done"})
        self.assertEqual(len(self.event_of(ANA)), 1)

    def test_who_gives_his_address_is_found_or_made_by_it(self):
        self.answer(self.begin(email="Ana@Example.com "))
        self.assertEqual(self.event_of(ANA).reliability, "human_likely")

    def test_a_session_ends_for_all_at_once(self):
        """The number of statements does not grow with the number of participants."""

        def finish(count):
            partners = self.env["res.partner"].create(
                [
                    {"name": f"P{number}", "email": f"p{count}.{number}@example.com"}
                    for number in range(count)
                ]
            )
            inputs = self.env["survey.user_input"].union(
                *(self.begin(partner=partner) for partner in partners)
            )
            self.env.flush_all()
            self.env.cr.precommit.run()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            inputs._capture_finished()
            self.env.cr.precommit.run()
            return self.env.cr.sql_log_count - before

        finish(1)
        self.assertLessEqual(finish(8), finish(2))
        self.assertEqual(len(self.touchpoints_of("p8.7@example.com", "survey")), 1)

    # ------------------------------------------------------------------
    # what is not
    # ------------------------------------------------------------------

    def test_tests_strangers_and_colleagues_are_left_out(self):
        before = self.env["marketing.touchpoint"].search_count([])
        colleague = new_test_user(
            self.env, "colleague", groups="base.group_user", email="c@example.com"
        )
        answers = (
            self.begin()
            | self.begin(email="no address")
            | self.begin(user=colleague)
            | self.begin(email=BEN, user=self.env.ref("base.public_user"))
        )
        answers[-1].test_entry = True
        self.answer(answers)
        self.env.cr.precommit.run()
        self.assertEqual(self.env["marketing.touchpoint"].search_count([]), before)

    def test_surveys_that_promise_anonymity_are_left_out(self):
        self.survey.marketing_is_recorded = False
        self.answer(self.begin(partner=self.make_partner(ANA)))
        self.assertFalse(self.event_of(ANA))

    def test_who_does_not_want_to_be_tracked_is_left_out(self):
        partner = self.make_partner(ANA)
        self.person_of(ANA).is_do_not_track = True
        self.answer(self.begin(partner=partner))
        self.assertFalse(self.event_of(ANA))

    # ------------------------------------------------------------------
    # what is made of it
    # ------------------------------------------------------------------

    def test_segments_and_scores_ask_for_it(self):
        survey_type = self.env.ref("email_marketing_crm_survey.touchpoint_type_survey")
        segment = self.make_segment(
            ("survey", "at_least", 1, 0, {"topic": "our pumps"})
        )
        model = self.env.ref("email_marketing_crm.score_model_default")
        self.env["marketing.score.rule"].create(
            {
                "model_id": model.id,
                "kind": "behaviour",
                "type_id": survey_type.id,
                "points": 7,
            }
        )
        partner = self.make_partner(ANA)
        self.make_partner(BEN)
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])
        self.answer(self.begin(partner=partner))
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [ANA])
        self.assertAlmostEqual(self.person_of(ANA).score, 7, places=1)

    def test_an_erasure_keeps_the_result_and_not_who_gave_it(self):
        answer = self.begin(partner=self.make_partner(ANA))
        self.answer(answer)
        person = self.event_of(ANA).person_id
        person._erase()
        self.env.invalidate_all()
        self.assertFalse(answer.partner_id or answer.email or answer.nickname)
        kept = answer.user_input_line_ids.filtered("answer_type")
        self.assertEqual(kept.suggested_answer_id.value, "Big")
        self.assertNotIn("quiet", str(answer.user_input_line_ids.read()))
        events = self.env["marketing.touchpoint"].search(
            [("person_id", "=", person.id), ("type_id.code", "=", "survey")]
        )
        self.assertEqual(events.mapped("data"), [False])

    # ------------------------------------------------------------------
    # coming and going
    # ------------------------------------------------------------------

    def test_the_type_goes_unless_somebody_needs_it(self):
        name = "email_marketing_crm_survey.touchpoint_type_survey"
        survey_type = self.env.ref(name)
        uninstall_hook(self.env)
        self.assertEqual(self.env.ref(name), survey_type)
        self.answer(self.begin(partner=self.make_partner(ANA)))
        self.event_of(ANA)
        uninstall_hook(self.env)
        self.assertFalse(self.env.ref(name, raise_if_not_found=False))
        self.assertEqual(self.event_of(ANA).type_id, survey_type)
        pre_init_hook(self.env)
        self.assertEqual(self.env.ref(name), survey_type)
