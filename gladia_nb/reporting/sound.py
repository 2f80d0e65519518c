"""The sound of a run for a page: short files that a browser decodes, one after the other."""

from __future__ import annotations

import io
from typing import Literal, NamedTuple

import numpy as np
import soundfile

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError

__all__ = [
    "SOUND_FORMATS",
    "Piece",
    "SoundFormat",
    "piece_bounds",
    "piece_place",
    "sound_file",
    "sound_pieces",
]

SoundFormat = Literal["flac", "opus"]
#: How the sound of a run can be put into a page.
SOUND_FORMATS: tuple[SoundFormat, ...] = ("flac", "opus")
#: Seconds of a piece: a browser decodes those that are played, and not hours for one word.
_PIECE_S = 30
#: What a piece has more at its end, so that no word lies on a seam.
_OVERLAP_S = 3
#: Rates that Opus takes.
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


class Piece(NamedTuple):
    """A part of the sound.

    Attributes:
        start_s: where it begins.
        until_s: where the next one begins; there is more in it.
        data: a sound file.
    """

    start_s: float
    until_s: float
    data: bytes


def sound_pieces(audio: Audio, kind: SoundFormat = "flac") -> list[Piece]:
    """The sound as files of half a minute each.

    Args:
        audio: the sound.
        kind: `flac`, which is exact (of more than 24 bits, the upper 24), or `opus`, which takes
            about a fifth of that. More than two channels are mixed: browsers place them in a room.

    Raises:
        ConfigError: there is no such format.

    Example:
        >>> [piece.until_s for piece in sound_pieces(Audio(np.zeros((45 * 8000, 1)), 8000))]
        [30.0, 45.0]
    """
    if kind not in SOUND_FORMATS:
        known = " or ".join(SOUND_FORMATS)
        raise ConfigError(f"The sound of a page is {known}, or False for none (got {kind!r}).")
    samples, rate = _heard(audio.samples), audio.sample_rate
    if kind == "opus" and rate not in _OPUS_RATES:
        import soxr

        samples, rate = soxr.resample(samples, rate, _OPUS_RATES[-1]), _OPUS_RATES[-1]
    return [
        Piece(first / rate, until / rate, _file(samples[first:end], rate, kind))
        for first, until, end in piece_bounds(len(samples), rate)
    ]


def piece_bounds(frames: int, rate: int) -> list[tuple[int, int, int]]:
    """Where the pieces of a sound lie, in sample frames.

    Args:
        frames: of the sound.
        rate: of the sound in hertz.

    Returns:
        For each piece its first frame, that of the next one, and the one behind its own last.

    Example:
        >>> piece_bounds(45 * 8000, 8000)
        [(0, 240000, 264000), (240000, 360000, 360000)]
    """
    count = -(-frames // (_PIECE_S * rate))
    places = (piece_place(number, rate) for number in range(count))
    return [(first, min(until, frames), min(end, frames)) for first, until, end in places]


def piece_place(number: int, rate: int) -> tuple[int, int, int]:
    """The same of one piece, in a sound that goes on behind it.

    Example:
        >>> piece_place(1, 8000)
        (240000, 480000, 504000)
    """
    first, until = (k * _PIECE_S * rate for k in (number, number + 1))
    return first, until, until + _OVERLAP_S * rate


def sound_file(audio: Audio) -> bytes:
    """A short sound as FLAC that a browser decodes; see `sound_pieces`."""
    return _file(_heard(audio.samples), audio.sample_rate, "flac")


def _heard(samples: np.ndarray) -> np.ndarray:
    """Channels as a browser plays them."""
    return samples.mean(axis=1, keepdims=True) if samples.shape[1] > 2 else samples


def _file(samples: np.ndarray, rate: int, kind: SoundFormat) -> bytes:
    target = io.BytesIO()
    if kind == "opus":
        soundfile.write(target, samples, rate, format="OGG", subtype="OPUS")
        return target.getvalue()
    # By whole numbers, which nothing rounds: 16 bits where that is all there is.
    whole = np.rint(np.clip(samples, -1, 1 - 2**-23) * 2**31).astype(np.int64).astype(np.int32)
    fine = bool((whole & 0xFFFF).any())
    soundfile.write(target, whole, rate, format="FLAC", subtype="PCM_24" if fine else "PCM_16")
    return target.getvalue()
