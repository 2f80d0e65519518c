"""Sound as a picture: the lowest and highest sample of each column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gladia_nb.audio import Audio, encode, wav_file
from gladia_nb.record.file import Record
from gladia_nb.record.sound import kept_sound, sent_frames

__all__ = ["kept_peaks", "peaks", "playable"]

#: Seconds of a sound that are decoded at a time.
_BLOCK_S = 60


def peaks(audio: Audio, columns: int = 600) -> npt.NDArray[np.float64]:
    """Lowest and highest sample of each column, over all channels.

    Args:
        audio: the sound.
        columns: how many; fewer come back when there are fewer samples.

    Returns:
        Shape `(columns, 2)`, full scale is 1.

    Example:
        >>> peaks(Audio(np.array([[0.0], [0.5], [-1.0], [0.25]]), 16000), 2).tolist()
        [[0.0, 0.5], [-1.0, 0.25]]
    """
    low, high = audio.samples.min(axis=1), audio.samples.max(axis=1)
    count = min(columns, len(low))
    if not count:
        return np.zeros((0, 2))
    starts = np.arange(count) * len(low) // count
    return np.stack(
        [np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)], axis=1
    ).astype(np.float64)


def kept_peaks(record: Record, columns: int = 600) -> npt.NDArray[np.float64]:
    """The same of the sound that was kept with a run, which is read in blocks.

    Returns:
        As `peaks`; no rows where no sound was kept.

    Raises:
        AudioError: the sound cannot be read.
    """
    frames = sent_frames(record)
    count = min(columns, frames)
    found = np.zeros((count, 2))
    block = _BLOCK_S * int(record.header["config"]["sample_rate"])
    for first in range(0, frames, block):
        audio = kept_sound(record, first, block)
        if audio is None:
            return np.zeros((0, 2))
        column = (first + np.arange(len(audio.samples))) * count // frames
        np.minimum.at(found[:, 0], column, audio.samples.min(axis=1))
        np.maximum.at(found[:, 1], column, audio.samples.max(axis=1))
    return found


def playable(audio: Audio) -> bytes:
    """The sound as a 16-bit WAV file, which every browser plays."""
    channels = audio.samples.shape[1]
    data = encode(np.clip(audio.samples, -1, 1), "wav/pcm", 16)
    return wav_file(data, "wav/pcm", 16, channels, audio.sample_rate)
