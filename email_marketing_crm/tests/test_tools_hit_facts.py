"""What PostgreSQL's functions are told of an open or a click."""

import json
import unittest
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.hit_facts import (
    CLICK_KINDS,
    OPEN_KINDS,
    PROGRAM_LENGTH,
    Kind,
    add_moment,
    format_facts,
)
from odoo.addons.email_marketing_crm.tools.reliability import (
    RANK,
    classify_hit,
    distrust,
    is_at_least,
)

NOW = datetime(2026, 3, 4, 10, 0, 5)
programs = st.one_of(
    st.text(max_size=400),
    st.sampled_from(["", "Mozilla/5.0", "Mozilla/5.0 Chrome/120 Safari/537.36", "\0"]),
)
methods = st.sampled_from(["GET", "HEAD"])


def read(codes, user_agent, method, is_signed=True):
    """What a function reads of these facts."""
    kinds = tuple(Kind(code, 7 + at, 60 * at) for at, code in enumerate(codes))
    return json.loads(
        add_moment(format_facts(kinds, 1, user_agent, method, is_signed), NOW)
    )


class TestHitFacts(unittest.TestCase):
    @given(st.sampled_from([OPEN_KINDS, CLICK_KINDS]), programs, methods, st.booleans())
    def test_each_kind_has_the_class_that_the_rules_give(
        self, codes, user_agent, method, is_signed
    ):
        facts = read(codes, user_agent, method, is_signed)
        for at, code in enumerate(codes):
            self.assertEqual(facts[code]["type"], 7 + at)
            self.assertEqual(facts[code]["settling"], 60 * at)
            for name, delay in (("too_fast", 0.0), ("class", None)):
                kind = "click" if code == "clicked" else "open"
                found = classify_hit(kind, user_agent, method, delay)
                if not is_signed:
                    found = distrust(found)
                self.assertEqual(
                    facts[code][name], [found.reliability, ",".join(found.reasons)]
                )
        self.assertEqual(
            facts["is_human"], is_at_least(facts["opened"]["class"][0], "human_likely")
        )

    @given(programs, methods)
    def test_the_program_is_kept_so_that_postgresql_can_store_it(
        self, user_agent, method
    ):
        kept = read(OPEN_KINDS, user_agent, method)["data"]
        self.assertEqual(kept["method"], method)
        self.assertNotIn("\0", kept["user_agent"])
        self.assertEqual(
            kept["user_agent"], user_agent[:PROGRAM_LENGTH].replace("\0", "")
        )

    @given(programs, methods)
    def test_an_address_that_nobody_signed_is_never_surely_human(
        self, user_agent, method
    ):
        facts = read(CLICK_KINDS, user_agent, method, is_signed=False)
        self.assertFalse(facts["is_human"])
        for code in CLICK_KINDS:
            self.assertLessEqual(RANK[facts[code]["class"][0]], RANK["unknown"])

    def test_without_a_request_nothing_is_known_of_who_asked(self):
        facts = read(OPEN_KINDS, None, None)
        self.assertEqual(facts["data"], {"user_agent": None, "method": None})
        for code in OPEN_KINDS:
            self.assertEqual(facts[code]["class"], ["unknown", "no_request"])
            self.assertEqual(facts[code]["too_fast"], ["unknown", "no_request"])

    def test_the_moment_is_of_the_hit_and_not_of_the_program(self):
        facts = format_facts((Kind("opened", 1, 0),), 1, "", "GET", True)
        for second in (0, 30):
            moment = NOW.replace(second=second)
            told = json.loads(add_moment(facts, moment))
            self.assertEqual(told.pop("now"), moment.isoformat())
            self.assertEqual(told, json.loads(facts))
