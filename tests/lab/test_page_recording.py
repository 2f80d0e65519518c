import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.clock import Offset
from gladia_nb.lab.page_recording import PageClock, Recording, device_event, map_events
from gladia_nb.record.event_kinds import StopEvent, WarningEvent
from gladia_nb.record.events import as_mapping

MS = 1_000_000
SECOND = 1_000_000_000


def known(offset_ns=0.0):
    clock = PageClock()
    clock.offset = Offset(offset_ns, 0.0, 1)
    return clock


@given(
    st.integers(-(10**18), 10**18),
    st.lists(st.tuples(st.integers(0, 50 * MS), st.integers(0, 50 * MS)), min_size=1, max_size=40),
)
def test_the_true_offset_is_within_the_uncertainty(offset_ns, legs):
    clock, now = PageClock(), 0
    for there, back in legs:
        now += 10 * MS
        number = clock.ping(now)
        page_ms = (now + there + offset_ns) / 1e6
        clock.pong(number, page_ms, now + there + back)
        # What a double holds of the stamp is part of what is uncertain.
        slack = clock.offset.uncertainty_ns + abs(offset_ns) * 3e-16 + 1000
        assert abs(clock.offset.offset_ns - offset_ns) <= slack
    assert clock.answered == len(legs)


def test_an_estimate_moves_only_for_a_reason():
    clock = PageClock()
    first = clock.pong(clock.ping(0), 5.0, 2 * MS)
    assert (first.offset_ns, first.uncertainty_ns) == (4 * MS, 1.1 * MS)
    assert clock.pong(clock.ping(10 * MS), 15.1, 12 * MS) is None
    assert clock.offset is first
    sharp = clock.pong(clock.ping(20 * MS), 24.1, 20 * MS + 200_000)
    assert sharp is clock.offset
    assert sharp.uncertainty_ns <= 0.2 * MS
    stepped = clock.pong(clock.ping(30 * MS), 1030.0, 31 * MS)
    assert stepped.offset_ns == pytest.approx(999.5 * MS)


def test_audio_waits_for_a_series_within_a_bound():
    recording = Recording(1, "take", 16000, 1, known())
    recording.clock.left = 2
    recording.piece(0, piece(0), 1.0, SECOND)
    recording.advance(2 * SECOND)
    assert recording.live.duration_s == 0
    recording.advance(3 * SECOND)
    assert recording.live.duration_s > 0
    quick = Recording(1, "take", 16000, 1, PageClock())
    quick.clock.left = 2
    for at in (1, 2):
        quick.piece(at - 1, piece(0), 1.0, SECOND)
        assert quick.live.duration_s == 0
        quick.clock.pong(quick.clock.ping(at), at / 1e6, at + 10)
    quick.advance(SECOND + 1)
    assert quick.clock.settled
    assert quick.complete is False
    assert len(quick.take().samples) == 8


def test_answers_to_nothing_change_nothing():
    clock = PageClock()
    number = clock.ping(0)
    assert clock.pong(number + 1, 1.0, 1) is None
    assert clock.pong(number, 1.0, 2) is not None
    assert clock.pong(number, 9.0, 3) is None
    for _ in range(100):
        clock.ping(1)
    assert clock.pong(2, 1.0, 2) is None
    with pytest.raises(RuntimeError, match="not answered"):
        PageClock().to_ns(1.0)


def test_events_are_mapped_field_by_field():
    sent = {"send_start_ms": 11.0, "send_end_ms": None, "connection": 1}
    place = {"seq": 3, "start_frame": 0, "end_frame": 4, "start_byte": 0, "end_byte": 8}
    close = {"connection": 1, "code": None, "reason": "", "outcome": "retry"}
    binary = {"connection": 1, "via": "websocket", "binary": True}
    events = [
        {"event": "chunk", **place, "due_ms": 10.5, **sent, "resend": False},
        {"event": "close", "at_ms": 20.0, **close},
        {"event": "retry", "at_ms": 21.0, "attempt": 1, "wait_s": 0.5},
        {"event": "message", "recv_ms": 1.0, "bytes": [255, 65], **binary},
    ]
    sent = {"send_start_ns": MS, "send_end_ns": None, "connection": 1}
    assert [as_mapping(event) for event in map_events(events, known(10 * MS))] == [
        {"event": "chunk", **place, "due_ns": 500_000, **sent, "resend": False},
        {"event": "close", "ns": 10 * MS, **close},
        {"event": "retry", "ns": 11 * MS, "attempt": 1, "wait_s": 0.5},
        {"event": "message", "recv_ns": -9 * MS, "raw": "\udcffA", **binary},
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"event": "song", "at_ms": 1.0},
        {"event": "retry", "at_ms": 1.0, "attempt": 1},
        {"event": "retry", "at_ms": 1.0, "attempt": "once", "wait_s": 1},
        {"at_ms": 1.0},
    ],
)
def test_what_cannot_be_recorded_leaves_a_warning_in_its_place(event):
    stop = {"event": "stop", "send_start_ms": 1.0, "send_end_ms": 2.0, "connection": 1}
    found = map_events([stop, event, stop], known())
    assert [type(one) for one in found] == [StopEvent, WarningEvent, StopEvent]
    assert "cannot be recorded" in found[1].text


