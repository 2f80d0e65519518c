"""Many short texts of about one length, such as time stamps, in little room."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from gladia_nb.record.packed import Immutable

__all__ = ["Letters"]


class Letters(Immutable):
    """Texts, or None, held in parts: as letters alone where they are ASCII and of about one length.

    An object for each text takes three times that.

    Example:
        >>> texts = Letters()
        >>> texts.extend(["2026-11-21T09:00:00Z", "2026-11-21T09:00:01Z"])
        >>> texts.extend([None])
        >>> texts[1], list(texts)[2]
        ('2026-11-21T09:00:01Z', None)
    """

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[Any]] = []
        # Where each part begins.
        self._begins = [0]

    def extend(self, texts: Sequence[str | None]) -> None:
        """Add some."""
        if texts:
            self._parts.append(_compact(texts))
            self._begins.append(self._begins[-1] + len(texts))

    def __len__(self) -> int:
        return self._begins[-1]

    @overload
    def __getitem__(self, at: int) -> str | None: ...
    @overload
    def __getitem__(self, at: slice) -> list[str | None]: ...
    def __getitem__(self, at: int | slice) -> str | list[str | None] | None:
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        k = range(len(self))[at]
        part = bisect_right(self._begins, k) - 1
        found: str | None = _texts(self._parts[part])[k - self._begins[part]]
        return found

    def __iter__(self) -> Iterator[str | None]:
        for part in self._parts:
            yield from _texts(part)


def _compact(texts: Sequence[str | None]) -> npt.NDArray[Any]:
    lengths = [len(text) if text is not None and text.isascii() else 0 for text in texts]
    if min(lengths) and max(lengths) <= 2 * min(lengths):
        found = np.array(texts, dtype="S")
        # What ends in NUL would come back without.
        if np.char.str_len(found).sum() == sum(lengths):
            return found
    objects = np.empty(len(texts), dtype=object)
    objects[:] = texts
    return objects


def _texts(part: npt.NDArray[Any]) -> list[Any]:
    return list(part.astype("U").tolist() if part.dtype.kind == "S" else part.tolist())
