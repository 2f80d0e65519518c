"""Rows of `latency` of one run or of very many, with what a summary has to know of the runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice
from gladia_nb.metrics.checks import verdict
from gladia_nb.metrics.latencies import latency
from gladia_nb.metrics.words import match_rate
from gladia_nb.record.data import RunData, forgetting

__all__ = ["USED", "Gathered", "gather"]

#: What is looked at of each row; hours of words have millions.
_TEXTS = tuple("name unit milestone since anchor utterance_id trigger normaliser".split())
_NUMBERS = ("anchor_s", "anchor_clock_s", "latency_ms")
USED = [*_TEXTS, *_NUMBERS, "run", "channel", "reference"]


class Gathered(NamedTuple):
    """Rows of some runs.

    Attributes:
        rows: the columns `USED` of `latency`, with the number of the run in `_run`.
        references: `run.reference` of each run; none where it is not known which runs they are.
        verdict: the worst of the runs; None where it is not known which they are.
        match_rate: share of the words of their references that a final holds; NaN without.
    """

    rows: pd.DataFrame
    references: Sequence[pd.DataFrame]
    verdict: str | None
    match_rate: float


def gather(
    source: RunData | pd.DataFrame | Sequence[RunData], normaliser: Choice = "basic"
) -> Gathered:
    """Everything that a summary needs of its source.

    Of several runs nothing stays in memory but this: each is read, and let go again.

    Raises:
        ConfigError: an empty sequence; or rows of several runs without the column `run`.
    """
    if isinstance(source, pd.DataFrame):
        return Gathered(_of_table(source), (), None, math.nan)
    runs = source if isinstance(source, Sequence) else [source]
    if not runs:
        raise ConfigError("There is no run to sum up; give one at least.")
    if len(runs) == 1:
        rows = latency(runs[0], normaliser=normaliser)[USED].assign(_run=0)
        worth = [_Worth.of(runs[0], normaliser)]
        return Gathered(rows, [runs[0].reference], *_worth(worth))
    table, worth, references = _Rows(), [], []
    for run in runs:
        with forgetting(run):
            table.add(latency(run, normaliser=normaliser)[USED])
            worth.append(_Worth.of(run, normaliser))
            references.append(run.reference)
    return Gathered(table.frame(), references, *_worth(worth))


class _Worth(NamedTuple):
    """What a run is worth: its verdict, words of the reference, and how many a final holds."""

    status: str
    spoken: int
    held: int

    @classmethod
    def of(cls, run: RunData, normaliser: Choice) -> _Worth:
        rates = match_rate(run, normaliser=normaliser)
        spoken, held = int(rates["reference_words"].sum()), int(rates["matched"].sum())
        return cls(verdict(run).status, spoken, held)


def _worth(runs: Sequence[_Worth]) -> tuple[str, float]:
    """The worst verdict, and the share of the words spoken that a final holds."""
    statuses, spoken = {run.status for run in runs}, sum(run.spoken for run in runs)
    worst = next((status for status in ("invalid", "degraded") if status in statuses), "valid")
    return worst, sum(run.held for run in runs) / spoken if spoken else math.nan


class _Rows:
    """Rows of very many runs: each text stands once, and the rows point to it."""

    def __init__(self) -> None:
        self._levels: dict[str, dict[str, int]] = {name: {} for name in _TEXTS}
        self._parts: list[dict[str, npt.NDArray[Any]]] = []

    def add(self, rows: pd.DataFrame) -> None:
        """The rows of the next run."""
        part = {name: rows[name].to_numpy() for name in ("channel", *_NUMBERS)}
        part["reference"] = rows["reference"].to_numpy("float64", na_value=np.nan)
        for name, known in self._levels.items():
            codes, levels = pd.factorize(rows[name])
            places = [known.setdefault(text, len(known)) for text in levels.tolist()]
            # Behind the last place is that of what is missing.
            part[name] = np.array([*places, -1], dtype="int32")[codes]
        self._parts.append(part)

    def frame(self) -> pd.DataFrame:
        """All rows, with the number of their run."""
        lengths = [len(part["channel"]) for part in self._parts]
        columns: dict[str, Any] = {"_run": np.repeat(np.arange(len(lengths)), lengths)}
        for name in list(self._parts[0]):
            whole: Any = np.concatenate([part.pop(name) for part in self._parts])
            if name in self._levels:
                levels = pd.Index(list(self._levels[name]), dtype="str")
                whole = pd.Categorical.from_codes(whole, levels)
            columns[name] = whole
        return pd.DataFrame(columns, copy=False)


def _of_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table that somebody put together, of one run or of many."""
    if "run" in rows:
        return rows[USED].assign(_run=pd.factorize(rows["run"], use_na_sentinel=False)[0])
    keys = ["name", "anchor", "channel", "utterance_id", "position", "anchor_s"]
    if rows[rows["utterance_id"].notna()].duplicated(keys).any():
        raise ConfigError(
            "These latencies are of several runs and do not say which: utterances of different "
            "sessions have the same ids. Keep the column run that latency() gives."
        )
    return rows.assign(run=None)[USED].assign(_run=0)
