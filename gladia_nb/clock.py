"""One monotonic clock, one wall-clock anchor, and the offset of a clock that is not ours.

All stamps of a run are `time.perf_counter_ns()`: monotonic, in nanoseconds, and on Linux the same
clock (CLOCK_MONOTONIC) in every process of a machine, so that the embedded server's own stamps can
be compared with the client's. The wall clock can be stepped by the system at any time; it is read
only in pairs with the monotonic clock, to label a run with a date and to expose a step.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Anchor", "Clock", "MonotonicClock", "Offset", "estimate_offset"]

#: How long before a deadline to stop sleeping and to yield until it. asyncio's epoll rounds a
#: timeout up to the next millisecond, and waking an idle (virtual) processor takes up to two more.
LEAD_NS = 3_000_000


@dataclass(frozen=True, slots=True)
class Anchor:
    """The same moment on two clocks.

    Attributes:
        mono_ns: monotonic clock, nanoseconds.
        wall_ns: nanoseconds since 1970-01-01 UTC.
        width_ns: how long the reading took; the pair is right to within this.
    """

    mono_ns: int
    wall_ns: int
    width_ns: int

    @classmethod
    def take(cls) -> Anchor:
        """Read both clocks; of five attempts keep the tightest.

        Example:
            >>> anchor = Anchor.take()
            >>> anchor.width_ns < 1_000_000_000
            True
        """
        best: Anchor | None = None
        for _ in range(5):
            before = time.perf_counter_ns()
            wall = time.time_ns()
            after = time.perf_counter_ns()
            if best is None or after - before < best.width_ns:
                best = cls((before + after) // 2, wall, after - before)
        assert best is not None  # noqa: S101 - five attempts were made
        return best

    def wall_of(self, mono_ns: int) -> int:
        """Wall-clock nanoseconds of a monotonic stamp, had the wall clock not been stepped."""
        return self.wall_ns + (mono_ns - self.mono_ns)


class Clock(Protocol):
    """What a session needs of time; tests put a virtual clock here."""

    @property
    def lead_ns(self) -> int:
        """How long before a deadline `sleep_until` stops sleeping, and yields until it."""
        ...

    def now_ns(self) -> int:
        """Nanoseconds on a monotonic clock."""
        ...

    async def sleep_until(self, deadline_ns: int) -> None:
        """Return at `deadline_ns`, not before it."""
        ...


class MonotonicClock:
    """`time.perf_counter_ns`, with a sleep that keeps its deadline to well below a millisecond."""

    @property
    def lead_ns(self) -> int:
        """How long before a deadline it stops sleeping."""
        return LEAD_NS

    def now_ns(self) -> int:
        """Nanoseconds on the machine's monotonic clock."""
        return time.perf_counter_ns()

    async def sleep_until(self, deadline_ns: int) -> None:
        """Sleep to shortly before the deadline, then yield to the event loop until it.

        The loop polls its sockets at each yield, so that messages keep being stamped meanwhile.
        """
        ahead_ns = deadline_ns - time.perf_counter_ns()
        # With short chunks less of it: the processor is not ours alone.
        sleep_ns = ahead_ns - min(LEAD_NS, ahead_ns // 8)
        if sleep_ns > 0:
            await asyncio.sleep(sleep_ns / 1e9)
        while time.perf_counter_ns() < deadline_ns:  # noqa: ASYNC110 - no event can keep it
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a remote clock is ahead of ours, with its uncertainty.

    Attributes:
        offset_ns: remote minus local; the middle of what is possible.
        uncertainty_ns: half the width of what is possible.
        n: number of exchanges used.
    """

    offset_ns: float
    uncertainty_ns: float
    n: int


def estimate_offset(exchanges: Iterable[tuple[int, int, int]]) -> Offset | None:
    """Offset of a remote clock from exchanges that bracket its stamp (Cristian, 1989).

    A reply stamped `remote` by the other side, to a request sent at `sent` and answered at
    `received` by our clock, was made between the two: the offset lies in
    `[remote - received, remote - sent]`. All exchanges hold at once, so the intervals are
    intersected; the half-width of what remains is the uncertainty, at most half of the shortest
    round trip.

    Args:
        exchanges: `(sent_ns, remote_ns, received_ns)` each.

    Returns:
        The offset, or None without exchanges, or when the intervals exclude each other, which
        means that one of the clocks was stepped or drifted by more than a round trip.

    Example:
        >>> estimate_offset([(0, 1_000_050, 100), (1_000, 1_001_020, 1_040)])
        Offset(offset_ns=1000000.0, uncertainty_ns=20.0, n=2)
    """
    low: int | None = None
    high: int | None = None
    n = 0
    for sent_ns, remote_ns, received_ns in exchanges:
        n += 1
        low = remote_ns - received_ns if low is None else max(low, remote_ns - received_ns)
        high = remote_ns - sent_ns if high is None else min(high, remote_ns - sent_ns)
    if low is None or high is None or low > high:
        return None
    return Offset((low + high) / 2, (high - low) / 2, n)
