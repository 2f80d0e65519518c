"""Engines in decoding processes, by PocketSphinx's: processes, settings, lines, complaints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.config import SessionConfig
from gladia_nb.server import LocalServer
from gladia_nb.server.engines import decoding_child
from gladia_nb.server.engines import pipe as wire
from gladia_nb.server.engines.base import Ended, EngineError, Event, Progress, Speech, Transcript
from gladia_nb.server.engines.decoding_engine import DecodingEngine, DecodingStream
from gladia_nb.server.engines.recogniser import StreamSettings
from gladia_nb.server.engines.sphinx import SphinxEngine
from gladia_nb.server.settings.options import ServerOptions
from tests.support.processes import gone, with_stream
from tests.support.server_helpers import client_of, read, speech

CONFIG = SessionConfig(endpointing=0.3)


@pytest.fixture
async def engine() -> AsyncIterator[SphinxEngine]:
    engine = SphinxEngine(ServerOptions())
    await engine.start()
    yield engine
    await engine.close()


class Heard:
    """The events of one stream, and its end."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ended = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Ended):
            self.ended.set()

    @property
    def finals(self) -> list[str]:
        return [
            " ".join(word.text for word in event.words)
            for event in self.events
            if isinstance(event, Transcript) and event.is_final
        ]


def processes(engine: SphinxEngine) -> list[psutil.Process]:
    """The process that holds the model, and those of its streams."""
    assert engine._child is not None
    model = psutil.Process(engine._child.process.pid)
    return [model, *model.children()]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_a_recogniser_that_dies() -> None:
    with LocalServer() as server:
        async with client_of(server) as client:
            talk = await client.init()
            async with client.connect(talk) as ws:
                await ws.send_bytes(speech(1.2))
                await read(ws, talk, until="audio_chunk")
                _, model, stream = await with_stream(server)
                stream.kill()
                await read(ws, talk)
            assert talk.close_code == 1011
            body = await client.get(talk)
            assert (body["status"], body["error_code"]) == ("error", 500)
            assert len(await client.file(talk)) == 44 + len(speech(1.2))

            model.kill()
            assert gone([model])
            talk = await client.talk(speech(1.2))
            assert talk.close_code == 1000
            assert talk.texts()


async def test_streams_side_by_side_hear_the_same_and_know_nothing_of_each_other(
    engine: SphinxEngine,
) -> None:
    data, first, second, third = speech(1.2), Heard(), Heard(), Heard()
    streams = [
        await engine.open(CONFIG, channel, heard)
        for channel, heard in enumerate((first, second, third))
    ]
    await until(lambda: len(processes(engine)) == 4)
    for start in range(0, len(data), 3200):
        for stream in streams:
            stream.feed(data[start : start + 3200], 1)
    streams[2].abort()
    told = len(third.events)
    for stream in streams[:2]:
        stream.finish()
    await asyncio.gather(first.ended.wait(), second.ended.wait())
    assert first.finals == ["hello"]
    assert first.events == second.events
    assert first.events[-2:] == [Progress(1.2), Ended()]
    assert len(third.events) == told, "nothing is said of a stream that was given up"
    await until(lambda: len(processes(engine)) == 1)
    streams[0].feed(data, 1)
    streams[0].finish()
    assert first.events[-1] == Ended(), "what has ended stays so"


async def test_a_process_that_is_killed_is_told_once(engine: SphinxEngine) -> None:
    heard = Heard()
    await engine.open(CONFIG, 0, heard)
    await until(lambda: len(processes(engine)) == 2)
    processes(engine)[1].kill()
    await heard.ended.wait()
    assert heard.events == [Ended("The recogniser's process died.")]


