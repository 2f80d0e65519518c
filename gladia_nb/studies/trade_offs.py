"""Which arms nothing beats: how late against how wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.significance import interval_of_mean
from gladia_nb.metrics.comparison import FEWEST_PAIRS
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["PARETO", "frontier"]

#: One row an arm.
PARETO: Schema = MappingProxyType(
    {
        "arm": "str",
        "x": "float64",  # mean of the recordings; less is better
        "x_low": "float64",  # 95 % interval; NaN below three units
        "x_high": "float64",
        "y": "float64",
        "y_low": "float64",
        "y_high": "float64",
        "blocks": "int64",
        "beaten_by": "str",  # an arm that is better in one and not worse in the other; missing
        "surely": "boolean",  # whether the intervals do not overlap either; missing when unbeaten
    }
)

#: Item, x and y of one run.
Point = tuple[int, float, float]


def frontier(points: Mapping[str, Sequence[Point]]) -> pd.DataFrame:
    """Each arm with both of its means, and whether another one beats it.

    An arm is beaten by one that is at least as good in both and better in one, by the means. It is
    surely beaten where the intervals of both do not overlap. Units are as in `effects`.

    Args:
        points: number of the item, x and y of each run of an arm.

    Returns:
        Columns in `PARETO`, in the order given.

    Raises:
        ConfigError: no arm has both.

    Example:
        >>> table = frontier({"a": [(0, 1.0, 2.0)], "b": [(0, 3.0, 4.0)]})
        >>> table["beaten_by"].isna().tolist(), table["surely"].tolist()[1]
        ([True, False], False)
    """
    rows = [_row(arm, found) for arm, found in points.items()]
    rows = [row for row in rows if not (math.isnan(row["x"]) or math.isnan(row["y"]))]
    if not rows:
        raise ConfigError(
            "No arm has both numbers yet: run the study, or choose others with x=... and y=..."
        )
    for row in rows:
        better = [other for other in rows if _beats(other, row)]
        best = min(better, key=lambda other: (other["x"], other["y"]), default=None)
        row["beaten_by"] = best["arm"] if best else None
        row["surely"] = any(_surely(other, row) for other in better) if better else None
    return to_frame({name: [row[name] for row in rows] for name in PARETO}, PARETO)


def _row(arm: str, points: Sequence[Point]) -> dict[str, Any]:
    row: dict[str, Any] = {"arm": arm, "blocks": len(points)}
    for axis, column in (("x", 1), ("y", 2)):
        values = _units(points, column)
        found = (math.nan, math.nan, math.nan)
        if len(values) >= FEWEST_PAIRS and np.isfinite(values).all():
            found = interval_of_mean(values)
        elif len(values):
            found = (float(np.mean(values)), math.nan, math.nan)
        row[axis], row[f"{axis}_low"], row[f"{axis}_high"] = found
    return row


def _units(points: Sequence[Point], column: int) -> list[float]:
    """One number a recording; one a run where there are fewer than three recordings."""
    items = sorted({point[0] for point in points})
    if len(items) < FEWEST_PAIRS:
        return [point[column] for point in points]
    return [float(np.mean([p[column] for p in points if p[0] == item])) for item in items]


def _beats(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    no_worse = one["x"] <= other["x"] and one["y"] <= other["y"]
    return bool(no_worse and (one["x"] < other["x"] or one["y"] < other["y"]))


def _surely(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["x_high"] < other["x_low"] and one["y_high"] <= other["y_low"])
