"""Which runs are of the same recording: their references have the same words at the same times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd

__all__ = ["recording_key", "recording_numbers", "same_recording"]

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
    # Those who ask for many runs of a recording may have its words only once.
    keys: dict[int, str] = {}
    for reference in references:
        if id(reference) not in keys:
            keys[id(reference)] = recording_key(reference)
    numbers: dict[str, int] = {"": -1}
    return [numbers.setdefault(keys[id(reference)], len(numbers) - 1) for reference in references]


def recording_key(reference: pd.DataFrame) -> str:
    """A name of the recording of a reference, the same for equal ones; "" for one without words.

    Example:
        >>> said = pd.DataFrame({"word": ["yes"], "start_s": 0.5, "end_s": 0.8, "channel": 0})
        >>> recording_key(said) == recording_key(said.copy()), recording_key(said.head(0))
        (True, '')
    """
    if not len(reference):
        return ""
    digest = hashlib.sha256()
    for name in _HEARD:
        values = reference[name]
        if values.dtype.kind in "if":
            digest.update(values.to_numpy("float64").tobytes())
        else:
            digest.update("\0".join(map(str, values.tolist())).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]
