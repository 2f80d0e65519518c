"""Is one kind of run faster than another: differences of the same word in both."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.intervals import quantiles
from gladia_nb.metrics.latencies import latency
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["COMPARISON", "compare"]

#: One row a measure; for finals of utterances one a trigger.
COMPARISON: Schema = MappingProxyType(
    {
        "name": "str",
        "anchor": "str",
        "trigger": "str",  # for finals of utterances; missing when neither is known, or came
        "paired_by": "str",  # reference: the same word or utterance; run: medians of whole runs
        "pairs": "int64",  # in which at least one of the two came
        "clusters": "int64",  # utterances of the first runs that they are from
        "runs": "int64",  # pairs of runs
        "unpaired": "int64",  # samples of either side that have no partner on the other
        "never_a": "int64",  # of the pairs: only the one of b came
        "never_b": "int64",  # of the pairs: only the one of a came
        "never": "int64",  # not in pairs: neither came
        "negative_a": "int64",  # of the pairs: latencies below 0
        "negative_b": "int64",
        "a_p50_ms": "float64",  # of the pairs; inf: among those that never came
        "b_p50_ms": "float64",
        "difference_ms": "float64",  # median of b - a; inf: b never came, -inf: a never came
        "low_ms": "float64",  # 95 % interval; NaN, like the medians, where the note says so
        "high_ms": "float64",
        "note": "str",  # missing when there is nothing to say
    }
)

_LONE = "An interval needs two utterances or two pairs of runs."
_NEITHER = "In no pair did either of the two come."
_KEY = ["name", "channel", "anchor_s", "_copy"]

#: Columns of a latency that tell which one it is.
_KEPT = ("name", "anchor", "channel", "utterance_id", "anchor_s")


def compare(
    runs_a: RunData | Sequence[RunData], runs_b: RunData | Sequence[RunData]
) -> pd.DataFrame:
    """Every latency of two kinds of runs, pair by pair: how much later is b than a?

    The k-th run of one side goes with the k-th of the other; record them in turns (A B B A), so
    that what changes in the course of the day changes for both. Where all runs have the same
    reference a word is paired with itself: the same reference word of the same channel, and an
    utterance with that which begins or ends with the same reference word. What has no partner is
    counted, not compared. Without a common reference the medians of whole runs are paired, and as
    many pairs as runs are few.

    The difference is the median over the pairs, not the difference of medians: what makes a word
    hard is the same on both sides. A latency that never came is greater than any other, so that a
    pair with one has a difference of plus or minus infinity. Finals of utterances are compared
    within their trigger; those of different triggers count as unpaired.

    Args:
        runs_a: a run, or several of one kind.
        runs_b: the same number, of the other kind.

    Returns:
        Columns in `COMPARISON`, in the order of `latency`. Intervals are those of drawing
        utterances, or pairs of runs when there are several; see `quantiles`. Measures without a
        single pair have no row; pairs of which neither came have one, without a difference.

    Raises:
        ConfigError: none, or not as many on both sides.

    Example:
        `compare(before, after)[["name", "pairs", "difference_ms", "low_ms", "high_ms"]]`
    """
    left, right = _listed(runs_a), _listed(runs_b)
    if not left or len(left) != len(right):
        raise ConfigError(
            f"Runs are compared in pairs, but there are {len(left)} and {len(right)}; "
            "give as many of one kind as of the other."
        )
    shared = _same_reference([*left, *right])
    join = _by_reference if shared else _by_run
    blocks = [
        join(_samples(a, shared=shared), _samples(b, shared=shared)).assign(_run=k)
        for k, (a, b) in enumerate(zip(left, right, strict=True))
    ]
    table = pd.concat(blocks, ignore_index=True)
    columns: dict[str, list[Any]] = {name: [] for name in COMPARISON}
    order = {name: k for k, name in enumerate(dict.fromkeys(table["name"]))}
    table["_order"] = table["name"].map(order)
    for (_, trigger), group in table.groupby(["_order", "trigger"]):
        row = _row(group)
        if not row["pairs"] and not row["never"]:
            continue
        row["trigger"] = trigger or None
        row["paired_by"] = "reference" if shared else "run"
        for name in COMPARISON:
            columns[name].append(row[name])
    return to_frame(columns, COMPARISON)


def _listed(runs: RunData | Sequence[RunData]) -> list[RunData]:
    return list(runs) if isinstance(runs, Sequence) else [runs]


def _same_reference(runs: Sequence[RunData]) -> bool:
    first = runs[0].reference
    return bool(len(first)) and all(first.equals(run.reference) for run in runs[1:])


def _samples(run: RunData, *, shared: bool) -> pd.DataFrame:
    """Placed latencies of a run, with `inf` for those that never came."""
    rows = latency(run)
    rows = rows[rows["anchor_clock_s"].notna()]
    rows = rows[rows["anchor"] == ("reference" if shared else "service")]
    final = (rows["unit"] == "utterance") & (rows["milestone"] == "final")
    return pd.DataFrame(
        {
            **{name: rows[name] for name in _KEPT},
            "trigger": rows["trigger"].fillna("").where(final, ""),
            "ms": rows["latency_ms"].fillna(np.inf),
            "_copy": rows.groupby(["name", "channel", "anchor_s"]).cumcount(),
        }
    )


def _by_reference(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Rows of both sides, side by side where they are of the same reference word."""
    table = a.merge(b, on=_KEY, how="outer", suffixes=("_a", "_b"))
    for side in ("a", "b"):
        table[f"trigger_{side}"] = table[f"trigger_{side}"].fillna("")
    both = table["ms_a"].notna() & table["ms_b"].notna()
    # What never came has no trigger of its own.
    known = table["trigger_a"].where(table["trigger_a"] != "", table["trigger_b"])
    odd = both & (table["trigger_a"] != table["trigger_b"])
    odd &= (table["trigger_a"] != "") & (table["trigger_b"] != "")
    return pd.DataFrame(
        {
            "name": table["name"],
            "anchor": table["anchor_a"].fillna(table["anchor_b"]),
            "trigger": known,
            "cluster": _labels(table),
            "ms_a": table["ms_a"],
            "ms_b": table["ms_b"],
            "paired": both & ~odd,
            "alone": (~both).astype("int64") + 2 * odd,
        }
    )