def test_what_a_page_says_of_its_device():
    page = {"label": "Headset", "capture": "track", "latency_s": None, "colour": "red"}
    page["echo_cancellation"] = "all"
    assert as_mapping(device_event(5, 48000, page)) == {
        "event": "device",
        "ns": 5,
        "sample_rate": 48000.0,
        "label": "Headset",
        "capture": "track",
        "latency_s": None,
        "echo_cancellation": "all",
    }


def piece(number, frames=4):
    return np.full(frames, number, "<i2").tobytes()


@given(st.permutations(range(6)))
def test_whatever_the_order_of_arrival_the_take_is_in_order(order):
    recording = Recording(1, "take", 16000, 1, known())
    for k, seq in enumerate(order):
        recording.piece(seq, piece(seq), float(seq), k)
    recording.end(6, 10)
    assert recording.complete
    taken = recording.take().samples[:, 0] * 32768
    assert taken.tolist() == [n for n in range(6) for _ in range(4)]


def test_a_piece_that_never_comes_is_given_up_and_the_number_is_missing(monkeypatch):
    recording = Recording(1, "stream", 16000, 1, known())
    fed = []
    monkeypatch.setattr(
        recording.live, "feed", lambda samples, captured_ns, seq: fed.append((seq, captured_ns))
    )
    recording.piece(0, piece(0), 1.0, SECOND)
    recording.piece(2, piece(2), 3.0, 2 * SECOND)
    recording.advance(9 * SECOND)
    assert fed == [(0, MS)]
    recording.advance(12 * SECOND)
    assert fed == [(0, MS), (2, 3 * MS)]
    recording.piece(1, piece(1), 2.0, 13 * SECOND)
    recording.end(4, 13 * SECOND)
    assert not recording.complete
    recording.advance(24 * SECOND)
    assert recording.complete


@given(st.permutations([(0, 0), (2, 1), (3, 0), (6, 2), (7, 0)]))
def test_numbers_that_the_capture_left_out_are_not_waited_for(order):
    recording = Recording(1, "stream", 16000, 1, known())
    fed = []
    recording.live.feed = lambda samples, captured_ns, seq: fed.append(seq)
    for k, (seq, left_out) in enumerate(order):
        recording.piece(seq, piece(seq), float(seq), k, left_out=left_out)
    # Nothing has been waited for, and whoever is fed sees what is missing.
    assert fed == [0, 2, 3, 6, 7]
    recording.end(8, 10)
    assert recording.complete


def test_pieces_wait_for_a_clock_but_not_for_ever(monkeypatch):
    recording = Recording(1, "stream", 16000, 1, PageClock())
    fed = []
    monkeypatch.setattr(
        recording.live, "feed", lambda samples, captured_ns, seq: fed.append(captured_ns)
    )
    recording.piece(0, piece(0), 5.0, SECOND)
    assert fed == []
    recording.clock.pong(recording.clock.ping(SECOND), 5.0, SECOND + 100)
    recording.advance(SECOND + 200)
    assert fed == [SECOND + 50]
    deaf = Recording(2, "stream", 16000, 1, PageClock())
    monkeypatch.setattr(
        deaf.live, "feed", lambda samples, captured_ns, seq: fed.append(captured_ns)
    )
    deaf.piece(0, piece(0), 5.0, SECOND)
    deaf.advance(12 * SECOND)
    assert fed[1:] == [SECOND], "dated by its arrival"


def test_a_pause_comes_behind_what_was_said_before_it(monkeypatch):
    recording = Recording(1, "stream", 16000, 1, known())
    told = []
    monkeypatch.setattr(recording.live, "feed", lambda samples, captured_ns, seq: told.append(seq))
    monkeypatch.setattr(recording.live, "pause", lambda: told.append("pause"))
    recording.piece(1, piece(1), 2.0, 1)
    recording.paused()
    recording.piece(0, piece(0), 1.0, 2)
    recording.piece(2, piece(2), 3.0, 3)
    recording.paused()
    assert told == [0, 1, "pause", 2, "pause"]


def test_what_is_there_is_kept_when_the_page_goes():
    recording = Recording(1, "take", 16000, 1, PageClock())
    for seq in (5, 1, 2):
        recording.piece(seq, piece(seq), 1.0, 1)
    recording.cut(2)
    assert (recording.take().samples[::4, 0] * 32768).tolist() == [1, 2, 5]


def test_an_end_that_could_not_count():
    recording = Recording(1, "take", 16000, 1, known())
    recording.piece(0, piece(0), 1.0, 1)
    recording.end(None, 2)
    assert recording.complete
    empty = Recording(1, "take", 16000, 1, known())
    empty.end(None, 2)
    assert empty.complete
    assert empty.take() is None


def test_how_long_a_page_stood_still_is_no_moment():
    event = {
        "event": "vitals",
        "at_ms": 5.0,
        "window_ns": 10**9,
        "loop_lag_ms": 2.5,
        "wall_ns": 7,
        "wall_width_ns": 0,
    }
    (found,) = map_events([event], known(1 * MS))
    assert (found.ns, found.loop_lag_ms) == (4 * MS, 2.5)
    assert "gc_ms" not in as_mapping(found)
