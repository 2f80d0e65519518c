"""What was once made of a record is kept with it, since a record never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pandas as pd

from gladia_nb.record.file import Record

__all__ = ["kept", "kept_frame"]

T = TypeVar("T")


def kept(record: Record, name: str, make: Callable[[], T]) -> T:
    """The value of this name; made when it is first asked for.

    Whoever takes it may not change it.
    """
    if name not in record.derived:
        record.derived[name] = make()
    found: T = record.derived[name]
    return found


def kept_frame(record: Record, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A frame that shares its memory with the one that is kept until somebody writes to it.

    The record keeps one that nobody writes to. So pandas knows of each column that it is shared,
    and copies it before it changes in the frame that was given away (copy on write).

    Args:
        record: whose frame it is.
        name: of the frame.
        make: makes it, once; what it returns is kept and given to nobody else.
    """
    return kept(record, f"frame of {name}", make).copy(deep=False)
