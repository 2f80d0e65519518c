"""How many words are wrong."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import jiwer
import numpy as np
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.frames import Schema
from gladia_nb.metrics.text import normalise
from gladia_nb.metrics.words import to_frame

if TYPE_CHECKING:
    from gladia_nb.run import Run

__all__ = ["WORD_ERRORS", "word_errors"]

#: One row a channel, and one for all together.
WORD_ERRORS: Schema = MappingProxyType(
    {
        "channel": "str",  # its number, or "all"
        "reference_words": "int64",
        "transcript_words": "int64",
        "substitutions": "int64",
        "deletions": "int64",
        "insertions": "int64",
        "wer": "float64",  # errors / reference words; NaN without reference words
        "cer": "float64",  # the same for characters, blanks included
    }
)


def word_errors(run: Run) -> pd.DataFrame:
    """Word and character error rate of the finals against the reference.

    Both sides are normalised (`gladia_nb.metrics.text.normalise`); the finals of a channel are
    joined in the order of their audio and aligned with all reference words of that channel by
    jiwer. The last row pools all channels: the sum of errors over the sum of words, not the mean of
    rates. A channel without a single final is legal and has a rate of 1; a rate can exceed 1.

    Returns:
        Columns in `WORD_ERRORS`; channels in order, then "all".

    Raises:
        ConfigError: the run has no reference.
    """
    reference = run.reference
    if not len(reference):
        raise ConfigError(
            "This run has no reference words to compare with. "
            "Give reference= when it is made, or put NAME.words.json beside the sound file."
        )
    finals = run.utterances[run.utterances["is_final"]]
    columns: dict[str, list[Any]] = {name: [] for name in WORD_ERRORS}
    totals = np.zeros(7, dtype="int64")
    for channel in sorted(set(reference["channel"]) | set(finals["channel"])):
        spoken = reference[reference["channel"] == channel].sort_values("start_s", kind="stable")
        heard = finals[finals["channel"] == channel].sort_values("start_s", kind="stable")
        counts = _count(normalise(" ".join(spoken["word"])), normalise(" ".join(heard["text"])))
        totals += counts
        _append(columns, str(channel), counts)
    _append(columns, "all", totals)
    return to_frame(columns, WORD_ERRORS)


def _count(reference: str, transcript: str) -> list[int]:
    """Words, transcript words, substitutions, deletions, insertions; character errors, characters.

    jiwer defines no alignment with an empty reference, where all that was heard is inserted.
    """
    n, heard = len(reference.split()), len(transcript.split())
    if not n:
        return [0, heard, 0, 0, heard, len(transcript), 0]
    words = jiwer.process_words(reference, transcript)
    signs = jiwer.process_characters(reference, transcript)
    wrong = signs.substitutions + signs.deletions + signs.insertions
    edits = [words.substitutions, words.deletions, words.insertions]
    return [n, heard, *edits, wrong, len(reference)]


def _append(columns: dict[str, list[Any]], channel: str, counts: Any) -> None:
    n, heard, substitutions, deletions, insertions, wrong, characters = map(int, counts)
    row = {
        "channel": channel,
        "reference_words": n,
        "transcript_words": heard,
        "substitutions": substitutions,
        "deletions": deletions,
        "insertions": insertions,
        "wer": (substitutions + deletions + insertions) / n if n else np.nan,
        "cer": wrong / characters if characters else np.nan,
    }
    for name, value in row.items():
        columns[name].append(value)
