"""When what an engine knows beforehand is said: at moments of the monotonic clock, one by one."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import heapq
import itertools
import logging
from collections.abc import Callable

from gladia_nb.clock import Clock, MonotonicClock
from gladia_nb.server.engines.base import AddOn, Due, Event, Recorded, Speech, Transcript

__all__ = ["Saying", "Timetable"]

_log = logging.getLogger(__name__)


class Timetable:
    """Calls at given moments, for all streams of a server: one sleeper, however many they are.

    Args:
        clock: of the moments.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or MonotonicClock()
        self._calls: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._sleeper: asyncio.Task[None] | None = None
        self._until = 0
        self._is_calling = False

    def at(self, ns: int, call: Callable[[], None]) -> None:
        """Call at this moment; calls for the same moment keep their order."""
        heapq.heappush(self._calls, (ns, next(self._numbers), call))
        if self._is_calling or (self._sleeper is not None and ns >= self._until):
            return
        if self._sleeper is not None:
            self._sleeper.cancel()
        self._until = ns
        self._sleeper = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._calls:
            self._until = self._calls[0][0]
            await self.clock.sleep_until(self._until)
            self._call_due()
        self._sleeper = None

    def _call_due(self) -> None:
        self._is_calling = True
        try:
            while self._calls and self._calls[0][0] <= self.clock.now_ns():
                call = heapq.heappop(self._calls)[2]
                try:
                    call()
                except Exception:  # noqa: BLE001 - others are still to be called
                    _log.exception("a scripted event failed")
        finally:
            self._is_calling = False

    async def close(self) -> None:
        """Forget all calls."""
        self._calls.clear()
        sleeper, self._sleeper = self._sleeper, None
        if sleeper is not None:
            sleeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sleeper


class Saying:
    """What one channel says at its moments: nothing overtakes, and no moment lies before another.

    Args:
        report: takes what is said.
        timetable: of the moments.

    Attributes:
        last_due_ns: the latest moment until now, on the clock of the timetable.
    """

    def __init__(self, report: Callable[[Event], None], timetable: Timetable) -> None:
        self._report: Callable[[Event], None] | None = report
        self._timetable = timetable
        self._waiting = 0
        self.last_due_ns = 0

    def now(self, event: Event) -> None:
        """Say it at once, whatever waits."""
        if self._report is not None:
            self._report(event)

    def later(
        self,
        event: Speech | Transcript | AddOn | Recorded,
        ready_ns: int,
        *,
        delay: float,
        position: float,
        received_ns: int,
    ) -> None:
        """Say it so many seconds after a moment; when that is, and after what, goes with it.

        Args:
            event: what is said.
            ready_ns: the moment.
            delay: seconds.
            position: in the audio, seconds, that it followed.
            received_ns: when the audio was there.
        """
        due_ns = self.last_due_ns = max(self.last_due_ns, ready_ns + round(delay * 1e9))
        dated = dataclasses.replace(event, due=Due(due_ns, position, received_ns))
        if due_ns <= self._timetable.clock.now_ns() and not self._waiting:
            self.now(dated)
            return
        self._waiting += 1
        self._timetable.at(due_ns, lambda: self._waited(dated))

    def stop(self) -> None:
        """Say nothing any more."""
        self._report = None

    def _waited(self, event: Event) -> None:
        self._waiting -= 1
        self.now(event)
