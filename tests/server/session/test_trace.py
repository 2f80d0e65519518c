"""The server's own account of a session: by hand, and beside the record of a real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server import LocalServer
from gladia_nb.server.engines.base import Due, Transcript, Word
from gladia_nb.server.session import trace as module
from gladia_nb.server.session.injector import _changed
from gladia_nb.server.session.messages import Messages
from gladia_nb.server.session.trace import Trace
from gladia_nb.server.settings.options import ServerOptions
from tests.support.faulty import run_session
from tests.support.scripted_helpers import TEXT, trace_of


def test_the_trace_and_the_record_tell_the_same(
    server: LocalServer, sound: tuple[Path, bytes]
) -> None:
    run = run_session(server, sound[0])
    assert run.text == TEXT
    trace = trace_of(server, run.session_id or "")
    assert trace["clock"] == "perf_counter_ns"
    received = run.record.of("message")
    assert [item["text"] for item in trace["sent"]] == [event["raw"] for event in received]
    for item, event in zip(trace["sent"], received, strict=True):
        assert item["before_ns"] <= item["after_ns"]
        assert item["before_ns"] < event["recv_ns"]
    chunks = run.record.of("chunk")
    assert [item["byte_range"] for item in trace["received"]] == [
        [chunk["start_byte"], chunk["end_byte"]] for chunk in chunks
    ]
    for item, chunk in zip(trace["received"], chunks, strict=True):
        assert item["length"] == chunk["end_byte"] - chunk["start_byte"]
        assert item["ns"] > chunk["send_start_ns"]
    (opened, closed) = trace["connections"]
    assert (opened["event"], closed["event"], closed["code"]) == ("open", "close", 1000)
    assert opened["ns"] < trace["received"][0]["ns"]


MESSAGES = Messages("s", ServerOptions())
SAID = Transcript(3, is_final=True, words=(Word("hi", 0.5, 0.75, 0.9),))


def told(trace: Trace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(trace.as_json())
    return found


def test_by_hand() -> None:
    trace = Trace("s")
    assert trace.opened(10) == 1
    trace.received(20, 3200, 0, 3200)
    trace.closed(30, 1, None)
    assert trace.opened(40) == 2
    trace.received(50, 100, 3200, 3300)
    text = MESSAGES.transcript(SAID, 1)
    trace.sent(60, 61, 2, text, Due(59, 0.8, 50))
    ack = MESSAGES.audio_chunk((3200, 3300), (0.1, 0.103125))
    trace.sent(62, 63, 2, ack, None)
    trace.closed(70, 2, 1000)
    assert told(trace) == {
        "session_id": "s",
        "clock": "perf_counter_ns",
        "connections": [
            {"connection": 1, "event": "open", "ns": 10, "code": None},
            {"connection": 1, "event": "close", "ns": 30, "code": None},
            {"connection": 2, "event": "open", "ns": 40, "code": None},
            {"connection": 2, "event": "close", "ns": 70, "code": 1000},
        ],
        "received": [
            {"ns": 20, "connection": 1, "length": 3200, "byte_range": [0, 3200]},
            {"ns": 50, "connection": 2, "length": 100, "byte_range": [3200, 3300]},
        ],
        "sent": [
            {
                "before_ns": 60,
                "after_ns": 61,
                "connection": 2,
                "text": text,
                "type": "transcript",
                "id": "01_00000003",
                "is_final": True,
                "channel": 1,
                "words": [{"word": "hi", "start_s": 0.5, "end_s": 0.75}],
                "due_ns": 59,
                "position_s": 0.8,
                "received_ns": 50,
            },
            {
                "before_ns": 62,
                "after_ns": 63,
                "connection": 2,
                "text": ack,
                "type": "audio_chunk",
                "byte_range": [3200, 3300],
            },
        ],
    }


def test_nothing_is_an_account_too() -> None:
    assert told(Trace("s")) == {
        "session_id": "s",
        "clock": "perf_counter_ns",
        "connections": [],
        "received": [],
        "sent": [],
    }


def test_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 3)
    trace = Trace("s")
    for number in range(5):
        trace.received(number, 2, 2 * number, 2 * number + 2)
        trace.sent(number, number, 0, "{}", None)
    assert [item["ns"] for item in told(trace)["received"]] == [2, 3, 4]
    assert [item["before_ns"] for item in told(trace)["sent"]] == [2, 3, 4]


@given(
    st.sampled_from(
        [
            MESSAGES.transcript(SAID, 0),
            MESSAGES.audio_chunk((0, 2), (0.0, 0.1)),
            MESSAGES.audio_chunk(None, (0.0, 0.0), "no"),
            MESSAGES.lifecycle("end_session"),
            MESSAGES.post("post_transcript", {}),
        ]
    ),
    st.sampled_from(["null_data", "unknown_fields", "torn"]),
    st.integers(0, 400),
)
def test_what_a_fault_has_changed_can_be_told(text: str, fault: str, length: int) -> None:
    changed = text[: min(length, len(text) - 1)] if fault == "torn" else _changed(text, fault)
    trace = Trace("s")
    trace.sent(1, 2, 1, changed, None)
    (item,) = told(trace)["sent"]
    assert item["text"] == changed
    assert item["type"] == (None if fault == "torn" else json.loads(text)["type"])
