import re
import unittest
from pathlib import Path

from lxml import etree, html

from ..tools.mail_blocks import fill_company
from ..tools.mail_layout import read_mail

LIBRARY = Path(__file__).parent.parent / "data" / "mail_templates"
#: Gmail cuts mails that are longer (bytes); the tracked links come on top.
GMAIL_LIMIT = 102 * 1024


def read(text, **options):
    document = etree.fromstring(
        f'<mail lang="en_US" name="N" subject="S" preview="P">{text}</mail>'
    )
    return read_mail(document, "#123456", **options)


class TestMailLayout(unittest.TestCase):
    def test_text_with_a_field(self):
        mail = read('<text>Dear <field name="marketing_name">friend</field>!</text>')
        for body in (mail.get_arch(), mail.get_html()):
            self.assertIn('Dear <t t-out="object.marketing_name">friend</t>!</p>', body)

    def test_texts_are_no_markup(self):
        mail = read('<hero title="Q &amp; A &lt;now&gt;" />')
        self.assertIn("Q &amp; A &lt;now&gt;", mail.get_html())

    def test_lines_of_chinese_are_joined_without_a_space(self):
        mail = read("<text>您好，\n    欢迎 you\n  there</text>")
        self.assertIn("您好，欢迎 you there", mail.get_html())

    def test_link_without_address_leads_to_the_website(self):
        body = read("<button>Go</button>").get_html()
        self.assertIn("https://www.example.com", body)
        filled = fill_company(body, {"website": "https://rivers.example"})
        self.assertIn('href="https://rivers.example/"', filled)
        scale = read('<scale low="no" high="yes" />').get_html()
        filled = fill_company(scale, {"website": "https://rivers.example"})
        self.assertIn('href="https://rivers.example/?answer=5"', filled)

    def test_footer_has_the_pages_of_the_company_and_no_others(self):
        mail = read("<footer />")
        pages = {"linkedin": "https://linkedin.com/rivers", "twitter": "x.com/rivers"}
        for body in (mail.get_html(), mail.get_arch()):
            filled = fill_company(body, {"name": "Rivers", "logo": "/l.png", **pages})
            links = html.fromstring(filled).xpath(".//p[a]/a[@data-marketing-company]")
            self.assertEqual(
                [(link.text, link.get("href")) for link in links],
                [
                    ("LinkedIn", "https://linkedin.com/rivers"),
                    ("X", "https://x.com/rivers"),
                ],
            )
            self.assertIn('src="/l.png"', filled)
            self.assertIn('alt="Rivers"', filled)
            without = fill_company(body, {"name": "Rivers"})
            self.assertNotIn("LinkedIn", without)
            self.assertNotIn('"social"', without, "No empty line is left")
            self.assertIn('href="/unsubscribe_from_list"', without)

    def test_unknown_block_is_refused(self):
        with self.assertRaisesRegex(ValueError, "blink"):
            read("<blink />")
        with self.assertRaisesRegex(ValueError, "video"):
            read("<text><video /></text>")

    def test_plain_mail_looks_typed(self):
        mail = read("<text>Hello</text><footer />", is_plain=True)
        self.assertNotIn("<table", mail.get_html())
        self.assertNotIn("<img", mail.get_html())
        self.assertIn("o_basic_theme", mail.get_arch())


class TestMailLibrary(unittest.TestCase):
    """What the add-on brings along, mail by mail."""

    def mails(self):
        for path in sorted(LIBRARY.glob("*.xml")):
            document = etree.parse(str(path)).getroot()
            is_plain = bool(document.get("plain"))
            for element in document.iterchildren("mail"):
                mail = read_mail(element, document.get("accent"), is_plain=is_plain)
                yield path.stem, mail

    def test_every_kind_in_both_languages(self):
        langs = {}
        for key, mail in self.mails():
            langs.setdefault(key, []).append(mail.lang)
        self.assertGreaterEqual(len(langs), 15)
        for key, found in langs.items():
            self.assertEqual(sorted(found), ["en_US", "zh_CN"], key)

    def test_footer_and_size_and_texts(self):
        for key, mail in self.mails():
            for body in (mail.get_html(), mail.get_arch()):
                with self.subTest(key=key, lang=mail.lang):
                    self.assertIn('href="/unsubscribe_from_list"', body)
                    self.assertIn('href="/marketing/preferences"', body)
                    self.assertIn('href="/view"', body)
                    self.assertIn('data-marketing-company="address"', body)
                    self.assertLess(len(body.encode()), GMAIL_LIMIT / 2)
                    self.assertLessEqual(len(mail.subject), 70)
                    self.assertTrue(20 <= len(mail.preview) * 2 <= 240)
                    for image in html.fromstring(body).iter("img"):
                        self.assertTrue(image.get("alt"))
                        self.assertTrue(image.get("width"))
                    for link in html.fromstring(body).iter("a"):
                        self.assertTrue(link.get("href"))
                        self.assertTrue(link.text_content().strip())

    def test_pictures_are_there_and_small(self):
        folder = LIBRARY.parent.parent
        for key, mail in self.mails():
            for src in re.findall(
                r'src="/email_marketing_crm/([^"]+)"', mail.get_html()
            ):
                path = folder / src
                self.assertTrue(path.exists(), f"{key}: {src}")
                self.assertLess(path.stat().st_size, 60_000)

    def test_chinese_mails_are_chinese(self):
        for key, mail in self.mails():
            text = html.fromstring(mail.get_html()).text_content()
            chinese = len(re.findall("[\u4e00-\u9fff]", text))
            with self.subTest(key=key, lang=mail.lang):
                self.assertEqual(chinese > 80, mail.lang == "zh_CN")