def _labels(table: pd.DataFrame) -> pd.Series:
    """Utterances of the first side; the second's, where there is none."""
    ident = table["utterance_id_a"].fillna(table["utterance_id_b"])
    return table["channel"].astype(str).str.cat(ident, sep=" ")


def _by_run(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Medians of both sides, side by side."""
    keys = ["name", "anchor", "trigger"]
    first, second = (
        side.groupby(keys, sort=False)["ms"]
        .agg(ms=lambda values: quantiles(values, range(len(values)), (0.5,)).points[0])
        .reset_index()
        for side in (a, b)
    )
    table = first.merge(second, on=keys, how="outer", suffixes=("_a", "_b"))
    both = table["ms_a"].notna() & table["ms_b"].notna()
    return table.assign(cluster="all", paired=both, alone=(~both).astype("int64"))


def _row(group: pd.DataFrame) -> dict[str, Any]:
    paired = group[group["paired"]]
    neither = np.isinf(paired["ms_a"]) & np.isinf(paired["ms_b"])
    kept = paired[~neither]
    labels = kept["cluster"]
    found = quantiles(kept["ms_b"] - kept["ms_a"], labels, (0.5,), runs=kept["_run"])
    sides = [quantiles(kept[name], labels, (0.5,)).points[0] for name in ("ms_a", "ms_b")]
    note = None if found.clusters > 1 else _LONE if found.n else _NEITHER
    return {
        "name": group["name"].iloc[0],
        "anchor": group["anchor"].iloc[0],
        "pairs": found.n,
        "clusters": found.clusters,
        "runs": found.runs,
        "unpaired": int(group["alone"].sum()),
        "never_a": int(np.isinf(kept["ms_a"]).sum()),
        "never_b": int(np.isinf(kept["ms_b"]).sum()),
        "never": int(neither.sum()),
        "negative_a": int((kept["ms_a"] < 0).sum()),
        "negative_b": int((kept["ms_b"] < 0).sum()),
        "a_p50_ms": sides[0],
        "b_p50_ms": sides[1],
        "difference_ms": found.points[0],
        "low_ms": found.low[0],
        "high_ms": found.high[0],
        "note": note,
    }
