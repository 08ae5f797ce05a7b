from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.email_marketing_crm.tests.common import MarketingCase

ANA, BEN = "ana@example.com", "ben@example.com"


@tagged("post_install", "-at_install")
class TestForum(MarketingCase):
    """What people write in the forum is in their history."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.forum = cls.env["forum.forum"].create({"name": "Pumps"})
        cls.ana, cls.ben = (
            new_test_user(cls.env, login, groups="base.group_portal", email=email)
            for login, email in (("ana.forum", ANA), ("ben.forum", BEN))
        )
        (cls.ana | cls.ben).karma = 5000

    def setUp(self):
        super().setUp()
        # Dates of records are the database's; posts from the future have no rank.
        self.clock.move_to(self.env.cr.now())

    def post(self, user, name, **values):
        return (
            self.env["forum.post"]
            .with_user(user)
            .create({"forum_id": self.forum.id, "name": name, **values})
        )

    def written_by(self, email):
        """What the history says, oldest first."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        events = self.env["marketing.touchpoint"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("type_id.code", "=", "forum_post"),
            ],
            order="id",
        )
        return events.mapped("description")

    def test_questions_answers_and_comments(self):
        tag = self.env["forum.tag"].create({"name": "Noise", "forum_id": self.forum.id})
        question = self.post(self.ana, "Why so loud?", tag_ids=[Command.link(tag.id)])
        answer = self.post(
            self.ben, "Re", parent_id=question.id, content="<p>Oil it.</p>"
        )
        answer.with_user(self.ana).message_post(
            body="Thanks", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(
            self.written_by(ANA),
            [
                "Asked “Why so loud?” in the forum",
                "Commented on “Why so loud?” in the forum",
            ],
        )
        self.assertEqual(self.written_by(BEN), ["Answered “Why so loud?” in the forum"])
        event = self.env["marketing.touchpoint"].search(
            [("dedup_key", "=", f"forum:post:{question.id}")]
        )
        self.assertEqual(event.date, question.create_date)
        self.assertEqual(event.data["tags"], ["Noise"])
        self.assertEqual(event.data["forum"], "Pumps")

    def test_what_waits_for_a_moderator_counts_when_it_is_let_through(self):
        self.forum.karma_post = 9000
        question = self.post(self.ana, "Cheap watches")
        self.assertEqual(question.state, "pending")
        self.assertEqual(self.written_by(ANA), [])
        question.sudo().state = "active"
        self.assertEqual(len(self.written_by(ANA)), 1)
        question.sudo().state = "active"
        self.assertEqual(len(self.written_by(ANA)), 1)

    def test_a_comment_that_becomes_an_answer_is_told_once(self):
        question = self.post(self.ana, "Why so loud?")
        comment = question.with_user(self.ben).message_post(
            body="Oil it", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        answer = question.sudo().convert_comment_to_answer(comment.id)
        answer.sudo().convert_answer_to_comment()
        self.assertEqual(
            self.written_by(BEN), ["Commented on “Why so loud?” in the forum"]
        )

    def test_colleagues_and_who_is_not_tracked_are_left_out(self):
        colleague = new_test_user(
            self.env, "colleague", groups="base.group_user", email="c@example.com"
        )
        colleague.karma = 5000
        self.person_of(ANA).is_do_not_track = True
        self.post(colleague, "Welcome")
        self.post(self.ana, "Why so loud?")
        self.assertEqual(self.written_by("c@example.com"), [])
        self.assertEqual(self.written_by(ANA), [])
