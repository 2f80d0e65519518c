"""Frames of a service that are anything: nothing raises, and nothing false is believed."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.api.protocol import FrameKind, SessionProtocol, State
from gladia_nb.clock import MonotonicClock
from gladia_nb.record.data import RunData
from gladia_nb.record.event_kinds import AudioStartEvent, MessageEvent
from gladia_nb.record.events import as_mapping, end_event, event_line, read_event
from gladia_nb.record.file import FORMAT, VERSION, dump_line, read_lines
from gladia_nb.record.message import parse_message
from tests.support.fuzzing import fuzzed

WORD = {"word": " a", "start": 0.1, "end": 0.2, "confidence": 0.5}
UTTERANCE = {"text": " a b", "start": 0.1, "end": 0.4, "channel": 0, "language": "en",
             "confidence": 0.9, "words": [WORD, WORD]}  # fmt: skip
GOOD: list[dict[str, Any]] = [
    {"type": "transcript", "data": {"id": "00_0", "is_final": True, "utterance": UTTERANCE}},
    {"type": "transcript", "data": {"id": "00_0", "is_final": False, "utterance": UTTERANCE}},
    {"type": "audio_chunk", "acknowledged": True, "error": None,
     "data": {"byte_range": [0, 640], "time_range": [0.0, 0.02]}},
    {"type": "speech_start", "data": {"time": 0.1, "channel": 0}},
    {"type": "stop_recording", "acknowledged": True, "data": {"recording_duration": 1.0}},
    {"type": "translation", "error": None, "data": {
        "utterance_id": "0", "utterance": UTTERANCE, "translated_utterance": UTTERANCE,
        "target_language": "fr"}},
    {"type": "named_entity_recognition", "data": {"utterance_id": "00_0", "results": [{}]}},
    {"type": "post_final_transcript", "data": {"transcription": {"utterances": [UTTERANCE]}}},
    {"type": "error", "data": {"message": "no", "code": 1}},
]  # fmt: skip
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(st.characters(), max_size=6),
    st.sampled_from(["NaN", "\ud800", "\x00", "é", "00_00000003", "-1", "1e999"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-5, 2000), max_size=4),
    st.dictionaries(st.sampled_from(["id", "type", "data", "message"]), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a message."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


@st.composite
def messages(draw: st.DrawFn) -> str | bytes:
    """A message as it should be, with some of it changed or taken out; or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.text(max_size=20) | st.binary(max_size=20))
    message: Any = copy.deepcopy(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(places(message)))
        if not path:
            continue
        holder = message
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(ODD)
    text = json.dumps(message)
    return text.encode() if draw(st.booleans()) else text


@fuzzed
@given(st.lists(messages(), max_size=8), st.lists(st.integers(1, 40), max_size=4))
def test_the_protocol_believes_nothing_that_cannot_be(frames, sizes):
    protocol = SessionProtocol()
    protocol.initiated()
    protocol.opened()
    for number, size in enumerate(sizes):
        protocol.feed(number, bytes(size))
    for _ in iter(protocol.next_frame, None):
        pass
    progress = 0
    for raw in frames:
        message = protocol.receive(raw)
        assert isinstance(message.raw, str)
        assert message.error is None or isinstance(message.error, str)
        assert 0 <= protocol.buffer.acknowledged <= protocol.buffer.sent == sum(sizes)
        assert progress <= protocol.progress <= progress + 1
        progress = protocol.progress
        assert protocol.state is State.STREAMING
    # After a loss exactly what is not acknowledged is sent again.
    protocol.closed(None)
    protocol.opened()
    protocol.probe_unanswered()
    again = [f for f in iter(protocol.next_frame, None) if f.kind is FrameKind.AUDIO]
    assert sum(len(frame.wire) for frame in again) == protocol.buffer.unacknowledged


@fuzzed
@given(st.lists(messages(), max_size=6))
def test_a_run_of_them_is_written_read_and_made_into_frames(frames):
    clock = MonotonicClock()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "anchor": [1, 1, 1],
        "config": {"sample_rate": 16000, "channels": 1},
        "audio": {"name": "a", "duration_s": 1.0},
        "options": {"target": "x", "speed": 1, "chunk_ms": 100},
        "reference": None,
    }
    lines = [dump_line(header), event_line(AudioStartEvent(1))]
    for number, raw in enumerate(frames):
        text = parse_message(raw).raw
        event = MessageEvent(recv_ns=number + 2, connection=1, via="websocket", raw=text)
        assert read_event(as_mapping(event)) == event
        lines.append(event_line(event))
    lines.append(event_line(end_event(clock, "finished")))
    run = RunData(read_lines([line.encode("ascii") for line in lines]))
    assert len(run.messages) == len(frames)
    for frame in (run.utterances, run.words, run.chunks):
        assert frame.columns.is_unique
    assert isinstance(run.text, str)
