import math
import threading

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.lab.live_state import LiveState
from gladia_nb.lab.replay import Replay, event_time_ns, start_replay
from gladia_nb.sessions.runner import transcribe


@pytest.fixture(scope="module")
def run(local_server, clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("replay") / "clip.run"
    return transcribe(clip, server=local_server, speed=10, path=path, progress=False)


def test_at_once_it_gives_every_event_in_order(run):
    seen = []
    shown = start_replay(run, speed=math.inf)
    shown.subscribe(seen.append)
    assert shown.result(10) is run
    assert seen == list(run.record.events)
    assert shown.sent_s == pytest.approx(run.duration_s)
    assert shown.channels == 1


def test_who_comes_late_misses_nothing(run):
    shown = start_replay(run, speed=math.inf)
    shown.wait(10)
    seen = []
    unsubscribe = shown.subscribe(seen.append)
    unsubscribe()
    unsubscribe()
    assert seen == list(run.record.events)


def test_live_equals_replay(run):
    direct = LiveState.of_header(run.record.header)
    again = LiveState.of_header(run.record.header)
    for event in run.record.events:
        direct.feed(event)
    shown = start_replay(run, speed=50)
    shown.subscribe(again.feed)
    shown.result(30)
    assert again.snapshot() == direct.snapshot()


def test_stop_ends_it_before_its_end(run):
    begun = threading.Event()
    seen = []

    def post(event):
        seen.append(event)
        if event["event"] == "chunk":
            begun.set()

    # So slow that it would take minutes.
    shown = start_replay(run, speed=0.01)
    shown.subscribe(post)
    shown.stop()
    shown.stop()
    assert shown.wait(10)
    assert shown.done
    assert len(seen) < len(run.record.events)
    with pytest.raises(TimeoutError):
        slow = start_replay(run, speed=0.01)
        try:
            slow.result(0)
        finally:
            slow.stop()


def test_a_subscriber_that_fails_does_not_end_it(run, caplog):
    shown = start_replay(run, speed=math.inf)
    shown.subscribe(lambda event: 1 / 0)
    assert shown.wait(10)
    assert "A subscriber of a replay failed" in caplog.text


@pytest.mark.parametrize("what", ["stop", "subscribe", "unsubscribe"])
def test_a_subscriber_may_call_what_it_likes(run, what):
    shown = Replay(run, math.inf)
    seen, more, leave = [], [], []
    calls = {
        "stop": shown.stop,
        "subscribe": lambda: shown.subscribe(more.append),
        "unsubscribe": lambda: [end() for end in leave],
    }

    def post(event):
        seen.append(event)
        if len(seen) == 3:
            calls[what]()

    leave.append(shown.subscribe(post))
    shown.start()
    assert shown.wait(20), "the replay hangs"
    events = list(run.record.events)
    assert seen == (events if what == "subscribe" else events[:3])
    assert more == (events if what == "subscribe" else [])


def test_a_subscriber_cannot_wait_for_what_it_holds_up(run, caplog):
    shown = Replay(run, math.inf)
    shown.subscribe(lambda event: shown.result())
    assert shown.start().wait(20)
    assert "A subscriber of a replay cannot wait for its end" in caplog.text


@pytest.mark.parametrize("speed", [0, -1, math.nan, "fast", True])
def test_a_speed_that_is_none(run, speed):
    with pytest.raises(ConfigError, match="speed must be above 0"):
        start_replay(run, speed=speed)


def test_the_moment_of_an_event():
    assert event_time_ns({"event": "message", "recv_ns": 3}) == 3
    assert event_time_ns({"event": "ping", "send_ns": 1, "recv_ns": None}) == 1
    assert event_time_ns({"event": "end", "outcome": "finished"}) is None
