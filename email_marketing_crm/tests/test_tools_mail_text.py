import email.policy
import unittest
from email.message import EmailMessage

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.mail_text import (
    Text,
    encode_text,
    is_plain_value,
)

from .mail_text_common import MARKERS, PIECES, VALUES, fill


def encode(text):
    """Transfer encoding and body of a text as Python's own package writes them."""
    message = EmailMessage(policy=email.policy.SMTP)
    message.set_content(text, charset="utf-8")
    _headers, body = message.as_bytes().split(b"\r\n\r\n", 1)
    return message["Content-Transfer-Encoding"], body


class TestMailText(unittest.TestCase):
    """A text that is filled in is encoded as Python would have encoded it."""

    @given(PIECES, st.lists(VALUES, min_size=1, max_size=3))
    @example("\n«name»", [{"name": "", "trace": "1"}])
    @example("«name»" + "é" * 200, [{"name": "Ana", "trace": "1"}])
    def test_a_text_with_holes(self, pieces, recipients):
        text = Text(pieces, MARKERS)
        for values in recipients:
            given_values = {name: value.encode() for name, value in values.items()}
            self.assertEqual(text.encode(given_values), encode(fill(pieces, values)))

    @given(PIECES, VALUES)
    def test_a_text_that_is_whole(self, pieces, values):
        """The same, twice: the second time its lines are known."""
        text = fill(pieces, values)
        encoding, body = encode(text)
        for _time in range(2):
            found, payload = encode_text(text)
            self.assertEqual(found, encoding)
            self.assertEqual(payload.encode("ascii", "surrogateescape"), body)

    def test_values_that_go_into_written_mails(self):
        for value in ("Ana", "O'Brien & Co", "张三", "Ünal, Dr. (FH)", '"Bo"', "50 %"):
            self.assertTrue(is_plain_value(value), value)
        for value in (
            *("<b>Ana</b>", " Ana", "Ana ", "A  B", "A\nB", "A\u2028B", "A\xa0B"),
            *("&lt;", "&", "a=b", "A\u200bB", "\\"),
        ):
            self.assertFalse(is_plain_value(value), repr(value))
