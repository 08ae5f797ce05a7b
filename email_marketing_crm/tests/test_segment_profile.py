from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from .common import NOW
from .segment_common import SegmentCase

ANA = "ana@example.com"


@tagged("post_install", "-at_install")
class TestSegmentProfile(SegmentCase):
    """Score, grade, life cycle and persona as conditions of a segment."""

    def setUp(self):
        super().setUp()
        self.make_partner(ANA, function="Buyer")
        self.make_partner("bo@example.com")
        self.person = self.person_of(ANA)

    def make_score_model(self):
        self.env["marketing.score.model"].search([]).active = False
        form = self.env["marketing.touchpoint.type"]._get_id("form")
        return self.env["marketing.score.model"].create(
            {
                "name": "Score",
                "is_primary": True,
                "half_life_days": 30,
                "rule_ids": [
                    Command.create({"type_id": form, "points": 60}),
                    Command.create(
                        {
                            "kind": "fit",
                            "points": 100,
                            "record_model": "res.partner",
                            "domain": "[('function', '=', 'Buyer')]",
                        }
                    ),
                ],
            }
        )

    def test_score_band_follows_events_and_fades(self):
        self.make_score_model()
        self.run_inbox()
        for domain in (
            [("marketing_score", ">=", 50)],
            [("marketing_person_id.score", ">=", 50)],
            [("marketing_score", ">=", 50), ("marketing_score", "<", 500)],
        ):
            with self.subTest(domain=domain):
                self.clock.move_to(NOW)
                segment = self.make_segment(domain=domain)
                before = self.members_of(segment)
                self.happened("form", ANA)
                self.run_inbox()
                self.assertIn(ANA, [*before, *self.members_of(segment)])
                self.assertTrue(segment.is_time_dependent)
                self.assertLess(
                    segment.next_refresh - segment.refreshed_at, timedelta(minutes=10)
                )
                self.clock.move_to(NOW + timedelta(days=120))
                segment._refresh()
                self.assertEqual(self.members_of(segment), [])

    def test_grade(self):
        partner = self.env["res.partner"].search([("email", "=", ANA)])
        partner.function = "Cook"
        self.make_score_model()
        segment = self.make_segment(domain=[("marketing_grade", "in", ["A", "B"])])
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])
        partner.function = "Buyer"
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [ANA])
        partner.function = "Cook"
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])

    def test_life_cycle(self):
        for name in (
            "marketing_lifecycle_stage_id",
            "marketing_person_id.lifecycle_stage_id",
        ):
            with self.subTest(field=name):
                stages = self.env["marketing.lifecycle.stage"]._get_ids_by_code()
                segment = self.make_segment(domain=[(name, "=", stages["mql"])])
                self.env["marketing.lifecycle.move"]._move_persons(
                    self.person.ids, "mql", "Test"
                )
                self.run_inbox()
                self.assertEqual(self.members_of(segment), [ANA])
                self.env["marketing.lifecycle.move"]._move_persons(
                    self.person.ids, "lead", "Test", backward=True
                )
                self.run_inbox()
                self.assertEqual(self.members_of(segment), [])

    def test_persona(self):
        persona = self.env["marketing.persona"].create({"name": "Plant engineer"})
        for name in ("marketing_persona_id", "marketing_person_id.persona_id"):
            with self.subTest(field=name):
                segment = self.make_segment(domain=[(name, "=", persona.id)])
                self.person.persona_id = persona
                self.run_inbox()
                self.assertEqual(self.members_of(segment), [ANA])
                self.person.persona_id = False
                self.run_inbox()
                self.assertEqual(self.members_of(segment), [])

    def test_origin_and_legal_basis(self):
        """Who came from where, and who may be written to why; both from an import."""
        source = self.env["marketing.acquisition.source"].create(
            {"name": "Pump fair", "kind": "event", "legal_basis": "consent"}
        )
        path = "marketing_person_id"
        of_fair = self.make_segment(
            domain=[(f"{path}.acquisition_source_id", "=", source.id)]
        )
        by_name = self.make_segment(
            domain=[(f"{path}.acquisition_source_id.name", "ilike", "fair")]
        )
        agreed = self.make_segment(domain=[(f"{path}.legal_basis", "=", "consent")])
        unknown = self.make_segment(domain=[(f"{path}.legal_basis", "=", "unknown")])
        segments = (of_fair, by_name, agreed, unknown)
        self.assertEqual([self.members_of(one) for one in segments], [[]] * 4)
        persons = self.env["marketing.person"]
        new = self.person_of("bo@example.com")
        persons._set_origin(self.person.ids, source.id, "consent", [])
        persons._set_origin(new.ids, source.id, "unknown", new.ids)
        self.run_inbox()
        bo = "bo@example.com"
        self.assertEqual(
            [self.members_of(one) for one in segments],
            [[ANA, bo], [ANA, bo], [ANA], [bo]],
        )
        persons._set_origin(new.ids, source.id, "contract", [])
        self.run_inbox()
        self.assertEqual(self.members_of(unknown), [])
        for segment in segments:
            before = self.members_of(segment)
            segment._refresh()
            self.assertEqual(self.members_of(segment), before)

    def test_who_merges_brings_his_origin_along(self):
        source = self.env["marketing.acquisition.source"].create(
            {"name": "Pump fair", "kind": "event", "legal_basis": "consent"}
        )
        segment = self.make_segment(
            domain=[("marketing_person_id.acquisition_source_id", "=", source.id)]
        )
        other = self.person_of("bo@example.com")
        other._set_origin(other.ids, source.id, "consent", [])
        self.run_inbox()
        self.assertEqual(self.members_of(segment), ["bo@example.com"])
        other._merge_into(self.person)
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [ANA])
        self.assertEqual(self.person.legal_basis, "consent")

    def test_fields_of_the_person_nobody_asks_for_queue_nothing(self):
        self.run_inbox()
        self.person.tz = "Asia/Shanghai"
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertFalse(self.env["marketing.inbox"].search([]))
