import unittest

from odoo.addons.email_marketing_crm.tools.mail_holes import (
    cut_template,
    split_at_markers,
    to_escaped,
    to_markup,
    to_plain,
)


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
