"""Rows of latencies of very many runs: each text stands once, and the rows point to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["NUMBERS", "TEXTS", "Codes", "PooledRows"]

Codes = npt.NDArray[np.int32]

#: Columns of `latency` that a summary looks at, and that are texts.
TEXTS = tuple("name unit milestone since anchor utterance_id trigger normaliser".split())
#: Those that are numbers of their own.
NUMBERS = ("anchor_s", "anchor_clock_s", "latency_ms")


class PooledRows:
    """Rows that are added run by run, as numbers; a table is made of them at the end."""

    def __init__(self) -> None:
        self._levels: dict[str, dict[str, int]] = {name: {} for name in TEXTS}
        self._parts: list[dict[str, npt.NDArray[Any]]] = []

    def places(self, name: str, texts: Sequence[str]) -> Codes:
        """Where some texts of a column stand among all of its texts; new ones are put behind.

        Args:
            name: one of `TEXTS`.
            texts: what to look for.
        """
        known = self._levels[name]
        return np.array([known.setdefault(text, len(known)) for text in texts], dtype="int32")

    def add(self, part: Mapping[str, npt.NDArray[Any]]) -> None:
        """The rows of the next run.

        Args:
            part: columns of one length: the places of `TEXTS` (-1 for missing), `NUMBERS`,
                `channel`, and `reference` (NaN for none).
        """
        self._parts.append({name: _small(values) for name, values in part.items()})

    def frame(self) -> pd.DataFrame:
        """All rows, with the number of their run in `_run`; nothing is kept here."""
        parts, self._parts = self._parts, []
        lengths = [len(part["channel"]) for part in parts]
        columns: dict[str, Any] = {
            "_run": np.repeat(np.arange(len(lengths), dtype="int32"), lengths)
        }
        for name in list(parts[0]):
            arrays = [part.pop(name) for part in parts]
            whole: Any = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
            if name in self._levels:
                levels = pd.Index(list(self._levels[name]), dtype="str")
                whole = pd.Categorical.from_codes(whole, levels)
            columns[name] = whole
        return pd.DataFrame(columns, copy=False)


def _small(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole numbers in as few bytes as they need: most are places among few texts."""
    if values.dtype.kind != "i" or not len(values):
        return values
    return values.astype(np.min_scalar_type(min(values.min(), -1 - values.max())), copy=False)
