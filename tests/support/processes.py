"""Processes that must be there, and those that must be gone."""

from __future__ import annotations

import asyncio
import time

import psutil

from gladia_nb.server import LocalServer

#: Seconds within which a server ends by itself: after eight it is killed.
UNKILLED_S = 7


def gone(processes: list[psutil.Process], seconds: float = 5.0) -> bool:
    """Whether all of them have ended; a zombie without a parent that cares counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
            return True
        time.sleep(0.02)
    return False


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


async def with_stream(server: LocalServer) -> list[psutil.Process]:
    """The server, the process that holds the model, and the one of the only stream."""
    while len(processes := family(server.pid)) < 3:
        await asyncio.sleep(0.01)
    return processes
