"""Coroutines woken at their moments by one timer."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.worker.timer_descriptor import TimerDescriptor, timers_keep_the_stamps_time
from gladia_nb.worker.wakeups import Wakeups

pytestmark = pytest.mark.skipif(
    not timers_keep_the_stamps_time(), reason="needs timer descriptors on the clock of the stamps"
)


@pytest.fixture
async def wakeups():
    timer = TimerDescriptor()
    wakeups = Wakeups(timer)
    yield wakeups
    wakeups.close()
    timer.close()


def in_ms(ms):
    return time.perf_counter_ns() + int(ms * 1e6)


@pytest.mark.parametrize("ahead_ms", [-5, 0, 0.05, 3])
async def test_nobody_is_woken_early(wakeups, ahead_ms):
    moment = in_ms(ahead_ms)
    await wakeups.wait(moment)
    assert time.perf_counter_ns() >= moment


@given(st.lists(st.integers(-2, 6), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_everybody_is_woken_in_the_order_of_their_moments(aheads_ms):
    async def work():
        timer = TimerDescriptor()
        wakeups = Wakeups(timer)
        start, woken = time.perf_counter_ns(), []

        async def one(number, moment):
            await wakeups.wait(moment)
            woken.append((moment, number))
            assert time.perf_counter_ns() >= moment

        moments = [start + ahead * 1_000_000 for ahead in aheads_ms]
        # Nobody is woken before all of them wait.
        await asyncio.gather(*(one(*pair) for pair in enumerate(moments)))
        wakeups.close()
        timer.close()
        return woken, sorted((moment, number) for number, moment in enumerate(moments))

    woken, expected = asyncio.run(work())
    assert woken == expected


async def test_who_comes_with_an_earlier_moment_is_not_kept_waiting(wakeups):
    late = asyncio.create_task(wakeups.wait(in_ms(3_600_000)))
    await asyncio.sleep(0)
    await wakeups.wait(in_ms(1))
    assert not late.done()
    late.cancel()


async def test_cancelled_waiting_wakes_nobody_and_leaves_nothing(wakeups):
    first = [asyncio.create_task(wakeups.wait(in_ms(1))) for _ in range(3)]
    last = asyncio.create_task(wakeups.wait(in_ms(20)))
    far = asyncio.create_task(wakeups.wait(in_ms(3_600_000)))
    await asyncio.sleep(0)
    for task in (*first, far):
        task.cancel()
    await asyncio.gather(*first, far, return_exceptions=True)
    assert all(task.cancelled() for task in (*first, far))
    await last
    assert wakeups._waiting == []


async def test_others_run_between(wakeups):
    seen = []

    async def other():
        for number in range(3):
            seen.append(number)
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await wakeups.wait(in_ms(30))
    assert seen == [0, 1, 2]
    await task


async def test_at_the_end_those_who_wait_are_cancelled():
    timer = TimerDescriptor()
    wakeups = Wakeups(timer)
    task = asyncio.create_task(wakeups.wait(in_ms(3_600_000)))
    await asyncio.sleep(0)
    wakeups.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().remove_reader(timer.fileno()) is False
    timer.close()
