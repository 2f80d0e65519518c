"""When each chunk of audio is due: pieces of encoded bytes on an absolute schedule.

This is part of the process with the stopwatch and computes with whole numbers only.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from gladia_nb.errors import AudioError

__all__ = ["Chunk", "ChunkSource", "chunk_bounds"]


def chunk_bounds(frames: int, sample_rate: int, chunk_ms: float) -> Iterator[tuple[int, int]]:
    """Cut `frames` sample frames into chunks of `chunk_ms` milliseconds.

    The k-th boundary is the k-th multiple of the chunk's length, rounded down to a whole frame:
    boundaries never drift from their time, whatever the rate. The last chunk may be shorter.

    Yields:
        `(start, end)` of each chunk, in frames; the end is exclusive.

    Raises:
        AudioError: the chunk is shorter than one frame.

    Example:
        >>> list(chunk_bounds(1000, 44100, 10))
        [(0, 441), (441, 882), (882, 1000)]
    """
    length = Fraction(str(chunk_ms)) * sample_rate / 1000
    if length < 1:
        raise AudioError(
            f"A chunk of {chunk_ms} ms is shorter than one sample at {sample_rate} Hz."
        )
    k = start = 0
    while start < frames:
        k += 1
        end = min(int(length * k), frames)
        yield start, end
        start = end


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """One piece of audio, with whole-sample positions.

    Attributes:
        seq: its number, from 0.
        start_frame: its first sample frame.
        end_frame: the frame after its last.
        due_ns: when its last sample has been "spoken", in nanoseconds after the start.
        data: encoded bytes.
    """

    seq: int
    start_frame: int
    end_frame: int
    due_ns: int
    data: bytes


class ChunkSource:
    """Deals out prepared bytes on an absolute schedule.

    Chunk k is due when its last sample would have been spoken: a live microphone cannot deliver a
    sample before it exists. The time is computed from whole sample positions, so that it does not
    drift.

    Args:
        data: encoded bytes, whole frames.
        frame_bytes: bytes of one frame.
        sample_rate: hertz.
        chunk_ms: milliseconds of audio in a chunk.
        speed: 1 is real time; 2 is twice as fast.

    Example:
        >>> source = ChunkSource(bytes(3200), 2, 16000, chunk_ms=60)
        >>> [(chunk.end_frame, chunk.due_ns) for chunk in source]
        [(960, 60000000), (1600, 100000000)]
    """

    def __init__(
        self,
        data: bytes,
        frame_bytes: int,
        sample_rate: int,
        *,
        chunk_ms: float = 100,
        speed: float = 1.0,
    ) -> None:
        self._data = data
        self._frame_bytes = frame_bytes
        self._rate = sample_rate
        self._chunk_ms = chunk_ms
        self._speed = speed

    def due_ns(self, frame: int) -> int:
        """When a sample position has been spoken, in nanoseconds after the start."""
        exact = frame * 1_000_000_000 // self._rate
        return exact if self._speed == 1 else round(exact / self._speed)

    def __iter__(self) -> Iterator[Chunk]:
        width = self._frame_bytes
        bounds = chunk_bounds(len(self._data) // width, self._rate, self._chunk_ms)
        for seq, (start, end) in enumerate(bounds):
            data = self._data[start * width : end * width]
            yield Chunk(seq, start, end, self.due_ns(end), data)
