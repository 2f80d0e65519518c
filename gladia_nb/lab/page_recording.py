"""What a page tells while it records, put in order and dated by this machine's clock.

No widget is needed for any of it: messages go in, and a `LiveAudio` or the record of a `DirectLive`
comes out. A page's clock is mapped by pings, which bracket its stamps; the uncertainty of that goes
into the record.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from gladia_nb.audio import Audio
from gladia_nb.clock import Offset, estimate_offset
from gladia_nb.lab.page_sound import PageSound
from gladia_nb.record.event_kinds import AnyEvent, ClockEvent, DeviceEvent, WarningEvent
from gladia_nb.record.events import make_event
from gladia_nb.sessions.live_audio import LiveAudio

__all__ = ["PageClock", "Recording", "device_event", "map_events"]

#: Browsers round their clock, against attacks by timing, to a tenth of a millisecond.
_RESOLUTION_NS = 100_000
#: A piece that has not come when so many nanoseconds have passed is given up.
_LOST_NS = 10_000_000_000
#: Pings in a series: each follows the answer to the one before.
SERIES = 16
#: Audio waits so long for a series to be answered; then what is known has to do.
_SETTLE_NS = 1_500_000_000

_SECONDS = {"at_ms": "ns"}
#: Milliseconds that are no stamp.
_DURATIONS = frozenset(("loop_lag_ms",))


def _ns(ms: float) -> int:
    """Nanoseconds of a browser's stamp; whole microseconds are what a double holds of it."""
    return round(ms * 1000) * 1000


class PageClock:
    """The clock of a page, mapped to `time.perf_counter_ns` of this machine.

    An estimate is kept until another one contradicts it or is twice as sharp: a mapping that moved
    with every ping would move latencies with it.

    Attributes:
        offset: the page's clock minus ours, or None before the first answer.
        answered: number of answers.
        left: answers that are still awaited of a series.

    Example:
        >>> clock = PageClock()
        >>> number = clock.ping(1_000_000)
        >>> clock.pong(number, 5.0, 1_200_000).offset_ns
        3900000.0
        >>> clock.to_ns(5.0)
        1100000
    """

    def __init__(self) -> None:
        self.offset: Offset | None = None
        self.answered = 0
        self.left = 0
        self._number = 0
        self._sent: dict[int, int] = {}
        self._exchanges: deque[tuple[int, int, int]] = deque(maxlen=32)

    @property
    def settled(self) -> bool:
        """Whether there is an estimate, and no series is under way that may sharpen it."""
        return self.offset is not None and self.left == 0

    def ping(self, now_ns: int) -> int:
        """Number of a ping that is sent now."""
        self._number += 1
        self._sent[self._number] = now_ns
        # What was not answered when so many others were never will be.
        self._sent.pop(self._number - 64, None)
        return self._number

    def pong(self, number: int, at_ms: float, received_ns: int) -> Offset | None:
        """The answer to a ping.

        Args:
            number: of the ping.
            at_ms: the page's stamp.
            received_ns: when the answer came, on our clock.

        Returns:
            The estimate, when it has changed.
        """
        sent_ns = self._sent.pop(number, None)
        if sent_ns is None:
            return None
        self.answered += 1
        self.left = max(0, self.left - 1)
        self._exchanges.append((sent_ns, _ns(at_ms), received_ns))
        found = estimate_offset(self._exchanges)
        while found is None:
            # One of the clocks drifts, or was stepped: what is old no longer holds.
            self._exchanges.popleft()
            found = estimate_offset(self._exchanges)
        found = Offset(found.offset_ns, found.uncertainty_ns + _RESOLUTION_NS, found.n)
        old = self.offset
        if (
            old is None
            or abs(found.offset_ns - old.offset_ns) > found.uncertainty_ns
            or found.uncertainty_ns * 2 < old.uncertainty_ns
        ):
            self.offset = found
            return found
        return None

    def to_ns(self, at_ms: float) -> int:
        """A stamp of the page on our clock.

        Raises:
            RuntimeError: there is no estimate yet.
        """
        if self.offset is None:
            raise RuntimeError("the page has not answered a ping yet")
        return _ns(at_ms) - round(self.offset.offset_ns)

    def event(self, now_ns: int) -> ClockEvent:
        """The estimate as an event of a record."""
        assert self.offset is not None  # noqa: S101 - asked for after an answer
        found = self.offset
        return ClockEvent(now_ns, "browser", found.offset_ns, found.uncertainty_ns, found.n)


def device_event(ns: int, sample_rate: float, device: Mapping[str, Any]) -> DeviceEvent:
    """What a page says of its device, as an event of a record.

    Example:
        >>> device_event(5, 48000, {"label": "Headset", "colour": "red"}).label
        'Headset'
    """
    fields = {**device, "ns": ns, "sample_rate": sample_rate}
    return msgspec.convert(fields, DeviceEvent)


def map_events(events: Iterable[Mapping[str, Any]], clock: PageClock) -> list[AnyEvent]:
    """Events of a page as events of a record: every `*_ms` stamp becomes a `*_ns` of our clock.

    One that is no event of a record leaves a warning in its place.

    Example:
        >>> clock = PageClock()
        >>> clock.offset = Offset(0.0, 0.0, 1)
        >>> stop = {"event": "stop", "send_start_ms": 2.5, "send_end_ms": None, "connection": 1}
        >>> map_events([stop], clock)
        [StopEvent(send_start_ns=2500000, send_end_ns=None, connection=1)]
    """
    return [_mapped(event, clock) for event in events]


