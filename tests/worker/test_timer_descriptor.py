"""Timers of the kernel: they expire when they are set to, and leave no descriptor behind."""

import ctypes
import os
import select
import threading
import time

import psutil
import pytest

from gladia_nb.worker import timer_descriptor
from gladia_nb.worker.timer_descriptor import (
    TimerDescriptor,
    no_timer_slack,
    timers_keep_the_stamps_time,
)

LINUX = pytest.mark.skipif(
    not timers_keep_the_stamps_time(), reason="needs timer descriptors on the clock of the stamps"
)


@pytest.fixture
def timer():
    timer = TimerDescriptor()
    yield timer
    timer.close()


def readable(timer, seconds):
    return select.select([timer.fileno()], [], [], seconds)[0] != []


@LINUX
@pytest.mark.parametrize("ahead_ms", [-1000, 0, 1, 30])
def test_it_expires_at_its_moment_and_never_before(timer, ahead_ms):
    moment = time.perf_counter_ns() + ahead_ms * 1_000_000
    timer.set(moment)
    assert readable(timer, 30)
    assert time.perf_counter_ns() >= moment
    assert readable(timer, 0), "until it is cleared"
    timer.clear()
    assert not readable(timer, 0.05), "once, and not again"


@LINUX
def test_a_moment_before_the_clock_began_has_passed(timer):
    timer.set(0)
    assert readable(timer, 30)


@LINUX
def test_the_last_moment_counts(timer):
    far = time.perf_counter_ns() + 3_600_000_000_000
    timer.set(time.perf_counter_ns())
    timer.set(far)
    assert not readable(timer, 0.05)
    timer.clear()
    timer.set(time.perf_counter_ns() + 1_000_000)
    assert readable(timer, 30)


@LINUX
def test_a_closed_one_is_given_back_and_refuses():
    before = psutil.Process().num_fds()
    timer = TimerDescriptor()
    assert os.get_inheritable(timer.fileno()) is False
    timer.close()
    timer.close()
    assert psutil.Process().num_fds() == before
    with pytest.raises(OSError, match="Bad file descriptor"):
        timer.set(1)


def test_where_there_are_none_it_says_so(monkeypatch):
    monkeypatch.setattr(timer_descriptor, "timers_keep_the_stamps_time", lambda: False)
    with pytest.raises(OSError, match="no timer descriptors"):
        TimerDescriptor()


@LINUX
@pytest.mark.parametrize(
    ("library", "sentence"), [(object(), "C library"), (None, "Too many open files")]
)
def test_a_system_that_gives_none_says_why(monkeypatch, library, sentence):
    class Library:
        def timerfd_create(self, clock, flags):
            timer_descriptor.ctypes.set_errno(24)
            return -1

        timerfd_settime = None

    monkeypatch.setattr(timer_descriptor.ctypes, "CDLL", lambda *_, **__: library or Library())
    with pytest.raises(OSError, match=sentence):
        TimerDescriptor()


@pytest.mark.parametrize(
    ("name", "value"),
    [("platform", "win32"), ("platform", "darwin"), ("clock", "mach_absolute_time()")],
)
def test_other_systems_and_other_clocks_are_known(monkeypatch, name, value):
    if name == "platform":
        monkeypatch.setattr(timer_descriptor.sys, "platform", value)
    else:
        info = type("Info", (), {"implementation": value})
        monkeypatch.setattr(timer_descriptor.time, "get_clock_info", lambda _: info)
    assert not timers_keep_the_stamps_time()


@LINUX
def test_slack_is_that_of_one_thread():
    def slack():
        """PR_GET_TIMERSLACK, of the thread that asks."""
        return ctypes.CDLL(None).prctl(30)

    usual, told = slack(), []

    def work():
        told.append(no_timer_slack())
        told.append(slack())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == [True, 1]
    assert slack() == usual


def test_elsewhere_there_is_no_slack_to_take_away(monkeypatch):
    monkeypatch.setattr(timer_descriptor.sys, "platform", "darwin")
    assert no_timer_slack() is False
