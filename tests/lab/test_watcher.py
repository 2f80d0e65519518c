import json
import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.lab.live_state import LiveState
from gladia_nb.lab.replay import start_replay
from gladia_nb.lab.watcher import Watcher
from gladia_nb.sessions.runner import start
from tests.support.make_runs import make_run, rich_run, utterance, words

IDLE = {"live": {"mode": "idle", "running": False}, "lines": [], "series": {}}


class Told:
    """A session that does what a test says."""

    def __init__(self, header, *, is_live=False, channels=1):
        self.header = header
        self.is_live = is_live
        self.channels = channels
        self.done = False
        self.subscribers = []

    def subscribe(self, callback):
        self.subscribers.append(callback)
        return lambda: self.subscribers.remove(callback)

    def tell(self, *events):
        for event in events:
            for callback in list(self.subscribers):
                callback(event)


@pytest.fixture(scope="module")
def run():
    return rich_run()


@pytest.fixture
def session(run):
    """A session with this run's header, of which nothing has happened yet."""
    return Told(run.record.header)


def test_before_anything_is_watched_it_is_idle():
    watcher = Watcher()
    assert watcher.views() == IDLE
    assert (watcher.mode, watcher.handle) == ("idle", None)
    assert not watcher.is_running
    assert not watcher.is_live


def test_what_it_shows_of_a_run_is_what_the_live_state_says(run):
    state = LiveState.of_header(run.record.header)
    for event in run.record.events:
        state.feed(event)
    snapshot = state.snapshot()
    watcher, shown = Watcher(), start_replay(run, speed=math.inf)
    watcher.watch(shown, "the talk", 1.0)
    assert shown.wait(60)
    views = json.loads(json.dumps(watcher.views(), allow_nan=False))
    live = views["live"]
    assert (live["mode"], live["running"], live["title"]) == ("replay", False, "the talk")
    for name in ("phase", "partials", "finals", "chunks", "messages", "connections", "note"):
        assert live[name] == getattr(snapshot, name)
    assert live["sent"] == round(snapshot.sent_s, 2)
    assert live["duration"] == snapshot.duration_s
    assert live["left"] == 0
    assert live["final_ms"] == round(snapshot.final_ms)
    assert live["health"]["level"] == snapshot.health.level
    assert [line["text"] for line in views["lines"]] == [line.text for line in snapshot.lines]
    assert [line["start"] for line in views["lines"]] == [line.start_s for line in snapshot.lines]
    assert views["series"].keys() == snapshot.series.keys()
    for name, points in snapshot.series.items():
        assert views["series"][name] == [[round(x, 2), round(y, 2)] for x, y in points]
    assert not watcher.is_live, "a replay is no session"


def test_a_session_is_live_until_it_has_ended(session, run):
    watcher = Watcher()
    watcher.watch(session, "the talk", 2.0)
    assert watcher.mode == "live"
    assert watcher.is_live
    assert watcher.is_running
    before = watcher.views()["live"]
    assert (before["running"], before["phase"], before["sent"]) == (True, "connecting", 0)
    assert before["left"] == round(run.record.header["audio"]["duration_s"] / 2, 1)
    session.tell(*run.record.events)
    session.done = True
    after = watcher.views()
    assert (after["live"]["running"], after["live"]["phase"]) == (False, "finished")
    assert after["lines"]
    assert after["series"], "the last look has the series, whichever turn it is"
    assert not watcher.is_live
    assert not watcher.is_running


def test_nobody_knows_how_long_a_microphone_will_go_on(session):
    session.is_live, session.channels = True, 2
    watcher = Watcher()
    watcher.watch(session, "microphone", 1.0)
    live = watcher.views()["live"]
    assert (live["duration"], live["left"], live["channels"]) == (None, None, 2)
    assert (live["partial_ms"], live["final_ms"]) == (None, None)


@given(st.lists(st.integers(0, 4), max_size=9))
def test_the_series_come_every_third_look_and_no_event_is_lost(steps):
    run = make_run(utterance(words("good morning to all of you")))
    session, watcher = Told(run.record.header), Watcher()
    watcher.watch(session, "", 1.0)
    state = LiveState.of_header(run.record.header)
    events = iter(run.record.events)
    for turn, count in enumerate(steps, 1):
        for event, _ in zip(events, range(count), strict=False):
            session.tell(event)
            state.feed(event)
        views = watcher.views()
        assert ("series" in views) == (turn % 3 == 0)
        assert views["live"]["chunks"] == state.snapshot().chunks
        assert views["live"]["messages"] == state.snapshot().messages


def test_open_partials_are_shown_with_the_words_that_changed(session):
    said = words("good morning")
    run = make_run(utterance(said, final_s=None))
    watcher = Watcher()
    watcher.watch(session, "", 1.0)
    session.tell(*run.record.events[:-1])
    views = watcher.views()
    assert views["lines"] == []
    assert views["live"]["open"] == [
        {"channel": 0, "words": (("good", False), ("morning", True))},
    ]


def test_who_watches_another_hears_no_more_of_the_first(session, run):
    watcher, other = Watcher(), Told(session.header)
    watcher.watch(session, "first", 1.0)
    chunks = [event for event in run.record.events if event["event"] == "chunk"]
    session.tell(*chunks[:3])
    late = list(session.subscribers)
    watcher.watch(other, "second", 1.0)
    assert session.subscribers == []
    for callback in late:
        # One that was just being called when the other came.
        callback(chunks[3])
    other.tell(chunks[0])
    live = watcher.views()["live"]
    assert (live["title"], live["chunks"]) == ("second", 1)
    assert watcher.handle is other


def test_subscribers_only_hand_over(session, run):
    """Events may come from any thread while another looks; none is lost and none comes twice."""
    watcher = Watcher()
    watcher.watch(session, "", 1.0)
    thread = threading.Thread(target=session.tell, args=run.record.events)
    thread.start()
    while thread.is_alive():
        watcher.views()
    thread.join()
    live = watcher.views()["live"]
    assert live["messages"] == len(run.messages)
    assert live["chunks"] == len(run.chunks)


def test_a_real_session_from_its_beginning(local_server, clip):
    live = start(clip, server=local_server, speed=10)
    watcher = Watcher()
    watcher.watch(live, "clip", 10.0)
    run = live.result(60)
    views = watcher.views()
    assert views["live"]["phase"] == "finished"
    assert views["live"]["messages"] == len(run.messages)
    assert [line["text"] for line in views["lines"]] == list(run.utterances["text"].str.strip())


def test_a_replay_that_is_stopped_says_so_and_has_no_headline_of_the_whole(run):
    watcher, shown = Watcher(), start_replay(run, speed=0.001)
    watcher.watch(shown, "the talk", 0.001)
    assert watcher.views()["live"]["whole"] is False
    shown.stop()
    assert shown.wait(30)
    live = watcher.views()["live"]
    assert (live["running"], live["phase"], live["whole"]) == (False, "stopped", False)
    again = start_replay(run, speed=math.inf)
    watcher.watch(again, "the talk", math.inf)
    assert again.wait(30)
    again.stop()
    live = watcher.views()["live"]
    assert (live["phase"], live["whole"]) == ("finished", True), "it had ended before"


def test_of_a_record_that_is_cut_off_the_end_is_not_made_up(session, run):
    watcher = Watcher()
    watcher.watch(session, "the talk", 1.0)
    session.tell(*(event for event in run.record.events if event["event"] != "end"))
    session.done = True
    live = watcher.views()["live"]
    assert (live["phase"], live["whole"]) == ("incomplete", True)
