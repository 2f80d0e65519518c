"""Every event once and in order to each subscriber, and no lock held while one runs."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.sessions import subscribers
from gladia_nb.sessions.subscribers import Subscribers

BOUND_S = 20


def numbered(number):
    return {"event": "warning", "ns": number, "text": str(number)}


class Told:
    """What was told, and its subscribers; `tell` as the thread that reads does."""

    def __init__(self):
        self.events = []
        self.reads = 0
        self.subscribers = Subscribers("a test", self.history)

    def history(self, start):
        self.reads += 1
        yield from self.events[start:]

    def tell(self, count=1):
        for _ in range(count):
            self.events.append(numbered(len(self.events)))
            self.subscribers.publish(self.events[-1])


def within_bound(work):
    """Run something that might hang in a thread; what it raised is raised here."""
    raised = []

    def run():
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(BOUND_S)
    assert not thread.is_alive(), "it hangs"
    if raised:
        raise raised[0]


def test_first_those_that_were_then_as_they_come():
    told, seen = Told(), []
    told.tell(3)
    told.subscribers.subscribe(seen.append)
    assert seen == told.events
    told.tell(2)
    assert seen == told.events
    assert told.reads == 1, "what comes is handed on, not read"


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("late", [False, True])
def test_a_subscriber_may_subscribe(before, late):
    """Called for what was, or for what comes, it can bring another one."""
    told, outer, inner = Told(), [], []

    def post(event):
        outer.append(event)
        if len(outer) == 2:
            told.subscribers.subscribe(inner.append)

    def work():
        told.tell(before)
        told.subscribers.subscribe(post)
        told.tell(4)
        if late:
            told.subscribers.subscribe(outer.append)

    within_bound(work)
    assert inner == told.events
    assert outer == told.events * (1 + late)


def test_a_subscriber_may_leave():
    told, seen, others = Told(), [], []
    leave = []

    def once(event):
        seen.append(event)
        leave[0]()

    def work():
        leave.append(told.subscribers.subscribe(once))
        told.subscribers.subscribe(others.append)
        told.tell(3)

    within_bound(work)
    assert seen == told.events[:1]
    assert others == told.events


def test_a_subscriber_may_end_another_that_waits_for_it():
    told, first_runs, ended = Told(), threading.Event(), threading.Event()
    seen = []

    def waits(event):
        seen.append(event)
        first_runs.set()
        assert ended.wait(BOUND_S)

    leave = told.subscribers.subscribe(waits)

    def ends(event):
        leave()
        ended.set()

    def comes():
        assert first_runs.wait(BOUND_S)
        told.subscribers.subscribe(ends)

    coming = threading.Thread(target=comes, daemon=True)
    coming.start()
    within_bound(lambda: told.tell(2))
    coming.join(BOUND_S)
    assert seen == told.events[:1]


def test_who_leaves_while_it_is_called_waits_not_for_ever(monkeypatch):
    """The other way round: the subscriber waits for the very thread that leaves."""
    monkeypatch.setattr(subscribers, "_PARTING_S", 0.05)
    told, runs, left = Told(), threading.Event(), threading.Event()

    def waits(event):
        runs.set()
        assert left.wait(BOUND_S)

    leave = told.subscribers.subscribe(waits)
    telling = threading.Thread(target=told.tell, args=(2,), daemon=True)
    telling.start()
    assert runs.wait(BOUND_S)
    within_bound(leave)
    left.set()
    telling.join(BOUND_S)
    assert not telling.is_alive()


def test_after_the_end_of_a_subscription_nothing_is_called(monkeypatch):
    monkeypatch.setattr(subscribers, "_PARTING_S", BOUND_S)
    told, begun, closed, wrong = Told(), threading.Event(), threading.Event(), []

    def slow(event):
        begun.set()
        time.sleep(0.005)
        if closed.is_set():
            wrong.append(event)

    leave = told.subscribers.subscribe(slow)
    telling = threading.Thread(target=told.tell, args=(40,))
    telling.start()
    assert begun.wait(BOUND_S)
    leave()
    closed.set()
    leave()
    telling.join()
    assert wrong == []


def test_who_fails_disturbs_nobody(caplog):
    told, seen = Told(), []
    told.tell(1)
    told.subscribers.subscribe(lambda _: 1 / 0)
    told.subscribers.subscribe(seen.append)
    told.tell(1)
    assert seen == told.events
    assert caplog.text.count("A subscriber of a test failed") == 2


def test_who_is_interrupted_is_no_subscriber():
    told = Told()
    told.tell(2)

    def interrupted(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told.subscribers.subscribe(interrupted)
    told.tell(1)


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("damaged")])
@pytest.mark.parametrize("after", [0, 2])
def test_what_cannot_be_read_is_said_and_what_comes_is_told(error, after, caplog):
    told, seen = Told(), []

    def broken(start):
        yield from told.events[start:after]
        raise error

    told.subscribers = Subscribers("a test", broken)
    told.tell(5)
    told.subscribers.subscribe(seen.append)
    told.tell(2)
    assert seen == told.events[:after] + told.events[5:]
    assert caplog.text.count("cannot be read any more") == 1
    assert str(error) in caplog.text


def test_a_history_that_is_too_short(caplog):
    told, seen = Told(), []
    told.subscribers = Subscribers("a test", lambda start: iter(told.events[start:2]))
    told.tell(3)
    told.subscribers.subscribe(seen.append)
    told.tell(1)
    assert seen == [*told.events[:2], told.events[3]]
    assert "it has fewer events than were told" in caplog.text


def test_who_tells_cannot_be_waited_for_by_whom_it_tells(caplog):
    told = Told()
    told.tell(1)
    told.subscribers.refuse_waiting()
    # On a thread of its own a subscriber may wait: the other one tells on.
    told.subscribers._teller = None
    told.subscribers.subscribe(lambda event: told.subscribers.refuse_waiting())
    assert caplog.text == ""
    told.tell(1)
    assert "cannot wait for its end" in caplog.text


def test_following_reads_piece_by_piece_and_ends():
    told, over = Told(), threading.Event()
    told.tell(3)
    following = told.subscribers.follow(over.is_set)
    assert next(following) == told.events[0]
    told.tell(2)
    assert [next(following) for _ in range(4)] == told.events[1:]
    told.tell(1)
    over.set()
    assert list(following) == told.events[5:]
    assert told.subscribers._entries == []


def test_who_stops_following_is_forgotten():
    told = Told()
    told.tell(3)
    following = told.subscribers.follow(lambda: False)
    next(following)
    following.close()
    assert told.subscribers._entries == []


@settings(max_examples=40)
@given(
    st.integers(0, 60),
    st.lists(st.integers(0, 60), min_size=1, max_size=5),
    st.lists(st.integers(0, 60), max_size=3),
)
def test_each_gets_each_once_in_order_whenever_it_comes(count, coming, nested):
    """Subscribers come on threads of their own while events are told, some from within others."""
    told = Told()
    seen, threads = {}, []
    reached = [threading.Event() for _ in range(count + 1)]

    def joins(name, at):
        reached[min(at, count)].wait(BOUND_S)
        told.subscribers.subscribe(collect(name))

    def collect(name):
        seen[name] = []
        return seen[name].append

    def brings(event):
        for number, at in enumerate(nested):
            if event["ns"] == min(at, count - 1) and (name := f"nested {number}") not in seen:
                told.subscribers.subscribe(collect(name))

    told.subscribers.subscribe(brings)
    for number, at in enumerate(coming):
        threads.append(threading.Thread(target=joins, args=(number, at), daemon=True))
        threads[-1].start()
    reached[0].set()
    for number in range(count):
        told.tell()
        reached[number + 1].set()
    for thread in threads:
        thread.join(BOUND_S)
        assert not thread.is_alive()
    assert len(seen) == len(coming) + (len(nested) if count else 0)
    for events in seen.values():
        assert events == told.events


def test_nothing_is_kept_of_what_was_told():
    """However many events: what is kept is a number."""
    told = Subscribers("a test", lambda start: iter(()))
    told.subscribe(lambda event: None)

    def held():
        return sum(len(value) for value in vars(told).values() if isinstance(value, list))

    before = held()
    for number in range(1000):
        told.publish(numbered(number))
    assert held() == before == 1
