"""The recorder without a widget: what a page says comes in, what it does goes to a desk."""

import time

import numpy as np
import pytest

from gladia_nb.widgets import recorder as module
from gladia_nb.widgets.recorder import Desk, Recorder

PIECE = np.arange(400, dtype="<i2")


class Office:
    """Keeps what a recorder does with its desk."""

    def __init__(self):
        self.said, self.told, self.posted, self.calls = [], [], [], []
        self.recorder = Recorder(
            Desk(
                say=self.said.append,
                tell=lambda kind, **fields: self.told.append((kind, fields)),
                post=self.posted.append,
                stop=lambda: self.calls.append("stop"),
                idle=lambda: self.calls.append("idle"),
                launch=lambda audio: pytest.fail(f"nothing is sent of a take: {audio}"),
                launch_direct=lambda: pytest.fail("nothing is sent of a take"),
            )
        )

    def page(self, kind, *buffers, **fields):
        content = {"kind": kind, "page": "page", "run": 1, **fields}
        self.recorder.hear(time.perf_counter_ns(), content, buffers)
        for ping in [one for one in self.said if one["kind"] == "ping"]:
            self.said.remove(ping)
            at_ms = time.perf_counter_ns() / 1e6
            pong = {"kind": "pong", "page": "page", "number": ping["number"], "at_ms": at_ms}
            self.recorder.hear(time.perf_counter_ns(), pong, ())

    def start(self):
        self.page("start", mode="take", rate=16000.0, channels=1, device={})

    def piece(self, seq, samples=PIECE):
        self.page("piece", samples.tobytes(), seq=seq, captured_ms=time.perf_counter_ns() / 1e6)

    @property
    def kinds(self):
        return [kind for kind, _ in self.told]


def test_pieces_are_put_in_order_and_become_a_take():
    office = Office()
    office.start()
    assert office.recorder.recording is not None
    assert office.recorder.captured_rate == 16000
    for seq in (1, 0, 2):
        office.piece(seq, PIECE + seq)
    office.page("end", pieces=3)
    assert office.kinds == ["started", "take", "stopped"]
    heard = np.rint(office.recorder.take.samples[:, 0] * 32768).astype(int)
    assert heard.tolist() == [value + seq for seq in range(3) for value in range(400)]
    assert office.recorder.recording is None


def test_a_number_that_the_capture_left_out_is_not_waited_for():
    office = Office()
    office.start()
    office.piece(0)
    at_ms = time.perf_counter_ns() / 1e6
    office.page("piece", PIECE.tobytes(), seq=2, left_out=1, captured_ms=at_ms)
    office.page("end", pieces=3)
    assert office.kinds == ["started", "take", "stopped"]
    assert len(office.recorder.take.samples) == 2 * len(PIECE)


def test_a_recording_of_another_page_or_another_run_is_not_touched():
    office = Office()
    office.start()
    office.piece(0)
    office.page("piece", PIECE.tobytes(), run=2, seq=1, captured_ms=0.0)
    office.recorder.hear(time.perf_counter_ns(), {"kind": "gone", "page": "other"}, ())
    office.page("end", pieces=1)
    assert len(office.recorder.take.samples) == len(PIECE)


def test_a_page_that_goes_leaves_what_it_recorded():
    office = Office()
    office.start()
    office.piece(0)
    office.page("gone")
    assert office.kinds == ["started", "take", "stopped"]
    assert office.calls == ["idle"]
    assert office.recorder.recording is None


def test_a_page_that_is_reloaded_begins_anew():
    office = Office()
    office.start()
    office.piece(0)
    office.start()
    office.piece(0, PIECE + 1)
    office.page("end", pieces=1)
    assert office.kinds == ["started", "take", "stopped", "started", "take", "stopped"]


def test_silence_of_a_page_is_found(monkeypatch):
    monkeypatch.setattr(module, "_GONE_S", 0.0)
    office = Office()
    office.start()
    office.recorder.tick()
    assert office.kinds[-1] == "error"
    assert "has gone" in office.told[-1][1]["text"]
    assert office.said[-1]["kind"] == "failed"


def test_what_fails_is_told_to_both_sides():
    office = Office()
    office.recorder.fail("It broke.")
    assert office.told == [("error", {"code": "session", "text": "It broke."})]
    assert office.said == [{"kind": "failed", "page": "", "run": None, "text": "It broke."}]


class Held:
    """A session that is under way, of another rate than the capture."""

    sample_rate = 8000

    def __init__(self):
        self.noted = []

    def note(self, event):
        self.noted.append(event)


def test_zeros_in_the_sound_are_a_gap_of_the_record():
    office = Office()
    office.start()
    recorder = office.recorder
    at_ms = time.perf_counter_ns() / 1e6
    # A take has no record; of what is sent the frames are counted as they are sent.
    office.page("zeros", at_ms=at_ms, at_frame=1600, frames=160)
    recorder.recording.mode, recorder._handle = "stream", Held()
    hole = recorder._hole(recorder.recording, {"at_ms": at_ms, "at_frame": 1600, "frames": 160}, 5)
    assert (hole.why, hole.at_frame, hole.frames) == ("zeros", 800, 80)


class Stoppable:
    """A session of the kernel that is under way, and that whoever likes can stop."""

    sample_rate = 16000

    def __init__(self):
        self.callbacks, self.subscribers = [], []

    def before_stop(self, callback):
        self.callbacks.append(callback)

    def subscribe(self, callback):
        self.subscribers.append(callback)

    def stop(self):
        for callback in self.callbacks:
            callback()


STOPPED = {"event": "stop", "send_start_ns": 5, "send_end_ns": 6, "connection": 1}


def streaming(monkeypatch):
    """A desk at which a session through the kernel is under way."""
    office, live = Office(), Stoppable()
    monkeypatch.setattr(office.recorder, "_spawn", lambda target: None)
    office.page("start", mode="stream", rate=16000.0, channels=1, device={})
    office.recorder.hear(0, {"kind": "launched", "run": 1, "live": live}, ())
    return office, live


def hand_in(office):
    """What was posted is heard, as the microphone's own thread does."""
    while office.posted:
        office.recorder.hear(time.perf_counter_ns(), office.posted.pop(0), ())


@pytest.mark.parametrize("known_by", ["the handle", "the record"])
def test_whoever_stops_the_session_ends_the_microphone_before_the_service_has_finished(
    monkeypatch, known_by
):
    office, live = streaming(monkeypatch)
    assert office.calls == []
    if known_by == "the handle":
        live.stop()
    else:
        live.subscribers[0](STOPPED)
    hand_in(office)
    assert office.calls == ["stop"]
    assert office.recorder.recording is not None, "what the page still has is on its way"


def test_a_recording_that_has_ended_is_asked_for_nothing_and_a_later_one_neither(monkeypatch):
    office, live = streaming(monkeypatch)
    office.page("end", pieces=0)
    live.stop()
    hand_in(office)
    office.start()
    live.subscribers[0](STOPPED)
    office.recorder.recording.number = 2
    hand_in(office)
    assert office.calls == []
