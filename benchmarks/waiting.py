"""Puts the earlier way of waiting in place of today's, for benchmarks that set both side by side.

Earlier the worker slept with asyncio's own timeouts and polled for the last 3 ms before each chunk,
as it still does on systems without timer descriptors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import gladia_nb as gn
from gladia_nb.child import child_command
from gladia_nb.sessions import process

__all__ = ["WAYS", "worker_that_waits"]

WAYS = ("timer", "polling")

#: Runs in the worker before anything of it is loaded: the system has no timers to give.
_NO_TIMERS = (
    "import gladia_nb.worker.timer_descriptor as timers; "
    "timers.timers_keep_the_stamps_time = lambda: False; "
)


def _without_timers(module: str, *arguments: str) -> list[str]:
    command = child_command(module, *arguments)
    code = command.index("-c") + 1
    path, _, run = command[code].rpartition("runpy.run_module")
    command[code] = f"{path}{_NO_TIMERS}runpy.run_module{run}"
    return command


@contextlib.contextmanager
def worker_that_waits(way: str) -> Iterator[int]:
    """A worker that waits in one of `WAYS`; its process number. It ends with the block."""
    gn.shutdown()
    usual = process.child_command
    process.child_command = _without_timers if way == "polling" else usual
    try:
        yield process.get_worker().pid
    finally:
        gn.shutdown()
        process.child_command = usual
