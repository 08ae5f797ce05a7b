"""Numbers in sentences."""

from odoo.tests import TransactionCase, tagged

from ..models.number_format import format_difference, format_number, format_short


@tagged("post_install", "-at_install")
class TestNumberFormat(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        german = cls.env["res.lang"]._activate_lang("de_DE")
        german.write({"decimal_point": ",", "thousands_sep": "."})
        cls.german = cls.env(context={"lang": "de_DE"})
        cls.english = cls.env(context={"lang": "en_US"})

    def test_numbers_are_written_as_the_reader_writes_them(self):
        for number, digits, english, german in (
            (12345.678, 2, "12,345.68", "12.345,68"),
            (12345.678, 0, "12,346", "12.346"),
            (-8.26, 1, "-8.3", "-8,3"),
            (0.004, 2, "0.00", "0,00"),
            (-0.004, 2, "0.00", "0,00"),
            (-0.4, 0, "0", "0"),
        ):
            with self.subTest(number=number, digits=digits):
                self.assertEqual(format_number(self.english, number, digits), english)
                self.assertEqual(format_number(self.german, number, digits), german)

    def test_a_difference_says_in_which_direction_it_goes(self):
        for number, text in (
            (1.25, "+1.25"),
            (-1.25, "-1.25"),
            (1234.5, "+1,234.50"),
            (0.0, "0.00"),
            (0.001, "0.00"),
            (-0.001, "0.00"),
        ):
            with self.subTest(number=number):
                self.assertEqual(format_difference(self.english, number), text)
        self.assertEqual(format_difference(self.german, 1.25), "+1,25")

    def test_a_short_number_has_the_decimals_it_needs(self):
        for number, text in (
            (30.0, "30"),
            (2.5, "2.5"),
            (0.01, "0.01"),
            (-7.25, "-7.25"),
            (1 / 3, "0.33"),
            (0.001, "0"),
            (1_000_000, "1,000,000"),
        ):
            with self.subTest(number=number):
                self.assertEqual(format_short(self.english, number), text)
