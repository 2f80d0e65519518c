"""What was looked at, what was found, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import pandas as pd

from gladia_nb.plain_text import visible
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["FINDINGS", "Finding", "State", "as_frame", "looked"]

#: `note` is worth knowing, and nothing that would have to be done.
State = Literal["ok", "note", "todo"]

#: One row a thing that was looked at.
FINDINGS: Schema = MappingProxyType(
    {
        "name": "str",  # what was looked at
        "state": "str",  # ok, note, or todo
        "found": "str",  # what there is, in a sentence
        "advice": "str",  # what to do; "" for nothing
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        state: `ok`, `note`, or `todo`.
        found: what there is.
        advice: what to do about it; "" for nothing.
    """

    name: str
    state: State
    found: str
    advice: str = ""

    @property
    def line(self) -> str:
        """All of it on one line; nothing in it moves a terminal's cursor.

        Example:
            >>> Finding("microphone", "todo", "There is none.", "Plug one in.").line
            'todo  microphone       There is none. Plug one in.'
        """
        told = f"{self.found} {self.advice}".strip()
        return visible(f"{self.state:<6}{self.name:<17}{' '.join(told.split())}")


def looked(name: str, look: Callable[[], Finding]) -> Finding:
    """What a look has found; one that fails is a finding too, and ends no other."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001 - on a machine that is ill anything may fail
        text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return Finding(name, "todo", f"It could not be looked at: {text}.", "Please report it.")


def as_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a table, columns in `FINDINGS`."""
    rows = list(findings)
    return to_frame({name: [getattr(row, name) for row in rows] for name in FINDINGS}, FINDINGS)
