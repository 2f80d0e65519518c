"""Complaints take little room, however many there are."""

from __future__ import annotations

import asyncio
import io
import logging
import os
from collections.abc import Callable
from typing import Any

import aiohttp
import psutil
import pytest

from gladia_nb.server import LocalServer
from gladia_nb.server.bounded_log import BoundedHandler
from tests.support.server_helpers import client_of


class Log:
    """A logger with a handler on a clock that stands still."""

    def __init__(self, **options: Any) -> None:
        self.now = 0.0
        self.stream = io.StringIO()
        handler = BoundedHandler(self.stream, clock=lambda: self.now, **options)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        self.logger = logging.Logger("test")  # noqa: LOG001 - of this test alone
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def test_each_kind_is_written_once_in_a_while_and_the_others_are_counted() -> None:
    log = Log(pause_s=60)
    for second in range(100):
        log.now = float(second)
        log.logger.warning("session %s failed", second)
        log.logger.warning("something else")
    assert log.lines == [
        "test: session 0 failed",
        "test: something else",
        "test: 59 more of what follows",
        "test: session 60 failed",
        "test: 59 more of what follows",
        "test: something else",
    ]


def test_what_was_raised_makes_another_kind() -> None:
    log = Log()
    for error in (ValueError("a"), OSError("b"), OSError("c")):
        try:
            raise error
        except (ValueError, OSError):
            log.logger.exception("it failed")
    said = log.stream.getvalue()
    assert ("ValueError: a" in said, "OSError: b" in said, "OSError: c" in said) == (1, 1, 0)


def test_all_together_have_a_bound() -> None:
    log = Log(most=2000)
    for number in range(1000):
        log.logger.warning(f"kind {number} of complaint")  # noqa: G004 - each a kind of its own
        log.now += 1
    assert len(log.stream.getvalue()) < 2100
    assert log.lines[-1] == "No more complaints are written."
    assert log.lines.count(log.lines[-1]) == 1


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_server_without_descriptors_neither_fills_the_disk_nor_ends() -> None:
    with LocalServer(engine="scripted") as server:
        process = psutil.Process(server.pid)
        assert server._complaints is not None
        complaints = server._complaints.fileno()
        limits = process.rlimit(psutil.RLIMIT_NOFILE)
        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 2, limits[1]))
        host, _, port = server.url.removeprefix("http://").partition(":")
        held = await asyncio.gather(
            *(asyncio.open_connection(host, int(port)) for _ in range(20)),
        )
        await until(lambda: os.fstat(complaints).st_size > 0)
        process.rlimit(psutil.RLIMIT_NOFILE, limits)
        for _, writer in held:
            writer.close()
        async with client_of(server) as client, asyncio.timeout(60):
            while True:
                try:
                    await client.init()
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
        # Each failed attempt to accept is a traceback of more than a kilobyte, and there are more
        # than a hundred of them at once.
        assert os.fstat(complaints).st_size < 20_000
        said = os.pread(complaints, 20_000, 0).decode()
        assert "Too many open files" in said


def test_a_full_stream_is_not_the_server_s_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log = Log()
    log.stream.close()
    log.logger.warning("nobody hears")
    assert log.stream.closed
