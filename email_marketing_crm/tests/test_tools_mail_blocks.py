import unittest
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from ..tools.link_places import PLACE
from ..tools.mail_blocks import (
    clean_placeholders,
    fill_sender,
    find_chains,
    find_conditions,
    has_sender_parts,
    keep_blocks,
)
from ..tools.mail_language import choose_language

#: (address, shown, is a picture, condition of its block or 0) of a link.
LINKS = st.lists(
    st.tuples(
        st.sampled_from(["https://a.example", "https://b.example"]),
        st.sampled_from(["Buy", "Look", "Buy (2)"]),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=10,
)
CODES = st.sampled_from(["en_US", "en_GB", "zh_CN", "zh_TW", "pt_BR", "pt_PT", "de_DE"])


class TestMailBlocks(unittest.TestCase):
    def test_blocks_of_others_go(self):
        body = (
            '<p>All</p><section data-marketing-condition="1"><p>One</p></section>'
            '<section data-marketing-condition="2"><p>Two</p></section> tail'
        )
        self.assertEqual(find_conditions(body), {1, 2})
        self.assertEqual(
            keep_blocks(body, {2}),
            "<p>All</p><section><p>Two</p></section> tail",
        )

    def test_block_in_a_block(self):
        body = (
            '<div data-marketing-condition="1">a'
            '<div data-marketing-condition="2">b</div>c</div>d'
        )
        self.assertEqual(keep_blocks(body, {1, 2}), "<div>a<div>b</div>c</div>d")
        self.assertEqual(keep_blocks(body, {1}), "<div>ac</div>d")
        self.assertEqual(keep_blocks(body, {2}), "d")

    def test_who_sees_a_block_in_a_block_meets_both_conditions(self):
        body = (
            '<div data-marketing-condition="1">a'
            '<div data-marketing-condition="2">b</div></div>'
            '<p data-marketing-condition="2">c</p><p data-marketing-condition="x">d</p>'
        )
        self.assertEqual(
            find_chains(body), {frozenset({1}), frozenset({1, 2}), frozenset({2})}
        )
        self.assertEqual(find_chains("<p>All</p>"), set())

    def test_unknown_condition_is_shown_to_nobody(self):
        body = '<p data-marketing-condition="99">x</p><p>y</p>'
        self.assertEqual(keep_blocks(body, set()), "<p>y</p>")
        self.assertEqual(
            keep_blocks('<p data-marketing-condition="abc">x</p>y', {1}), "y"
        )

    def test_placeholders_and_outlook_comments_stay(self):
        body = (
            "<!--[if mso]><table><tr><td><![endif]-->"
            '<p>Dear <t t-out="object.name">friend</t> &amp; 您好</p>'
            "<!--[if mso]></td></tr></table><![endif]-->"
        )
        self.assertEqual(
            keep_blocks(body + '<i data-marketing-condition="1">x</i>', set()), body
        )

    def test_sender_is_filled_in(self):
        body = (
            '<p><b data-marketing-sender="name">Your contact</b>, '
            '<span data-marketing-sender="phone">our number</span></p>'
            '<div data-marketing-sender="signature">Regards</div>'
        )
        self.assertTrue(has_sender_parts(body))
        self.assertEqual(
            fill_sender(
                body,
                {"name": "Bo <Ek>", "phone": "", "signature": "Bye,<br><b>Bo</b>"},
            ),
            "<p><b>Bo &lt;Ek&gt;</b>, <span>our number</span></p>"
            "<div>Bye,<br><b>Bo</b></div>",
        )

    def test_signature_is_no_template(self):
        """A salesperson writes his signature himself, and mails are templates."""
        filled = fill_sender(
            '<div data-marketing-sender="signature"></div>',
            {"signature": '<t t-out="env.cr"/><b t-att-x="env">x</b>'},
        )
        self.assertNotIn("t-", filled)
        self.assertNotIn("<t", filled)

    def test_placeholders_without_styles(self):
        for written, cleaned in (
            (
                '<p style="a">x <t style="b: c" t-out="object.name"'
                ' data-oe-t-inline="true">you</t></p>',
                '<p style="a">x <t t-out="object.name">you</t></p>',
            ),
            ('<t t-out="object.name" style="x"/>', '<t t-out="object.name"/>'),
            ("<T class='a' t-if='a > b'>x</T>", "<t t-if='a > b'>x</T>"),
            (
                "<table style='x'><tr></tr></table>",
                "<table style='x'><tr></tr></table>",
            ),
            ("<t t-out='object.name'>you</t>", "<t t-out='object.name'>you</t>"),
        ):
            with self.subTest(written=written):
                self.assertEqual(clean_placeholders(written), cleaned)
                self.assertEqual(clean_placeholders(cleaned), cleaned)

    @given(
        st.lists(
            st.tuples(st.integers(1, 5), st.text("abcü您<&", max_size=8)), max_size=12
        ),
        st.sets(st.integers(1, 5)),
    )
    def test_exactly_the_blocks_that_are_met(self, blocks, met):
        """Everything outside of blocks stays, whatever blocks there are."""
        body = "<h1>head</h1>" + "".join(
            f'<section id="s{place}" data-marketing-condition="{condition}"></section>'
            f"<p>between {place}</p>"
            for place, (condition, _text) in enumerate(blocks)
        )
        kept = keep_blocks(body, met)
        self.assertEqual(find_conditions(kept), set())
        for place, (condition, _text) in enumerate(blocks):
            self.assertEqual(f'id="s{place}"' in kept, condition in met)
            self.assertIn(f"between {place}</p>", kept)

    def write_links(self, links):
        """A mail with these links in their blocks; their ids are their places."""
        body = "<h1>head</h1>"
        for place, (url, shown, is_picture, condition) in enumerate(links):
            label = f'<img src="{shown}">' if is_picture else shown
            block = f' data-marketing-condition="{condition}"' if condition else ""
            body += f'<p{block}><a id="{place}" href="{url}">{label}</a></p>'
        return body

    def read_numbers(self, body):
        """`{place of a link in the mail: the number it got, or None}`."""
        links = html.fragment_fromstring(body, create_parent="div").iter("a")
        return {int(link.get("id")): link.get(PLACE) for link in links}

    @given(LINKS, st.sets(st.integers(1, 3)))
    def test_a_link_has_the_same_number_for_all_who_have_it(self, links, met):
        """So a click of who gets a part of the mail is counted at its place."""
        body = self.write_links(links)
        mine = self.read_numbers(keep_blocks(body, met))
        everything = self.read_numbers(keep_blocks(body, {1, 2, 3}))
        self.assertEqual(
            set(mine),
            {place for place, link in enumerate(links) if link[3] in {0, *met}},
        )
        self.assertEqual(mine, {place: everything[place] for place in mine})

    @given(LINKS)
    def test_links_that_repeat_are_counted_from_the_top_and_others_not(self, links):
        numbers = self.read_numbers(keep_blocks(self.write_links(links), {1, 2, 3}))
        is_split = any(condition for *_link, condition in links)
        # A picture is known by its address, so one that is called like a text is it.
        total = Counter(link[:2] for link in links)
        seen = Counter()
        for place, link in enumerate(links):
            seen[link[:2]] += 1
            repeats = is_split and total[link[:2]] > 1
            self.assertEqual(
                numbers[place], str(seen[link[:2]]) if repeats else None, place
            )


class TestMailLanguage(unittest.TestCase):
    def test_choice(self):
        for reader, own, others, chosen in (
            (None, "en_US", ["zh_CN"], "en_US"),
            ("zh_CN", "en_US", ["zh_CN"], "zh_CN"),
            ("zh_TW", "en_US", ["zh_CN"], "zh_CN"),
            ("en_GB", "en_US", ["en_AU"], "en_US"),
            ("fr_FR", "en_US", ["zh_CN"], "en_US"),
            ("fr_FR", None, ["zh_CN"], None),
            ("sr@latin", "en_US", ["sr_RS"], "sr_RS"),
        ):
            with self.subTest(reader=reader, others=others):
                self.assertEqual(choose_language(reader, own, others), chosen)

    @given(st.one_of(st.none(), CODES), CODES, st.lists(CODES, unique=True))
    def test_always_one_that_is_written(self, reader, own, others):
        chosen = choose_language(reader, own, others)
        self.assertIn(chosen, [own, *others])
        if reader in [own, *others]:
            self.assertEqual(chosen, reader)
