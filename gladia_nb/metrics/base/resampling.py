"""The cluster bootstrap in two levels, drawn: runs first, then utterances within them.

The tables of this package use `intervals`, which has the same variance in closed form and covers
the truth better when clusters are few. This is the textbook way (Bisani and Ney 2004; Liu and Peng
2019), for comparison with numbers made by it, and for statistics that have no closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["bootstrap", "ecdf_band"]

Floats = npt.NDArray[np.float64]
#: Points of a band that are looked at together.
_POINTS = 256
#: Draws that are made together.
_DRAWS = 64
Labels = Sequence[Hashable] | npt.ArrayLike | pd.Series


def bootstrap(
    values: npt.ArrayLike,
    clusters: Labels,
    *,
    runs: Labels | None = None,
    statistic: Callable[[Floats], float] = lambda samples: float(np.median(samples)),
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of any statistic, by drawing whole runs, then whole clusters within them.

    With a single run only clusters are drawn. The interval is too narrow when clusters are few: in
    simulations with 12 it covered the truth in 83 to 93 %, where 95 were promised.

    Args:
        values: samples; give censored ones as inf when the statistic bears it, as a median does.
        clusters: label of the cluster of each sample, such as its utterance.
        runs: label of the run of each sample; without it all are of one run.
        statistic: of the samples drawn.
        seed: of the draws; the same seed gives the same interval.
        resamples: number of draws.
        level: coverage of the interval.

    Returns:
        Lower and upper end; NaN for a single cluster.

    Raises:
        ValueError: as many labels as samples are needed, and at least one sample.

    Example:
        >>> bootstrap([1.0, 2.0, 9.0], ["a", "b", "c"], resamples=200)
        (1.0, 9.0)
    """
    samples = np.asarray(values, dtype="float64")
    whole = pd.Series(0, index=range(len(samples))) if runs is None else pd.Series(runs)
    within = pd.Series(clusters)
    if not len(samples) == len(whole) == len(within) or not len(samples):
        raise ValueError(
            f"{len(samples)} samples need as many labels; there are {len(within)} of clusters and "
            f"{len(whole)} of runs."
        )
    frame = pd.DataFrame({"run": whole.to_numpy(), "cluster": within.to_numpy()})
    of_run = [
        [part.index.to_numpy() for _, part in run.groupby("cluster", sort=False, dropna=False)]
        for _, run in frame.groupby("run", sort=False, dropna=False)
    ]
    if sum(map(len, of_run)) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    drawn = np.empty(resamples)
    for k in range(resamples):
        picked = rng.integers(len(of_run), size=len(of_run))
        parts = [
            of_run[r][c] for r in picked for c in rng.integers(len(of_run[r]), size=len(of_run[r]))
        ]
        drawn[k] = statistic(samples[np.concatenate(parts)])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], method="higher")
    return float(low), float(high)


def ecdf_band(
    values: npt.ArrayLike,
    clusters: Sequence[Hashable] | npt.ArrayLike | pd.Series,
    at: npt.ArrayLike,
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Pointwise interval of the share of samples up to each of some values.

    Whole clusters are drawn with replacement (cluster bootstrap; Bisani and Ney 2004), because the
    words of one utterance share their fate. At each point the interval holds with the probability
    `level`; that the whole curve lies within the band at once is less probable.

    Args:
        values: samples; NaN or inf marks one that never came, which is above all points.
        clusters: label of the cluster of each sample.
        at: points, rising.
        seed: of the draws.
        resamples: number of draws.
        level: coverage at each point.

    Returns:
        Lower and upper end at each point; NaN for fewer than two clusters.

    Raises:
        ValueError: as many labels as samples are needed.

    Example:
        >>> low, high = ecdf_band([1, 2, 3, 4], ["a", "a", "b", "b"], [0.0, 2.5, 5.0])
        >>> low, high
        (array([0., 0., 1.]), array([0., 1., 1.]))
    """
    samples = np.asarray(values, dtype="float64")
    points = np.asarray(at, dtype="float64")
    codes, labels = pd.factorize(pd.Series(clusters), use_na_sentinel=False)
    if len(codes) != len(samples):
        raise ValueError(f"{len(samples)} samples, but {len(codes)} cluster labels.")
    count = len(labels)
    if count < 2:
        return np.full(points.shape, np.nan), np.full(points.shape, np.nan)
    rng = np.random.default_rng(seed)
    own = np.bincount(codes, minlength=count)
    # Counts, whose sums 32 bits have exactly as long as there are not too many.
    kind = "float32" if count * own.max() < 2**24 else "float64"
    drawn = _drawn(rng, count, resamples, kind)
    sizes = (drawn @ own.astype(kind)).astype("float64")
    came = np.where(np.isnan(samples), np.inf, samples)
    low, high = np.empty(points.shape), np.empty(points.shape)
    # Some points at a time: a table of all clusters at all points would be of the square of hours.
    for start in range(0, len(points), _POINTS):
        some = slice(start, start + _POINTS)
        below = _below(codes, np.searchsorted(points[some], came), count, len(points[some]))
        shares = (drawn @ below.astype(kind)) / sizes[:, np.newaxis]
        low[some], high[some] = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _drawn(rng: np.random.Generator, count: int, resamples: int, kind: str) -> npt.NDArray[Any]:
    """How often each cluster was drawn, shape `(resamples, count)`."""
    drawn = np.empty((resamples, count), dtype=kind)
    for start in range(0, resamples, _DRAWS):
        some = drawn[start : start + _DRAWS]
        some[:] = rng.multinomial(count, np.full(count, 1 / count), size=len(some))
    return drawn


def _below(codes: npt.NDArray[Any], first: npt.NDArray[Any], count: int, points: int) -> Floats:
    """How many samples of each cluster are at or below each point.

    Args:
        codes: number of the cluster of each sample.
        first: number of the first point that each sample is not above; `points` for none.
        count: number of clusters.
        points: number of points.
    """
    below = np.zeros((count, points + 1))
    np.add.at(below, (codes, first), 1.0)
    found: Floats = np.cumsum(below, axis=1)[:, :-1]
    return found
