"""Sound as a picture: the lowest and highest sample of each column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gladia_nb.audio import Audio, encode, wav_file

__all__ = ["peaks", "playable"]


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


def playable(audio: Audio) -> bytes:
    """The sound as a 16-bit WAV file, which every browser plays."""
    channels = audio.samples.shape[1]
    data = encode(np.clip(audio.samples, -1, 1), "wav/pcm", 16)
    return wav_file(data, "wav/pcm", 16, channels, audio.sample_rate)
