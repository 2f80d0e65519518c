"""What a live view shows, computed from the events of a session as they come; no input or output.

`LiveState` takes events (see `gladia_nb.record.event_kinds`) and gives snapshots: plain, immutable
and bounded, however long the session lasts. A saved run that is replayed shows the same, since it
is the same code.
"""

from __future__ import annotations

import dataclasses
import statistics
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from gladia_nb.audio import frame_bytes
from gladia_nb.record.event_kinds import (
    AudioStartEvent,
    ChunkEvent,
    ConnectEvent,
    EndEvent,
    ErrorEvent,
    MessageEvent,
    RetryEvent,
    StopEvent,
    VitalsEvent,
    WarningEvent,
)
from gladia_nb.record.events import read_event
from gladia_nb.record.message import Message, parse_message

__all__ = ["Health", "Line", "LiveState", "OpenLine", "Point", "Series", "Snapshot"]

#: Finals that are kept for the view; the run keeps all.
MAX_LINES = 200
#: Points of one series; when there are more, every second one goes.
MAX_POINTS = 240
#: Latest samples that a running median is of.
WINDOW = 200
#: Chunks whose stamps are kept, to find when a word was sent: five minutes of short chunks.
_CHUNKS = 6000
#: Latest chunks that pacing is judged by.
_RECENT = 50

#: The limits of the verdict on a finished run (`gladia_nb.metrics.checks`), applied as it goes.
_LATE_MS, _VERY_LATE_MS = 5.0, 50.0
_LAG_MS, _LONG_LAG_MS = 10.0, 100.0

Point = tuple[float, float]
Level = Literal["good", "watch", "poor"]
Phase = Literal[
    "connecting",
    "streaming",
    "reconnecting",
    "finishing",
    "finished",
    "stopped",
    "aborted",
    "failed",
]


@dataclass(frozen=True, slots=True)
class Line:
    """One final.

    Attributes:
        number: its number in the session, from 0.
        channel: of the audio.
        start_s: audio time at which it begins, or None.
        text: what was said.
    """

    number: int
    channel: int
    start_s: float | None
    text: str


@dataclass(frozen=True, slots=True)
class OpenLine:
    """The partial of one channel that no final has settled yet.

    Attributes:
        channel: of the audio.
        words: each word and whether it differs from the partial before, at its place.
    """

    channel: int
    words: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the stopwatch can be believed at this moment.

    Attributes:
        level: `good`, `watch` or `poor`.
        text: why, in a sentence.
    """

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a live view needs, at one moment.

    Attributes:
        phase: where the session is; at its end the outcome.
        note: the last warning or error in words, or "".
        duration_s: length of the audio; None when nobody can know it yet.
        sent_s: seconds of audio sent.
        acknowledged_s: seconds of audio that the service has confirmed.
        elapsed_s: seconds since audio position 0 was spoken, at the last event.
        connections: connections that were opened.
        chunks: chunks sent, those sent again included.
        messages: messages received.
        partials: of them partial transcripts.
        finals: of them final transcripts.
        lines: the latest finals, at most `MAX_LINES`.
        open: the open partial of each channel that has one.
        partial_ms: median of the latest partial latencies, or None.
        final_ms: median of the latest final latencies, or None.
        unplaced: transcripts whose latency cannot be told, because they do not say where they end
            or that audio was sent too long ago.
        health: of the stopwatch.
        series: `sent`, `acknowledged`, `partial` and `final` as `(elapsed_s, audio_s)`, and
            `partial_ms` and `final_ms` as `(elapsed_s, latency_ms)`.
    """

    phase: Phase
    note: str
    duration_s: float | None
    sent_s: float
    acknowledged_s: float
    elapsed_s: float
    connections: int
    chunks: int
    messages: int
    partials: int
    finals: int
    lines: tuple[Line, ...]
    open: tuple[OpenLine, ...]
    partial_ms: float | None
    final_ms: float | None
    unplaced: int
    health: Health
    series: Mapping[str, tuple[Point, ...]]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return dataclasses.asdict(self)


class Series:
    """Points over time in bounded memory: when it is full, every second one is left out.

    The first and the latest point are always there.

    Args:
        limit: most points that are kept; an even number of 4 or more.

    Example:
        >>> series = Series(4)
        >>> for k in range(9):
        ...     series.add(k, k * k)
        >>> [x for x, _ in series.points]
        [0, 4, 8]
    """

    def __init__(self, limit: int = MAX_POINTS) -> None:
        self._limit = limit
        self._kept: list[Point] = []
        self._stride = 1
        self._seen = 0
        self._last: Point | None = None

    def add(self, x: float, y: float) -> None:
        """The next point."""
        self._last = (x, y)
        if self._seen % self._stride == 0:
            self._kept.append(self._last)
            if len(self._kept) >= self._limit:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._seen += 1

    @property
    def points(self) -> tuple[Point, ...]:
        """The points that are kept, in order."""
        if self._last is None or self._kept[-1] == self._last:
            return tuple(self._kept)
        return (*self._kept, self._last)


