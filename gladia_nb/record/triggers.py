"""What the service said around an utterance, and why its final came."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gladia_nb.record.columns import Bools, Floats, Ints, Reading, read
from gladia_nb.record.file import Record

__all__ = ["Speech", "Surroundings"]


class Speech(NamedTuple):
    """Speech events around an utterance."""

    start_s: float
    end_s: float
    end_ns: int | None


class _Events(NamedTuple):
    """Speech events of a channel in the order of arrival, those of one type."""

    place: Ints  # among the events of the channel
    time_s: Floats
    recv_ns: Ints
    rising: bool

    def before(self, time_s: float, place: int) -> int:
        """The last that arrived before `place` and is earlier than a time; -1 for none."""
        until = int(np.searchsorted(self.place, place))
        if self.rising:
            return min(until, int(np.searchsorted(self.time_s, time_s))) - 1
        early = np.flatnonzero(self.time_s[:until] < time_s)
        return int(early[-1]) if len(early) else -1

    def within(self, after_s: float, low_s: float, high_s: float) -> int:
        """The first with a time later than one and between two others; -1 for none."""
        start, stop = 0, len(self.place)
        if self.rising:
            start = int(np.searchsorted(self.time_s, low_s))
            stop = int(np.searchsorted(self.time_s, high_s, side="right"))
        times = self.time_s[start:stop]
        fits = np.flatnonzero((times > after_s) & (low_s <= times) & (times <= high_s))
        return start + int(fits[0]) if len(fits) else -1


#: Seconds by which the service's speech events may differ from its word times.
_SLACK_S = 0.75

#: A speech_end and a final of one decision arrive within this of each other.
_TOGETHER_NS = 150_000_000


class Surroundings:
    """Speech events, stops and connections: what an utterance ended by."""

    def __init__(self, record: Record) -> None:
        config = record.header["config"]
        self._wait_s = float(config.get("endpointing", 0.05))
        self._maximum = float(config.get("maximum_duration_without_endpointing", 5))
        flags = config.get("messages_config") or {}
        self._events_on = bool(flags.get("receive_speech_events", True))
        stops = [e["send_end_ns"] for e in record.of("stop") if e["send_end_ns"] is not None]
        self._stop_ns = stops[0] if stops else math.inf
        self._reconnects = [
            e["end_ns"] for e in record.of("connect") if e["connection"] > 1 and not e["error"]
        ]
        found = read(record)
        starts = found.type.is_("speech_start") & found.heard
        ends = found.type.is_("speech_end") & found.heard
        at = np.flatnonzero((starts | ends) & ~np.isnan(found.start_s))
        self._speech: dict[int, tuple[_Events, _Events]] = {}
        for channel in np.unique(found.channel.value[at]).tolist():
            here = at[found.channel.value[at] == channel]
            self._speech[channel] = (
                _events(found, here, starts[here]),
                _events(found, here, ends[here]),
            )

    def around(self, channel: int, start: float, end: float) -> Speech:
        """The last speech_start before an utterance's end and the first speech_end that closes it.

        Whether a speech_end names the moment at which speech ended or at which that was decided is
        not documented; the second is later by the silence that was waited for.
        """
        if channel not in self._speech:
            return Speech(math.nan, math.nan, None)
        starts, ends = self._speech[channel]
        close = ends.within(start, end - _SLACK_S, end + self._wait_s + _SLACK_S)
        place = int(ends.place[close]) if close >= 0 else len(starts.place) + len(ends.place)
        begin = starts.before(end, place)
        return Speech(
            float(starts.time_s[begin]) if begin >= 0 else math.nan,
            float(ends.time_s[close]) if close >= 0 else math.nan,
            int(ends.recv_ns[close]) if close >= 0 else None,
        )

    def trigger(
        self, final_ns: int, start: float, end: float, speech_end_ns: int | None
    ) -> str | None:
        """Why a final came; None when the messages do not tell."""
        # The order of a speech_end and its final is not documented; one that comes much later
        # belongs to the speech that went on after a forced cut.
        if speech_end_ns is not None and speech_end_ns < min(
            self._stop_ns, final_ns + _TOGETHER_NS
        ):
            return "endpoint"
        if final_ns > self._stop_ns:
            return "stop"
        # A cut by duration falls between two words, so that the words may end somewhat before it.
        if end - start > self._maximum - 1.0:
            return "max_duration"
        if any(0 <= final_ns - at < 2_000_000_000 for at in self._reconnects):
            return "resume"
        return None if self._events_on else "endpoint"


def _events(found: Reading, here: Ints, chosen: Bools) -> _Events:
    at = here[chosen]
    times = found.start_s[at]
    return _Events(
        np.flatnonzero(chosen), times, found.recv_ns[at], bool((np.diff(times) >= 0).all())
    )
