"""Which runs are of the same recording: their references have the same words at the same times."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

__all__ = ["recording_numbers", "same_recording"]

#: What makes a recording; who spoke and in which sentence may be told later.
_HEARD = ["word", "start_s", "end_s", "channel"]


def same_recording(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    """Whether two references are of one recording; those without words are of none.

    Args:
        a: columns as in `gladia_nb.record.schema.REFERENCE`.
        b: likewise.
    """
    return len(a) > 0 and a[_HEARD].equals(b[_HEARD])


def recording_numbers(references: Sequence[pd.DataFrame]) -> list[int]:
    """Number of the recording of each reference, from 0; -1 for one without words.

    Example:
        >>> said = pd.DataFrame({"word": ["yes"], "start_s": 0.5, "end_s": 0.8, "channel": 0})
        >>> recording_numbers([said, said.head(0), said.copy(), said.assign(end_s=0.9)])
        [0, -1, 0, 1]
    """
    known: list[pd.DataFrame] = []
    numbers = []
    for reference in references:
        if not len(reference):
            numbers.append(-1)
            continue
        same = (k for k, other in enumerate(known) if same_recording(other, reference))
        number = next(same, len(known))
        if number == len(known):
            known.append(reference)
        numbers.append(number)
    return numbers
