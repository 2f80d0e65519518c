"""Pings of the server, in virtual time, with a client that takes as long as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from gladia_nb.server.engines.base import Way
from gladia_nb.server.session import pings as module
from gladia_nb.server.session.pings import Pings
from tests.support.virtual_time import VirtualClock, run_virtual

MS = 1_000_000


class Client:
    """Answers each ping after so many milliseconds, and none when there are no more.

    Args:
        delays_ms: of its answers.
        way: takes what is found.
        monkeypatch: sets the clock of the pings.
    """

    def __init__(self, delays_ms: list[float], way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pings: list[bytes] = []
        self.found_ms: list[float] = []
        self.is_gone = False
        self._delays_ms = delays_ms
        self._way = way
        self._clock = VirtualClock(asyncio.get_running_loop())  # type: ignore[arg-type]
        monkeypatch.setattr(module.time, "perf_counter_ns", self._clock.now_ns)
        ws: Any = self
        self.of = Pings(ws, way)

    async def ping(self, payload: bytes) -> None:
        if self.is_gone:
            raise ConnectionResetError("Cannot write to closing transport")
        self.pings.append(payload)
        if len(self.pings) <= len(self._delays_ms):
            delay_s = self._delays_ms[len(self.pings) - 1] / 1000
            asyncio.get_running_loop().call_later(delay_s, self.answer, payload)

    def answer(self, payload: bytes) -> None:
        self.of.answered(payload, self._clock.now_ns())
        asyncio.get_running_loop().call_later(0.001, self._note)

    def _note(self) -> None:
        self.found_ms.append(self._way.ns / MS)


def played(
    delays_ms: list[float], monkeypatch: pytest.MonkeyPatch, way: Way | None = None
) -> Client:
    """What a client has seen after ten seconds."""

    async def work() -> Client:
        client = Client(delays_ms, way or Way(), monkeypatch)
        await asyncio.sleep(10)
        await client.of.close()
        await client.of.close()
        return client

    found: Client = run_virtual(work())
    return found


def test_the_shortest_counts_and_there_is_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    client = played([9, 5, 7, 4, 6, 1, 1], monkeypatch)
    assert client.found_ms == pytest.approx([9, 5, 5, 4, 4], abs=1e-3)
    assert len(set(client.pings)) == 5, "each is told from the others"


def test_who_answers_no_more_is_asked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    client = played([80, 70], monkeypatch)
    assert len(client.pings) == 3
    assert client.found_ms == pytest.approx([80, 70], abs=1e-3)
    silent = Way()
    assert len(played([], monkeypatch, silent).pings) == 1
    assert silent.ns == 0


def test_another_connection_finds_its_own_and_until_then_the_old_one_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    way = Way(3 * MS)
    assert played([], monkeypatch, way).found_ms == []
    assert way.ns == 3 * MS
    assert played([50], monkeypatch, way).found_ms == pytest.approx([50], abs=1e-3)


def test_what_answers_no_ping_of_ours_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> Client:
        client = Client([], Way(), monkeypatch)
        client.answer(b"way 0")
        await asyncio.sleep(1)
        (first,) = client.pings
        client.answer(b"")
        client.answer(b"way 1")
        await asyncio.sleep(1)
        assert len(client.pings) == 1
        for _ in range(3):
            client.answer(first)
            await asyncio.sleep(1)
        assert len(client.pings) == 2
        await client.of.close()
        return client

    # Of three answers to the first ping the first one counts.
    assert run_virtual(work()).found_ms[-3:] == pytest.approx([1950] * 3, abs=1)


def test_a_client_that_is_gone_is_for_the_reader_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        way = Way()
        client = Client([5], way, monkeypatch)
        client.is_gone = True
        await asyncio.sleep(1)
        assert (way.ns, client.pings) == (0, [])
        await client.of.close()
        client.answer(b"way 0")
        assert asyncio.all_tasks() == {asyncio.current_task()}

    coroutine: Coroutine[Any, Any, None] = work()
    run_virtual(coroutine)
