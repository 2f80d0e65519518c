"""Quantiles that say how much they are worth, and the tables made of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.frames import Schema
from gladia_nb.metrics.latency import latency
from gladia_nb.metrics.words import to_frame

if TYPE_CHECKING:
    from gladia_nb.run import Run

__all__ = [
    "LATENCY_TABLE",
    "SUMMARY",
    "Quantiles",
    "best_anchor",
    "ecdf",
    "latency_table",
    "quantiles",
    "summary",
]

Floats = npt.NDArray[np.float64]

#: One row a measure and anchor; for finals of utterances one a trigger.
SUMMARY: Schema = MappingProxyType(
    {
        "name": "str",
        "anchor": "str",
        "trigger": "str",  # for finals of utterances; missing when it is not known
        "n": "int64",  # samples, those that never came included
        "clusters": "int64",  # utterances that they are from
        "never": "int64",  # of n: never came; counted as later than all others
        "unplaced": "int64",  # not in n: the anchor is unknown on this clock
        "p50_ms": "float64",  # inf: among those that never came
        "p50_low_ms": "float64",  # 95 % interval; NaN for a single cluster
        "p50_high_ms": "float64",
        "p90_ms": "float64",
        "p90_low_ms": "float64",
        "p90_high_ms": "float64",
        "p95_ms": "float64",  # NaN below 59 clusters
        "min_ms": "float64",  # of those that came
        "max_ms": "float64",
    }
)

#: The table for people: text, ready to print.
LATENCY_TABLE: Schema = MappingProxyType(
    dict.fromkeys(("measure", "from", "n", "never", "p50_ms", "p50_95ci_ms", "p90_ms"), "str")
)

#: Entries of the matrix of resampled weights that are held at a time.
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles with their intervals.

    Attributes:
        probs: the probabilities asked for.
        points: a quantile each; inf among censored samples, NaN when withheld or without samples.
        low: lower end of each interval; NaN for fewer than two clusters.
        high: upper end.
        n: samples, censored ones included.
        clusters: independent clusters.
        never: censored samples.
    """

    probs: tuple[float, ...]
    points: Floats
    low: Floats
    high: Floats
    n: int
    clusters: int
    never: int


