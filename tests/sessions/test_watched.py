"""What is watched counts what was sent, and ends once."""

import threading

import pytest

from gladia_nb.record.event_kinds import WarningEvent
from gladia_nb.record.events import read_event
from gladia_nb.sessions.watched import Watched
from tests.support.stored_events import stored_chunk


def test_it_counts_what_was_sent_and_nothing_twice():
    watched = Watched("a test", lambda start: iter(()), 16000)
    assert (watched.sent_s, watched.done, watched.wait(0)) == (0, False, False)
    for end_frame in (16000, 8000):
        watched._note(read_event(stored_chunk(0, end_frame=end_frame)))
    watched._note(WarningEvent(1, "odd"))
    watched._note(None)
    assert watched.sent_s == 1.0


def test_whoever_waits_is_told_the_end_unless_he_holds_it_up():
    told, refused = [], []
    watched = Watched("a test", lambda start: iter(told[start:]), 16000)

    def waits(_event):
        with pytest.raises(RuntimeError, match="cannot wait for its end"):
            watched.wait()
        refused.append(True)

    watched.subscribe(waits)
    told.append({"event": "stop"})
    watched._subscribers.publish(told[-1])
    assert refused == [True]
    threading.Timer(0.01, watched._done.set).start()
    assert watched.wait(30)
    assert (watched.done, watched.wait()) == (True, True)
