"""Defects of a mail are found, clean mails have none, and no HTML breaks the check."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from odoo.tests import BaseCase, tagged

from odoo.addons.email_marketing_crm.tools import content_check as check
from odoo.addons.email_marketing_crm.tools.body_reduction import (
    has_expression,
    reduce_body,
    repeat_body,
)
from odoo.addons.email_marketing_crm.tools.content_check import Word
from odoo.addons.email_marketing_crm.tools.content_reading import Content
from odoo.addons.email_marketing_crm.tools.merge_field import (
    MergeField,
    find_body_fields,
    find_inline_fields,
)
from odoo.addons.email_marketing_crm.tools.text_language import (
    count_words,
    get_width,
    guess_language,
)

TAGS = st.sampled_from("p a img table td t style script div br h1 ![CDATA[ !--".split())
NAMES = st.sampled_from("href src alt width style t-if t-out t-attf-href id".split())
TEXTS = st.text(max_size=20)


@st.composite
def broken_html(draw):
    """Pieces of HTML in any order: half of them are never closed."""
    pieces = []
    for _piece in range(draw(st.integers(0, 12))):
        kind = draw(st.integers(0, 3))
        if kind == 0:
            pieces.append(draw(TEXTS))
        elif kind == 1:
            pieces.append(f"</{draw(TAGS)}>")
        else:
            attributes = " ".join(
                f'{draw(NAMES)}="{draw(TEXTS)}"'
                for _name in range(draw(st.integers(0, 3)))
            )
            pieces.append(f"<{draw(TAGS)} {attributes}>")
    return "".join(pieces)


@st.composite
def templates(draw, depth=0):
    """A body with directives somewhere in it."""
    parts = []
    for _part in range(draw(st.integers(0, 3))):
        inner = draw(templates(depth + 1)) if depth < 3 else ""
        parts.append(
            draw(
                st.sampled_from(
                    [
                        f"<p>plain {inner}</p>",
                        f'<t t-if="object.name">{inner}</t>',
                        f'<div t-foreach="object.child_ids" t-as="x">{inner}</div>',
                        '<t t-out="object.email"/> tail',
                        '<a t-attf-href="/x/{{object.id}}">go</a>',
                        '<t t-set="greeting">Hello <b>you</b></t>',
                        "<table><tr><td>cell</td></tr></table>",
                    ]
                )
            )
        )
    return "text".join(parts)


@tagged("post_install", "-at_install")
class TestToolsContentCheck(BaseCase):
    @given(broken_html() | TEXTS)
    def test_no_html_breaks_the_check(self, source):
        content = Content.read(source)
        list(check.find_bad_links(content))
        check.find_images_without_text(content)
        check.is_image_heavy(content)
        check.find_placeholders("body", content.text)
        guess_language(content.text)
        check.is_related(source, content.text)
        check.is_shouting(source)
        check.get_checkable_urls(content)
        check.find_words([Word(1, "最", ("最近",))], [("body", content.text)])
        find_body_fields(source)
        find_inline_fields(source)
        reduce_body(source)

    @given(st.text(), st.text(min_size=1, max_size=5))
    def test_excerpts_show_what_was_found(self, text, word):
        for hit in check.find_words([Word(1, word)], [("body", text)]):
            self.assertIn(
                " ".join(check._fold(word).split()), check._fold(hit.excerpt) + " "
            )

    @given(templates())
    def test_what_is_evaluated_survives_the_reduction(self, source):
        def directives(text):
            root = html.fragment_fromstring(text, create_parent="div")
            return [
                (key, value)
                for element in root.iter()
                for key, value in element.attrib.items()
                if key.startswith("t-")
            ]

        reduced = reduce_body(source)
        self.assertEqual(directives(reduced), directives(source))
        self.assertEqual(has_expression(reduced), has_expression(source))
        self.assertNotIn("plain", reduced)
        self.assertNotIn("cell", reduced)

    def test_what_a_variable_is_set_to_survives_the_reduction(self):
        source = '<p>Dear <t t-set="x">Hello <b>you</b></t> friend</p>'
        self.assertEqual(
            reduce_body(source), '<p><t t-set="x">Hello <b>you</b></t></p>'
        )

    def test_who_may_be_tried_together(self):
        """What one record leaves behind must not be found by the next one."""
        values = (
            '<p t-if="object.name" t-att-title="object.city.title()">'
            '<t t-out="object.name.upper()">x</t></p><p t-else="">y</p>'
        )
        self.assertEqual(
            repeat_body(values, "people"),
            f'<t t-foreach="people" t-as="object">{values}</t>',
        )
        for source in (
            '<t t-if="object.name" t-set="x" t-value="1"/><t t-out="x.real"/>',
            '<t t-foreach="object.child_ids" t-as="child"/><t t-out="child.name"/>',
            '<t t-call="mail.layout"/>',
            '<t t-out="object_index + 1"/>',
        ):
            with self.subTest(source=source):
                self.assertIsNone(repeat_body(source, "people"))

    def test_links_that_lead_nowhere(self):
        cases = {
            "<a>look</a>": "empty",
            '<a href="">look</a>': "empty",
            '<a href="#">look</a>': "empty",
            '<a href="#nowhere">look</a>': "empty",
            '<a href="javascript:void(0)">look</a>': "empty",
            '<a href="http://">look</a>': "empty",
            '<a href="https://[::1">look</a>': "empty",
            '<a href="www.pumps.com">look</a>': "empty",
            '<a href="mailto:">look</a>': "empty",
            '<a href="https://www.example.com/x">look</a>': "example",
            '<a href="mailto:ana@shop.test">look</a>': "example",
            '<a href="https://pumps.com">look</a>': None,
            '<a href="//pumps.com/x">look</a>': None,
            '<a href="mailto:ana@pumps.com">look</a>': None,
            '<a href="tel:+86 10 1234">look</a>': None,
            '<a href="/unsubscribe_from_list">look</a>': None,
            '<a href="#below">look</a><p id="below"/>': None,
            '<a name="top"></a>': None,
            '<a t-attf-href="https://pumps.com/{{object.id}}">look</a>': None,
        }
        for source, wanted in cases.items():
            with self.subTest(source):
                found = [
                    kind for kind, _link in check.find_bad_links(Content.read(source))
                ]
                self.assertEqual(found, [wanted] if wanted else [])

    def test_placeholders_that_were_left(self):
        for text in (
            "Dear {{name}},",
            "Dear [NAME],",
            "Dear [First Name],",
            "Dear *|FNAME|*,",
            "Dear <<name>>,",
            "Dear %FIRST_NAME%,",
            "Dear ${object.name},",
            "尊敬的【客户姓名】:",
            "Lorem ipsum dolor",
        ):
            with self.subTest(text):
                self.assertEqual(len(check.find_placeholders("body", text)), 1)
        for text in (
            "[AD] New pumps",
            "【广告】新品",
            "Save 20% now",
            "a [sic] quote",
            "2<3",
        ):
            with self.subTest(text):
                self.assertFalse(check.find_placeholders("body", text))
        self.assertFalse(check.find_placeholders("subject", "[Date] x", ["date"]))

    def test_words_stand_out_but_not_in_harmless_expressions(self):
        words = [
            Word(1, "最", ("最近", "最后")),
            Word(2, "第一", ("第一次",)),
            Word(3, "最佳"),
            Word(4, "free"),
        ]
        cases = {
            "最近我们第一次见面,这是最后": [],
            "我们是行业第一": ["第一"],
            "最佳选择": ["最佳"],
            "质量最好": ["最"],
            "最近的最好": ["最"],
            "Free pumps": ["free"],
            "Freedom, carefree": [],
            "现在free领取": ["free"],
        }
        for text, wanted in cases.items():
            with self.subTest(text):
                hits = check.find_words(words, [("body", text)])
                self.assertEqual([hit.what for hit in hits], wanted)

    def test_the_subject_comes_first(self):
        parts = [("subject", "free"), ("preview", ""), ("body", "a free pump")]
        hits = check.find_words([Word(1, "free")], parts)
        self.assertEqual([hit.part for hit in hits], ["subject", "body"])
        self.assertEqual(hits[1].excerpt, "a free pump")

    def test_chinese_characters_take_two_columns(self):
        self.assertEqual(get_width("新品 pump"), 9)
        self.assertEqual(get_width("e\u0301"), 1)
        self.assertEqual(count_words("新品上市 new pump"), 4)

    def test_languages_are_recognised(self):
        cases = {
            "zh": "我们的新水泵现在可以订购了,欢迎您来我们的展厅参观。",
            "en": "We are happy to show you the new pumps that we have built for you "
            "and for all of your plants, with this letter.",
            "de": "Wir freuen uns, Ihnen die neuen Pumpen zu zeigen, die wir für Sie "
            "und für Ihre Anlagen gebaut haben, und laden Sie ein.",
            "fr": "Nous sommes heureux de vous présenter les nouvelles pompes que nous "
            "avons construites pour vous et pour vos usines.",
            "es": "Estamos contentos de presentar a usted las nuevas bombas que hemos "
            "hecho para usted y para su planta con esta carta.",
            None: "Pumps 2026",
        }
        for lang, text in cases.items():
            with self.subTest(lang):
                self.assertEqual(guess_language(text), lang)

    def test_a_subject_is_about_what_the_mail_is_about(self):
        self.assertTrue(check.is_related("New pumps", "<p>Our pump is here"))
        self.assertTrue(check.is_related("新品水泵上市", "我们的水泵"))
        self.assertTrue(check.is_related("Hi you", "Anything"))
        self.assertFalse(check.is_related("Win a holiday", "Our pump is here"))
        self.assertFalse(check.is_related("免费旅游大奖", "我们的水泵"))

    def test_pictures(self):
        icon = '<img src="line.png" width="1"/>'
        heavy = Content.read('<img src="/a.png"/>' * 3 + icon + "<p>Hello you</p>")
        self.assertTrue(check.is_image_heavy(heavy))
        self.assertEqual(len(check.find_images_without_text(heavy)), 3)
        fine = Content.read('<img src="/a.png" alt="A pump"/>' + "<p>word </p>" * 30)
        self.assertFalse(check.is_image_heavy(fine))
        self.assertFalse(check.find_images_without_text(fine))

    def test_a_subject_that_shouts(self):
        for subject in ("BUY CHEAP PUMPS TODAY", "Pumps!!!", "水泵！！", "Really?!"):
            self.assertTrue(check.is_shouting(subject), subject)
        for subject in ("New pumps!", "ISO 9001 for NASA", "{{object.name!!!}}"):
            self.assertFalse(check.is_shouting(subject), subject)

    def test_styles_and_comments_are_no_text(self):
        content = Content.read(
            "<style>p {}</style><!-- no --><p>One<br/>two</p><script>x</script>three"
        )
        self.assertEqual(content.text, "One\ntwo\nthree")

    def test_a_clean_mail_has_no_finding(self):
        content = Content.read(
            '<h1>New pumps</h1><p>Dear customer, see <a href="https://pumps.com">our '
            'pumps</a>.</p><img src="/pump.png" alt="A pump"/>'
            + "<p>They are quiet, small and need little current.</p>"
            * 5
        )
        self.assertFalse(list(check.find_bad_links(content)))
        self.assertFalse(check.find_placeholders("body", content.text))
        self.assertFalse(check.find_images_without_text(content))
        self.assertFalse(check.is_image_heavy(content))
        self.assertTrue(check.is_related("New pumps", content.text))

    def test_values_and_what_is_said_instead(self):
        name = ("name",)
        cases = {
            '<t t-out="object.name"/>': [MergeField(name, False)],
            '<t t-out="object.name">friend</t>': [MergeField(name, True)],
            "<t t-out=\"object.name or 'friend'\"/>": [MergeField(name, True)],
            '<p t-if="object.name"><t t-out="object.name"/></p>': [
                MergeField(name, True)
            ],
            '<t t-out="object.user_id.name"/>': [
                MergeField(("user_id", "name"), False)
            ],
            '<a t-attf-href="/x?n={{object.name}}">x</a>': [MergeField(name, False)],
            '<t t-out="object.name.upper()"/>': [],
            '<t t-out="1 +"/>': [],
        }
        for source, wanted in cases.items():
            with self.subTest(source):
                self.assertEqual(find_body_fields(source), wanted)
        self.assertEqual(
            find_inline_fields("Dear {{ object.name ||| friend }}, {{object.city}}"),
            [MergeField(name, True), MergeField(("city",), False)],
        )
