"""A run of tones: each word is one of its own, so that what is heard tells which word it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gladia_nb.audio import encode
from gladia_nb.record.sound import Wire, mark_of
from gladia_nb.record.sound_writing import SoundWriter
from gladia_nb.run import Run, load
from tests.support.make_runs import make_run, reference, utterance

__all__ = ["RATE", "WORDS", "run_of_tones", "tones"]

RATE = 16000
#: Word, start and end, seconds; some lie around the seam of pieces of half a minute.
WORDS = [(f"tone{k}", 0.6 + 0.7 * k, 1.0 + 0.7 * k) for k in range(50)]


def tones(seconds: float = 36.0) -> np.ndarray:
    """The sound, shape `(frames,)`: silence, and in each word a tone of its own."""
    at = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros(len(at))
    for k, (_, start, end) in enumerate(WORDS):
        inside = (at >= start) & (at < end)
        sound[inside] = 0.3 * np.sin(2 * np.pi * (300 + 100 * k) * at[inside])
    return sound


def run_of_tones(folder: Path, *, sound: bool = True) -> Run:
    """The run in a file, with or without its sound."""
    arrivals = []
    for number in range(0, len(WORDS), 10):
        said = WORDS[number : number + 10]
        heard = [("wrong" if word == "tone13" else word, *span) for word, *span in said]
        arrivals += utterance([w for w in heard if w[0] != "tone25"], f"00_{number:08x}")
    known = reference(WORDS)
    run = load(make_run(arrivals, duration_s=36.0, reference=known).save(folder / "tones.run"))
    if sound:
        writer = SoundWriter(run.path, Wire.of(run.config), mark_of(run.record.header))
        data = encode(tones()[:, np.newaxis], "wav/pcm", 16)
        writer.set_down(data)
        writer.commit(len(data) // 2)
        writer.close()
    return run
