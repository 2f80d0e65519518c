"""What a study is given, made into what it works with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gladia_nb.studies.corpora.readers import corpus

__all__ = ["items_of"]


def items_of(items: Iterable[Any]) -> Sequence[Any]:
    """Items as they are; anything else is read as a corpus, which has to be whole."""
    if not isinstance(items, (str, Path)):
        items = list(items)
        if all(hasattr(item, "sha256") and hasattr(item, "audio") for item in items):
            return items
    return corpus(items, strict=True)
