"""What the arms of a study differ in: each against the baseline, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.significance import (
    holm,
    interval_of_mean,
    mean_or_median,
    two_sided_p,
)
from gladia_nb.metrics.comparison import FEWEST_PAIRS, paired
from gladia_nb.metrics.error_counts import erasure_counts, pooled_rate, word_error_counts
from gladia_nb.record.data import RunData, forgetting
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["EFFECTS", "RATIOS", "Pair", "effects"]

Floats = npt.NDArray[np.float64]

#: One row an arm and measure.
EFFECTS: Schema = MappingProxyType(
    {
        "arm": "str",
        "measure": "str",  # a latency as in `latency`, or WER, erasure
        "unit": "str",  # ms, or 1 for ratios
        "blocks": "int64",  # pairs of runs in which both sides tell it
        "recordings": "int64",
        "baseline": "float64",  # middle of the baseline; inf: most never came
        "value": "float64",  # middle of the arm
        "difference": "float64",  # arm - baseline, mean of the units; NaN for too few
        "low": "float64",  # 95 % interval of the difference
        "high": "float64",
        "p": "float64",  # two-sided, by Student's t
        "p_holm": "float64",  # corrected for the number of arms, within the measure
        "noise": "float64",  # the same difference of the baseline with itself; NaN without it
        "noise_low": "float64",
        "noise_high": "float64",
        "finding": "str",  # higher, lower, equivalent, undecided
        "note": "str",  # missing when there is nothing to say
    }
)


class Pair:
    """A run of an arm and one of the baseline, of one block.

    Args:
        item: number of the recording.
        run: of the arm.
        baseline: of the baseline.
    """

    def __init__(self, item: int, run: RunData, baseline: RunData) -> None:
        self.item, self.run, self.baseline = item, run, baseline


def effects(
    pairs: Mapping[str, Sequence[Pair]],
    *,
    margin_ms: float | None = None,
    margin: float | None = None,
    null: str | None = None,
) -> pd.DataFrame:
    """Every arm against the baseline.

    Latencies are paired word by word within a block; the difference of a block is the median of
    those. Error rates and stability have one number a run. What varies are sessions and recordings:
    with three recordings or more each recording is a unit (the mean of its repeats), because to
    send one again adds no false precision; with fewer, each block is. The interval is that of the
    mean of the units, by Student's t. Within a measure the p values of all arms are corrected
    (Holm 1979), and only what stays below 0.05 is called higher or lower.

    Args:
        pairs: runs of each arm.
        margin_ms: difference of latencies below which two arms serve equally well; an interval
            within it makes an arm `equivalent`.
        margin: the same for ratios.
        null: the arm that is the baseline again; its differences stand beside all others.

    Returns:
        Columns in `EFFECTS`: by measure, then in the order of the arms.
    """
    units = {arm: _units(list(found)) for arm, found in pairs.items()}
    measures = list(dict.fromkeys(name for table in units.values() for name in table))
    rows = []
    for measure in measures:
        block = [
            _row(arm, measure, table[measure]) for arm, table in units.items() if measure in table
        ]
        noise = next((row for row in block if row["arm"] == null), None)
        real = [row for row in block if row["arm"] != null]
        for row, p in zip(real, holm([row["p"] for row in real]), strict=True):
            row["p_holm"] = p
        for row in block:
            if noise is not None:
                ends = {"noise": "difference", "noise_low": "low", "noise_high": "high"}
                row.update({name: noise[of] for name, of in ends.items()})
            limit = margin_ms if row["unit"] == "ms" else margin
            row["finding"] = _finding(row, limit)
        rows += block
    return to_frame({name: [row.get(name) for row in rows] for name in EFFECTS}, EFFECTS)


class _Unit:
    """What one pair of runs tells of a measure."""

    __slots__ = ("base", "difference", "item", "unit", "value")

    def __init__(self, item: int, unit: str, base: float, value: float, difference: float) -> None:
        self.item, self.unit, self.difference = item, unit, difference
        self.base, self.value = base, value


def _units(pairs: list[Pair]) -> dict[str, list[_Unit]]:
    found: dict[str, list[_Unit]] = {}
    for pair in pairs:
        with forgetting(pair.run), forgetting(pair.baseline):
            for name, *numbers in paired(pair.baseline, pair.run):
                found.setdefault(name, []).append(_Unit(pair.item, "ms", *numbers))
            for name, counts in RATIOS.items():
                base, value = (pooled_rate(counts(run)) for run in (pair.baseline, pair.run))
                if not (math.isnan(base) or math.isnan(value)):
                    unit = _Unit(pair.item, "1", base, value, value - base)
                    found.setdefault(name, []).append(unit)
    return found


#: What is counted of each run beside latencies, by utterance; see `error_counts`.
RATIOS: Mapping[str, Callable[[RunData], pd.DataFrame]] = MappingProxyType(
    {"WER": word_error_counts, "normalised erasure": erasure_counts}
)


def _row(arm: str, measure: str, units: list[_Unit]) -> dict[str, Any]:
    items = np.array([unit.item for unit in units])
    values = np.array([unit.difference for unit in units])
    recordings = len(set(items.tolist()))
    if recordings >= FEWEST_PAIRS:
        values = np.array(
            [mean_or_median(values[items == item]) for item in sorted(set(items.tolist()))]
        )
    row: dict[str, Any] = {
        "arm": arm,
        "measure": measure,
        "unit": units[0].unit,
        "blocks": len(units),
        "recordings": recordings,
        "baseline": mean_or_median([unit.base for unit in units]),
        "value": mean_or_median([unit.value for unit in units]),
        "difference": math.nan,
        "low": math.nan,
        "high": math.nan,
        "p": math.nan,
        "p_holm": math.nan,
        "note": None,
    }
    if len(values) < FEWEST_PAIRS:
        more = FEWEST_PAIRS - len(values)
        row["difference"] = mean_or_median(values)
        row["note"] = f"Too few blocks to tell how sessions vary: run {more} more."
        return row
    if not np.isfinite(values).all():
        row["difference"] = mean_or_median(values)
        row["note"] = (
            f"In {int((~np.isfinite(values)).sum())} of {len(values)} units most of it never came "
            "on one side, so that there is no mean."
        )
        return row
    row["difference"], row["low"], row["high"] = interval_of_mean(values)
    row["p"] = two_sided_p(values)
    return row


def _finding(row: Mapping[str, Any], margin: float | None) -> str:
    if row["p_holm"] < 0.05:
        return "higher" if row["difference"] > 0 else "lower"
    if margin is not None and -margin < row["low"] and row["high"] < margin:
        return "equivalent"
    return "undecided"
