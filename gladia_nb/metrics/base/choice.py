"""Which normaliser a run is measured with.

Tables tell it in a column and not in an attribute of the frame, so that it is seen, and is still
there after the frame was cut, joined with others or written to a file.
"""

from __future__ import annotations

import numpy as np

from gladia_nb.metrics.base.text import Normaliser, Own, normaliser
from gladia_nb.record.columns import read
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept

__all__ = ["Choice", "chosen"]

#: What every measure that compares text takes as its `normaliser`.
Choice = str | Own | Normaliser


def chosen(run: RunData, choice: Choice) -> Normaliser:
    """The normaliser of a run; `basic` takes numbers as English where the run is in English.

    A run is in English when English is among the languages that were asked for, else when most of
    its transcripts say so, or none says its language.

    Raises:
        ConfigError: there is no such normaliser, or it is not installed.
    """
    if choice == "basic":
        return normaliser("basic", english=kept(run.record, "english", lambda: _english(run)))
    found = normaliser(choice)
    # What is kept under its name is of this one as long as it is there.
    return kept(run.record, f"normaliser {found.key}", lambda: found)


def _english(run: RunData) -> bool:
    asked = (run.config.get("language_config") or {}).get("languages")
    if asked:
        return "en" in asked
    found = read(run.record)
    said = found.language.codes[found.is_transcript]
    counts = np.bincount(said[said >= 0], minlength=1)
    return not counts.any() or found.language.levels[int(counts.argmax())] == "en"
