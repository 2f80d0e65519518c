"""From the bytes of a session to frames of 10 ms at 16 kHz, which all that listens here takes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import soxr

from gladia_nb import audio

__all__ = ["FRAME_S", "RATE", "Samples", "SoundFrames", "level_db", "seconds_of"]

#: Hertz, of frames.
RATE = 16000
#: Seconds in a frame; the finest that the voice activity detector takes.
FRAME_S = 0.01
_FRAME = round(RATE * FRAME_S)

Samples = npt.NDArray[np.int16]


class SoundFrames:
    """From encoded bytes of one channel to frames of 160 samples.

    The bytes are taken in blocks of 10 ms whatever the client's chunks are, so that the same audio
    gives the same frames however it arrives.

    Args:
        encoding: `wav/pcm`, `wav/alaw` or `wav/ulaw`.
        bit_depth: bits per sample.
        sample_rate: hertz, of the bytes.
    """

    def __init__(self, encoding: str, bit_depth: int, sample_rate: int) -> None:
        self._encoding = encoding
        self._depth = bit_depth
        self._block = sample_rate // 100
        self._waiting = np.zeros(0, np.float32)
        self._ready = np.zeros(0, np.int16)
        self._resampler = (
            None
            if sample_rate == RATE
            else soxr.ResampleStream(sample_rate, RATE, 1, dtype="float32", quality="HQ")
        )

    def feed(self, data: bytes) -> Iterator[Samples]:
        """Take whole samples; yields the frames that are complete."""
        samples = audio.decode(data, self._encoding, self._depth, 1)[:, 0].astype(np.float32)
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) // self._block * self._block
        for start in range(0, whole, self._block):
            self._convert(self._waiting[start : start + self._block], last=False)
            yield from self._frames()
        self._waiting = self._waiting[whole:]

    def finish(self) -> Iterator[Samples]:
        """The audio is over; yields what is left, the last frame filled up with silence."""
        self._convert(self._waiting, last=True)
        silence = np.zeros(-len(self._ready) % _FRAME, np.int16)
        self._ready = np.concatenate([self._ready, silence])
        yield from self._frames()

    def _convert(self, block: npt.NDArray[np.float32], *, last: bool) -> None:
        if self._resampler is not None:
            block = self._resampler.resample_chunk(block, last=last)
        whole = np.clip(np.rint(block * 2.0**15), -(2**15), 2**15 - 1).astype(np.int16)
        self._ready = np.concatenate([self._ready, whole])

    def _frames(self) -> Iterator[Samples]:
        while len(self._ready) >= _FRAME:
            frame, self._ready = self._ready[:_FRAME], self._ready[_FRAME:]
            yield frame


def level_db(frame: Samples) -> float:
    """Level of a frame: root mean square, in decibels of full scale.

    Example:
        >>> round(level_db(np.full(160, 2**14, np.int16)), 1)
        -6.0
        >>> level_db(np.zeros(160, np.int16))
        -inf
    """
    power = float(np.mean(np.square(frame.astype(np.float64))))
    return 10 * math.log10(power / 2**30) if power > 0 else -math.inf


def seconds_of(frame: int) -> float:
    """When a frame begins, in seconds.

    Example:
        >>> seconds_of(57)
        0.57
    """
    return round(frame * FRAME_S, 3)
