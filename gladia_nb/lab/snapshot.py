"""What a live view shows at one moment: plain, immutable and bounded.

`gladia_nb.lab.live_state` makes it of the events of a session; the Lab and the terminal show it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "ENDS",
    "MAX_LINES",
    "MAX_NOTES",
    "Health",
    "Level",
    "Line",
    "Note",
    "NoteKind",
    "OpenLine",
    "Phase",
    "Point",
    "Snapshot",
]

#: Finals that are kept for the view; the run keeps all.
MAX_LINES = 200
#: Notes likewise.
MAX_NOTES = 50

Point = tuple[float, float]
Level = Literal["good", "watch", "poor"]
NoteKind = Literal["warning", "error", "connection", "service"]
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
#: Phases after which nothing comes.
ENDS: frozenset[Phase] = frozenset({"finished", "stopped", "aborted", "failed"})


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
class Note:
    """Something that whoever watches should know.

    Attributes:
        number: its number in the session, from 0.
        kind: `warning` and `error` are of the toolkit, `connection` tells what became of it,
            `service` is what the service said was wrong.
        text: in words.
    """

    number: int
    kind: NoteKind
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
        note: the text of the last note, or "".
        notes: the latest notes, at most `MAX_NOTES`.
        duration_s: length of the audio; None when nobody can know it yet.
        sent_s: seconds of audio sent.
        acknowledged_s: seconds of audio that the service has confirmed.
        elapsed_s: seconds since audio position 0 was spoken, at the last event.
        behind_ms: by how much the latest chunk left after its audio was captured; None where the
            audio is not captured meanwhile.
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
    notes: tuple[Note, ...]
    duration_s: float | None
    sent_s: float
    acknowledged_s: float
    elapsed_s: float
    behind_ms: float | None
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
