from odoo import Command
from odoo.tests import tagged

from .segment_common import SegmentCase

ANA, BO = "ana@example.com", "bo@example.com"


@tagged("post_install", "-at_install")
class TestSegmentEvent(SegmentCase):
    """Who listens to the moves of a segment hears of all; nobody else is woken."""

    def setUp(self):
        super().setUp()
        self.partners = self.make_partner(ANA) + self.make_partner(BO)
        self.run_inbox()

    def fill(self, segment):
        """Persons in the queue after the first fill of a segment."""
        segment._refresh()
        self.env.flush_all()
        self.assertEqual(self.members_of(segment), [ANA, BO])
        self.assertEqual(self.moves_of(segment, ANA), ["segment_entered"])
        return self.env["marketing.inbox"].search_count([("kind", "=", "touchpoint")])

    def make_new_segment(self, **values):
        return self.env["marketing.segment"].create(
            {"name": "Readers", "domain": repr([self.in_crowd]), **values}
        )

    def test_first_fill_without_listeners_is_logged_and_wakes_nobody(self):
        self.assertEqual(self.fill(self.make_new_segment()), 0)

    def test_every_listener_hears_of_the_first_fill(self):
        entered = self.env["marketing.touchpoint.type"]._get_id("segment_entered")

        def with_journey(segment):
            self.env["marketing.journey"].create(
                {"name": "Welcome", "segment_id": segment.id}
            )

        def with_link(segment):
            self.make_new_segment(link_ids=[Command.create({"other_id": segment.id})])

        def with_domain(segment):
            self.make_new_segment(
                domain=repr([("marketing_segment_ids", "in", segment.ids)])
            )

        def with_rule(_segment):
            self.make_new_segment(rule_ids=[Command.create({"type_id": entered})])

        def with_score_rule(_segment):
            self.env["marketing.score.model"].create(
                {
                    "name": "Score",
                    "rule_ids": [Command.create({"type_id": entered, "points": 5})],
                }
            )

        def with_tag(segment):
            segment.env["marketing.segment.action"].create(
                {"segment_id": segment.id, "partner_tag_id": self.crowd.copy().id}
            )

        for listen in (
            with_journey,
            with_link,
            with_domain,
            with_rule,
            with_score_rule,
            with_tag,
        ):
            with self.subTest(listen.__name__), self.env.cr.savepoint() as savepoint:
                segment = self.make_new_segment()
                self.assertFalse(segment._is_followed())
                listen(segment)
                self.env.flush_all()
                self.env.cr.precommit.run()
                self.env.cr.execute("DELETE FROM marketing_inbox")
                self.assertEqual(self.fill(segment), 2)
                savepoint.rollback()
                self.env.invalidate_all()
                self.env.registry.clear_cache()

    def test_later_moves_are_always_queued(self):
        """A lane that decided at the same time looks again."""
        segment = self.make_new_segment()
        segment._refresh()
        self.env.cr.execute("DELETE FROM marketing_inbox")
        self.env.cr.execute(
            "DELETE FROM marketing_segment_member WHERE segment_id = %s", segment.ids
        )
        segment._refresh()
        self.assertEqual(self.env["marketing.inbox"].search_count([]), 2)

    def test_static_segment(self):
        segment = self.make_new_segment(kind="static")
        segment._include_records(self.partners)
        self.assertEqual(self.moves_of(segment, ANA), ["segment_entered"])
        self.assertFalse(self.env["marketing.inbox"].search_count([]))
        self.env["marketing.journey"].create(
            {"name": "Welcome", "segment_id": segment.id}
        )
        segment.member_ids.action_remove()
        self.assertEqual(self.env["marketing.inbox"].search_count([]), 2)
