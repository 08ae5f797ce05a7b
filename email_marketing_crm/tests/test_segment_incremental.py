"""Members that follow event by event are the members a full refresh finds."""

import random
from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from .common import NOW
from .segment_common import SegmentCase

MUTATIONS = 300
CITIES = ("Porto", "Lund", False)
EVENTS = ("form", "clicked", "replied", "page_view", "order")


@tagged("post_install", "-at_install")
class TestSegmentIncremental(SegmentCase):
    def setUp(self):
        super().setUp()
        self.random = random.Random(20260304)
        self.partners = self.env["res.partner"]
        self.leads = self.env["crm.lead"]
        self.addresses = [f"person{number}@example.com" for number in range(12)]
        self.segments = self.make_segments()

    def make_segments(self):
        porto = ("city", "=", "Porto")
        form = ("form", "at_least", 1, 0)
        recent = ("clicked", "at_least", 2, 30)
        silent = ("replied", "at_most", 0, 0)
        pages = ("page_view", "at_most", 2, 10)
        made = [
            self.make_segment(),
            self.make_segment(domain=[porto]),
            self.make_segment(domain=["!", porto]),
            self.make_segment(form),
            self.make_segment(silent),
            self.make_segment(form, recent, match="any"),
            self.make_segment(form, silent, match="any"),
            self.make_segment(form, silent, pages),
            self.make_segment(silent, pages, match="any", domain=[porto]),
            self.make_segment(domain=[("is_blacklisted", "=", False)]),
            self.make_segment(domain=[("active", "in", [True, False]), porto]),
            self.make_segment(domain=[("marketing_last_engagement_date", "!=", False)]),
        ]
        inner = made[1]
        made.append(
            self.make_segment(domain=[("marketing_segment_ids", "not in", inner.ids)])
        )
        made.append(
            self.env["marketing.segment"].create(
                {
                    "name": "Leads of Porto",
                    "res_model": "crm.lead",
                    "domain": "[('city', '=', 'Porto'), ('name', '=', 'Crowd')]",
                }
            )
        )
        made += self.make_composed_segments(inner, made[3])
        return self.env["marketing.segment"].concat(*made)

    def make_composed_segments(self, inner, other):
        """Segments in segments, groups, sums, windows and places."""
        form = ("form", "at_least", 1, 0)
        spent = {"measure": "value", "amount": 30}
        between = {
            "period": "between",
            "date_from": NOW - timedelta(days=40),
            "date_to": NOW - timedelta(days=5),
        }

        def link(*kinds):
            return [
                Command.create({"kind": kind, "other_id": segment.id})
                for kind, segment in zip(kinds, (inner, other), strict=False)
            ]

        types = self.env["marketing.touchpoint.type"]
        group = {
            "match": "all",
            "rule_ids": [
                Command.create({"type_id": types._get_id(code), "operator": "exactly"})
                for code in ("replied", "page_view")
            ],
        }
        around = self.make_segment(link_ids=link("include", "include"))
        return [
            around,
            self.make_segment(link_ids=link("include", "exclude")),
            self.make_segment(link_ids=link("include", "include"), include_match="any"),
            self.make_segment(
                link_ids=[Command.create({"kind": "exclude", "other_id": around.id})]
            ),
            self.make_segment(form, group_ids=[Command.create(group)], match="any"),
            self.make_segment(("order", "at_least", 1, 0, spent)),
            self.make_segment(("order", "at_most", 1, 30, spent)),
            self.make_segment(("clicked", "exactly", 0, 0, between)),
            self.make_segment(("page_view", "at_least", 1, 0, {"page": "/a*c"})),
            self.make_segment(("page_view", "at_most", 0, 30, {"topic": "abc"})),
            self.make_segment(form, member_limit=2, sort_order="behavior"),
            self.make_segment(member_limit=3),
            self.make_segment(
                ("replied", "at_most", 0, 0),
                member_limit=1,
                link_ids=link("exclude"),
            ),
        ]

    # ------------------------------------------------------------------
    # mutations
    # ------------------------------------------------------------------

    def mutate(self):
        """Something happens to somebody; returns what, for the message."""
        name = self.random.choice(
            [
                "add_partner",
                "add_lead",
                "move",
                "move_lead",
                "change_address",
                "archive",
                "delete",
                "event",
                "event",
                "event",
                "block",
                "tag",
            ]
        )
        getattr(self, f"mutate_{name}")()
        return name

    def any_of(self, records):
        records = records.exists()
        return self.random.choice(records) if records else records

    def mutate_add_partner(self):
        self.partners |= self.make_partner(
            self.random.choice(self.addresses), city=self.random.choice(CITIES)
        )

    def mutate_add_lead(self):
        self.leads |= self.make_lead(
            self.random.choice(self.addresses),
            name="Crowd",
            city=self.random.choice(CITIES),
        )

    def mutate_move(self):
        self.any_of(self.partners).city = self.random.choice(CITIES)

    def mutate_move_lead(self):
        self.any_of(self.leads).city = self.random.choice(CITIES)

    def mutate_change_address(self):
        self.any_of(self.partners).email = self.random.choice(
            [*self.addresses, False, "nonsense"]
        )

    def mutate_archive(self):
        partner = self.any_of(self.partners)
        partner.active = not partner.active

    def mutate_delete(self):
        self.any_of(self.partners).unlink()

    def mutate_event(self):
        self.happened(
            self.random.choice(EVENTS),
            self.random.choice(self.addresses),
            date=NOW - timedelta(days=self.random.randrange(60), hours=1),
            reliability=self.random.choice(["human_likely", "security_scan"]),
            value=self.random.randrange(20),
            data={"url": self.random.choice(["/abc", "/xyz"]), "tags": ["Abc"]}
            if self.random.random() < 0.5
            else None,
        )

    def mutate_block(self):
        blacklist = self.env["mail.blacklist"]
        address = self.random.choice(self.addresses)
        if blacklist.search([("email", "=", address)]):
            blacklist._remove(address)
        else:
            blacklist._add(address)

    def mutate_tag(self):
        partner = self.any_of(self.partners)
        if partner:
            command = Command.unlink if partner.category_id else Command.link
            partner.category_id = [command(self.crowd.id)]

    # ------------------------------------------------------------------
    # comparison
    # ------------------------------------------------------------------

    def run_places(self):
        """The lane of the segments whose places are to be given anew."""
        soon = NOW + timedelta(minutes=1)
        for _run in range(5):
            waiting = self.segments.filtered(
                lambda segment: segment.member_limit and segment.next_refresh < soon
            )
            for segment in waiting:
                segment._refresh_pass()
            self.run_inbox()
            self.clock.move_to(NOW)
            if not waiting:
                return

    def describe(self, segment):
        parts = [*segment.rule_ids, *segment.group_ids, *segment.link_ids]
        names = [part.display_name for part in parts]
        return f"{segment.domain}, {segment.match} {names}, {segment.member_limit}"

    def assert_no_drift(self, message):
        self.env.flush_all()
        for segment in self.segments:
            wanted = set(self.env.execute_query(segment._get_target_query()))
            self.env.cr.execute(
                "SELECT person_id, res_id FROM marketing_segment_member"
                " WHERE segment_id = %s",
                segment.ids,
            )
            self.assertEqual(
                set(self.env.cr.fetchall()),
                wanted,
                f"{self.describe(segment)} {message}",
            )

    def test_incremental_is_full(self):
        done = []
        for number in range(MUTATIONS):
            done.append(self.mutate())
            if number % 4 == 3:
                self.run_inbox()
                self.clock.move_to(NOW)
                self.run_places()
                self.assert_no_drift(f"after {done[-4:]}, mutation {number}")
        self.assertTrue(any(segment.member_count for segment in self.segments))
        events = self.env["marketing.touchpoint"].search_count([])
        for segment in self.segments:
            segment._refresh()
        self.assertEqual(self.env["marketing.touchpoint"].search_count([]), events)
        self.assert_stays_are_logged()

    def assert_stays_are_logged(self):
        """Who is a member entered once more than left; who is not, as often."""
        self.env.cr.execute(
            """
            SELECT count(*)
              FROM (SELECT res_id AS segment_id, person_id,
                           sum(CASE type.code WHEN 'segment_entered' THEN 1
                                              ELSE -1 END) AS stays
                      FROM marketing_touchpoint t
                      JOIN marketing_touchpoint_type type ON type.id = t.type_id
                     WHERE t.res_model = 'marketing.segment' AND t.res_id = ANY(%s)
                     GROUP BY res_id, person_id) log
              FULL JOIN (SELECT segment_id, person_id FROM marketing_segment_member
                          WHERE segment_id = ANY(%s)) member
                ON member.segment_id = log.segment_id
               AND member.person_id = log.person_id
             WHERE COALESCE(log.stays, 0)
                   <> CASE WHEN member.person_id IS NULL THEN 0 ELSE 1 END
            """,
            [self.segments.ids, self.segments.ids],
        )
        self.assertEqual(self.env.cr.fetchone()[0], 0)
