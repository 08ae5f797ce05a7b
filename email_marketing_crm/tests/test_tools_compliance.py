from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from ..tools.compliance import has_address, has_label, has_sender, has_unsubscribe

texts = st.text(max_size=30)


@tagged("post_install", "-at_install")
class TestCompliance(TestCase):
    def test_labels(self):
        for subject, is_labelled in (
            ("广告 新水泵", True),
            ("【广告】新水泵", True),
            ("广告：新水泵", True),
            ("(AD) New pumps", True),
            ("[ad] New pumps", True),
            ("AD: pumps", True),
            ("AD水泵", True),
            ("Advanced pumps", False),
            ("New pumps (AD)", False),
            ("", False),
        ):
            with self.subTest(subject=subject):
                self.assertEqual(has_label(subject, "广告, AD"), is_labelled)
        self.assertTrue(has_label("New pumps", ""))
        self.assertTrue(has_label("New pumps", " , "))

    @given(texts, st.sampled_from(["广告", "AD"]), st.sampled_from(" :|-]】"))
    def test_what_begins_with_a_label_is_labelled(self, subject, label, separator):
        self.assertTrue(has_label(f"{label}{separator}{subject}", "广告，AD"))

    def test_address(self):
        text = "Pumps Ltd\n12, Mill  Lane\nYORK YO1 7HH"
        self.assertTrue(has_address(text, "12 Mill Lane", "York"))
        self.assertFalse(has_address(text, "12 Mill Lane", "Leeds"))
        self.assertFalse(has_address(text, "", "York"))

    def test_sender(self):
        company = "Pumps Ltd."
        for name, email, text, is_plain in (
            ("Pumps Ltd", "news@pumps.example", "", True),
            ("Ana", "news@pumps.example", "Regards, Pumps Ltd.", True),
            ("Ana", "news@pumps.example", "Regards", False),
            ("", "news@pumps.example", "Pumps Ltd", False),
            ("Pumps Ltd", "pumps@gmail.com", "", False),
            ("Pumps Ltd", "", "", False),
        ):
            with self.subTest(name=name, email=email):
                self.assertEqual(has_sender(name, email, company, text), is_plain)

    def test_unsubscribe(self):
        self.assertTrue(has_unsubscribe('<a href="/unsubscribe_from_list">x</a>'))
        self.assertTrue(has_unsubscribe('<a href="/marketing/preferences">x</a>'))
        self.assertFalse(has_unsubscribe("<p>Unsubscribe by letter</p>"))
