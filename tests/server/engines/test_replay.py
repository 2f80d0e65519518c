"""The engine that plays recordings: who gets which, and what comes when less audio does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import Ended, Event, Progress, Recorded
from gladia_nb.server.engines.replay import ReplayEngine, differences
from gladia_nb.server.engines.timetable import Timetable
from gladia_nb.server.settings.cassette import Cassette
from tests.support.virtual_time import VirtualClock, run_virtual

RATE = 16000


def final(number: int, text: str, each_s: float = 0.1, start: float = 0.0) -> str:
    """A final of some words, one behind the other."""
    words = [
        {"word": f" {word}", "start": round(start + each_s * k, 3)}
        | {"end": round(start + each_s * (k + 1), 3), "confidence": 0.9}
        for k, word in enumerate(text.split())
    ]
    said = {"text": f" {text}", "start": start, "end": words[-1]["end"], "language": "en"}
    said |= {"confidence": 0.9, "channel": 0, "words": words}
    data = {"id": f"00_{number:08d}", "is_final": True, "utterance": said}
    return json.dumps({"session_id": "s", "type": "transcript", "data": data})


FIRST, SECOND = final(0, "one two"), final(1, "three four", start=0.6)
CASSETTE: dict[str, Any] = {
    "name": "a.run",
    "config": {},
    "duration_s": 1.0,
    "messages": [
        ["open", 0.0, 0.01, "websocket", '{"type":"start_recording"}'],
        ["audio", 0.3, 0.05, "websocket", FIRST],
        ["audio", 0.9, 0.05, "websocket", SECOND],
        ["stop", 1.0, 0.2, "websocket", '{"type":"end_session"}'],
    ],
    "close": {"after": "stop", "position_s": 1.0, "delay_s": 0.3, "code": 1000},
    "left_s": 0.25,
    "result": "{}",
}


def played(
    pieces: list[float], *, channels: int = 1, way_ms: float = 0, **changes: Any
) -> list[tuple[float, Event]]:
    """What is reported when pieces of audio of these lengths come in real time, then the stop."""

    async def work() -> list[tuple[float, Event]]:
        import asyncio

        clock = VirtualClock(asyncio.get_running_loop())  # type: ignore[arg-type]
        cassette = Cassette.from_dict({**CASSETTE, **changes})
        engine = ReplayEngine([cassette], timetable=Timetable(clock))
        begun, found = clock.now_ns(), []

        def report(event: Event) -> None:
            found.append((round((clock.now_ns() - begun) / 1e9, 4), event))

        config = SessionConfig()
        session = engine.for_session(config)
        session.way.ns = round(way_ms * 1e6)
        streams = [await session.open(config, channel, report) for channel in range(channels)]
        for seconds in pieces:
            await asyncio.sleep(seconds)
            for stream in streams:
                stream.feed(bytes(2 * round(seconds * RATE)), clock.now_ns())
        for stream in streams:
            stream.finish()
        await asyncio.sleep(5)
        await engine.close()
        return found

    found: list[tuple[float, Event]] = run_virtual(work())
    return found


def texts(found: list[tuple[float, Event]]) -> list[tuple[float, str]]:
    return [(at, event.text) for at, event in found if isinstance(event, Recorded)]


def ends(found: list[tuple[float, Event]]) -> list[tuple[float, Ended]]:
    return [(at, event) for at, event in found if isinstance(event, Ended)]


def test_everything_when_its_audio_has_come() -> None:
    found = played([0.1] * 10)
    assert texts(found) == [
        (0.01, '{"type":"start_recording"}'),
        (0.35, FIRST),
        (0.95, SECOND),
        (1.2, '{"type":"end_session"}'),
    ]
    assert ends(found) == [(1.3, Ended(code=1000, result="{}"))]
    assert Progress(0.75) in [event for _, event in found]


def test_what_is_missing_of_the_last_chunk_does_not_matter() -> None:
    assert [text for _, text in texts(played([0.1] * 9))][2:] == [SECOND, '{"type":"end_session"}']


def test_an_early_stop_cuts_what_was_being_said() -> None:
    found = played([0.1] * 7)
    (_, cut) = texts(found)[-1]
    said = json.loads(cut)["data"]
    assert (said["id"], said["is_final"]) == ("00_00000001", True)
    assert said["utterance"]["text"] == " three"
    assert said["utterance"]["end"] == 0.7
    assert [word["word"] for word in said["utterance"]["words"]] == [" three"]
    assert ends(found) == [(0.7, Ended())]


def test_an_early_stop_before_anything_was_said() -> None:
    found = played([0.05])
    assert texts(found) == [(0.01, '{"type":"start_recording"}')]
    assert ends(found) == [(0.05, Ended())]


def test_a_service_that_ended_by_itself() -> None:
    close = {"after": "audio", "position_s": 0.5, "delay_s": 0.1, "code": 4408}
    found = played([0.1] * 7, messages=CASSETTE["messages"][:2], close=close, result=None)
    assert ends(found) == [(0.6, Ended(code=4408))]


def test_nothing_overtakes() -> None:
    slow = [["audio", 0.3, 0.5, "websocket", FIRST], ["audio", 0.4, 0.0, "websocket", SECOND]]
    assert texts(played([0.1] * 10, messages=slow)) == [(0.8, FIRST), (0.8, SECOND)]


def test_the_way_to_the_client_and_back_is_in_the_delays_already() -> None:
    found = played([0.1] * 10, way_ms=30)
    assert texts(found) == [
        (0.01, '{"type":"start_recording"}'),  # followed the opening, which came by the same way
        (0.32, FIRST),
        (0.92, SECOND),
        (1.17, '{"type":"end_session"}'),
    ]
    assert ends(found) == [(1.27, Ended(code=1000, result="{}"))]


def test_on_a_long_way_nothing_comes_before_what_it_followed() -> None:
    found = played([0.1] * 10, way_ms=5000)
    assert texts(found)[1:] == [(0.3, FIRST), (0.9, SECOND), (1.0, '{"type":"end_session"}')]
    assert [at for at, _ in ends(found)] == [1.0]


def test_other_channels_only_count() -> None:
    found = played([0.1] * 10, channels=2)
    assert len(texts(found)) == 4
    assert len(ends(found)) == 2


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"type":5}', '{"type":"transcript","data":{}}'])
def test_whatever_was_recorded_is_said(text: str) -> None:
    row = ["audio", 0.3, 0.0, "websocket", text]
    assert texts(played([0.1] * 10, messages=[row])) == [(0.3, text)]
    assert texts(played([0.1], messages=[row])) == []


def test_differences_are_named_once() -> None:
    translation = {"target_languages": ["fr"], "context": "x" * 100}
    asked = SessionConfig(
        realtime_processing={"translation": True, "translation_config": translation}
    )
    cassette = Cassette("a.run", {}, free=("custom_metadata", "callback_config.url"))
    found = differences(cassette, asked, SessionConfig(custom_metadata={"a": 1}, endpointing=0.3))
    assert [text.partition(" must be ")[0] for text in found] == [
        "endpointing",
        "realtime_processing.translation",
        "realtime_processing.translation_config",
    ]
    assert max(map(len, found)) < 200
    assert differences(cassette, asked, asked.replace(custom_metadata={"b": 2})) == []
    hidden = Cassette("a.run", {}, free=("realtime_processing.translation_config.context",))
    other = asked.replace(realtime_processing={"translation_config": {"context": "y"}})
    assert differences(hidden, asked, other) == []
    assert len(differences(cassette, asked, other)) == 1


def test_who_gets_which() -> None:
    mono = Cassette.from_dict({**CASSETTE, "name": "mono"})
    stereo = Cassette.from_dict({**CASSETTE, "name": "stereo", "config": {"channels": 2}})
    engine = ReplayEngine([mono, stereo, mono])
    two, one = SessionConfig(channels=2), SessionConfig()
    assert engine.refusals(two) == engine.refusals(one) == []
    assert engine.refusals(SessionConfig(channels=3)) == ["channels must be 1 as in mono (got 3)"]
    names = [engine.for_session(config)._cassette.name for config in (one, two, one, one)]
    assert names == ["mono", "stereo", "mono", "mono"]
    lenient = ReplayEngine([mono, stereo], any_config=True)
    assert lenient.refusals(SessionConfig(channels=3)) == []
    chosen = [lenient.for_session(SessionConfig(channels=3))._cassette.name for _ in range(4)]
    assert chosen == ["mono", "stereo"] * 2


def test_a_configuration_that_is_none() -> None:
    with pytest.raises(ValueError, match="the cassette odd cannot be played: channels must be"):
        ReplayEngine([Cassette("odd", {"channels": 99})])
