"""Which speech events belong to an utterance, in whatever order they came, and why it ended."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.record import frames
from gladia_nb.record.triggers import Surroundings
from tests.support.make_runs import make_run, speech
from tests.support.record_events import message, record

SLACK_S, WAIT_S = 0.75, 0.3
EVENTS = st.lists(st.tuples(st.sampled_from(["start", "end"]), st.integers(0, 60)), max_size=12)


def plainly(events, start, end):
    """One event after the other."""
    begin, finish = math.nan, math.nan
    for kind, tenths in events:
        time = tenths / 10
        if kind == "start" and time < end:
            begin = time
        elif kind == "end" and start < time and end - SLACK_S <= time <= end + WAIT_S + SLACK_S:
            finish = time
            break
    return begin, finish


@settings(max_examples=200)
@given(EVENTS, st.booleans(), st.integers(0, 60), st.integers(0, 30))
def test_as_a_plain_loop_finds_them(events, rising, start, length):
    events = sorted(events, key=lambda event: event[1]) if rising else events
    arrivals = [speech(k / 10, kind, tenths / 10) for k, (kind, tenths) in enumerate(events)]
    run = make_run(arrivals, duration_s=1.0, config={"endpointing": WAIT_S})
    found = Surroundings(run.record).around(0, start / 10, (start + length) / 10)
    begin, finish = plainly(events, start / 10, (start + length) / 10)
    assert [found.start_s, found.end_s].__repr__() == [begin, finish].__repr__()
    assert (found.end_ns is None) == math.isnan(finish)


def test_channels_are_apart():
    run = make_run([speech(1.0, "start", 0.5, channel=1), speech(2.0, "end", 1.5, channel=1)])
    assert math.isnan(Surroundings(run.record).around(0, 0.5, 1.5).start_s)
    assert Surroundings(run.record).around(1, 0.5, 1.5)[:2] == (0.5, 1.5)


def event(kind: str, time: float, recv_s: float) -> dict[str, Any]:
    return message({"type": kind, "data": {"time": time, "channel": 0}}, 1_000 + int(recv_s * 1e9))


def final(start: float, end: float, recv_s: float, ident: str = "00_0") -> dict[str, Any]:
    body = {
        "id": ident,
        "is_final": True,
        "utterance": {"text": "a", "channel": 0, "start": start, "end": end, "words": []},
    }
    return message({"type": "transcript", "data": body}, 1_000 + int(recv_s * 1e9))


def stop(at_s: float) -> dict[str, Any]:
    return {"event": "stop", "send_start_ns": 0, "send_end_ns": 1_000 + int(at_s * 1e9)}


@pytest.mark.parametrize(
    ("events", "trigger", "speech_end_s"),
    [
        ([event("speech_end", 2.0, 2.3), final(1, 2, 2.4)], "endpoint", 2.0),
        ([final(1, 2, 2.4), event("speech_end", 2.0, 2.41)], "endpoint", 2.0),
        ([event("speech_end", 2.3, 2.3), final(1, 2, 2.4)], "endpoint", 2.3),
        ([stop(2.2), event("speech_end", 2.0, 2.3), final(1, 2, 2.4)], "stop", 2.0),
        ([event("speech_end", 2.0, 2.1), stop(2.2), final(1, 2, 2.4)], "endpoint", 2.0),
        ([stop(2.2), final(1, 2, 2.4)], "stop", math.nan),
        ([final(0, 4.9, 5.3), event("speech_end", 5.4, 5.8)], "max_duration", math.nan),
        ([final(1, 2, 2.4)], None, math.nan),
    ],
)
def test_why_a_final_came(events, trigger, speech_end_s):
    frame = frames.utterances_frame(record(*events))
    found = frame.loc[0, "trigger"]
    assert (None if pd.isna(found) else found) == trigger
    np.testing.assert_equal(frame.loc[0, "speech_end_s"], speech_end_s)


def test_without_speech_events_what_is_neither_stop_nor_cut_was_an_endpoint():
    made = record(final(1, 2, 2.4), messages_config={"receive_speech_events": False})
    assert frames.utterances_frame(made).loc[0, "trigger"] == "endpoint"


def test_a_final_right_after_a_reconnection():
    connect = {"event": "connect", "connection": 2, "end_ns": 2_000_000_000, "error": None}
    frame = frames.utterances_frame(record(connect, final(1, 2, 2.4)))
    assert frame.loc[0, "trigger"] == "resume"


def test_speech_events_need_not_come_in_the_order_of_their_times():
    events = [
        event("speech_start", 1.0, 1.1),
        event("speech_end", 9.0, 1.2),
        event("speech_start", 0.5, 1.3),
        event("speech_end", 2.1, 2.2),
        event("speech_start", 3.0, 2.3),
        final(1, 2, 2.4),
    ]
    row = frames.utterances_frame(record(*events)).iloc[0]
    assert row[["speech_start_s", "speech_end_s", "trigger"]].to_list() == [0.5, 2.1, "endpoint"]
    in_order = frames.utterances_frame(record(events[0], events[3], events[4], events[5])).iloc[0]
    assert in_order[["speech_start_s", "speech_end_s"]].to_list() == [1.0, 2.1]
