"""The certificates with which Amazon SNS signs, fetched once by each process.

Only the addresses of `webhook_ses.find_certificate_url` are asked, that is Amazon's
own; their TLS is what makes the certificate trustworthy.
"""

from functools import lru_cache

import requests

#: Seconds; a request of Amazon waits for it.
TIMEOUT = 5
#: Bytes; they have about two thousand.
MAX_BYTES = 32 * 1024


@lru_cache(maxsize=16)
def fetch_certificate(url: str) -> bytes:
    """The certificate at an address, as PEM; a name never gets another content.

    :raises OSError: when it cannot be had now; that is not remembered
    """
    with requests.get(
        url, timeout=TIMEOUT, allow_redirects=False, stream=True
    ) as answer:
        answer.raise_for_status()
        content = answer.raw.read(MAX_BYTES + 1, decode_content=True)
    if answer.status_code != requests.codes.ok or len(content) > MAX_BYTES:
        error = f"No certificate: {answer.status_code}, {len(content)} bytes"
        raise OSError(error)
    return content
