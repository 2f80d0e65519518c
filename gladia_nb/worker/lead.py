"""How early to wake for a deadline: as early as this machine needs it, and not more."""

from __future__ import annotations

from collections import deque

__all__ = ["Lead"]

_SHORTEST_NS, _LONGEST_NS = 100_000, 3_000_000
#: Of a hundred wake-ups, so many may come later than the lead allows for.
_LATE_PERCENT = 5
#: Wake-ups that are remembered: ten seconds of one session with chunks of 100 ms.
_REMEMBERED = 100
#: It is reckoned anew after so many; sorting at each would cost more than it is worth.
_EVERY = 10


class Lead:
    """Learns from how late wake-ups came.

    Between a timer's moment and the first line of Python lie the waking of a processor and the
    turn of a process: 0.05 ms on a machine at work, 0.2 ms on an idle virtual one, 3 ms on one
    that has more to do than processors. What a wake-up comes before its deadline is spent polling,
    so that a lead costs processor time; what it lacks makes a chunk late.

    Attributes:
        ns: nanoseconds before a deadline at which to wake.

    Example:
        >>> lead = Lead()
        >>> for _ in range(20):
        ...     lead.note(240_000)
        >>> lead.ns
        240000
    """

    def __init__(self) -> None:
        #: Until something is known.
        self.ns = 300_000
        self._late_ns: deque[int] = deque(maxlen=_REMEMBERED)
        self._noted = 0

    def note(self, late_ns: int) -> None:
        """A wake-up came so late."""
        self._late_ns.append(late_ns)
        self._noted += 1
        if self._noted % _EVERY == 0:
            ordered = sorted(self._late_ns)
            high = ordered[(len(ordered) - 1) * (100 - _LATE_PERCENT) // 100]
            self.ns = min(max(high, _SHORTEST_NS), _LONGEST_NS)
