"""Numbers of the runs of an arm, put together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import latency, summary
from gladia_nb.metrics.comparison import latency_and_trigger
from gladia_nb.metrics.error_counts import pooled_rate
from gladia_nb.record.data import RunData, forgetting
from gladia_nb.studies.differences import RATIOS
from gladia_nb.studies.trade_offs import Point

__all__ = ["arm_table", "points_of"]


def arm_table(runs: Mapping[str, Sequence[RunData]]) -> pd.DataFrame:
    """The summary of each arm, below each other; arms without runs have no rows.

    Returns:
        Columns `arm` and those of `SUMMARY`.
    """
    parts = []
    for arm, found in runs.items():
        if found:
            part = summary(found)
            part.insert(0, "arm", arm)
            parts.append(part)
    if not parts:
        raise ConfigError("No cell of this study is done yet; run it first.")
    return pd.concat(parts, ignore_index=True)


def points_of(runs: Iterable[tuple[int, RunData]], x: str, y: str) -> list[Point]:
    """Two numbers of each run: the median of a latency, or a ratio.

    Args:
        runs: number of the item, and the run.
        x: a name as in `latency`, or one of the ratios.
        y: likewise.

    Raises:
        ConfigError: there is no such measure.
    """
    found = []
    for item, run in runs:
        with forgetting(run):
            found.append((item, _number(run, x), _number(run, y)))
    return [point for point in found if not (math.isnan(point[1]) or math.isnan(point[2]))]


def _number(run: RunData, measure: str) -> float:
    if measure in RATIOS:
        return pooled_rate(RATIOS[measure](run))
    rows = latency(run)
    name, trigger = latency_and_trigger(measure)
    chosen = rows[(rows["name"] == name) & rows["anchor_clock_s"].notna()]
    if trigger:
        chosen = chosen[chosen["trigger"] == trigger]
    if not len(chosen):
        if " -> " in measure:
            return math.nan
        raise ConfigError(
            f"There is no measure {measure!r}; there are {', '.join(RATIOS)}, and the names of "
            "latency(run)."
        )
    anchors = set(chosen["anchor"])
    anchor = "reference" if "reference" in anchors else min(anchors)
    # What never came is later than all others.
    values = chosen.loc[chosen["anchor"] == anchor, "latency_ms"].fillna(math.inf).sort_values()
    return float(values.iloc[(len(values) - 1) // 2])
