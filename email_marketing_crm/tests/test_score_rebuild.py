"""Incremental scores equal scores rebuilt from the log, whatever the order.

`REBUILD_SIZE` is the number of touchpoints, 3000 without it; a million takes minutes.
"""

import os
import random
from datetime import timedelta

from odoo.tests import tagged

from ..tools.inbox_batch import InboxBatch, TouchpointRow
from ..tools.reliability import CLASSES
from .common import NOW
from .score_common import ScoreCase

SIZE = int(os.environ.get("REBUILD_SIZE", "3000"))
TOUCHPOINTS_PER_PERSON = 30
BATCH_SIZE = 2000
SEED = 20260304


@tagged("post_install", "-at_install")
class TestRebuild(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model.write({"maximum": 90, "threshold": 50})
        group = cls.env["marketing.score.group"].create(
            {"model_id": cls.model.id, "name": "Reading", "maximum": 40}
        )
        cls.click.write({"maximum": 25, "group_id": group.id})
        cls.make_rule(
            "opened", 2, group_id=group.id, maximum=20, minimum_reliability="unknown"
        )
        cls.make_rule("form", 20, maximum=45)
        cls.make_rule("unsubscribed", -15, maximum=30)

    def make_persons(self, size):
        self.env.cr.execute(
            """
            INSERT INTO marketing_person (email_normalized, create_date, suppression)
            SELECT 'p' || number || '@rebuild.example', %s, 'none'
              FROM generate_series(1, %s) number
            RETURNING id
            """,
            [NOW, size],
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def make_rows(self, rng, person_ids):
        """Random touchpoints over a year, in the order in which they arrive.

        Mostly in time, a tenth of them up to a month late; whole hours, so that many
        share their moment.
        """
        codes = rng.choices(
            ("opened", "clicked", "form", "unsubscribed", "sent"),
            (10, 6, 2, 1, 4),
            k=SIZE,
        )
        rows = []
        for number, code in enumerate(codes):
            date = NOW - timedelta(hours=rng.randrange(365 * 24))
            late = timedelta(days=30 * rng.random() if rng.random() < 0.1 else 0)
            values = {
                "type": code,
                "person_id": rng.choice(person_ids),
                "date": date,
                "reliability": rng.choice(CLASSES),
                "dedup_key": f"rebuild:{number}",
            }
            rows.append((date + late, values))
        return [row for _arrival, row in sorted(rows, key=lambda item: item[0])]

    def consume_at_random(self, rng, rows):
        """Write and consume the events in batches of random size."""
        position = 0
        while position < len(rows):
            size = rng.randint(1, BATCH_SIZE)
            self.env.cr.execute("SELECT max(id) FROM marketing_touchpoint")
            newest = self.env.cr.fetchone()[0] or 0
            self.env["marketing.touchpoint"]._capture(rows[position : position + size])
            self.env["marketing.touchpoint"]._flush_captured()
            position += size
            self.env.cr.execute(
                """
                SELECT t.id, t.person_id, t.type_id, type.code, t.date, t.reliability,
                       t.mailing_id, t.link_id, t.res_model, t.res_id, t.company_id,
                       t.value
                  FROM marketing_touchpoint t
                  JOIN marketing_touchpoint_type type ON type.id = t.type_id
                 WHERE t.id > %s
                 ORDER BY t.person_id, t.date, t.id
                """,
                [newest],
            )
            touchpoints = [TouchpointRow(*row) for row in self.env.cr.fetchall()]
            self.consume(InboxBatch(now=NOW, touchpoints=touchpoints))
        self.env.cr.execute("DELETE FROM marketing_inbox")

    def consume(self, batch):
        self.env["marketing.score.model"]._consume_inbox(batch)
        self.env.cr.precommit.data.clear()

    def read_all(self, person_ids):
        self.env.cr.execute(
            """
            SELECT s.person_id, l.rule_id, s.value, s.last_date, s.last_touchpoint_id,
                   l.value, l.hits, l.last_date
              FROM marketing_score s
              LEFT JOIN marketing_score_line l ON l.score_id = s.id
             WHERE s.person_id = ANY(%s) AND s.model_id = %s
            """,
            [person_ids, self.model.id],
        )
        return {row[:2]: row[2:] for row in self.env.cr.fetchall()}

    def test_incremental_equals_rebuilt(self):
        rng = random.Random(SEED)
        person_ids = self.make_persons(max(2, SIZE // TOUCHPOINTS_PER_PERSON))
        self.consume_at_random(rng, self.make_rows(rng, person_ids))
        incremental = self.read_all(person_ids)
        self.env.cr.execute("DELETE FROM marketing_score")
        self.env.invalidate_all()
        for start in range(0, len(person_ids), BATCH_SIZE):
            self.consume(
                InboxBatch(
                    now=NOW,
                    rebuild_ids=frozenset(person_ids[start : start + BATCH_SIZE]),
                )
            )
        rebuilt = self.read_all(person_ids)
        self.assertGreater(len(rebuilt), SIZE / TOUCHPOINTS_PER_PERSON)
        self.assertEqual(incremental.keys(), rebuilt.keys())
        clock = dict(self.model._get_clocks())[self.model.id]
        for key, (value, *rest) in rebuilt.items():
            other, *other_rest = incremental[key]
            # points of the last event: what a difference would be seen in
            weight = clock.weight(rest[0]) if rest[0] else 1.0
            self.assertAlmostEqual(other / weight, value / weight, 6, key)
            self.assertEqual(other_rest[:2], rest[:2], key)
            if key[1]:
                self.assertAlmostEqual(other_rest[2] / weight, rest[2] / weight, 6, key)
                self.assertEqual(other_rest[3:], rest[3:], key)
