import unittest
from types import SimpleNamespace
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from odoo.addons.email_marketing_crm.tools.mail_holes import (
    cut_fields,
    cut_template,
    split_at_markers,
    to_escaped,
    to_markup,
    to_plain,
)
from odoo.addons.mail.models import mail_render_mixin

MIXIN = "odoo.addons.mail.models.mail_render_mixin"
spaces = st.text(" |\n", max_size=2)
gaps = st.text(" |\n", min_size=1, max_size=2)
words = st.text("ab<>/='\"&é |\n", max_size=6)
tags = st.sampled_from(["t", "T", "b", "span", "td"])
expressions = st.sampled_from(
    ["object", "object.name", "object.parent.name", "object.gone", "object.parent.gone"]
)


@st.composite
def printed_fields(draw):
    """A field by its name, in each of the ways that Odoo knows and a few more."""
    tag, quote = draw(tags), draw(st.sampled_from("\"'"))
    opening = f"<{tag}{draw(gaps)}t-out={draw(spaces)}{quote}{draw(expressions)}{quote}"
    if draw(st.booleans()):
        return f"{opening}{draw(spaces)}/>"
    closing = draw(st.sampled_from([tag, tag, tag, "i"]))
    return f"{opening}{draw(spaces)}>{draw(spaces)}{draw(words)}</{closing}>"


templates = st.lists(words | printed_fields(), max_size=6).map("".join)
values = st.sampled_from(["Bo & Eve", "<b>", "'", "", False, None, 0])


class Record(dict):
    """What can be read like a record of a model."""

    id = 1


def render_as_odoo(source, record):
    """What `mail.render.mixin` makes of the template, the clean-up of HTML apart."""
    mixin = SimpleNamespace(
        env={
            "any.model": SimpleNamespace(browse=lambda _ids: [record]),
            "ir.qweb": SimpleNamespace(_is_expression_allowed=lambda *_words: True),
        }
    )
    render = mail_render_mixin.MailRenderMixin._render_template_qweb_regex
    with patch(f"{MIXIN}.html_normalize", str):
        return str(render(mixin, source, "any.model", [record.id])[record.id])


class TestNamedFields(unittest.TestCase):
    """Fields by their names are found as Odoo finds them."""

    @given(templates, values, values)
    def test_what_is_cut_prints_what_odoo_prints(self, source, name, parent_name):
        record = Record(name=name, parent=Record(name=parent_name))
        texts, fields = cut_fields(source)
        printed = texts[:1]
        for field, text in zip(fields, texts[1:], strict=True):
            value = record
            for key in field.names:
                value = value.get(key)
            printed += [escape(value or field.default or ""), text]
        self.assertEqual("".join(printed), render_as_odoo(source, record))

    @given(words)
    def test_text_alone_stays_as_it_is(self, source):
        self.assertEqual(cut_fields(source), ([source], []))

    def test_texts_and_fields(self):
        texts, fields = cut_fields(
            'Dear <t t-out="object.name">friend</t> of <b t-out="object.parent.name"/>!'
        )
        self.assertEqual(texts, ["Dear ", " of <b>", "</b>!"])
        self.assertEqual(fields, [(["name"], "friend"), (["parent", "name"], None)])


class TestMailHoles(unittest.TestCase):
    """A template is cut where it prints, and nowhere else."""

    def test_values_and_what_stands_for_them(self):
        cut = cut_template(
            "<p>Dear <t t-out='object.name'>friend</t>, <b t-out='object.city'/>!</p>"
        )
        first, second = cut.holes
        self.assertEqual(first.source, '<t t-out="object.name">friend</t>')
        self.assertEqual(
            cut.get_body([True, True], is_compiled=False),
            f"<p>Dear {first.marker}, <b>{second.marker}</b>!</p>",
        )
        self.assertEqual(
            cut.get_body([False, True], is_compiled=False),
            f"<p>Dear , <b>{second.marker}</b>!</p>",
        )
        self.assertEqual(
            cut.get_body([True, False], is_compiled=True),
            f"<p>Dear <t t-out=\"'{first.marker}'\"></t>, <b t-out=\"''\"></b>!</p>",
        )
        pieces, names = split_at_markers(
            cut.get_body([True, True], is_compiled=False), cut.holes
        )
        self.assertEqual(pieces, ["<p>Dear ", ", <b>", "</b>!</p>"])
        self.assertEqual(names, [0, 1])

    def test_the_same_for_all(self):
        cut = cut_template("<p>Hello</p><!--[if mso]>x<![endif]-->")
        self.assertEqual(cut.holes, [])
        self.assertEqual(
            cut.get_body([], is_compiled=False),
            "<p>Hello</p><!--[if mso]>x<![endif]-->",
        )

    def test_what_cannot_be_cut(self):
        for source in (
            "<p t-if='object.city'>Hello</p>",
            "<t t-foreach='object.child_ids' t-as='child'><t t-out='child.name'/></t>",
            "<a t-att-href='object.website'>x</a>",
            "<t t-set='name' t-value='object.name'/>",
            "<t t-out='object.name' t-options='{}'/>",
            "<t t-out='object.a'><t t-out='object.b'/></t>",
        ):
            self.assertIsNone(cut_template(source), source)

    def test_values_in_html(self):
        self.assertEqual(to_plain("O&#39;Brien &amp; Co"), "O'Brien & Co")
        self.assertEqual(to_markup("O'Brien & Co"), "O'Brien &amp; Co")
        self.assertEqual(to_escaped("O'Brien & Co"), "O&#39;Brien &amp; Co")
