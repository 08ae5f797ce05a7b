import re

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .content_common import ContentCase

LANGS = ("en_US", "zh_CN", "de_DE")


@tagged("post_install", "-at_install")
class TestContentSplit(ContentCase):
    """A batch is split by what is written for whom."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crowd = cls.env["res.partner"].create(
            [
                {
                    "name": f"Person {number}",
                    "email": f"p{number}@example.com",
                    "lang": LANGS[number % 3],
                }
                for number in range(500)
            ]
        )
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.env.invalidate_all()
        cls.segments = [
            cls.make_segment(
                *(f"p{number}@example.com" for number in range(start, 500, start)),
                name=f"Every {start}",
            )
            for start in (2, 5, 7, 11)
        ]
        cls.conditions = cls.env["marketing.content.condition"].union(
            *(
                cls.make_condition(segment.name, segment_ids=segment)
                for segment in cls.segments
            )
        )
        blocks = "".join(
            cls.block(condition, f"<p>{condition.name}</p>")
            for condition in cls.conditions
        )
        cls.mailing = cls.make_mailing(
            body_html=f"<h1>Hello</h1>{blocks}<p>Bye</p>",
            marketing_sender_kind="salesperson",
        )
        for code in ("zh_CN", "de_DE"):
            cls.make_translation(
                cls.mailing, code, body_html=f"<h1>{code}</h1>{blocks}<p>Bye</p>"
            )

    def test_the_second_button_is_the_same_place_for_everybody(self):
        """Who does not get the first one does not click at its place."""
        condition = self.make_condition(lang_ids=self.lang("zh_CN"))
        button = '<p><a href="https://www.example.com/buy">Buy</a></p>'
        mailing = self.make_mailing(
            self.everybody, body_html=self.block(condition, button) + button
        )
        mails = self.sent(mailing)
        links = {
            link.label: link.code
            for link in self.env["link.tracker"].search(
                [("mass_mailing_id", "=", mailing.id)]
            )
        }
        self.assertEqual(set(links), {"Buy", "Buy (2)"})
        places = {
            address: re.findall(r"/r/(\w+)/m/", mail["body"])
            for address, mail in mails.items()
        }
        self.assertEqual(
            places,
            {
                "li@example.com": [links["Buy"], links["Buy (2)"]],
                "ana@example.com": [links["Buy (2)"]],
                "eva@example.com": [links["Buy (2)"]],
            },
        )
        self.assertNotIn("data-marketing-place", mails["ana@example.com"]["body"])
        body = mailing.get_click_map()["body"]
        self.assertNotIn("data-marketing-place", body)

    def test_each_recipient_in_exactly_one_part(self):
        deliveries = dict.fromkeys(self.crowd.ids, False)
        parts = self.mailing._split_by_content(deliveries)
        members = [res_id for _content, part in parts for res_id in part]
        self.assertEqual(sorted(members), sorted(self.crowd.ids))
        self.assertEqual(len(members), len(set(members)))

    def test_each_part_has_its_language_and_blocks(self):
        names = dict(zip(self.crowd.ids, range(500), strict=True))
        parts = self.mailing._split_by_content(dict.fromkeys(self.crowd.ids, False))
        for content, part in parts:
            for res_id in part:
                number = names[res_id]
                self.assertEqual(content["lang"], LANGS[number % 3])
                for start in (2, 5, 7, 11):
                    is_shown = number >= start and number % start == 0
                    self.assertEqual(f"Every {start}</p>" in content["body"], is_shown)
                self.assertNotIn("data-marketing", content["body"])

    def test_queries_do_not_depend_on_the_number_of_recipients(self):
        def count_queries(partners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.mailing._split_by_content(dict.fromkeys(partners.ids, False))
            return self.env.cr.sql_log_count - before

        count_queries(self.crowd[:3])
        few, many = count_queries(self.crowd[:20]), count_queries(self.crowd)
        self.assertLessEqual(many, few + 3)
        self.assertLess(many, 45)

    def test_mailing_for_all_is_not_split(self):
        mailing = self.make_mailing()
        deliveries = {self.ana.id: False, self.li.id: False}
        self.assertEqual(mailing._split_by_content(deliveries), [({}, deliveries)])

    def test_variant_is_made_again_from_what_was_noted(self):
        parts = self.mailing._split_by_content(dict.fromkeys(self.crowd.ids, False))
        for content, _part in parts:
            again = self.mailing._get_variant_content(content["marketing_variant"])
            self.assertEqual(again["body"], content["body"])
            self.assertEqual(again.get("subject"), content.get("subject"))

    def test_without_a_person_nobody_gets_a_block_for_some(self):
        stranger = self.env["res.partner"].create({"name": "No address"})
        [(content, _part)] = self.mailing._split_by_content({stranger.id: False})
        self.assertNotIn("Every", content["body"])
        self.assertIn("Hello", content["body"])

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.integers(0, 499), min_size=1, max_size=40, unique=True),
        st.sampled_from(["fixed", "salesperson", "owner"]),
    )
    def test_nobody_is_lost_whoever_is_asked(self, numbers, kind):
        self.mailing.marketing_sender_kind = kind
        deliveries = {self.crowd[number].id: False for number in numbers}
        parts = self.mailing._split_by_content(deliveries)
        united = {}
        for content, part in parts:
            self.assertTrue(part)
            self.assertTrue(content)
            self.assertFalse(united.keys() & part.keys())
            united |= part
        self.assertEqual(united, deliveries)
        bodies = [content["body"] + content["lang"] for content, _part in parts]
        self.assertEqual(len(bodies), len(set(bodies)))
