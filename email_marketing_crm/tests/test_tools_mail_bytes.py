import email.generator
import email.policy
import io
import unittest
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.mail_bytes import is_plain, to_bytes

TEXT = st.text(
    alphabet=st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"),
    max_size=300,
)


class TestMailBytes(unittest.TestCase):
    @given(TEXT, TEXT, st.sampled_from([email.policy.SMTP, email.policy.default]))
    def test_the_same_as_python_writes(self, plain, html, policy):
        message = EmailMessage(policy=policy)
        message["Subject"] = "Pumps"
        message["To"] = "Ana <ana@example.com>"
        message.add_alternative(plain, subtype="plain", charset="utf-8")
        message.add_alternative(html, subtype="html", charset="utf-8")
        message.set_boundary("boundary")
        out = io.BytesIO()
        email.generator.BytesGenerator(out).flatten(message, linesep="\r\n")
        self.assertEqual(to_bytes(message), out.getvalue())

    def test_what_is_left_to_python(self):
        message = EmailMessage()
        self.assertTrue(is_plain(message, "ana@example.com"))
        self.assertFalse(is_plain(message, "añá@example.com"))
        message["Bcc"] = "bo@example.com"
        self.assertFalse(is_plain(message, "ana@example.com"))
