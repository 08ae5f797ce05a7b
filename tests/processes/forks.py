"""Processes that a script forks, which share its registry of Odoo."""

import os
import traceback
from collections.abc import Callable, Iterable


def fork(work: Callable[[int], None], numbers: Iterable[int]) -> set[int]:
    """Start a process a number that does `work(number)`; return their ids.

    One in which something goes wrong prints it and ends with 1.
    """
    pids = set()
    for number in numbers:
        pid = os.fork()
        if not pid:
            try:
                work(number)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        pids.add(pid)
    return pids


def join(pids: Iterable[int]) -> None:
    """Wait for processes to end; fail where something went wrong in one."""
    for pid in pids:
        _pid, status = os.waitpid(pid, 0)
        assert status == 0
