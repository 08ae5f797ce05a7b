"""The certificate that Amazon signs with."""

import io
import unittest
from unittest.mock import patch

import requests
from urllib3 import HTTPResponse

from ..tools.amazon_certificate import fetch_certificate
from .webhook_report_common import CERTIFICATE_URL


class TestCertificate(unittest.TestCase):
    """Amazon is asked once; what is no certificate is not remembered."""

    def setUp(self):
        super().setUp()
        fetch_certificate.cache_clear()
        self.addCleanup(fetch_certificate.cache_clear)

    def fetch(self, content, status=200):
        answer = requests.Response()
        answer.status_code = status
        answer.raw = HTTPResponse(io.BytesIO(content), preload_content=False)
        with patch.object(requests, "get", return_value=answer) as get:
            try:
                return fetch_certificate(CERTIFICATE_URL), get.call_count
            except OSError:
                return None, get.call_count

    def test_once(self):
        self.assertEqual(self.fetch(b"", 503), (None, 1))
        self.assertEqual(self.fetch(b"", 302), (None, 1))
        self.assertEqual(self.fetch(b"x" * 100_000), (None, 1))
        self.assertEqual(self.fetch(b"PEM"), (b"PEM", 1))
        self.assertEqual(self.fetch(b"other"), (b"PEM", 0))
