"""Events are written as they always were, and read whatever a file lacks or has beyond."""

import doctest
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import AuthenticationError, RunFileError, SessionError
from gladia_nb.record import event_kinds as kinds
from gladia_nb.record import events as events_module
from gladia_nb.record.event_kinds import KINDS
from gladia_nb.record.events import (
    as_mapping,
    end_event,
    error_event,
    event_line,
    make_event,
    read_event,
)
from gladia_nb.record.file import load_record

OLD_FILES = Path(__file__).resolve().parents[1] / "data" / "before_the_move"
REFUSED = AuthenticationError("No.", status=401)

#: What is in files since they are written, byte for byte.
LINES = [
    (
        kinds.InitEvent(
            start_ns=1,
            end_ns=2,
            status=201,
            session_id="s",
            created_at=None,
            url="ws://x",
            connect_ms=0.5,
        ),
        '{"event":"init","start_ns":1,"end_ns":2,"status":201,"session_id":"s","created_at":null,'
        '"url":"ws://x","connect_ms":0.5}',
    ),
    (
        kinds.ConnectEvent(connection=1, start_ns=2, error=None, end_ns=3, dns_ms=1.5),
        '{"event":"connect","connection":1,"start_ns":2,"error":null,"end_ns":3,"dns_ms":1.5}',
    ),
    (kinds.AudioStartEvent(5), '{"event":"audio_start","t0_ns":5}'),
    (
        kinds.ChunkEvent(
            seq=0,
            start_frame=0,
            end_frame=4,
            start_byte=0,
            end_byte=8,
            due_ns=1,
            send_start_ns=2,
            send_end_ns=None,
            connection=1,
            resend=False,
        ),
        '{"event":"chunk","seq":0,"start_frame":0,"end_frame":4,"start_byte":0,"end_byte":8,'
        '"due_ns":1,"send_start_ns":2,"send_end_ns":null,"connection":1,"resend":false}',
    ),
    (
        kinds.ProbeEvent(1, 2, 3),
        '{"event":"probe","send_start_ns":1,"send_end_ns":2,"connection":3}',
    ),
    (
        kinds.KeepAliveEvent(1, 2, 3),
        '{"event":"keep_alive","send_start_ns":1,"send_end_ns":2,"connection":3}',
    ),
    (
        kinds.StopEvent(1, None, 3),
        '{"event":"stop","send_start_ns":1,"send_end_ns":null,"connection":3}',
    ),
    (
        kinds.MessageEvent(recv_ns=1, connection=2, via="websocket", raw="é\ud800"),
        '{"event":"message","recv_ns":1,"connection":2,"via":"websocket","raw":"\\u00e9\\ud800"}',
    ),
    (
        kinds.MessageEvent(recv_ns=1, connection=2, via="websocket", raw="\udcff", binary=True),
        '{"event":"message","recv_ns":1,"connection":2,"via":"websocket","raw":"\\udcff",'
        '"binary":true}',
    ),
    (
        kinds.MessageEvent(recv_ns=1, via="callback", raw="{}"),
        '{"event":"message","recv_ns":1,"via":"callback","raw":"{}"}',
    ),
    (
        kinds.CloseEvent(1, 2, None, "", "retry"),
        '{"event":"close","ns":1,"connection":2,"code":null,"reason":"","outcome":"retry"}',
    ),
    (kinds.RetryEvent(1, 2, 0.5), '{"event":"retry","ns":1,"attempt":2,"wait_s":0.5}'),
    (
        kinds.VitalsEvent(
            ns=1,
            window_ns=2,
            loop_lag_ms=0.5,
            gc_count=0,
            gc_ms=0.0,
            gc_longest_ms=0.0,
            clock_ns=-3,
            wall_ns=4,
            wall_width_ns=5,
            backlog=0,
            cpu_ms=1.5,
        ),
        '{"event":"vitals","ns":1,"window_ns":2,"loop_lag_ms":0.5,"gc_count":0,"gc_ms":0.0,'
        '"gc_longest_ms":0.0,"clock_ns":-3,"wall_ns":4,"wall_width_ns":5,"backlog":0,"cpu_ms":1.5}',
    ),
    (kinds.PingEvent(1, None), '{"event":"ping","send_ns":1,"recv_ns":null}'),
    (
        kinds.NetworkEvent(9, [[1, 5, 3200]], [], [7]),
        '{"event":"network","ns":9,"up":[[1,5,3200]],"down":[],"resets":[7]}',
    ),
    (
        kinds.GapEvent(ns=1, why="paused", at_frame=2, captured_ns=None),
        '{"event":"gap","ns":1,"why":"paused","at_frame":2,"captured_ns":null}',
    ),
    (
        kinds.GapEvent(ns=1, why="lost", at_frame=2, pieces=3, frames=4),
        '{"event":"gap","ns":1,"why":"lost","at_frame":2,"pieces":3,"frames":4}',
    ),
    (
        kinds.GapEvent(ns=1, why="stalled", at_frame=2),
        '{"event":"gap","ns":1,"why":"stalled","at_frame":2}',
    ),
    (
        kinds.GapEndEvent(1, "stalled", 2),
        '{"event":"gap_end","ns":1,"why":"stalled","at_frame":2}',
    ),
    (kinds.AudioEndEvent(1, 2, None), '{"event":"audio_end","ns":1,"frames":2,"clipped":null}'),
    (
        kinds.ClockEvent(1, "browser", 2.5, 0.5, 3),
        '{"event":"clock","ns":1,"name":"browser","offset_ns":2.5,"uncertainty_ns":0.5,"n":3}',
    ),
    (
        kinds.DeviceEvent(ns=1, sample_rate=48000, label="é", latency_s=None),
        '{"event":"device","ns":1,"sample_rate":48000,"label":"\\u00e9","latency_s":null}',
    ),
    (kinds.WarningEvent(1, "Odd."), '{"event":"warning","ns":1,"text":"Odd."}'),
    (kinds.ResultEvent(1, 2, "{}"), '{"event":"result","start_ns":1,"end_ns":2,"raw":"{}"}'),
    (
        error_event(SessionError("Lost."), 7),
        '{"event":"error","name":"SessionError","text":"Lost.","code":null,"ns":7}',
    ),
    (
        error_event(REFUSED, 7),
        '{"event":"error","name":"AuthenticationError","text":"No.","status":401,'
        '"request_id":null,"validation_errors":[],"ns":7}',
    ),
    (
        error_event(RunFileError("Full."), 7),
        '{"event":"error","name":"RunFileError","text":"Full.","ns":7}',
    ),
    (
        kinds.EndEvent(1, "finished", [2, 3, 4]),
        '{"event":"end","ns":1,"outcome":"finished","anchor":[2,3,4]}',
    ),
]


