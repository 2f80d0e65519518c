"""The scripted engine: it says what it has planned at the moment that it promised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gladia_nb as gn
from gladia_nb.config import SessionConfig
from gladia_nb.server import LocalServer
from gladia_nb.server.engines.base import Ended, Event, Progress, Speech, Transcript
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.engines.timetable import Timetable
from gladia_nb.server.settings.script import Script
from tests.support.scripted_helpers import (
    RATE,
    SCRIPT,
    TEXT,
    WORDS,
    ask,
    make_sound,
    trace_of,
    words,
)

# -- virtual time -----------------------------------------------------------------------------


class VirtualClock:
    """Time stands still until everybody sleeps."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000

    def now_ns(self) -> int:
        return self.ns

    async def sleep_until(self, deadline_ns: int) -> None:
        await asyncio.sleep(0)
        self.ns = max(self.ns, deadline_ns)


async def heard(script: dict[str, Any], chunk_s: float, chunks: int) -> list[tuple[int, Event]]:
    """Feed silence in virtual time; what is said when, in nanoseconds from the start."""
    clock = VirtualClock()
    engine = ScriptedEngine(Script.from_dict(script), Timetable(clock))
    found: list[tuple[int, Event]] = []
    start = clock.ns
    config = SessionConfig(endpointing=0.3)
    stream = await engine.open(config, 0, lambda event: found.append((clock.ns - start, event)))
    step = round(chunk_s * RATE)
    for number in range(chunks):
        due = start + (number + 1) * step * 1_000_000_000 // RATE
        while True:
            calls = engine._timetable._calls
            if not calls or calls[0][0] > due:
                break
            await asyncio.sleep(0)
        clock.ns = due
        stream.feed(bytes(2 * step), due)
    stream.finish()
    while not isinstance(found[-1][1], Ended):
        await asyncio.sleep(0)
    await engine.close()
    return found


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("chunk_s", [0.02, 0.05, 0.1, 0.25])
async def test_in_virtual_time_each_event_comes_to_the_nanosecond(
    delay: float, chunk_s: float
) -> None:
    found = await heard({"words": WORDS, "delay": delay}, chunk_s, round(3 / chunk_s))
    said = [(ns, event) for ns, event in found if isinstance(event, Speech | Transcript)]
    assert len(said) == 2 * 3 + 7
    step_ns = round(chunk_s * 1e9)
    for ns, event in said:
        assert event.due is not None
        covered = -(-round(event.due.position * 1e9) // step_ns) * step_ns
        assert event.due.received_ns - 1_000_000_000 == covered
        assert ns == event.due.ns - 1_000_000_000 == covered + round(delay * 1e9)


async def test_nothing_overtakes() -> None:
    script = {"words": WORDS, "delay": {"schedule": [0.9, 0.0, 0.4]}}
    found = await heard(script, 0.1, 30)
    said = [(ns, event) for ns, event in found if isinstance(event, Speech | Transcript)]
    positions = [event.due.position for _, event in said if event.due is not None]
    assert positions == sorted(positions)
    assert [ns for ns, _ in said] == sorted(ns for ns, _ in said)


async def test_an_engine_slower_than_real_time_falls_behind() -> None:
    found = await heard({"words": WORDS, "real_time_factor": 1.5}, 0.1, 30)
    said = [(ns / 1e9, event) for ns, event in found if isinstance(event, Transcript)]
    for seconds, event in said:
        assert event.due is not None
        # The first chunk is there after 0.1 s; from then on each second of audio takes 1.5 s.
        assert seconds == pytest.approx(0.1 + 1.5 * event.due.position, abs=1e-6)
    progress = [(ns / 1e9, event) for ns, event in found if isinstance(event, Progress)]
    assert progress[-1][0] == pytest.approx(0.1 + 1.5 * 3.0, abs=1e-6)
    assert found[-1][1] == Ended()


# -- over the wire ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(engine="scripted", script=SCRIPT, trace=True) as server:
        yield server


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scripted") / "sound.wav"
    make_sound(path)
    return path


def session(server: LocalServer, sound: Path, **options: Any) -> gn.Run:
    settings = {"speed": 8, "endpointing": 0.3, **options}
    return gn.start(sound, server=server, **settings).result(30)


def test_nothing_leaves_before_it_is_due(server: LocalServer, sound: Path) -> None:
    script = {"words": WORDS, "delay": {"uniform": [0.02, 0.2]}, "seed": 3}
    assert ask(server, "/_control/script", script) == (200, b'{"waiting": 1}')
    run = session(server, sound, speed=1, chunk_ms=50)
    trace = trace_of(server, run.session_id or "")
    scripted = [item for item in trace["sent"] if "due_ns" in item]
    assert len(scripted) == 2 * 3 + 7
    covered = {item["byte_range"][1]: item["ns"] for item in trace["received"]}
    for item in scripted:
        assert item["before_ns"] >= item["due_ns"] >= item["received_ns"] + 0.02e9
        first = -(-round(item["position_s"] * RATE * 2) // 1600) * 1600
        assert item["received_ns"] == covered[first]
    shown = [item for item in scripted if item["type"] == "transcript"]
    assert shown[0]["words"] == [{"word": "one", "start_s": 0.2, "end_s": 0.35}]
    assert (shown[0]["id"], shown[0]["is_final"], shown[0]["channel"]) == ("00_00000000", False, 0)
    assert "due_ns" not in next(item for item in trace["sent"] if item["type"] == "audio_chunk")


def test_a_script_for_the_next_session_only(server: LocalServer, sound: Path) -> None:
    for text in ("first", "second"):
        ask(server, "/_control/script", {"words": words((text, 0.2, 0.5))})
    texts = [session(server, sound).text for _ in range(3)]
    assert texts == ["first", "second", TEXT]


def test_channels_and_add_ons(server: LocalServer, sound: Path) -> None:
    script = {
        "utterances": [
            {
                "words": words(("hello", 0.2, 0.5)),
                "translations": {"fr": "bonjour"},
                "entities": [
                    {"entity_type": "GREETING", "text": "hello", "start": 0.2, "end": 0.5}
                ],
            },
            {"channel": 1, "words": words(("goodbye", 0.3, 0.6))},
        ],
        "language": "en",
    }
    ask(server, "/_control/script", script)
    run = session(
        server,
        sound,
        channels=2,
        realtime_processing={
            "translation": True,
            "translation_config": {"target_languages": ["fr"]},
            "named_entity_recognition": True,
        },
    )
    assert sorted(run.utterances["channel"].tolist()) == [0, 1]
    messages = [json.loads(event["raw"]) for event in run.record.of("message")]
    (translation,) = [message for message in messages if message["type"] == "translation"]
    assert translation["data"]["utterance_id"] == "0", "the index alone, as seen of Gladia"
    assert gn.translation_latency(run)["utterance_id"].tolist() == ["00_00000000"]
    assert gn.translation_latency(run)["after_final_ms"].notna().all()
    assert translation["data"]["translated_utterance"]["text"] == " bonjour"
    (entities,) = [m for m in messages if m["type"] == "named_entity_recognition"]
    assert entities["data"]["results"][0]["entity_type"] == "GREETING"
    result = json.loads(run.record.of("result")[0]["raw"])["result"]
    assert result["translation"]["results"][0]["full_transcript"] == "bonjour"


def test_a_silent_script(sound: Path) -> None:
    with LocalServer(engine="scripted") as server:
        run = session(server, sound)
    assert run.outcome == "finished"
    assert run.text == ""
    assert not {"transcript", "speech_start", "speech_end"} & set(run.messages["type"])


def test_a_script_on_a_server_that_recognises(local_server: LocalServer, sound: Path) -> None:
    ask(local_server, "/_control/script", SCRIPT)
    assert session(local_server, sound).text == TEXT
