"""What an engine is: both of ours are one, and so is any other that has these few methods."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import (
    AddOn,
    Due,
    Ended,
    Engine,
    EngineError,
    Event,
    NeedsWay,
    PerSession,
    Progress,
    Speech,
    Stream,
    Transcript,
    Way,
    Word,
)
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.engines.sphinx import SphinxEngine
from gladia_nb.server.settings.options import ServerOptions
from gladia_nb.server.settings.script import Script
from tests.support.server_helpers import ALL
from tests.support.serving import serving


def methods(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def names(method: Any) -> list[str]:
    return list(inspect.signature(method).parameters)


@pytest.mark.parametrize("engine", [ScriptedEngine, SphinxEngine])
def test_our_engines_have_every_method_as_it_is_called(engine: type) -> None:
    for name in methods(Engine):
        asked, has = getattr(Engine, name), getattr(engine, name)
        if isinstance(asked, property):
            assert isinstance(has, property)
            continue
        assert names(has) == names(asked), name
        assert inspect.iscoroutinefunction(has) == inspect.iscoroutinefunction(asked), name


async def test_their_streams_too() -> None:
    engine = ScriptedEngine(Script.load(None))
    stream = await engine.open(SessionConfig(), 0, lambda event: None)
    sphinx = inspect.signature(SphinxEngine.open, eval_str=True).return_annotation
    for name in methods(Stream):
        assert names(getattr(type(stream), name)) == names(getattr(Stream, name)), name
        assert names(getattr(sphinx, name)) == names(getattr(Stream, name)), name
    await engine.close()


WORD = Word("hi", 0.5, 1.0, 0.9)


@pytest.mark.parametrize(
    "event",
    [
        WORD,
        Due(5, 0.5, 3),
        Speech(began=True, time=0.5),
        Transcript(0, is_final=True, words=(WORD,)),
        AddOn(0, "translation", {"a": 1}),
        Progress(0.5),
        Ended(),
    ],
)
def test_events_are_values(event: Any) -> None:
    assert event == dataclasses.replace(event)
    first = dataclasses.fields(event)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, first, None)


class Counting:
    """A stream that says how many bytes it has had, and gives up when told to."""

    def __init__(self, report: Callable[[Event], None], *, fails: bool) -> None:
        self._report = report
        self._fails = fails
        self._taken = 0

    def feed(self, data: bytes, received_ns: int) -> None:
        assert received_ns > 0
        self._taken += len(data)
        self._report(Progress(self._taken / 32000))
        if self._fails:
            self._report(Ended("It is tired."))

    def finish(self) -> None:
        word = Word(f"bytes-{self._taken}", 0.0, self._taken / 32000, 1.0)
        self._report(Transcript(0, is_final=True, words=(word,), language="xx"))
        self._report(Ended())

    def abort(self) -> None:
        self._taken = 0


class CountingEngine:
    """Knows nothing of speech."""

    supplies: frozenset[str] = frozenset()

    def __init__(self, *, fails: bool = False, problem: str = "") -> None:
        self.log: list[str] = []
        self._fails = fails
        self._problem = problem

    async def start(self) -> None:
        self.log.append("start")

    async def close(self) -> None:
        self.log.append("close")

    def refusals(self, config: SessionConfig) -> list[str]:
        return ["channels must be 1 or 2 here"] if config.channels > 2 else []

    async def open(
        self, config: SessionConfig, channel: int, report: Callable[[Event], None]
    ) -> Counting:
        if self._problem:
            raise EngineError(self._problem)
        self.log.append(f"open {channel}")
        return Counting(report, fails=self._fails)


async def test_another_engine_is_served_like_ours() -> None:
    engine = CountingEngine()
    async with serving(engine) as client:
        assert engine.log == ["start"]
        talk = await client.talk(bytes(6400), channels=2, messages_config=ALL)
        assert sorted(talk.texts()) == [" bytes-3200", " bytes-3200"]
        assert talk.close_code == 1000
        result = (await client.get(talk))["result"]
        assert result["transcription"]["languages"] == ["xx"]
        request = {"json": {"channels": 3}}
        async with client.http.post(f"{client.base}/v2/live", **request) as response:
            assert response.status == 400
            assert (await response.json())["validation_errors"] == ["channels must be 1 or 2 here"]
    assert engine.log == ["start", "open 0", "open 1", "close"]


class Patient(Counting):
    """A stream that ends when it is known how far away its client is."""

    def __init__(self, report: Callable[[Event], None], way: Way) -> None:
        super().__init__(report, fails=False)
        self._way = way

    def finish(self) -> None:
        if self._way.ns:
            super().finish()
        else:
            asyncio.get_running_loop().call_later(0.01, self.finish)


class FarEngine(CountingEngine):
    """For each session one of its own, which wants to know the way."""

    def __init__(self) -> None:
        super().__init__()
        self.way = Way()
        self.made: list[FarEngine] = []

    def for_session(self, config: SessionConfig) -> FarEngine:
        self.made.append(FarEngine())
        return self.made[-1]

    async def open(
        self, config: SessionConfig, channel: int, report: Callable[[Event], None]
    ) -> Counting:
        return Patient(report, self.way)


async def test_what_an_engine_wants_beside_is_seen_by_what_it_has() -> None:
    engine, simple = FarEngine(), CountingEngine()
    assert not isinstance(simple, NeedsWay | PerSession)
    assert isinstance(engine, NeedsWay)
    assert isinstance(engine, PerSession)
    async with serving(engine) as client:
        for _ in range(2):
            talk = await client.talk(bytes(3200))
            assert talk.close_code == 1000
    assert engine.way.ns == 0, "sessions have engines of their own"
    assert [made.way.ns > 0 for made in engine.made] == [True, True]


@pytest.mark.parametrize(
    "engine", [CountingEngine(fails=True), CountingEngine(problem="There is no room.")]
)
async def test_an_engine_that_cannot_go_on_fails_its_session(engine: CountingEngine) -> None:
    async with serving(engine, ServerOptions(finish_timeout_s=5)) as client:
        talk = await client.talk(bytes(3200))
        assert talk.close_code == 1011
        body = await client.get(talk)
        assert (body["status"], body["error_code"]) == ("error", 500)
