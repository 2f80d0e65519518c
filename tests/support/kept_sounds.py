"""Noise in every layout, and a run with its sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gladia_nb.audio import decode, encode
from gladia_nb.record.sound import Wire, mark_of
from gladia_nb.record.sound_writing import SoundWriter
from gladia_nb.run import Run, load
from tests.support.make_runs import make_run

__all__ = ["LAYOUTS", "MARK", "noise", "saved_with_sound"]

MARK = "gladia_nb run 7-5"
LAYOUTS = [
    *(("wav/pcm", depth) for depth in (8, 16, 24, 32)),
    ("wav/alaw", 8),
    ("wav/ulaw", 8),
]


def noise(frames: int, channels: int) -> np.ndarray:
    # Beyond full scale, too: both ends of every format are there.
    return np.random.default_rng(frames).uniform(-1.1, 1.1, (frames, channels))


def saved_with_sound(tmp_path: Path, **how: Any) -> tuple[Run, np.ndarray]:
    """A run in a file, and what it sent."""
    run = load(make_run(duration_s=2.0, **how).save(tmp_path / "talk.run"))
    wire = Wire.of(run.config)
    data = encode(noise(32_000, 1), "wav/pcm", 16)
    writer = SoundWriter(run.path, wire, mark_of(run.record.header))
    writer.set_down(data)
    writer.commit(32_000)
    writer.close()
    return run, decode(data, "wav/pcm", 16, 1)
