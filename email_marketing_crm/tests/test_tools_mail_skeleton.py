import email.policy
import io
import re
import unittest
from email.message import EmailMessage

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.tools.mail import formataddr

from odoo.addons.email_marketing_crm.tools.mail_policy import LIST_MAIL, QUICK_MAIL
from odoo.addons.email_marketing_crm.tools.mail_skeleton import Skeleton, fold_header
from odoo.addons.email_marketing_crm.tools.mail_text import Text

from .mail_text_common import LETTERS, MARKERS, PIECES, VALUES, fill

HEADERS = st.sampled_from(
    ["Message-Id", "references", "Subject", "X-Odoo-Objects", "List-Unsubscribe"]
)
ASCII = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, blacklist_characters="\\"),
    max_size=150,
)


def write(policy, headers, plain, html):
    """The mail as Python's own package writes it."""
    message = EmailMessage(policy=policy)
    for name, value in headers:
        message[name] = value
    message["MIME-Version"] = "1.0"
    message.add_alternative(plain, subtype="plain", charset="utf-8")
    message.add_alternative(html, subtype="html", charset="utf-8")
    out = io.BytesIO()
    email.generator.BytesGenerator(out).flatten(message, linesep="\r\n")
    return out.getvalue()


def normalize(content):
    return re.sub(rb"={15}\d{19}==", b"BOUNDARY", content)


class TestSkeleton(unittest.TestCase):
    """A mail that is filled in is the mail that Python would have written."""

    @given(PIECES, PIECES, st.lists(VALUES, min_size=1, max_size=3))
    @example("", "\n«name»", [{"name": "", "trace": "1"}])
    def test_bodies(self, plain, html, recipients):
        skeleton = Skeleton(
            email.policy.SMTP, Text(plain, MARKERS), Text(html, MARKERS)
        )
        headers = [("Subject", "Pumps")]
        folded = [fold_header(email.policy.SMTP, *header) for header in headers]
        for values in recipients:
            given_values = {name: value.encode() for name, value in values.items()}
            self.assertEqual(
                normalize(skeleton.fill(folded, given_values, given_values)),
                normalize(
                    write(
                        email.policy.SMTP,
                        headers,
                        fill(plain, values),
                        fill(html, values),
                    )
                ),
            )

    @given(HEADERS, ASCII)
    def test_headers(self, name, value):
        for policy in (email.policy.SMTP, LIST_MAIL):
            message = EmailMessage(policy=policy)
            try:
                message[name] = value
                expected = policy.fold_binary(*message.raw_items().__next__())
            except Exception as error:
                with self.assertRaises(type(error)):
                    fold_header(policy, name, value)
            else:
                self.assertEqual(fold_header(policy, name, value), expected)

    @given(
        st.text(LETTERS, max_size=90), st.from_regex(r"[a-z0-9.]{1,50}", fullmatch=True)
    )
    def test_recipients(self, name, local):
        value = formataddr((name, f"{local}@example.com"))
        message = EmailMessage(policy=LIST_MAIL)
        try:
            message["To"] = value
            expected = LIST_MAIL.fold_binary(*next(message.raw_items()))
        except Exception as error:
            with self.assertRaises(type(error)):
                fold_header(LIST_MAIL, "To", value)
        else:
            self.assertEqual(fold_header(LIST_MAIL, "To", value), expected)

    @given(PIECES, PIECES, st.lists(st.tuples(HEADERS, ASCII), max_size=4))
    def test_messages_of_the_quick_policy(self, plain, html, headers):
        headers = dict(headers).items()
        try:
            expected = write(LIST_MAIL, headers, plain, html)
        except Exception as error:
            with self.assertRaises(type(error)):
                write(QUICK_MAIL, headers, plain, html)
        else:
            found = write(QUICK_MAIL, headers, plain, html)
            self.assertEqual(normalize(found), normalize(expected))
