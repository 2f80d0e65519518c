"""Sounds with known silences, and files of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from gladia_nb.audio import Audio

RATE = 8000


def bursts(spans: Iterable[tuple[float, float]], duration_s: float, channels: int = 1) -> Audio:
    """A tone in each span, and nothing between."""
    samples = np.zeros((round(duration_s * RATE), channels), np.float32)
    for start_s, end_s in spans:
        begin, end = (min(round(at * RATE), len(samples)) for at in (start_s, end_s))
        tone = 0.5 * np.sign(np.sin(np.arange(end - begin) * 0.9) + 1e-3)
        samples[begin:end] = tone[:, np.newaxis]
    return Audio(samples, RATE, "bursts")


def sound_file(path: Path, duration_s: float = 1.0, channels: int = 1) -> Path:
    """A file with a tone from 0.25 s on; the folder that it lies in is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    audio = bursts([(0.25, duration_s)], duration_s, channels)
    soundfile.write(path, audio.samples, RATE, subtype="PCM_16")
    return path
