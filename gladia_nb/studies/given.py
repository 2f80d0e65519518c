"""What a study is given, made into what it works with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gladia_nb.errors import ConfigError
from gladia_nb.studies.corpora.readers import corpus

__all__ = ["budget_of", "items_of"]


def budget_of(hours: float | None) -> float:
    """The most hours that may be billed; inf for no limit.

    Raises:
        ConfigError: it is no number above 0.

    Example:
        >>> budget_of(None), budget_of(2)
        (inf, 2.0)
    """
    if hours is None:
        return math.inf
    if isinstance(hours, bool) or not isinstance(hours, (int, float)) or not hours > 0:
        raise ConfigError(f"budget_hours is a number of hours above 0 (got {hours!r}).")
    return float(hours)


def items_of(items: Iterable[Any]) -> Sequence[Any]:
    """Items as they are; anything else is read as a corpus, which has to be whole."""
    if not isinstance(items, (str, Path)):
        items = list(items)
        if all(hasattr(item, "sha256") and hasattr(item, "audio") for item in items):
            return items
    return corpus(items, strict=True)
