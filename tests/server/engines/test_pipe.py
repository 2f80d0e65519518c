"""How server and decoding processes talk: every event comes back as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.engines import pipe as wire
from gladia_nb.server.engines.base import Ended, Event, Progress, Speech, Transcript, Word


@pytest.mark.parametrize(
    "event",
    [
        Ended(),
        Ended("why"),
        Progress(0.2),
        Speech(began=True, time=1.25),
        Transcript(3, is_final=True, words=(Word("don't", 0.1, 0.2, 0.9),)),
    ],
)
def test_events_pass_through_the_pipe(event: Event) -> None:
    assert wire.read_line(wire.line_of(event)) == event


SECONDS = st.floats(0, 1e5)
FOREIGN = st.text() | st.sampled_from(["\n", "caf\u00e9", "\u2028", "\x00"])
EVENTS = st.one_of(
    st.builds(Progress, SECONDS),
    st.builds(Ended, st.none() | FOREIGN),
    st.builds(Speech, began=st.booleans(), time=SECONDS),
    st.builds(
        Transcript,
        utterance=st.integers(0),
        is_final=st.booleans(),
        words=st.lists(st.builds(Word, FOREIGN, SECONDS, SECONDS, st.floats(0, 1))).map(tuple),
        language=st.sampled_from(["en", "fr"]),
    ),
)


@given(st.lists(EVENTS))
def test_lines_are_told_apart_whatever_they_hold(events: list[Event]) -> None:
    stream = b"".join(map(wire.line_of, events))
    assert stream.count(b"\n") == len(events)
    assert [wire.read_line(line) for line in stream.splitlines(keepends=True)] == events


def test_a_line_by_hand() -> None:
    event = Transcript(1, is_final=False, words=(Word("hi", 0.5, 1.0, 0.25),))
    name, fields = json.loads(wire.line_of(event))
    assert name == "Transcript"
    assert fields == {
        "utterance": 1,
        "is_final": False,
        "words": [{"text": "hi", "start": 0.5, "end": 1.0, "confidence": 0.25}],
        "language": "en",
        "due": None,
    }


@given(st.sampled_from([wire.SETTINGS, wire.AUDIO, wire.FINISH]), st.binary())
def test_a_frame_has_its_kind_and_its_length_in_front(kind: int, payload: bytes) -> None:
    framed = wire.frame(kind, payload)
    assert wire.HEAD.unpack(framed[: wire.HEAD.size]) == (kind, len(payload))
    assert framed[wire.HEAD.size :] == payload


def test_a_frame_by_hand() -> None:
    assert wire.frame(wire.AUDIO, b"abc") == b"\x01\x03\x00\x00\x00abc"
    assert wire.frame(wire.FINISH) == b"\x02\x00\x00\x00\x00"
