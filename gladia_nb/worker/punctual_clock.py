"""The worker's clock: it sleeps until shortly before a deadline, as a timer of the kernel can.

`MonotonicClock` stops sleeping 3 ms before each deadline, because asyncio's timeouts and an idle
processor may take as long; polling meanwhile costs a session with chunks of 100 ms 3 % of a
processor. Here a timer descriptor wakes, and the lead is what waking takes on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from gladia_nb.clock import MonotonicClock
from gladia_nb.worker.lead import Lead
from gladia_nb.worker.timer_descriptor import TimerDescriptor, no_timer_slack
from gladia_nb.worker.wakeups import Wakeups

__all__ = ["PunctualClock", "worker_clock"]

#: Wake-ups from which the first lead is learnt, and how long each sleeps. A processor that has
#: slept for 1 ms wakes faster than one that has slept for a chunk.
_TRIALS = 20
_TRIAL_NS = 10_000_000


class PunctualClock(MonotonicClock):
    """A clock of one event loop, for all of its sessions.

    Args:
        wakeups: of the same loop.
    """

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._lead = Lead()

    @property
    def lead_ns(self) -> int:
        """How long before a deadline it stops sleeping, as learnt from this machine."""
        return self._lead.ns

    async def sleep_until(self, deadline_ns: int) -> None:
        """Sleep to shortly before the deadline, then yield to the event loop until it.

        The loop polls its sockets at each yield, so that messages keep being stamped meanwhile.
        """
        ahead_ns = deadline_ns - time.perf_counter_ns()
        # With short chunks less of it: the processor is not ours alone.
        wake_ns = deadline_ns - min(self._lead.ns, ahead_ns // 8)
        if ahead_ns > 0:
            await self._wakeups.wait(wake_ns)
            self._lead.note(wake_ns, time.perf_counter_ns())
        while time.perf_counter_ns() < deadline_ns:  # noqa: ASYNC110 - no event can keep it
            await asyncio.sleep(0)

    async def calibrate(self) -> None:
        """Learn the first lead from some wake-ups, 0.2 s in which nobody has to wait."""
        for _ in range(_TRIALS):
            wake_ns = time.perf_counter_ns() + _TRIAL_NS
            await self._wakeups.wait(wake_ns)
            self._lead.note(wake_ns, time.perf_counter_ns())


@contextlib.asynccontextmanager
async def worker_clock() -> AsyncIterator[MonotonicClock]:
    """The most punctual clock that this system and the running event loop allow.

    It is ready at once, and learns its lead meanwhile.
    """
    with contextlib.ExitStack() as stack:
        clock = _punctual(stack)
        if clock is None:
            yield MonotonicClock()
            return
        calibration = asyncio.create_task(clock.calibrate())
        try:
            yield clock
        finally:
            calibration.cancel()
            await asyncio.gather(calibration, return_exceptions=True)


def _punctual(stack: contextlib.ExitStack) -> PunctualClock | None:
    """A clock that is put away with the stack; None where there can be none."""
    with contextlib.ExitStack() as opened:
        try:
            timer = TimerDescriptor()
            opened.callback(timer.close)
            wakeups = Wakeups(timer)
        except (OSError, NotImplementedError):
            return None
        opened.callback(wakeups.close)
        stack.push(opened.pop_all())
    no_timer_slack()
    return PunctualClock(wakeups)
