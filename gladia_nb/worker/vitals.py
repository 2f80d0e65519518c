"""How the stopwatch itself is doing: a probe beside each session, in its process.

Every second it records what could have made stamps wrong: how late the event loop was, how long the
garbage collector stopped everything, whether the clocks were stepped, how many messages were
waiting when they were read, and how long a ping took. `metrics.health` judges them.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

from gladia_nb.api.transport import Transport
from gladia_nb.clock import Anchor, Clock
from gladia_nb.record.event_kinds import Emit, PingEvent, VitalsEvent

__all__ = ["PING_EVERY_S", "TICK_S", "WINDOW_S", "Vitals"]

#: Seconds between two looks at the event loop; a stall shorter than this can be missed in part.
TICK_S = 0.05
#: Seconds that one `vitals` event sums up.
WINDOW_S = 1.0
#: Seconds between two pings. Gladia's side answers them, or a proxy before it.
PING_EVERY_S = 5.0


class Vitals:
    """Watches one session's process; run `watch` as a task, and call `finish` before the end.

    The loop's lag is the time by which a short sleep ends late. The event loop rounds a sleep up to
    the next millisecond and an idle processor wakes late, so that one or two milliseconds are
    nothing; what counts are stalls.

    Args:
        clock: of the session's stamps.
        transport: of the session.
        emit: called with each event, from the event loop.
        witness: another monotonic clock, in nanoseconds, which nobody sets either.
    """

    def __init__(
        self,
        clock: Clock,
        transport: Transport,
        emit: Emit,
        *,
        witness: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._witness = witness
        self._clock = clock
        self._transport = transport
        self._emit = emit
        self._gc_began_ns = 0
        self._gc_ns = 0
        self._gc_longest_ns = 0
        self._gc_count = 0
        self._begin()

    async def watch(self) -> None:
        """Record a `vitals` event each second, and pings, until it is cancelled."""
        self._loop = asyncio.get_running_loop()
        gc.callbacks.append(self._on_gc)
        pings = asyncio.create_task(self._ping())
        self._begin()
        self._look_again()
        try:
            await self._loop.create_future()
        finally:
            self._next.cancel()
            gc.callbacks.remove(self._on_gc)
            pings.cancel()
            await asyncio.gather(pings, return_exceptions=True)

    def finish(self) -> None:
        """Record what the unfinished window has seen; nothing is recorded after it."""
        if self._ticks:
            self._record()
        self._emit = lambda _: None

    def _begin(self) -> None:
        self._ticks, self._lag_s = 0, 0.0
        self._began_ns, self._cpu_ns = self._clock.now_ns(), time.process_time_ns()

    def _look_again(self) -> None:
        # A callback, and no task that sleeps, which would turn the event loop twice each time: with
        # many sessions in one process these are most of its turns.
        self._next = self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._lag_s = max(self._lag_s, self._loop.time() - self._next.when())
        self._ticks += 1
        if self._ticks * TICK_S >= WINDOW_S:
            self._record()
            self._begin()
        self._look_again()

    def _record(self) -> None:
        anchor = Anchor.take()
        now_ns, witness_ns = self._clock.now_ns(), self._witness()
        self._emit(
            VitalsEvent(
                ns=now_ns,
                window_ns=now_ns - self._began_ns,
                loop_lag_ms=round(self._lag_s * 1e3, 3),
                gc_count=self._gc_count,
                gc_ms=round(self._gc_ns / 1e6, 3),
                gc_longest_ms=round(self._gc_longest_ns / 1e6, 3),
                # Two clocks that nobody sets must stay together; the wall clock may leave them.
                clock_ns=now_ns - witness_ns,
                wall_ns=anchor.wall_ns - anchor.mono_ns,
                wall_width_ns=anchor.width_ns,
                backlog=self._transport.take_backlog(),
                cpu_ms=round((time.process_time_ns() - self._cpu_ns) / 1e6, 3),
                lead_ms=round(self._clock.lead_ns / 1e6, 3),
            )
        )
        self._gc_ns = self._gc_longest_ns = self._gc_count = 0

    def _on_gc(self, phase: str, info: dict[str, int]) -> None:  # noqa: ARG002 - of the interface
        if phase == "start":
            self._gc_began_ns = time.perf_counter_ns()
            return
        took = time.perf_counter_ns() - self._gc_began_ns
        self._gc_ns += took
        self._gc_longest_ns = max(self._gc_longest_ns, took)
        self._gc_count += 1

    async def _ping(self) -> None:
        await asyncio.sleep(WINDOW_S)
        while True:
            await self._transport.ping(self._ponged)
            await asyncio.sleep(PING_EVERY_S)

    def _ponged(self, send_ns: int, recv_ns: int | None) -> None:
        """A ping was answered, or given up when the next one went out."""
        self._emit(PingEvent(send_ns, recv_ns))
