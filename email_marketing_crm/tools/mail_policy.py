"""How mails of mailings are written: one header in one line, the rest quickly.

Python's `email` parses each header when it is set, and again when it is written, and
encodes each line of a body anew. `QUICK_MAIL` writes the same mails and remembers what
it did for the mails before.
"""

import email.contentmanager
import email.message
import email.policy
from functools import lru_cache
from typing import Any

from .mail_skeleton import fold_header
from .mail_text import encode_text


class ListMailPolicy(type(email.policy.SMTP)):
    """Writes the address of a one-click unsubscription in one line.

    Python folds a longer line by encoding it (RFC 2047), which that header does not
    allow: mailbox providers then show no button to unsubscribe (RFC 2369, RFC 8058).
    """

    def _fold(self, name, value, *args, **kwargs):
        if name.lower() == "list-unsubscribe":
            return ONE_LINE._fold(name, value, *args, **kwargs)
        return super()._fold(name, value, *args, **kwargs)


ONE_LINE = email.policy.SMTP.clone(max_line_length=None)
LIST_MAIL = ListMailPolicy(linesep=email.policy.SMTP.linesep)


class QuickContent(email.contentmanager.ContentManager):
    """Sets texts as `email` does, and leaves everything else to it."""

    def get_content(self, msg: email.message.Message, *args: Any, **kwargs: Any) -> Any:
        return email.contentmanager.raw_data_manager.get_content(msg, *args, **kwargs)

    def set_content(
        self, msg: email.message.Message, obj: Any, *args: Any, **kwargs: Any
    ) -> None:
        if not isinstance(obj, str) or args or set(kwargs) != {"subtype", "charset"}:
            email.contentmanager.raw_data_manager.set_content(msg, obj, *args, **kwargs)
            return
        if msg.get_content_maintype() == "multipart":
            raise TypeError("set_content not valid on multipart")
        msg.clear_content()
        encoding, payload = encode_text(obj)
        msg["Content-Type"] = f'text/{kwargs["subtype"]}; charset="utf-8"'
        msg.set_payload(payload)
        msg["Content-Transfer-Encoding"] = encoding


class QuickPolicy(ListMailPolicy):
    """Keeps headers that need no decoding as texts, and folds them by their shape."""

    content_manager = QuickContent()

    def header_max_count(self, name):
        return _get_max_count(name)

    def header_store_parse(self, name, value):
        if _is_simple(value):
            return name, value
        return super().header_store_parse(name, value)

    def header_fetch_parse(self, name, value):
        return value if _is_simple(value) else super().header_fetch_parse(name, value)

    def fold_binary(self, name, value):
        if _is_simple(value):
            return fold_header(LIST_MAIL, name, value)
        return super().fold_binary(name, value)


@lru_cache(maxsize=200)
def _get_max_count(name: str) -> int | None:
    return email.policy.SMTP.header_max_count(name)


def _is_simple(value: Any) -> bool:
    return (
        type(value) is str
        and value.isascii()
        and value.isprintable()
        and "=?" not in value
    )


QUICK_MAIL = QuickPolicy(linesep=email.policy.SMTP.linesep)
