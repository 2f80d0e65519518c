import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.engines.base import Ended, Progress, Speech
from gladia_nb.server.engines.timetable import Saying, Timetable
from tests.support.virtual_time import VirtualClock, run_virtual

MS = 1_000_000


def played(steps):
    """What `steps(timetable, note)` notes, with the milliseconds that have passed; 10 s are."""

    async def work():
        clock = VirtualClock(asyncio.get_running_loop())
        begin = clock.now_ns()
        timetable, heard = Timetable(clock), []

        def note(what):
            heard.append((round((clock.now_ns() - begin) / MS), what))

        def at(ms, call):
            timetable.at(begin + ms * MS, call)

        steps(timetable, at, note)
        await clock.sleep_until(begin + 10_000 * MS)
        await timetable.close()
        return heard

    return run_virtual(work())


@given(st.lists(st.integers(0, 50), max_size=30))
def test_each_is_called_at_its_moment_and_equals_keep_their_order(moments):
    def steps(_, at, note):
        for number, ms in enumerate(moments):
            at(ms, lambda number=number: note(number))

    heard = played(steps)
    assert [(moments[number], number) for _, number in heard] == sorted(
        (ms, number) for number, ms in enumerate(moments)
    )
    assert all(ms == moments[number] for ms, number in heard)


def test_what_is_asked_for_by_a_call_is_called_too():
    def steps(_, at, note):
        at(20, lambda: (note("a"), at(20, lambda: note("b")), at(10, lambda: note("past"))))
        at(30, lambda: note("c"))

    assert played(steps) == [(20, "a"), (20, "past"), (20, "b"), (30, "c")]


def test_one_that_fails_does_not_stop_the_others(caplog):
    def steps(_, at, note):
        at(1, lambda: 1 / 0)
        at(1, lambda: note("after"))

    with caplog.at_level(logging.ERROR):
        assert played(steps) == [(1, "after")]
    assert "division by zero" in caplog.text


def test_what_was_closed_calls_nobody():
    async def work():
        timetable = Timetable(VirtualClock(asyncio.get_running_loop()))
        timetable.at(timetable.clock.now_ns() + MS, pytest.fail)
        await timetable.close()
        await asyncio.sleep(1)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtual(work()) == set()


def say(*delays_ms, ready_ms=0, stop_ms=None):
    """When so many are said, and when they were due."""

    def steps(timetable, at, note):
        begin = timetable.clock.now_ns()
        saying = Saying(
            lambda event: note(
                event if not isinstance(event, Speech) else round((event.due.ns - begin) / MS)
            ),
            timetable,
        )
        for number, ms in enumerate(delays_ms):
            saying.later(
                Speech(True, number),
                begin + ready_ms * MS,
                delay=ms / 1000,
                position=0.5,
                received_ns=begin,
            )
        saying.now(Progress(1.0))
        at(5000, lambda: saying.now(Ended()))
        if stop_ms is not None:
            at(stop_ms, saying.stop)

    return played(steps)


def test_nothing_is_due_before_what_was_said_before_it():
    assert say(300, 100, 400) == [
        (0, Progress(1.0)),
        (300, 300),
        (300, 300),
        (400, 400),
        (5000, Ended()),
    ]


def test_what_is_due_is_said_without_a_turn_of_the_loop_unless_others_wait():
    assert say(0, 200, 0)[:4] == [(0, 0), (0, Progress(1.0)), (200, 200), (200, 200)]


def test_its_moment_counts_from_when_it_was_ready():
    assert say(100, ready_ms=50)[1] == (150, 150)


def test_after_a_stop_nothing_is_said():
    assert say(100, 300, stop_ms=200) == [(0, Progress(1.0)), (100, 100)]
