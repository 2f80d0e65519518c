"""Waking coroutines at their moments: one timer descriptor in the event loop, for all of them."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time

from gladia_nb.worker.timer_descriptor import TimerDescriptor

__all__ = ["Wakeups"]


class Wakeups:
    """Wakes whoever waits, in the order of their moments; belongs to the running event loop.

    Args:
        timer: only for this.

    Raises:
        NotImplementedError: this event loop does not wait for descriptors.
    """

    def __init__(self, timer: TimerDescriptor) -> None:
        self._timer = timer
        self._loop = asyncio.get_running_loop()
        # The number keeps the order of those who wait for the same moment.
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._loop.add_reader(timer.fileno(), self._wake)

    async def wait(self, ns: int) -> None:
        """Return at this moment of `time.perf_counter_ns` or shortly after, never before."""
        future = self._loop.create_future()
        heapq.heappush(self._waiting, (ns, next(self._numbers), future))
        if self._waiting[0][2] is future:
            self._timer.set(ns)
        # Who is cancelled stays in the heap until then, and is passed over.
        await future

    def close(self) -> None:
        """Wake nobody any more; those who still wait are cancelled."""
        self._loop.remove_reader(self._timer.fileno())
        for _, _, future in self._waiting:
            future.cancel()
        self._waiting.clear()

    def _wake(self) -> None:
        self._timer.clear()
        now_ns = time.perf_counter_ns()
        while self._waiting and (self._waiting[0][0] <= now_ns or self._waiting[0][2].done()):
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
        if self._waiting:
            self._timer.set(self._waiting[0][0])
