"""The worker's clock: never early, whatever the system gives it, and nothing left behind."""

import asyncio

import psutil
import pytest

from gladia_nb.clock import MonotonicClock
from gladia_nb.worker import punctual_clock, timer_descriptor
from gladia_nb.worker.punctual_clock import PunctualClock, worker_clock
from gladia_nb.worker.timer_descriptor import timers_keep_the_stamps_time

LINUX = pytest.mark.skipif(
    not timers_keep_the_stamps_time(), reason="needs timer descriptors on the clock of the stamps"
)
MS = 1_000_000


@pytest.fixture(params=[pytest.param("timer", marks=LINUX), "no timer"])
async def clock(request, monkeypatch):
    if request.param == "no timer":
        monkeypatch.setattr(timer_descriptor, "timers_keep_the_stamps_time", lambda: False)
    async with worker_clock() as clock:
        assert isinstance(clock, PunctualClock) == (request.param == "timer")
        yield clock


@pytest.mark.parametrize("ahead_ms", [-10, 0, 0.01, 1, 7, 40])
async def test_it_never_returns_early(clock, ahead_ms):
    deadline = clock.now_ns() + int(ahead_ms * MS)
    await clock.sleep_until(deadline)
    assert clock.now_ns() >= deadline


async def test_many_sleep_at_once_and_each_to_its_own_deadline(clock):
    start = clock.now_ns()

    async def one(k):
        for chunk in range(1, 4):
            deadline = start + 10 * chunk * MS + k * MS // 3
            await clock.sleep_until(deadline)
            assert clock.now_ns() >= deadline
        return k

    assert await asyncio.gather(*map(one, range(30))) == list(range(30))


async def test_a_sleeper_can_be_cancelled_and_others_sleep_on(clock):
    asleep = asyncio.create_task(clock.sleep_until(clock.now_ns() + 3_600_000 * MS))
    await asyncio.sleep(0.001)
    asleep.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asleep
    await clock.sleep_until(clock.now_ns() + MS)


async def test_a_sleeper_that_polls_can_be_cancelled():
    class Awake:
        """Wakes at once, so that there is nothing but polling."""

        async def wait(self, ns):
            await asyncio.sleep(0)

    clock = PunctualClock(Awake())
    polling = asyncio.create_task(clock.sleep_until(clock.now_ns() + 3_600_000 * MS))
    await asyncio.sleep(0.001)
    assert not polling.done()
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling


async def test_others_run_while_it_polls(clock):
    seen = []

    async def other():
        for number in range(3):
            seen.append(number)
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await clock.sleep_until(clock.now_ns() + MS)
    assert seen == [0, 1, 2]
    await task


@LINUX
async def test_it_learns_its_lead_and_stays_within_bounds(monkeypatch):
    monkeypatch.setattr(punctual_clock, "_TRIAL_NS", MS // 10)
    async with worker_clock() as calibrating:
        clock = PunctualClock(calibrating._wakeups)
        await clock.calibrate()
        assert clock._lead._noted == 20
        # A sleeper that comes too late itself has nothing to sleep for, and notes nothing.
        while clock._lead._noted < 30:
            await clock.sleep_until(clock.now_ns() + 5 * MS)
        assert MS // 10 <= clock.lead_ns == clock._lead.ns <= 3 * MS


@LINUX
async def test_a_late_wakeup_is_noted_as_late_as_it_was():
    async with worker_clock() as calibrating:
        clock = PunctualClock(calibrating._wakeups)
        lead = clock._lead
        # A sleeper that comes too late itself has nothing to sleep for, and notes nothing.
        while not lead._woken:
            deadline = clock.now_ns() + 20 * MS
            sleeper = asyncio.create_task(clock.sleep_until(deadline))
            await asyncio.sleep(0)
            while clock.now_ns() < deadline + 10 * MS:
                pass
            await sleeper
        assert max(late for late, _ in lead._woken) >= 10 * MS


async def test_a_clock_that_learns_nothing_says_how_long_it_polls():
    assert MonotonicClock().lead_ns == 3 * MS


@LINUX
async def test_nothing_is_left_behind():
    before = psutil.Process().num_fds()
    for _ in range(3):
        async with worker_clock() as clock:
            sleeping = asyncio.create_task(clock.sleep_until(clock.now_ns() + 3_600_000 * MS))
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await sleeping
    assert psutil.Process().num_fds() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nor one that still calibrates"


@LINUX
async def test_a_loop_that_knows_no_descriptors_waits_as_it_can(monkeypatch):
    def refuse(fd, callback):
        raise NotImplementedError

    before = psutil.Process().num_fds()
    # As the event loop of Windows does.
    monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", refuse)
    async with worker_clock() as clock:
        assert type(clock) is MonotonicClock
        assert psutil.Process().num_fds() == before
        await clock.sleep_until(clock.now_ns() + MS)
