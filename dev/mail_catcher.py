"""MailDev: takes every mail Odoo sends and shows it on a web page.

Nothing is relayed.  ``GET /email`` on its page's address lists the mails as JSON,
``GET /email/<id>/source`` gives one as it was received, ``DELETE /email/all``
empties the box.
"""

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import paths, processes
from .console import detail


def url(ports: Mapping[str, int]) -> str:
    """Return the address of the web page."""
    return f"http://127.0.0.1:{ports['mails']}"


@contextlib.contextmanager
def running(ports: Mapping[str, int], folder: Path = paths.MAILS) -> Iterator[str]:
    """Run the catcher while the block runs; yield the address of its page.

    :param folder: where mails are kept; those of an earlier start show again
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = paths.LOG / "mail-catcher.log"
    process = processes.start(
        [
            paths.NODE_BIN / "maildev",
            "--ip=127.0.0.1",
            f"--smtp={ports['smtp']}",
            f"--web={ports['mails']}",
            f"--mail-directory={folder}",
            "--silent",
        ],
        log,
    )
    try:
        processes.wait_for(f"{url(ports)}/config", process, "The mail catcher", log, 60)
        detail(f"mail catcher on {url(ports)}, SMTP port {ports['smtp']}")
        yield url(ports)
    finally:
        processes.stop(process)


def empty(folder: Path = paths.MAILS) -> None:
    """Throw away the mails of earlier starts."""
    shutil.rmtree(folder, ignore_errors=True)
