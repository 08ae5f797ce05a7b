from odoo import Command
from odoo.tests import tagged

from .segment_common import SegmentCase

ANA, BO = "ana@example.com", "bo@example.com"


@tagged("post_install", "-at_install")
class TestSegmentVerdict(SegmentCase):
    def setUp(self):
        super().setUp()
        self.ana = self.make_partner(ANA, city="Porto", function="Buyer")
        self.bo = self.make_partner(BO, city="Lund")

    def verdicts_of(self, segment, email):
        person = self.person_of(email)
        return segment._get_verdicts(person.ids)[person.id]

    def make_plain_segment(self, domain, **values):
        segment = self.env["marketing.segment"].create(
            {"name": "Readers", "domain": repr(domain), **values}
        )
        segment._refresh()
        return segment

    def test_attributes(self):
        segment = self.make_plain_segment(
            [
                ("city", "=", "Porto"),
                "|",
                ("function", "ilike", "buy"),
                ("country_id.code", "=", "PT"),
            ]
        )
        ana = self.verdicts_of(segment, ANA)
        self.assertEqual(ana[0], ("City is Porto", True, "Porto"))
        self.assertTrue(ana[1][1])
        self.assertIn(
            "any of: Job Position contains buy; Country → Country Code is PT", ana[1][0]
        )
        self.assertIn("Job Position: Buyer", ana[1][2])
        bo = self.verdicts_of(segment, BO)
        self.assertEqual(bo[0], ("City is Porto", False, "Lund"))
        self.assertFalse(bo[1][1])

    def test_attributes_on_different_records(self):
        self.make_partner(BO, name="Bo again", city="Porto")
        self.bo.function = "Buyer"
        segment = self.make_plain_segment(
            [("city", "=", "Porto"), ("function", "=", "Buyer")]
        )
        bo = self.verdicts_of(segment, BO)
        self.assertEqual(
            [is_met for _label, is_met, _detail in bo], [True, True, False]
        )
        self.assertEqual(bo[2][2], "on different records only")
        self.assertTrue(all(verdict[1] for verdict in self.verdicts_of(segment, ANA)))

    def test_person_without_record(self):
        segment = self.make_plain_segment([])
        self.assertEqual(
            self.verdicts_of(segment, ANA), [("has a record: Contacts", True, "")]
        )
        self.bo.active = False
        [(_label, is_met, detail)] = self.verdicts_of(segment, BO)
        self.assertFalse(is_met)
        self.assertIn("no active record", detail)

    def test_behavior(self):
        self.happened("form", ANA)
        self.happened("order", ANA, value=40)
        self.run_inbox()
        segment = self.make_segment(
            ("form", "at_least", 2, 0),
            ("order", "at_least", 1, 0, {"measure": "value", "amount": 30}),
        )
        ana = self.verdicts_of(segment, ANA)
        self.assertEqual(ana[1][:2], ("Form submitted at least 2 times", False))
        self.assertIn("1 times, last on", ana[1][2])
        self.assertEqual(ana[2][:2], ("Order: at least 30 in total", True))
        self.assertIn("40 in total", ana[2][2])
        self.assertEqual(self.verdicts_of(segment, BO)[1][2], "never")
        segment.match = "any"
        ana = self.verdicts_of(segment, ANA)
        self.assertEqual(len(ana), 2)
        self.assertTrue(ana[1][1])

    def test_groups_links_hand_and_limit(self):
        self.happened("download", ANA)
        self.run_inbox()
        inner = self.make_segment(domain=[("city", "=", "Porto")], name="Porto")
        types = self.env["marketing.touchpoint.type"]
        segment = self.make_segment(
            group_ids=[
                Command.create(
                    {
                        "rule_ids": [
                            Command.create({"type_id": types._get_id(code)})
                            for code in ("form", "download")
                        ]
                    }
                )
            ],
            link_ids=[Command.create({"other_id": inner.id})],
            member_limit=1,
        )
        _crowd, group, link, place = self.verdicts_of(segment, ANA)
        self.assertTrue(group[1])
        self.assertIn("Form submitted at least 1 times: never", group[2])
        self.assertEqual(link[:2], ("is in “Porto”", True))
        self.assertIn("member since", link[2])
        self.assertEqual(place[1:], (True, "place 1"))
        segment._exclude_persons(self.person_of(BO).ids)
        _crowd, group, link, hand, place = self.verdicts_of(segment, BO)
        self.assertFalse(group[1])
        self.assertEqual(link[1:], (False, "not a member"))
        self.assertEqual(hand[:2], ("kept out by hand", False))
        self.assertFalse(place[1])

    def test_static_segment(self):
        segment = self.make_segment(kind="static")
        segment._include_records(self.ana)
        self.assertEqual(self.verdicts_of(segment, ANA)[0][:2], ("added by hand", True))
        self.assertEqual(
            self.verdicts_of(segment, BO), [("added by hand", False, "was never added")]
        )

    def test_verdicts_are_the_membership(self):
        """All true for the members, and not all for the others."""
        self.happened("form", ANA)
        self.happened("form", BO)
        self.run_inbox()
        segments = [
            self.make_segment(domain=[("city", "=", "Porto")]),
            self.make_segment(domain=["!", ("city", "=", "Porto")]),
            self.make_segment(domain=["|", ("city", "=", "Lund"), ("name", "=", "X")]),
            self.make_segment(("form", "at_least", 1, 0), ("form", "at_most", 0, 0)),
            self.make_segment(("form", "at_least", 1, 0), ("order", "exactly", 0, 0)),
            self.make_segment(member_limit=1),
        ]
        for segment in segments:
            members = self.members_of(segment)
            for email in (ANA, BO):
                verdicts = self.verdicts_of(segment, email)
                self.assertEqual(
                    all(verdict[1] for verdict in verdicts),
                    email in members,
                    f"{segment.domain}: {verdicts}",
                )
