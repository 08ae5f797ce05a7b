"""A full refresh first asks whether there is anything to do: that must never lie."""

import random
from unittest.mock import patch

from odoo.fields import Domain
from odoo.tests import tagged

from .common import NOW
from .segment_common import MODELS, SegmentCase

QUERY = f"{MODELS}.marketing_segment_query.MarketingSegment"
CITIES = ("Porto", "Lund", False)
MUTATIONS = 60


@tagged("post_install", "-at_install")
class TestSegmentUnchanged(SegmentCase):
    def settled(self, *rules, **values):
        """A segment whose last full refresh changed nothing."""
        segment = self.make_segment(*rules, **values)
        segment._refresh()
        segment._refresh()
        self.assertTrue(segment._is_likely_unchanged())
        return segment

    def differs(self, segment):
        self.env.flush_all()
        return bool(self.env.execute_query(segment._get_difference_query()))

    def test_the_quick_answer_is_the_one_of_the_full_comparison(self):
        dice = random.Random(20261122)
        addresses = [f"person{number}@example.com" for number in range(6)]
        partners = self.env["res.partner"]
        for address in addresses[:4]:
            partners |= self.make_partner(address, city="Porto")
        self.run_inbox()
        self.clock.move_to(NOW)
        segments = [
            self.settled(),
            self.settled(domain=[("city", "=", "Porto")]),
            self.settled(("form", "at_least", 1, 0)),
            self.settled(("form", "at_most", 0, 0), domain=[("city", "!=", "Porto")]),
        ]
        segments[1]._exclude_persons(partners[0].marketing_person_id.ids)
        segments[2]._include_records(partners[1])
        answers = set()
        for _turn in range(MUTATIONS):
            some = dice.choice(partners.exists())
            match dice.randrange(5):
                case 0:
                    some.city = dice.choice(CITIES)
                case 1:
                    some.active = not some.active
                case 2:
                    partners |= self.make_partner(
                        dice.choice(addresses), city=dice.choice(CITIES)
                    )
                case 3:
                    self.happened("form", dice.choice(addresses))
                case 4:
                    some.email = dice.choice([*addresses, False])
            for segment in segments:
                size = segment._get_unchanged_size()
                is_unchanged = size is not None
                if is_unchanged:
                    members = segment.member_ids.filtered(
                        lambda member: member.state == "member"
                    )
                    self.assertEqual(size, len(members))
                self.assertNotEqual(is_unchanged, self.differs(segment), segment.domain)
                answers.add(is_unchanged)
                if dice.random() < 0.5:
                    segment._refresh()
                    self.assertFalse(self.differs(segment))
        self.assertEqual(answers, {True, False})

    def test_an_older_record_and_a_lost_one_are_noticed(self):
        older = self.make_partner("ana@example.com", city="Lund")
        newer = self.make_partner("ana@example.com", city="Porto")
        segment = self.settled(domain=[("city", "=", "Porto")])
        older.city = "Porto"
        segment._refresh()
        self.assertEqual(segment.member_ids.res_id, older.id)
        self.assertEqual(segment.refresh_changes, 1)
        segment._refresh()
        older.city = "Lund"
        segment._refresh()
        self.assertEqual(segment.member_ids.res_id, newer.id)

    def test_whether_it_pays_is_known_from_the_last_time(self):
        self.make_partner("ana@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.assertFalse(segment._is_likely_unchanged(), "it has just been filled")
        limited = self.make_segment(member_limit=3)
        limited._refresh()
        self.assertFalse(limited._is_likely_unchanged(), "places depend on an order")

    def test_linked_records_of_small_tables_are_looked_up_first(self):
        """With the same answer as Odoo's join, for every operator."""
        belgium, china = self.env.ref("base.be"), self.env.ref("base.cn")
        self.make_partner("be@example.com", country_id=belgium.id)
        self.make_partner("cn@example.com", country_id=china.id)
        self.make_partner("nowhere@example.com", country_id=False)
        archived = self.env["res.partner.industry"].create(
            {"name": "Old Mills", "active": False}
        )
        self.make_partner("mill@example.com", industry_id=archived.id)
        code = Domain("code", "=", "BE")
        for domain, addresses in (
            ([("country_id.code", "=", "BE")], ["be"]),
            ([("country_id.code", "!=", "BE")], ["cn"]),
            (["!", ("country_id.code", "=", "BE")], ["cn", "mill", "nowhere"]),
            (list(Domain("country_id", "any", code)), ["be"]),
            (list(Domain("country_id", "not any", code)), ["cn", "mill", "nowhere"]),
            ([("country_id.code", "=", "??")], []),
            ([("industry_id.name", "=", "Old Mills")], ["mill"]),
        ):
            with self.subTest(domain=domain):
                segment = self.make_segment(domain=domain)
                query, _person = segment._search_records(segment._get_conditions())
                self.assertNotIn("JOIN", query.select().code)
                with patch(f"{QUERY}._is_small", return_value=False):
                    joined = segment.copy({"name": "Joined"})
                    joined._refresh()
                segment._refresh()
                self.assertEqual(
                    self.members_of(segment),
                    [f"{address}@example.com" for address in addresses],
                )
                self.assertEqual(self.members_of(joined), self.members_of(segment))
