import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.suppression_hash import (
    find_addresses,
    get_digest,
    get_keyed_hash,
    get_pads,
    is_digest,
)


@tagged("post_install", "-at_install")
class TestSuppressionHash(BaseCase):
    @given(st.text(max_size=80), st.binary(min_size=1, max_size=64))
    def test_pads_make_the_same_hash_as_hmac(self, address, key):
        inner, outer = get_pads(key)
        message = get_digest(address).encode()
        by_pads = hashlib.sha256(outer + hashlib.sha256(inner + message).digest())
        self.assertEqual(
            by_pads.hexdigest(), hmac.new(key, message, hashlib.sha256).hexdigest()
        )
        self.assertEqual(
            by_pads.hexdigest(), get_keyed_hash(get_digest(address).upper(), key)
        )

    def test_another_key_knows_nobody(self):
        digest = get_digest("ana@example.com")
        self.assertNotEqual(get_keyed_hash(digest, b"a"), get_keyed_hash(digest, b"b"))

    def test_too_long_a_key_is_refused(self):
        with self.assertRaises(ValueError):
            get_pads(b"x" * 65)

    def test_a_file_may_have_a_heading_other_columns_and_hashes(self):
        digest = get_digest("bo@example.com")
        self.assertEqual(
            find_addresses(
                [
                    ["Name", "E-mail"],
                    ["Ana", " ana@example.com "],
                    [digest.upper()],
                    [],
                    ["", " "],
                    ["Cy", "unknown"],
                ]
            ),
            (["ana@example.com"], [digest], [6]),
        )

    @given(st.lists(st.lists(st.text(max_size=20), max_size=3), max_size=20))
    def test_every_line_that_says_something_is_accounted_for(self, rows):
        addresses, digests, unread = find_addresses(rows)
        said = [
            number
            for number, row in enumerate(rows, start=1)
            if any(cell.strip().strip("\ufeff") for cell in row)
        ]
        heading = 1 if said[:1] == [1] and "@" not in "".join(rows[0]) else 0
        found = len(addresses) + len(digests) + len(unread)
        self.assertIn(found, (len(said), len(said) - heading))

    def test_only_sha256_in_hexadecimal_is_a_digest(self):
        self.assertTrue(is_digest("0" * 64))
        for text in ("0" * 63, "0" * 65, "g" * 64, "ana@example.com", ""):
            with self.subTest(text=text):
                self.assertFalse(is_digest(text))
