from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from ..tools.consent_token import Token, digest, read, sign

texts = st.text(min_size=1, max_size=30)
numbers = st.integers(min_value=1, max_value=2**31 - 1)
seconds = st.integers(min_value=0, max_value=2**40)


@tagged("post_install", "-at_install")
class TestConsentToken(TestCase):
    @given(texts, texts, numbers, seconds, seconds)
    def test_a_token_is_read_back(self, secret, scope, number, expires, now):
        token = sign(secret, scope, number, expires)
        self.assertEqual(read(secret, scope, token, now), Token(number, expires <= now))

    @given(texts, texts, numbers, seconds, texts, texts, numbers, seconds)
    def test_nothing_of_it_can_be_changed(
        self, secret, scope, number, expires, secret_2, scope_2, number_2, expires_2
    ):
        token = sign(secret, scope, number, expires)
        if secret_2 != secret:
            self.assertIsNone(read(secret_2, scope, token, 0))
        if scope_2 != scope:
            self.assertIsNone(read(secret, scope_2, token, 0))
        signature = token.rpartition("-")[2]
        forged = f"{number_2}-{expires_2:x}-{signature}"
        if forged != token:
            self.assertIsNone(read(secret, scope, forged, 0))

    @given(texts, texts, st.text(max_size=80))
    def test_rubbish_is_no_token(self, secret, scope, rubbish):
        self.assertIsNone(read(secret, scope, rubbish, 0))

    @given(texts, texts, numbers, seconds)
    def test_there_is_one_spelling(self, secret, scope, number, expires):
        token = sign(secret, scope, number, expires)
        for other in (f"0{token}", f" {token}", f"+{token}", token.upper()):
            if other != token:
                self.assertIsNone(read(secret, scope, other, 0))

    @given(texts, texts)
    def test_hashes_differ(self, one, other):
        self.assertEqual(digest(one) == digest(other), one == other)
