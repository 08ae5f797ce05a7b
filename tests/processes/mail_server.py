"""A mail server of a test, which takes mails while the test runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from dev import ports


@contextmanager
def serve(handler: Any, first_port: int) -> Iterator[Any]:
    """Let a handler of `aiosmtpd` answer; its `port` says where.

    :param first_port: where the search for a free port begins
    """
    port = ports.free(first_port, {})
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.port = port
    try:
        yield handler
    finally:
        controller.stop()