async def test_a_model_that_its_process_does_not_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Libraries end their process by themselves; what they said last is the reason."""
    said = "Loading.\n/source/model.cc:Init:12 no such key in the metadata\n"
    stub = f"import os\nos.write(2, {said.encode()!r})\nos._exit(255)"
    (tmp_path / "pocketsphinx.py").write_text(stub)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    engine = DecodingEngine(ServerOptions(), "sphinx")
    sentence = "The recogniser's process did not start: no such key in the metadata."
    with pytest.raises(EngineError, match=f"^{sentence}$"):
        await engine.start()
    assert engine._child is engine._listening is None
    assert "a decoding process says: Loading." in caplog.text


async def test_a_process_that_dies_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pocketsphinx.py").write_text("import os\nos.kill(os.getpid(), 9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EngineError, match="did not start: its process ended with status -9"):
        await DecodingEngine(ServerOptions(), "sphinx").start()


async def test_a_process_that_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pocketsphinx.py").write_text("import time\ntime.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(decoding_child, "_STOP_S", 0.2)
    engine = DecodingEngine(ServerOptions(), "sphinx", ready_s=0.2)
    with pytest.raises(EngineError, match="did not start within 0 s"):
        await engine.start()
    assert engine._child is None


async def test_a_process_that_prints_no_lines_is_not_listened_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stub = "import os\nos.write(2, b'x' * 200_000)\nraise ModuleNotFoundError('no', name='odd')"
    (tmp_path / "pocketsphinx.py").write_text(stub)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EngineError, match="cannot be loaded"):
        await DecodingEngine(ServerOptions(), "sphinx").start()
    assert "no lines" in caplog.text
    assert len(caplog.text) < 2000


async def test_closing_leaves_nothing_behind() -> None:
    engine, heard = SphinxEngine(ServerOptions()), Heard()
    await engine.start()
    stream = await engine.open(CONFIG, 0, heard)
    stream.feed(speech(5.0), 1)
    await until(lambda: len(processes(engine)) == 2)
    there = processes(engine)
    await engine.close()
    assert gone(there, 1)
    assert not heard.ended.is_set()
    await engine.close()


async def test_a_start_that_fails_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = "raise ModuleNotFoundError('no such module', name='pocketsphinx')"
    (tmp_path / "pocketsphinx.py").write_text(stub)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    engine = SphinxEngine(ServerOptions())
    with pytest.raises(EngineError, match=r'pip install "gladia-nb\[local\]"'):
        await engine.start()
    assert engine._child is None


def test_it_supplies_no_add_ons() -> None:
    assert SphinxEngine(ServerOptions()).supplies == frozenset()


def test_a_stream_is_told_all_that_the_recogniser_must_know() -> None:
    engine = SphinxEngine(ServerOptions(partial_step_s=0.2, speech_end_first=False))
    config = SessionConfig.from_dict(
        {
            "encoding": "wav/ulaw",
            "bit_depth": 8,
            "sample_rate": 8000,
            "endpointing": 0.7,
            "maximum_duration_without_endpointing": 9,
            "pre_processing": {"speech_threshold": 0.4},
        }
    )
    settings: Any = engine.settings(config)
    assert StreamSettings(**settings) == StreamSettings(
        encoding="wav/ulaw",
        bit_depth=8,
        sample_rate=8000,
        endpointing=0.7,
        max_utterance_s=9,
        speech_threshold=0.4,
        partial_step_s=0.2,
        end_first=False,
        vocabulary=[],
    )


EVENTS = [Speech(began=True, time=0.5), Progress(0.2), Progress(0.4), Ended()]


@given(st.lists(st.integers(0, 120), max_size=6))
def test_lines_may_come_in_any_pieces(cuts: list[int]) -> None:
    found: list[Event] = []
    forgotten: list[Any] = []
    stream = DecodingStream(found.append, forgotten.append)
    text = b"".join(map(wire.line_of, EVENTS))
    bounds = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for start, end in pairwise(bounds):
        stream.data_received(text[start:end])
    assert found == EVENTS
    assert forgotten == [stream]
    stream.connection_lost(None)
    assert found == EVENTS, "an end comes once"
