"""From where on what the stopwatch sees counts: the only place where these numbers stand.

The verdict on a finished run (`gladia_nb.metrics.checks`) and the light of the live view
(`gladia_nb.lab.live_state`) judge by them. They say when something begins to matter for latencies
of some hundred milliseconds: what degrades a run shifts single samples or a few milliseconds, what
makes it invalid shifts all of them.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

__all__ = [
    "BACKLOG",
    "CAPTURE_MS",
    "CLOCK_MS",
    "DRIFT_MS",
    "EARLY_MS",
    "LATENESS_MS",
    "LEFT_OUT",
    "LONGEST_S",
    "MOST_CHANNELS",
    "NONE_AT_ALL",
    "NONE_WITHOUT_MENTION",
    "PAUSE_MS",
    "SCHEDULE_MS",
    "SENDING_MS",
    "SPEED_OCTAVES",
    "STALL_MS",
    "UNMATCHED",
    "WALL_MS",
    "Limit",
]


class Limit(NamedTuple):
    """How much of something is too much.

    Attributes:
        degraded: above it, numbers hold with a reservation.
        invalid: above it, they are not to be quoted; inf when however much only degrades.
    """

    degraded: float
    invalid: float

    def judge(self, value: float) -> Literal["valid", "degraded", "invalid"]:
        """What a value makes of the numbers.

        Example:
            >>> LATENESS_MS.judge(5.0), LATENESS_MS.judge(8.0), LATENESS_MS.judge(80.0)
            ('valid', 'degraded', 'invalid')
        """
        if value <= self.degraded:
            return "valid"
        return "degraded" if value <= self.invalid else "invalid"


#: What must not be, and spoils everything where it is.
NONE_AT_ALL = Limit(0, 0)
#: What should not be, and is said where it is.
NONE_WITHOUT_MENTION = Limit(0, math.inf)

#: How far the speed of sending is from that of speech; above rounding.
SPEED_OCTAVES = Limit(1e-9, math.inf)
#: Between when a chunk was due and when its last sample was spoken.
SCHEDULE_MS = Limit(0.5, 2.0)
#: By which audio left before it was spoken.
EARLY_MS = Limit(0.5, 2.0)
#: By which a chunk left later than it was due.
LATENESS_MS = Limit(5.0, 50.0)
#: The same for audio that is captured meanwhile, which comes through other processes.
CAPTURE_MS = Limit(50.0, 500.0)
#: Lateness at the end of the audio minus that at its beginning.
DRIFT_MS = Limit(5.0, 20.0)
#: How long the network took to accept a chunk.
SENDING_MS = Limit(20.0, math.inf)
#: Share of the reference words that no final holds: latencies speak for the others only.
UNMATCHED = Limit(0.25, math.inf)
#: How long the event loop that takes the stamps stood still.
STALL_MS = Limit(10.0, 100.0)
#: How long the garbage collector stopped the process that takes the stamps.
PAUSE_MS = Limit(10.0, 100.0)
#: By which the clock of the stamps went away from another monotonic one.
CLOCK_MS = Limit(1.0, 5.0)
#: By which the wall clock was set meanwhile.
WALL_MS = Limit(20.0, math.inf)
#: Messages that were waiting when one was read.
BACKLOG = Limit(50, math.inf)
#: Lines, or fields of its header, that were left out of a run file.
LEFT_OUT = Limit(0, math.inf)

#: Channels of audio; Gladia takes eight.
MOST_CHANNELS = 64

#: Seconds; no session is longer than two days (the service ends one after three hours), and no
#: time of its audio or stamp is further away. What is, cannot be believed.
LONGEST_S = 2 * 86_400.0
