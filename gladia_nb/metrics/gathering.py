"""Rows of `latency` of one run or of very many, with what a summary has to know of the runs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.checks import verdict
from gladia_nb.metrics.pooled_rows import NUMBERS, TEXTS, Codes, PooledRows
from gladia_nb.metrics.rows_of_latency import LatencyRows, latency_rows
from gladia_nb.metrics.words import word_counts
from gladia_nb.record.data import RunData, forgetting

__all__ = ["USED", "Gathered", "Worth", "gather", "together"]

#: What is looked at of each row; hours of words have millions.
_SHARED = tuple("name unit milestone since anchor".split())
USED = [*TEXTS, *NUMBERS, "run", "channel", "reference"]

Objects = npt.NDArray[np.object_]
_NONE, _NOTHING = np.empty(0, dtype="int64"), np.empty(0)


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
    table, worth, references = PooledRows(), [], []
    for run in runs:
        # One run is most likely looked at again.
        with forgetting(run) if len(runs) > 1 else contextlib.nullcontext():
            choice = chosen(run, normaliser)
            table.add(_part(table, latency_rows(run, choice)))
            worth.append(Worth.of(run, choice))
            references.append(run.reference)
    return Gathered(table.frame(), references, *together(worth))


class Worth(NamedTuple):
    """What a run is worth.

    Attributes:
        status: its verdict.
        spoken: words of its reference.
        held: how many of them a final holds.
    """

    status: str
    spoken: int
    held: int

    @classmethod
    def of(cls, run: RunData, choice: Normaliser) -> Worth:
        """What is found in a run."""
        counts = word_counts(run, choice)
        spoken, held = sum(c.spoken for c in counts), sum(c.matched for c in counts)
        return cls(verdict(run).status, spoken, held)


def together(runs: Sequence[Worth]) -> tuple[str, float]:
    """The worst verdict, and the share of the words spoken that a final holds."""
    statuses, spoken = {run.status for run in runs}, sum(run.spoken for run in runs)
    worst = next((status for status in ("invalid", "degraded") if status in statuses), "valid")
    return worst, sum(run.held for run in runs) / spoken if spoken else math.nan


def _part(table: PooledRows, found: LatencyRows) -> dict[str, npt.NDArray[Any]]:
    """The rows of a run, as a table of many wants them."""
    blocks, owners = found.blocks, found.owners
    counts = [len(block.rows) for block in blocks]
    rows = np.concatenate([_NONE, *(block.rows for block in blocks)])
    part: dict[str, npt.NDArray[Any]] = {"channel": owners.channel[rows].astype("int32")}
    for name in NUMBERS:
        part[name] = np.concatenate([_NOTHING, *(getattr(block, name) for block in blocks)])
    anchored = np.array([block.names["anchor"] == "reference" for block in blocks], dtype=bool)
    places = owners.reference[rows]
    known = (places >= 0) & np.repeat(anchored, counts)
    part["reference"] = np.where(known, places, np.nan)
    for name in _SHARED:
        texts = [block.names[name] for block in blocks if len(block.rows)]
        part[name] = np.repeat(table.places(name, texts), [count for count in counts if count])
    part["utterance_id"] = _owned(table, "utterance_id", owners.ids, owners.utterance[rows])
    codes, levels = pd.factorize(owners.trigger)
    part["trigger"] = _owned(table, "trigger", levels, codes[rows])
    told = table.places("normaliser", [found.normaliser] if len(rows) else [])
    part["normaliser"] = np.repeat(told, len(rows))
    return part


def _owned(table: PooledRows, name: str, texts: Objects, codes: npt.NDArray[np.integer]) -> Codes:
    """Places of the texts of rows, given out in the order of the rows; -1 for none."""
    different, first = np.unique(codes, return_index=True)
    order = different[np.argsort(first, kind="stable")]
    order = order[order >= 0]
    # Behind the last text is that of what is missing.
    places = np.full(len(texts) + 1, -1, dtype="int32")
    places[order] = table.places(name, texts[order].tolist())
    found: Codes = places[codes]
    return found


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