def quantiles(
    values: npt.ArrayLike,
    clusters: Sequence[Hashable] | npt.ArrayLike | pd.Series,
    probs: Sequence[float] = (0.5, 0.9, 0.95),
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> Quantiles:
    """Quantiles of correlated, possibly censored samples, with bootstrap intervals.

    The words of one utterance share their fate, so whole clusters are drawn with replacement
    (cluster bootstrap; Bisani and Ney 2004, Liu and Peng 2019), and the interval is that of the
    percentiles of the quantile over the draws. With a handful of clusters it is too narrow, like
    every bootstrap interval: look at the number of clusters beside it.

    Quantiles interpolate linearly between order statistics (numpy's default, type 7 of Hyndman and
    Fan). A quantile at or next to a censored sample is infinite: greater than anything seen.
    A quantile from 0.95 up is withheld (NaN) below the number of clusters from which the greatest
    of them would exceed it with a probability of 95 %: 59 for 0.95 and 299 for 0.99.

    Args:
        values: samples; NaN or inf marks a censored one, which never came.
        clusters: label of the cluster of each sample.
        probs: probabilities, 0 to 1.
        seed: of the draws; the same seed gives the same interval.
        resamples: number of draws.
        level: coverage of the intervals.

    Raises:
        ValueError: as many labels as samples are needed.

    Example:
        >>> found = quantiles([100, 200, 300, float("nan")], ["a", "a", "b", "b"], (0.5, 0.9))
        >>> found.points, found.n, found.clusters, found.never
        (array([250.,  inf]), 4, 2, 1)
    """
    samples = np.asarray(values, dtype="float64")
    samples = np.where(np.isnan(samples), np.inf, samples)
    codes, labels = pd.factorize(pd.Series(clusters), use_na_sentinel=False)
    if len(codes) != len(samples):
        raise ValueError(f"{len(samples)} samples, but {len(codes)} cluster labels.")
    count = len(labels)
    shown = np.array([count >= _needed(prob) for prob in probs])
    nothing = np.full(len(probs), np.nan)
    point, low, high = nothing.copy(), nothing.copy(), nothing.copy()
    if len(samples):
        order = np.argsort(samples, kind="stable")
        ordered, codes = samples[order], codes[order]
        once = np.ones((1, len(ordered)), dtype=np.int32)
        point = np.where(shown, _weighted(ordered, once, probs)[0], np.nan)
        if count > 1 and resamples > 0:
            draws = _draws(ordered, codes, probs, count=count, seed=seed, resamples=resamples)
            for k in np.flatnonzero(shown):
                tails = ((1 - level) / 2, (1 + level) / 2)
                column, weights = np.sort(draws[:, k]), np.ones((1, resamples), dtype=np.int32)
                low[k], high[k] = _weighted(column, weights, tails)[0]
    never = int(np.isinf(samples).sum())
    return Quantiles(tuple(probs), point, low, high, len(samples), count, never)


def _needed(prob: float) -> int:
    """Independent units below which a quantile is withheld."""
    if prob < 0.95:
        return 1
    return math.ceil(math.log(0.05) / math.log(prob)) if prob < 1 else 1


def _draws(
    ordered: Floats,
    codes: npt.NDArray[np.intp],
    probs: Sequence[float],
    *,
    count: int,
    seed: int,
    resamples: int,
) -> Floats:
    """Quantiles of each resample, shape `(resamples, probs)`."""
    rng = np.random.default_rng(seed)
    rows = max(1, _BLOCK // max(len(ordered), count))
    blocks = []
    for begin in range(0, resamples, rows):
        size = min(rows, resamples - begin)
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=size).astype(np.int32)
        blocks.append(_weighted(ordered, drawn[:, codes], probs))
    return np.concatenate(blocks)


def _weighted(ordered: Floats, weights: npt.NDArray[np.int32], probs: Sequence[float]) -> Floats:
    """Quantiles of rising samples of which row r repeats sample k `weights[r, k]` times."""
    ends = np.cumsum(weights, axis=1)
    totals = ends[:, -1]
    found = np.empty((len(weights), len(probs)))
    for k, prob in enumerate(probs):
        place = (totals - 1) * prob
        below = np.floor(place).astype(np.int64)
        part = place - below
        lower = ordered[(ends <= below[:, None]).sum(axis=1)]
        above = np.minimum(below + 1, totals - 1)
        upper = ordered[(ends <= above[:, None]).sum(axis=1)]
        with np.errstate(invalid="ignore"):  # inf - inf and 0 * inf, which are not taken
            between = lower + (upper - lower) * part
        found[:, k] = np.where((part == 0) | (lower == upper), lower, between)
    return found


def ecdf(values: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Share of all samples that were there by each value (empirical distribution function).

    Censored samples (NaN or inf) are counted and have no value, so that the last share is below 1
    by just those that never came.

    Returns:
        Values, rising, and the share of samples up to and including each.

    Example:
        >>> ecdf([30, 10, float("nan"), 20])
        (array([10., 20., 30.]), array([0.25, 0.5 , 0.75]))
    """
    samples = np.asarray(values, dtype="float64")
    came = np.sort(samples[np.isfinite(samples)])
    return came, np.arange(1, len(came) + 1) / max(len(samples), 1)


def summary(source: Run | pd.DataFrame, *, seed: int = 0, resamples: int = 1000) -> pd.DataFrame:
    """Quantiles of every latency of a run, by measure and anchor.

    Finals of utterances are kept apart by their trigger, because a final that was forced
    (`max_duration`) or flushed (`stop`) did not wait for the end of speech.

    Args:
        source: a run, or rows of `latency` (of one run), for instance a selection.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Returns:
        Columns in `SUMMARY`; words first, partials before finals. The clusters of the intervals are
        utterances; see `quantiles`.
    """
    rows = source if isinstance(source, pd.DataFrame) else latency(source)
    columns: dict[str, list[Any]] = {name: [] for name in SUMMARY}
    rows = rows.assign(_group=_triggers(rows))
    for (name, anchor, _), group in rows.groupby(["name", "anchor", "_group"], sort=False):
        placed = group[group["anchor_clock_s"].notna()]
        found = quantiles(
            placed["latency_ms"],
            pd.MultiIndex.from_frame(placed[["channel", "id"]]).to_flat_index().to_series(),
            seed=seed,
            resamples=resamples,
        )
        came = placed["latency_ms"].dropna()
        row = {
            "name": name,
            "anchor": anchor,
            "trigger": group["trigger"].iloc[0] if group["_group"].iloc[0] else None,
            "n": found.n,
            "clusters": found.clusters,
            "never": found.never,
            "unplaced": len(group) - len(placed),
            "p50_ms": found.points[0],
            "p50_low_ms": found.low[0],
            "p50_high_ms": found.high[0],
            "p90_ms": found.points[1],
            "p90_low_ms": found.low[1],
            "p90_high_ms": found.high[1],
            "p95_ms": found.points[2],
            "min_ms": came.min(),
            "max_ms": came.max(),
        }
        for column, value in row.items():
            columns[column].append(value)
    return _ordered(to_frame(columns, SUMMARY), rows)


def _triggers(rows: pd.DataFrame) -> pd.Series:
    """The trigger of finals of utterances; "" for what is not kept apart by it."""
    apart = (rows["unit"] == "utterance") & (rows["milestone"] == "final")
    return rows["trigger"].fillna("").where(apart, "")


def _ordered(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Measures in the order of `latency`, within them by anchor and trigger."""
    names = {name: k for k, name in enumerate(dict.fromkeys(rows["name"]))}
    triggers = {"endpoint": 0, "max_duration": 1, "stop": 2, "resume": 3}
    order = pd.DataFrame(
        {
            "clock": table["name"].str.endswith("@capture"),
            "name": table["name"].map(names),
            "anchor": table["anchor"],
            "trigger": table["trigger"].map(triggers).fillna(len(triggers)),
        }
    )
    by = ["clock", "name", "anchor", "trigger"]
    return table.loc[order.sort_values(by, kind="stable").index].reset_index(drop=True)


def latency_table(run: Run, *, clock: str = "send") -> pd.DataFrame:
    """Partial versus final, small enough to read: text, ready to print.

    Counted from the reference words where the run has them, else from the service's own times; the
    column `from` says which.

    Args:
        run: the run.
        clock: `send` or `capture`; see `latency`.

    Returns:
        Columns in `LATENCY_TABLE`: `n` samples, how many of them never came, median with its 95 %
        interval, 90th percentile, in milliseconds. "never" stands for a quantile among those that
        never came, "-" for what cannot be said.

    Example:
        `print(latency_table(run).to_string(index=False))`
    """
    rows = latency(run)
    anchor = best_anchor(rows)
    chosen = rows[(rows["clock"] == clock) & (rows["anchor"] == anchor)]
    units = dict(zip(chosen["name"], chosen["unit"], strict=True))
    milestones = dict(zip(chosen["name"], chosen["milestone"], strict=True))
    columns: dict[str, list[Any]] = {name: [] for name in LATENCY_TABLE}
    for row in summary(chosen).to_dict("records"):
        name = row["name"]
        what = milestones[name].replace("_", " ")
        if units[name] == "utterance" and what == "final":
            unknown = "never came" if row["never"] == row["n"] else "trigger unknown"
            what += f" ({row['trigger'] if isinstance(row['trigger'], str) else unknown})"
        since = name.split(" -> ")[0].replace("_", " ")
        low, high = row["p50_low_ms"], row["p50_high_ms"]
        texts = {
            "measure": f"{units[name]}: {what}",
            "from": f"{since} ({anchor})",
            "n": str(row["n"]),
            "never": str(row["never"]),
            "p50_ms": _text(row["p50_ms"]),
            "p50_95ci_ms": "-" if math.isnan(low) else f"{_text(low)} to {_text(high)}",
            "p90_ms": _text(row["p90_ms"]),
        }
        for column, text in texts.items():
            columns[column].append(text)
    return to_frame(columns, LATENCY_TABLE)


def best_anchor(rows: pd.DataFrame) -> str:
    """`reference` where some latency has it, else `service`."""
    return "reference" if (rows["anchor"] == "reference").any() else "service"


def _text(milliseconds: float) -> str:
    if math.isnan(milliseconds):
        return "-"
    return "never" if math.isinf(milliseconds) else f"{milliseconds:.0f}"