@dataclass(slots=True)
class _Latencies:
    """Latencies of one kind: a series, and the latest for a median."""

    series: Series = field(default_factory=Series)
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def add(self, elapsed_s: float, latency_ms: float) -> None:
        self.series.add(elapsed_s, latency_ms)
        self.latest.append(latency_ms)

    @property
    def median(self) -> float | None:
        return statistics.median(self.latest) if self.latest else None


class LiveState:
    """Reduces the events of one session to what is worth seeing; memory does not grow.

    The latencies shown are those from the end of a transcript's last word, on the send clock, to
    the transcript: `arrival - start of sending of the chunk in which that word ends`, by the
    service's own word times. They are for watching; `gladia_nb.latency` has the measures that are
    for quoting.

    Args:
        sample_rate: of the audio that is sent, in hertz.
        width: bytes of one sample frame.
        duration_s: length of the audio in seconds, or None for a microphone.

    Example:
        >>> state = LiveState(16000, 2, duration_s=5.0)
        >>> state.feed({"event": "connect", "connection": 1, "error": None})
        >>> state.snapshot().phase
        'streaming'
    """

    def __init__(self, sample_rate: int, width: int, *, duration_s: float | None = None) -> None:
        self._rate = sample_rate
        self._width = width
        self._duration_s = duration_s
        self._phase: Phase = "connecting"
        self._note = ""
        self._t0: int | None = None
        self._now = 0
        self._sent_frames = 0
        self._acked_bytes = 0
        self._counts = dict.fromkeys(("connections", "chunks", "messages", "partials", "finals"), 0)
        self._unplaced = 0
        self._lines: deque[Line] = deque(maxlen=MAX_LINES)
        self._open: dict[int, OpenLine] = {}
        self._ids: dict[int, str] = {}
        self._sent: deque[tuple[int, int]] = deque(maxlen=_CHUNKS)
        self._late: deque[float] = deque(maxlen=_RECENT)
        self._lag_ms = 0.0
        names = ("sent", "acknowledged", "partial", "final")
        self._series = {name: Series() for name in names}
        self._latency = {"partial_ms": _Latencies(), "final_ms": _Latencies()}

    @classmethod
    def of_header(cls, header: Mapping[str, Any], *, live: bool = False) -> LiveState:
        """For a run with this header.

        Args:
            header: of the record; its audio and configuration say what is sent.
            live: whether the audio is captured while it is sent, so that its length is not known.
        """
        config = header["config"]
        width = frame_bytes(config["encoding"], config["bit_depth"], config["channels"])
        duration = None if live else float(header["audio"]["duration_s"])
        return cls(int(config["sample_rate"]), width, duration_s=duration)

    # -- events in --

    def feed(self, event: Mapping[str, Any]) -> None:
        """Take the next event; one of an unknown kind changes nothing."""
        match read_event(event):
            case ConnectEvent(error=None):
                self._counts["connections"] += 1
                if self._phase == "reconnecting":
                    self._note = "The connection was lost and resumed; no audio was lost with it."
                if self._phase in ("connecting", "reconnecting"):
                    self._phase = "streaming"
            case AudioStartEvent(t0_ns):
                self._t0 = t0_ns
            case ChunkEvent() as chunk:
                self._chunk(chunk)
            case RetryEvent(attempt=attempt):
                self._retry(attempt)
            case StopEvent():
                self._phase = "finishing"
            case MessageEvent(via=via) as message if via != "callback":
                self._message(message)
            case VitalsEvent(loop_lag_ms=lag_ms):
                self._lag_ms = lag_ms
            case WarningEvent(text=text) | ErrorEvent(text=text):
                self._note = text
            case EndEvent(outcome=outcome):
                self._phase = cast("Phase", outcome)

    def _retry(self, attempt: int) -> None:
        if not self._counts["connections"]:
            self._note = f"The service does not take the connection yet; attempt {attempt}."
            return
        self._phase = "reconnecting"
        self._note = (
            f"The connection was lost; attempt {attempt} to resume it. "
            "The audio goes on and nothing of it is lost."
        )

    def _chunk(self, chunk: ChunkEvent) -> None:
        self._counts["chunks"] += 1
        self._now = max(self._now, chunk.send_start_ns)
        if chunk.resend:
            return
        self._sent_frames = max(self._sent_frames, chunk.end_frame)
        self._sent.append((chunk.end_frame, chunk.send_start_ns))
        self._late.append((chunk.send_start_ns - chunk.due_ns) / 1e6)
        self._plot("sent", chunk.send_start_ns, chunk.end_frame / self._rate)

    def _message(self, event: MessageEvent) -> None:
        self._counts["messages"] += 1
        self._now = max(self._now, event.recv_ns)
        message = parse_message(event.raw)
        if message.error:
            self._note = f"The service says: {message.error}"
        if message.type == "audio_chunk" and message.acknowledged:
            self._acknowledge(message, event.recv_ns)
        elif message.type == "transcript":
            self._transcript(message, event.recv_ns)

    def _acknowledge(self, message: Message, recv_ns: int) -> None:
        match (message.data or {}).get("byte_range"):
            case [int(), int(end)]:
                self._acked_bytes = max(self._acked_bytes, end)
                self._plot("acknowledged", recv_ns, self._acknowledged_s)

    def _transcript(self, message: Message, recv_ns: int) -> None:
        data = message.data or {}
        utterance = data.get("utterance")
        if not isinstance(utterance, Mapping):
            return
        channel = utterance.get("channel")
        channel = channel if isinstance(channel, int) else 0
        text = utterance.get("text")
        text = text.strip() if isinstance(text, str) else ""
        final = data.get("is_final") is True
        kind = "final" if final else "partial"
        if final:
            start = utterance.get("start")
            start_s = float(start) if isinstance(start, (int, float)) else None
            self._lines.append(Line(self._counts["finals"], channel, start_s, text))
            self._open.pop(channel, None)
        else:
            self._partial(channel, str(data.get("id")), text)
        self._counts[f"{kind}s"] += 1
        end = utterance.get("end")
        end_s = float(end) if isinstance(end, (int, float)) else None
        sent_ns = None if end_s is None else self._sent_at(end_s)
        if sent_ns is None or end_s is None:
            self._unplaced += 1
            return
        self._plot(kind, recv_ns, end_s)
        self._latency[f"{kind}_ms"].add(self._since(recv_ns), (recv_ns - sent_ns) / 1e6)

    def _partial(self, channel: int, ident: str, text: str) -> None:
        before: tuple[tuple[str, bool], ...] = ()
        if channel in self._open and self._ids.get(channel) == ident:
            before = self._open[channel].words
        self._ids[channel] = ident
        marked = tuple(
            (word, k >= len(before) or before[k][0] != word) for k, word in enumerate(text.split())
        )
        self._open[channel] = OpenLine(channel, marked)

    def _sent_at(self, audio_s: float) -> int | None:
        """When the chunk in which an audio time lies was sent."""
        frame = round(audio_s * self._rate)
        at = bisect_left(self._sent, frame, key=lambda entry: entry[0])
        if at == len(self._sent):
            return None
        if at == 0 and len(self._sent) == _CHUNKS:
            # What came before is forgotten: it may have been in an earlier one.
            return None
        return self._sent[at][1]

    def _since(self, ns: int) -> float:
        return 0.0 if self._t0 is None else (ns - self._t0) / 1e9

    def _plot(self, name: str, ns: int, audio_s: float) -> None:
        self._series[name].add(self._since(ns), audio_s)

    # -- snapshots out --

    @property
    def _acknowledged_s(self) -> float:
        return self._acked_bytes / self._width / self._rate

    def snapshot(self) -> Snapshot:
        """Everything at this moment."""
        series = {name: line.points for name, line in self._series.items()}
        series |= {name: kind.series.points for name, kind in self._latency.items()}
        return Snapshot(
            phase=self._phase,
            note=self._note,
            duration_s=self._duration_s,
            sent_s=self._sent_frames / self._rate,
            acknowledged_s=self._acknowledged_s,
            elapsed_s=self._since(self._now) if self._now else 0.0,
            lines=tuple(self._lines),
            open=tuple(self._open[channel] for channel in sorted(self._open)),
            partial_ms=self._latency["partial_ms"].median,
            final_ms=self._latency["final_ms"].median,
            unplaced=self._unplaced,
            health=self._health(),
            series=series,
            **self._counts,
        )

    def _health(self) -> Health:
        """The first of these that holds, the worst first."""
        late, lag = max(self._late, default=0.0), self._lag_ms
        busy, stalled = (
            "A chunk has just left {:.1f} ms late.",
            "The stopwatch stalled for {:.0f} ms.",
        )
        checks: tuple[tuple[bool, Level, str], ...] = (
            (
                self._phase == "reconnecting",
                "poor",
                "The connection is lost; words around it include the recovery.",
            ),
            (late > _VERY_LATE_MS, "poor", busy.format(late)),
            (lag > _LONG_LAG_MS, "poor", stalled.format(lag)),
            (late > _LATE_MS, "watch", busy.format(late)),
            (lag > _LAG_MS, "watch", stalled.format(lag)),
            (
                self._counts["connections"] > 1,
                "watch",
                "The connection was lost and resumed; words around it include the recovery.",
            ),
            (not self._late, "good", "Nothing has been sent yet."),
        )
        for holds, level, text in checks:
            if holds:
                return Health(level, text)
        return Health("good", f"Chunks leave within {max(late, 0.1):.1f} ms of when they are due.")