def _mapped(event: Mapping[str, Any], clock: PageClock) -> AnyEvent:
    try:
        return make_event(dict(_fields(event, clock)))
    except ValueError as error:
        text = f"The page told what cannot be recorded ({event.get('event')!r}): {error}"
        return WarningEvent(time.perf_counter_ns(), text)


def _fields(event: Mapping[str, Any], clock: PageClock) -> Iterable[tuple[str, Any]]:
    for name, value in event.items():
        if name == "bytes":
            # A frame that is no text: kept as the worker keeps it.
            yield "raw", bytes(value).decode("utf-8", "surrogateescape")
        elif name.endswith("_ms") and name not in _DURATIONS:
            stamp = _SECONDS.get(name, name.removesuffix("_ms") + "_ns")
            yield stamp, None if value is None else clock.to_ns(value)
        else:
            yield name, value


class Recording:
    """One recording of a page.

    Pieces are numbered, because the host may deliver them over two ways of different speed: they
    are put in order, and one that does not come within ten seconds is left out, which the record
    says.

    Args:
        number: of the recording, as its page counts.
        mode: `take`, `stream` or `direct`.
        sample_rate: hertz, of the pieces.
        channels: interleaved.
        clock: of the page.
        stall_s: as for `LiveAudio`.

    Attributes:
        live: where the pieces go.
        waiting: events of the page that could not be recorded yet.
        sound: of a session that the page holds: what of it has come.
        ended: whether the page has said that no more will come.
    """

    def __init__(
        self,
        number: int,
        mode: str,
        sample_rate: int,
        channels: int,
        clock: PageClock,
        *,
        stall_s: float = 2.0,
    ) -> None:
        self.number = number
        self.mode = mode
        self.clock = clock
        self.live = LiveAudio(sample_rate, channels, name="microphone", stall_s=stall_s)
        self.ended = False
        self.waiting: list[Mapping[str, Any]] = []
        self._held: dict[int, tuple[bytes, float, int]] = {}
        self._next = 0
        # Numbers that the capture left out: the first of some, and the one behind them.
        self._left_out: dict[int, int] = {}
        self._pieces: int | None = None
        self._pause_behind: int | None = None
        self._moved_ns = 0
        self._begun_ns = 0
        self.sound = PageSound(2 * channels)

    def piece(
        self, seq: int, data: bytes, captured_ms: float, arrived_ns: int, *, left_out: int = 0
    ) -> None:
        """A piece has come, in whatever order; one that was given up is too late.

        Args:
            seq: its number.
            data: 16-bit samples, interleaved.
            captured_ms: when its last sample was captured, on the clock of the page.
            arrived_ns: when it came here.
            left_out: how many numbers before it belong to no piece, because time had passed
                without samples: nobody needs to wait for them.
        """
        if seq >= self._next:
            self._held[seq] = (data, captured_ms, arrived_ns)
            if left_out:
                self._left_out[seq - left_out] = seq
        self.advance(arrived_ns)

    def paused(self) -> None:
        """The page pauses; what it sent before may still be on its way."""
        self._pause_behind = max(self._held, default=self._next - 1)
        self._settle_pause()

    def end(self, pieces: int | None, now_ns: int) -> None:
        """The page has ended after so many pieces; None when it could not tell."""
        self.ended = True
        self._pieces = max(self._held, default=self._next - 1) + 1 if pieces is None else pieces
        self._moved_ns = now_ns
        self.advance(now_ns)

    @property
    def complete(self) -> bool:
        """Whether everything that was announced has been handed on."""
        return self.ended and self._pieces is not None and self._next >= self._pieces

    def advance(self, now_ns: int) -> None:
        """Hand on what is in order, and give up what has been waited for long enough."""
        if not self.clock.settled and self._held:
            # A mapping that is sharpened in the middle of a session would move its latencies.
            self._begun_ns = self._begun_ns or now_ns
            enough = _SETTLE_NS if self.clock.offset is not None else _LOST_NS
            if now_ns - self._begun_ns <= enough:
                return
        self._release(now_ns)
        missing = bool(self._held) or (self.ended and not self.complete)
        if missing and self._waited(now_ns):
            self._next = min(self._held, default=self._pieces or self._next)
            self._release(now_ns)

    def cut(self, now_ns: int) -> None:
        """Nothing more will come: hand on what is there, whatever is missing between."""
        while self._held:
            self._next = min(self._held)
            self._release(now_ns)

    def _waited(self, now_ns: int) -> bool:
        self._moved_ns = self._moved_ns or now_ns
        return now_ns - self._moved_ns > _LOST_NS

    def _release(self, now_ns: int) -> None:
        while (piece := self._following()) is not None:
            data, captured_ms, arrived_ns = piece
            known = self.clock.offset is not None
            captured_ns = self.clock.to_ns(captured_ms) if known else arrived_ns
            if not self.live.closed:
                samples = np.frombuffer(data, "<i2").reshape(-1, self.live.channels)
                self.live.feed(samples, captured_ns=captured_ns, seq=self._next)
            self._next += 1
            self._moved_ns = now_ns
            self._settle_pause()

    def _following(self) -> tuple[bytes, float, int] | None:
        """The piece whose turn it is, if it has come."""
        self._next = self._left_out.pop(self._next, self._next)
        return self._held.pop(self._next, None)

    def _settle_pause(self) -> None:
        if self._pause_behind is not None and self._next > self._pause_behind:
            self._pause_behind = None
            if not self.live.closed:
                self.live.pause()

    def take(self) -> Audio | None:
        """What was recorded, or None when there is nothing."""
        return self.live.take() if self.live.duration_s else None
