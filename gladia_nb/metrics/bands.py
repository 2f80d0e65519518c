"""The band around an empirical distribution function."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["ecdf_band"]

Floats = npt.NDArray[np.float64]


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
    # How many samples of each cluster first count at each point; the last column never does.
    first = np.searchsorted(points, np.where(np.isnan(samples), np.inf, samples), side="left")
    below = np.zeros((count, len(points) + 1))
    np.add.at(below, (codes, first), 1.0)
    below = np.cumsum(below, axis=1)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples).astype("float64")
    totals = drawn @ below
    shares = totals[:, :-1] / totals[:, -1:]
    low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
