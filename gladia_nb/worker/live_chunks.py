"""Live audio where it arrives: pieces of any length in, chunks with their time of capture out.

A piece says when its last sample was captured; every chunk that is cut from it is due when its own
last sample was. What was not captured leaves a mark in the record and is never closed up silently:
positions count the samples that are there, and the moments at which they were captured tell the
rest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from fractions import Fraction

from msgspec import UNSET, UnsetType

from gladia_nb.clock import Clock
from gladia_nb.errors import AudioError
from gladia_nb.record.event_kinds import AudioEndEvent, Emit, GapEndEvent, GapEvent, WarningEvent
from gladia_nb.worker import sentences
from gladia_nb.worker.chunks import Chunk

__all__ = ["HOLE_S", "LATE_S", "STALL_S", "LiveChunks", "is_hole"]

#: After so many seconds without audio it is said that there is none.
STALL_S = 2.0
#: Seconds between two pieces from which on something is missing, where the source dates them.
HOLE_S = 0.02
#: The same where a piece may only have been handed over late: dated by its arrival, or numbered
#: without a number missing.
LATE_S = 0.25


def is_hole(before_ns: int, began_ns: int, *, certain: bool) -> bool:
    """Whether audio is missing between two pieces.

    Args:
        before_ns: when the last sample of the earlier one was captured.
        began_ns: when the capture of the later one began.
        certain: whether the moments are those of the capture, and nothing else tells of losses.

    Example:
        >>> is_hole(0, 30_000_000, certain=True), is_hole(0, 30_000_000, certain=False)
        (True, False)
    """
    return began_ns - before_ns >= (HOLE_S if certain else LATE_S) * 1e9


class LiveChunks:
    """Cuts live audio into chunks; use it from one event loop.

    Boundaries are those of `gladia_nb.audio.chunk_bounds`. A pause or a gap ends a chunk early, so
    that nothing that was spoken waits for what comes after it.

    Args:
        frame_bytes: bytes of one frame.
        sample_rate: hertz.
        clock: of all stamps.
        emit: called with the events `gap`, `gap_end`, `audio_end` and `warning` of the record.
        chunk_ms: milliseconds of audio in a chunk.
        stall_s: after so many seconds without audio it is said that there is none.

    Attributes:
        t0_ns: when sample 0 was captured; 0 before there is one.
        ended: whether no more audio will come.
    """

    def __init__(
        self,
        frame_bytes: int,
        sample_rate: int,
        clock: Clock,
        emit: Emit,
        *,
        chunk_ms: float = 100,
        stall_s: float = STALL_S,
    ) -> None:
        self.t0_ns = 0
        self.ended = False
        self._width = frame_bytes
        self._rate = sample_rate
        self._clock = clock
        self._emit = emit
        self._length = Fraction(str(chunk_ms)) * sample_rate / 1000
        if self._length < 1:
            raise AudioError(
                f"A chunk of {chunk_ms} ms is shorter than one sample at {sample_rate} Hz."
            )
        self._stall_s = stall_s
        self._ready: deque[Chunk] = deque()
        self._more = asyncio.Event()
        self._rest = bytearray()
        self._frames = 0
        self._cut = 0
        self._seq = 0
        self._piece: int | None = None
        self._captured_ns = 0
        self._gap: str | None = None

    def feed(
        self, data: bytes, captured_ns: int, *, seq: int | None = None, dated: bool = True
    ) -> None:
        """The next piece of audio.

        Where it began later than the piece before it ended, by `HOLE_S` or `LATE_S`, a chunk ends
        between them: what was spoken before the hole keeps its moments.

        Args:
            data: encoded bytes, whole frames.
            captured_ns: when its last sample was captured, on the clock of the stamps.
            seq: its number, where pieces are numbered; a number that is missing is a gap.
            dated: whether that is when it was captured, and not only when it was handed over.

        Raises:
            AudioError: the bytes are no whole frames.
        """
        if len(data) % self._width:
            raise AudioError(f"{len(data)} bytes are not whole frames of {self._width} bytes.")
        if self.ended:
            return
        frames = len(data) // self._width
        began_ns = captured_ns - frames * 1_000_000_000 // self._rate
        told = self._gap is not None
        self._end_gap()
        if seq is not None:
            if self._piece is not None and seq > self._piece + 1:
                self._lost(seq - self._piece - 1, began_ns)
                told = True
            self._piece = seq
        if not frames:
            # A resampler may hold back all of a piece.
            return
        certain = dated and seq is None
        if not self._frames:
            self.t0_ns = began_ns
        elif not told and is_hole(self._captured_ns, began_ns, certain=certain):
            self._hole(began_ns)
        self._rest += data
        self._frames += frames
        self._captured_ns = captured_ns
        while (end := self._boundary()) <= self._frames:
            self._make(end)
        self._more.set()

    def pause(self, captured_ns: int | None = None) -> None:
        """Nothing is captured until more is fed; that is meant."""
        if not self.ended and self._gap != "paused":
            self._end_gap()
            self._flush()
            self._begin_gap("paused", captured_ns=captured_ns)
            self._more.set()

    def end(self, clipped: int | None = None) -> None:
        """No more audio will come."""
        if not self.ended:
            self._flush()
            self.ended = True
            self._emit(AudioEndEvent(self._clock.now_ns(), self._frames, clipped))
            self._more.set()

    async def next(self) -> Chunk | None:
        """The next chunk, as soon as there is one; its `due_ns` is a stamp. None at the end."""
        while not self._ready:
            if self.ended:
                return None
            self._more.clear()
            # Silence that was asked for, or told already, is waited for without a bound.
            bound = self._stall_s if self._gap is None and self._frames else None
            try:
                await asyncio.wait_for(self._more.wait(), bound)
            except TimeoutError:
                self._flush()
                self._begin_gap("stalled")
                self._warn(sentences.STALLED.format(seconds=f"{self._stall_s:g}"))
        return self._ready.popleft()

    # -- cutting --

    def _boundary(self) -> int:
        """The first boundary of chunks behind what has been cut."""
        k = int(self._cut / self._length) + 1
        # A boundary is rounded down to a whole frame; the division can then be one short.
        while (end := int(self._length * k)) <= self._cut:
            k += 1
        return end

    def _make(self, end: int) -> None:
        size = (end - self._cut) * self._width
        data = bytes(self._rest[:size])
        del self._rest[:size]
        due_ns = self._captured_ns - (self._frames - end) * 1_000_000_000 // self._rate
        self._ready.append(Chunk(self._seq, self._cut, end, due_ns, data))
        self._seq += 1
        self._cut = end

    def _flush(self) -> None:
        if self._rest:
            self._make(self._frames)

    # -- gaps --

    def _lost(self, pieces: int, began_ns: int) -> None:
        """Pieces that never came; how much they held is known from the moments around them."""
        seconds = self._missing("lost", began_ns, pieces=pieces)
        self._warn(sentences.LOST.format(pieces=pieces, seconds=seconds))

    def _hole(self, began_ns: int) -> None:
        """Time went by between two pieces that follow each other."""
        self._warn(sentences.HOLE.format(seconds=self._missing("hole", began_ns)))

    def _missing(self, why: str, began_ns: int, *, pieces: int | UnsetType = UNSET) -> str:
        """A gap of known length, which is over at once; returns its seconds."""
        self._flush()
        frames = round((began_ns - self._captured_ns) * self._rate / 1e9)
        self._begin_gap(why, pieces=pieces, frames=frames)
        self._gap = None
        return f"{frames / self._rate:.2f}"

    def _begin_gap(
        self,
        why: str,
        *,
        captured_ns: int | UnsetType | None = UNSET,
        pieces: int | UnsetType = UNSET,
        frames: int | UnsetType = UNSET,
    ) -> None:
        self._gap = why
        self._emit(
            GapEvent(
                ns=self._clock.now_ns(),
                why=why,
                at_frame=self._frames,
                captured_ns=captured_ns,
                pieces=pieces,
                frames=frames,
            )
        )

    def _end_gap(self) -> None:
        if self._gap is not None:
            self._emit(GapEndEvent(self._clock.now_ns(), self._gap, self._frames))
            self._gap = None

    def _warn(self, text: str) -> None:
        self._emit(WarningEvent(self._clock.now_ns(), text))
