"""The table of turns in a report: one column a run."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gladia_nb.metrics import DEFINITIONS, turns
from gladia_nb.record.data import RunData
from gladia_nb.reporting.html import cell, table

__all__ = ["turn_waits"]

#: What `told_by` means, for people.
_TOLD_BY = {
    "speaker": "speakers of the reference",
    "sentence": "sentences of the reference",
    "gap": "silences of the reference",
    "service": "utterances of the service",
}
_TURN = "turns: "
#: Columns of `turns` that are waits, with their labels.
_LABELS = {
    definition.name.removeprefix(_TURN): definition.label.removeprefix("turn: ")
    for definition in DEFINITIONS
    if definition.name.startswith(_TURN) and definition.unit == "ms"
}


def turn_waits(runs: list[RunData], labels: list[str]) -> str:
    """What an agent waits for after a turn, by our definitions and by those of others.

    Medians are of the turns that have a value; how many have none is said beside.
    """
    found = [turns(run) for run in runs]
    if not any(map(len, found)):
        return ""
    rows: list[list[Any]] = [
        [
            "turns, by",
            *(_TOLD_BY[part["told_by"].iloc[0]] if len(part) else None for part in found),
        ],
        ["turns", *map(len, found)],
        ["finals before the turn was over", *map(_premature, found)],
    ]
    for name, label in _LABELS.items():
        rows.append([f"{label}, median (ms)", *(_median(part[name]) for part in found)])
    return table(["since the end of each turn (@capture)", *labels], rows)


def _told_by(found: pd.DataFrame) -> str | None:
    return _TOLD_BY[found["told_by"].iloc[0]] if len(found) else None


def _premature(found: pd.DataFrame) -> int | None:
    known = found["premature_finals"].dropna()
    return int(known.sum()) if len(known) else None


def _median(values: pd.Series) -> str | float:
    known = values.dropna()
    if len(known) == len(values):
        return float(known.median())
    return f"{cell(float(known.median()))}, {len(values) - len(known)} without"
