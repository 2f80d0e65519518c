"""The law of a network: when what comes in at one end leaves at the other.

A network is three things. Its *weather* is a function of a seed and of the time since the network
was opened, and of nothing else: variations of the delay, stalls and resets come at the same moments
again, whatever is sent. A *link* is one direction of one connection: bytes wait for those before
them at the bandwidth, then for the delay, and leave in the order in which they came. What shapes
both is a `Shape`.

All of it is TCP to whoever sits at its ends: bytes come late, in bursts, or the connection is
reset, and none is lost on the way or comes in another order.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Iterator
from typing import Literal

import msgspec

__all__ = ["DIRECTIONS", "SLOT_NS", "Direction", "Link", "Shape", "Weather"]

Direction = Literal["up", "down"]
#: To the service, and from it.
DIRECTIONS: tuple[Direction, ...] = ("up", "down")
#: For so long the delay keeps its variation: shorter than any chunk that one sends, so that chunks
#: vary one by one, and longer than the pieces of one message are apart.
SLOT_NS = 20_000_000
_MS = 1_000_000
_S = 1_000_000_000


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a network does; the fields of `gladia_nb.network.profiles.Network`, with a seed.

    Attributes:
        seed: of the weather.
        delay_ms: added to everything, each way.
        jitter_ms: by which the delay varies, at most, up and down.
        bandwidth_kbps: kilobits a second, each way of each connection; 0 for no limit.
        stall_s: for so long nothing passes.
        stall_every_s: from one stall to the next, on average; 0 for none.
        reset_every_s: from one reset of all connections to the next, on average; 0 for none.
    """

    seed: int
    delay_ms: float = 0
    jitter_ms: float = 0
    bandwidth_kbps: float = 0
    stall_s: float = 0
    stall_every_s: float = 0
    reset_every_s: float = 0


class Weather:
    """What a network does at each moment since it was opened.

    Moments of stalls and resets are drawn in order: each comes after half of its mean distance and
    an exponentially distributed time whose mean is the other half, so that two never follow each
    other at once.

    Args:
        shape: of the network.

    Example:
        >>> weather = Weather(Shape(seed=1, jitter_ms=5, stall_s=2, stall_every_s=10))
        >>> weather.jitter_ns("up", 0) == weather.jitter_ns("up", SLOT_NS - 1)
        True
        >>> begin, end = next(weather.stalls())
        >>> end - begin, weather.clear_ns(begin + 1) == end
        (2000000000, True)
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._coming = self.stalls()
        # Those that were looked up until now, in order.
        self._begins: list[int] = []
        self._ends: list[int] = []

    def jitter_ns(self, direction: Direction, at_ns: int) -> int:
        """What is added to the delay, below 0 where it is shorter: uniform, anew in each slot."""
        if not self._shape.jitter_ms:
            return 0
        draw = _random(self._shape, f"jitter {direction} {at_ns // SLOT_NS}").uniform(-1, 1)
        return round(draw * self._shape.jitter_ms * _MS)

    def clear_ns(self, at_ns: int) -> int:
        """When something can pass that would at a moment: then, or at the end of the stall."""
        while not self._begins or self._begins[-1] <= at_ns:
            begin, end = next(self._coming, (2**63, 2**63))
            self._begins.append(begin)
            self._ends.append(end)
        k = bisect.bisect_right(self._begins, at_ns) - 1
        return at_ns if k < 0 else max(at_ns, self._ends[k])

    def stalls(self) -> Iterator[tuple[int, int]]:
        """The beginning and the end of every stall, in order."""
        length = round(self._shape.stall_s * _S)
        if length:
            for begin in self._moments("stall", self._shape.stall_every_s, length):
                yield begin, begin + length

    def resets(self) -> Iterator[int]:
        """The moments at which all connections are reset, in order."""
        yield from self._moments("reset", self._shape.reset_every_s, 0)

    def _moments(self, what: str, mean_s: float, length: int) -> Iterator[int]:
        """Moments that are so far apart on average, each after what began before has ended."""
        if not mean_s:
            return
        source, at = _random(self._shape, what), 0
        while True:
            at += max(length, round((mean_s / 2 + source.expovariate(2 / mean_s)) * _S))
            yield at


class Link:
    """One direction of one connection.

    Args:
        shape: of the network.
        weather: of the network.
        direction: which way.

    Example:
        8 kbit/s are one byte each millisecond; the second ten wait for the first.

        >>> shape = Shape(seed=1, delay_ms=50, bandwidth_kbps=8)
        >>> link = Link(shape, Weather(shape), "up")
        >>> link.leave_ns(0, 10), link.leave_ns(0, 10)
        (60000000, 70000000)
    """

    def __init__(self, shape: Shape, weather: Weather, direction: Direction) -> None:
        self._shape = shape
        self._weather = weather
        self._direction = direction
        self._free_ns = 0
        self._last_ns = 0

    def leave_ns(self, at_ns: int, size: int) -> int:
        """When bytes leave that come in now; moments are since the network was opened.

        Args:
            at_ns: now; not before that of the call before.
            size: how many bytes.
        """
        shape = self._shape
        through = at_ns
        if shape.bandwidth_kbps:
            took = round(size * 8 * _MS / shape.bandwidth_kbps)
            through = self._free_ns = max(at_ns, self._free_ns) + took
        jitter = self._weather.jitter_ns(self._direction, through)
        leave = through + max(0, round(shape.delay_ms * _MS) + jitter)
        self._last_ns = max(self._last_ns, self._weather.clear_ns(leave))
        return self._last_ns


def _random(shape: Shape, what: str) -> random.Random:
    return random.Random(f"{shape.seed} {what}")  # noqa: S311 - nothing to keep secret
