"""What a live view shows, computed from the events of a session as they come; no input or output.

`LiveState` takes events (see `gladia_nb.record.event_kinds`) and gives snapshots: plain, immutable
and bounded, however long the session lasts. A saved run that is replayed shows the same, since it
is the same code.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from gladia_nb.audio import frame_bytes
from gladia_nb.lab.snapshot import (
    ENDS,
    MAX_LINES,
    MAX_NOTES,
    Health,
    Level,
    Line,
    Note,
    NoteKind,
    OpenLine,
    Phase,
    Point,
    Snapshot,
)
from gladia_nb.record import limits
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

__all__ = ["LiveState", "Series"]

#: Points of one series; when there are more, every second one goes.
MAX_POINTS = 240
#: Latest samples that a running median is of.
WINDOW = 200
#: Chunks whose stamps are kept, to find when a word was sent: five minutes of short chunks.
_CHUNKS = 6000
#: Bytes beyond which an acknowledgement is not believed.
_MOST_BYTES = 2**48
#: Latest chunks that pacing is judged by.
_RECENT = 50

#: What the light shows where the verdict would be this word.
_LEVELS: Mapping[str, Level] = {"valid": "good", "degraded": "watch", "invalid": "poor"}


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
        duration_s: length of the audio in seconds, or None when nobody can know it yet.
        captured: whether the audio is captured while it is sent, so that it comes later.

    Example:
        >>> state = LiveState(16000, 2, duration_s=5.0)
        >>> state.feed({"event": "connect", "connection": 1, "error": None})
        >>> state.snapshot().phase
        'streaming'
    """

    def __init__(
        self,
        sample_rate: int,
        width: int,
        *,
        duration_s: float | None = None,
        captured: bool = False,
    ) -> None:
        self._rate = sample_rate
        self._width = width
        self._duration_s = duration_s
        self._phase: Phase = "connecting"
        self._notes: deque[Note] = deque(maxlen=MAX_NOTES)
        self._noted = 0
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
        self._captured = captured
        self._late_limit = limits.CAPTURE_MS if captured else limits.LATENESS_MS
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
        # What a header does not say is as the service takes it to be.
        layout = (config.get("encoding", "wav/pcm"), config.get("bit_depth", 16))
        width = frame_bytes(*layout, config.get("channels", 1))
        audio = header["audio"]
        duration = None if live else audio["duration_s"]
        captured = live or audio.get("frames") is None
        return cls(int(config["sample_rate"]), width, duration_s=duration, captured=captured)

    # -- events in --

    def feed(self, event: Mapping[str, Any]) -> None:
        """Take the next event; one of an unknown kind changes nothing."""
        match read_event(event):
            case ConnectEvent(error=None):
                self._counts["connections"] += 1
                if self._phase == "reconnecting":
                    self._note(
                        "connection",
                        "The connection was lost and resumed; no audio was lost with it.",
                    )
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
            case (WarningEvent(text=text) | ErrorEvent(text=text)) as found:
                self._note("error" if isinstance(found, ErrorEvent) else "warning", text)
            case EndEvent(outcome=outcome):
                self._phase = cast("Phase", outcome)

    def _retry(self, attempt: int) -> None:
        if not self._counts["connections"]:
            text = f"The service does not take the connection yet; attempt {attempt}."
            self._note("connection", text)
            return
        self._phase = "reconnecting"
        self._note(
            "connection",
            f"The connection was lost; attempt {attempt} to resume it. "
            "The audio goes on and nothing of it is lost.",
        )

    def _note(self, kind: NoteKind, text: str) -> None:
        self._notes.append(Note(self._noted, kind, text))
        self._noted += 1

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
            about = "" if message.type in (None, "error") else f" ({message.type})"
            self._note("service", f"The service says{about}: {message.error}")
        if message.type == "audio_chunk" and message.acknowledged:
            self._acknowledge(message, event.recv_ns)
        elif message.type == "transcript":
            self._transcript(message, event.recv_ns)

    def _acknowledge(self, message: Message, recv_ns: int) -> None:
        match (message.data or {}).get("byte_range"):
            case [int(), int(end)] if end < _MOST_BYTES:
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
            start_s = _seconds(utterance.get("start"))
            self._lines.append(Line(self._counts["finals"], channel, start_s, text))
            self._open.pop(channel, None)
        else:
            self._partial(channel, str(data.get("id")), text)
        self._counts[f"{kind}s"] += 1
        end_s = _seconds(utterance.get("end"))
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
            note=self._notes[-1].text if self._notes else "",
            notes=tuple(self._notes),
            duration_s=self._duration_s,
            sent_s=self._sent_frames / self._rate,
            acknowledged_s=self._acknowledged_s,
            elapsed_s=self._since(self._now) if self._now else 0.0,
            behind_ms=self._late[-1] if self._captured and self._late else None,
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
        """The worst of what holds; the verdict on the finished run has the same limits."""
        if self._phase == "reconnecting":
            return Health("poor", "The connection is lost; words around it include the recovery.")
        late, lag = max(self._late, default=0.0), self._lag_ms
        lost = max(0, self._counts["connections"] - 1)
        found: list[tuple[Level, str]] = [
            (
                _LEVELS[self._late_limit.judge(late)],
                f"Of the last chunks one left {late:.1f} ms late."
                if self._phase in ENDS
                else f"A chunk has just left {late:.1f} ms late.",
            ),
            (
                _LEVELS[limits.STALL_MS.judge(lag)],
                f"The stopwatch stalled for {lag:.0f} ms.",
            ),
            (
                _LEVELS[limits.NONE_WITHOUT_MENTION.judge(lost)],
                "The connection was lost and resumed; words around it include the recovery.",
            ),
        ]
        for wanted in ("poor", "watch"):
            for level, text in found:
                if level == wanted:
                    return Health(level, text)
        if not self._late:
            return Health("good", "Nothing has been sent yet.")
        return Health("good", f"Chunks leave within {max(late, 0.1):.1f} ms of when they are due.")


def _seconds(value: object) -> float | None:
    """A time of the audio that can be; a service may say anything."""
    if isinstance(value, (int, float)) and abs(value) <= limits.LONGEST_S:
        return float(value)
    return None