@pytest.mark.parametrize(("event", "line"), LINES)
def test_the_line_of_each_event_and_back(event, line):
    assert event_line(event) == line + "\n"
    stored = json.loads(line)
    assert as_mapping(event) == stored
    assert read_event(stored) == make_event(stored) == event


def test_vitals_tell_of_the_lead_where_somebody_knows_it():
    (older,) = (event for event, _ in LINES if isinstance(event, kinds.VitalsEvent))
    newer = msgspec.structs.replace(older, lead_ms=0.24)
    assert event_line(newer) == event_line(older).replace("1.5}", '1.5,"lead_ms":0.24}')
    assert read_event(json.loads(event_line(newer))) == newer


def test_every_kind_has_its_line():
    assert {type(event) for event, _ in LINES} == set(KINDS.values())


@pytest.mark.parametrize("name", ["recognised", "resumed", "live"])
def test_old_files_are_read_without_loss(name):
    record = load_record(OLD_FILES / f"{name}.run")
    for stored in record.events:
        event = read_event(stored)
        assert event is not None
        assert as_mapping(event) == stored


@given(st.sampled_from(LINES), st.data())
def test_what_lacks_and_what_is_beyond(pair, data):
    """Any fields may be missing and any others there: the rest is read as it is."""
    event, line = pair
    stored = json.loads(line)
    lacking = data.draw(st.sets(st.sampled_from(sorted(stored.keys() - {"event"}))))
    kept = {name: value for name, value in stored.items() if name not in lacking}
    beyond = data.draw(
        st.dictionaries(st.text(st.characters(categories=["Lu"]), min_size=1), st.integers())
    )
    found = read_event({**beyond, **kept})
    assert type(found) is type(event)
    for name in kept.keys() - {"event"}:
        assert getattr(found, name) == getattr(event, name)
    for name in lacking:
        assert getattr(found, name) in (None, 0, "", False, [], UNSET)


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"event": "a kind of the future", "ns": 1},
        {"event": None},
        {"event": ["stop"]},
        {"event": "retry", "ns": 1, "attempt": "many", "wait_s": 0.0},
    ],
)
def test_what_cannot_be_read_is_none(stored):
    assert read_event(stored) is None
    with pytest.raises(ValueError, match=r"kind of event|Expected `int`"):
        make_event(stored)


def test_what_is_made_lacks_nothing():
    with pytest.raises(ValueError, match="missing required field `wait_s`"):
        make_event({"event": "retry", "ns": 1, "attempt": 2})
    with pytest.raises(TypeError, match="wait_s"):
        kinds.RetryEvent(1, 2)


@given(st.text(st.characters(exclude_categories=[])), st.binary())
def test_every_text_survives(text, data):
    for raw in (text, data.decode("utf-8", "surrogateescape")):
        event = kinds.MessageEvent(recv_ns=1, via="callback", raw=raw)
        line = event_line(event)
        assert line.isascii()
        assert read_event(json.loads(line)) == event


def test_the_end_has_both_clocks():
    end = end_event(MonotonicClock(), "finished")
    assert (end.outcome, len(end.anchor)) == ("finished", 3)
    assert abs(end.ns - end.anchor[0]) < 10**9
    assert msgspec.convert(as_mapping(end), kinds.EndEvent) == end


def test_the_examples():
    assert doctest.testmod(events_module).failed == 0
