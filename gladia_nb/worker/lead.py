"""How early to wake for a deadline: as early as this machine needs it, and not more."""

from __future__ import annotations

from collections import deque

__all__ = ["Lead"]

_SHORTEST_NS, _LONGEST_NS = 100_000, 3_000_000
#: Wake-ups that are remembered: ten seconds of one session with chunks of 100 ms.
_REMEMBERED = 100
#: It is reckoned anew after so many; sorting at each would cost more than it is worth.
_EVERY = 10
#: One wake-up in so many is what may be polled away: 5 % of a processor, for all sessions together.
_SHARE = 20


class Lead:
    """Learns from how late wake-ups came.

    Between a timer's moment and the first line of Python lie the waking of a processor and the
    turn of a process: 0.05 ms on a machine at work, 0.15 ms on an idle virtual one, and hardly ever
    twice as much. Apart from these are wake-ups that had to wait for a processor which others used,
    3 ms and more. To poll that long before every chunk would cost most where least is to be had, so
    that the lead is twice the median: whatever happens to fewer than half of them, it stays.

    What a wake-up comes before its deadline is spent polling. So that many sessions do not poll all
    the time, the lead is also at most a twentieth of the time between two wake-ups.

    Attributes:
        ns: nanoseconds before a deadline at which to wake.

    Example:
        >>> lead = Lead()
        >>> for chunk in range(20):
        ...     lead.note(chunk * 100_000_000, chunk * 100_000_000 + 120_000)
        >>> lead.ns
        240000
    """

    def __init__(self) -> None:
        #: Until something is known.
        self.ns = 300_000
        self._woken: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        self._noted = 0

    def note(self, due_ns: int, woken_ns: int) -> None:
        """A wake-up was due at one moment, and came at the other."""
        self._woken.append((woken_ns - due_ns, woken_ns))
        self._noted += 1
        if self._noted % _EVERY == 0:
            late_ns = sorted(late_ns for late_ns, _ in self._woken)
            median_ns = late_ns[len(late_ns) // 2]
            apart_ns = (woken_ns - self._woken[0][1]) // (len(late_ns) - 1)
            enough_ns = min(2 * median_ns, apart_ns // _SHARE, _LONGEST_NS)
            self.ns = max(enough_ns, _SHORTEST_NS)
