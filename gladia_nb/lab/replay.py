"""Show a saved run again: its events, in order, at the distances that they had.

A `Replay` has the interface of `gladia_nb.Live`, so that whatever watches a session can watch a
replay. It opens no connection.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from typing import Any

from gladia_nb.errors import ConfigError
from gladia_nb.record.events import read_event
from gladia_nb.run import Run
from gladia_nb.sessions.watched import Watched

__all__ = ["Replay", "event_time_ns", "start_replay"]

#: Where the moment of an event is, by what is recorded of it: the last thing that it waited for.
_STAMPS = ("recv_ns", "send_end_ns", "end_ns", "send_start_ns", "ns", "send_ns", "start_ns")


def event_time_ns(event: Mapping[str, Any]) -> int | None:
    """The moment at which an event was known, on the clock of its run; None when it has none.

    Example:
        >>> event_time_ns({"event": "chunk", "send_start_ns": 5, "send_end_ns": 7})
        7
        >>> event_time_ns({"event": "end"})
    """
    for name in _STAMPS:
        stamp = event.get(name)
        if isinstance(stamp, int):
            return stamp
    return None


class Replay(Watched):
    """A run that is being shown again. Made by `start_replay`.

    Attributes:
        run: the run.
        duration_s: seconds of its audio that were sent.
        channels: number of channels.
    """

    def __init__(self, run: Run, speed: float) -> None:
        super().__init__(
            "a replay",
            lambda start: iter(run.record.events[start:]),
            int(run.config["sample_rate"]),
        )
        self.run = run
        self.duration_s = run.sent_s
        self.channels = int(run.config.get("channels", 1))
        self._speed = speed
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True, name="gladia_nb replay")

    def start(self) -> Replay:
        """Begin; subscribers that are there from the start miss nothing, later ones neither."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Show no more; can be repeated."""
        self._stopped.set()

    abort = stop

    @property
    def was_stopped(self) -> bool:
        """Whether it was told to show no more."""
        return self._stopped.is_set()

    def result(self, timeout_s: float | None = None) -> Run:
        """The run, once it is done.

        Raises:
            TimeoutError: it is not done within `timeout_s`.
        """
        if not self.wait(timeout_s):
            raise TimeoutError(f"The replay has not ended within {timeout_s} s.")
        return self.run

    def _play(self) -> None:
        began = time.perf_counter_ns()
        first: int | None = None
        for event in self.run.record.events:
            stamp = event_time_ns(event)
            if stamp is not None and math.isfinite(self._speed):
                first = stamp if first is None else first
                due = began + (stamp - first) / self._speed
                # Events lie in the order in which they were recorded; one that is stamped earlier
                # than the one before it is shown at once.
                wait_s = (due - time.perf_counter_ns()) / 1e9
                if wait_s > 0:
                    self._stopped.wait(wait_s)
            if self._stopped.is_set():
                break
            self._note(read_event(event))
            self._subscribers.publish(event)
        self._done.set()


def start_replay(run: Run, *, speed: float = 1.0) -> Replay:
    """Show a run again.

    Args:
        run: the run.
        speed: 1 is as it was, 10 is ten times as fast, `math.inf` is at once.

    Raises:
        ConfigError: the speed is not above 0.

    Example:
        `start_replay(gn.load("interview.run"), speed=10).subscribe(print)`
    """
    good = isinstance(speed, (int, float)) and not isinstance(speed, bool) and speed > 0
    if not good:
        raise ConfigError(f"speed must be above 0; 1 is as it was (got {speed!r}).")
    return Replay(run, float(speed)).start()
