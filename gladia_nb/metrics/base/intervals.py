"""Quantiles and ratios of correlated samples, with intervals that say how much they are worth.

The words of one utterance share their fate, and so do the utterances of one run: what varies is
counted by whole utterances (clusters), and by whole runs where there are several. That is the
cluster bootstrap (Bisani and Ney 2004; Liu and Peng 2019) in two levels, but with its variance in
closed form, which is the limit of infinitely many draws: nothing is random, and nothing depends on
a seed.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Quantiles", "Ratio", "needed", "quantiles", "ratio", "student"]

Floats = npt.NDArray[np.float64]
Labels = Sequence[Hashable] | npt.ArrayLike | pd.Series


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles with their intervals.

    Attributes:
        probs: the probabilities asked for.
        points: a quantile each; inf among censored samples, NaN when withheld or without samples.
        low: lower end of each interval; NaN for fewer than two clusters (or runs, of several).
        high: upper end.
        n: samples, censored ones included.
        clusters: independent clusters.
        runs: runs that they are from.
        never: censored samples.
    """

    probs: tuple[float, ...]
    points: Floats
    low: Floats
    high: Floats
    n: int
    clusters: int
    runs: int
    never: int


class Ratio(NamedTuple):
    """A ratio of sums with its interval.

    Attributes:
        value: sum by sum.
        low: lower end of the interval; NaN for a single cluster.
        high: upper end.
    """

    value: float
    low: float
    high: float


def quantiles(
    values: npt.ArrayLike,
    clusters: Labels,
    probs: Sequence[float] = (0.5, 0.9, 0.95, 0.99),
    *,
    runs: Labels | None = None,
    level: float = 0.95,
) -> Quantiles:
    """Quantiles of correlated, possibly censored samples, with intervals.

    The interval is that of Woodruff (1952): the standard error of the share of samples up to the
    quantile, times Student's t, is turned into two other quantiles. The standard error is that of
    drawing whole clusters; with several runs it is that of drawing whole runs, or that of drawing
    clusters within runs where this is greater (to add the two, as a bootstrap in two levels does,
    would count what varies within runs twice). Degrees of freedom are one less than the clusters,
    or than the runs. In simulations with 12 to 80 clusters of 1 to 12 samples an interval of 95 %
    covers the truth in 93 to 95 %, at 0.5 as at 0.9, where the percentiles of a bootstrap cover it
    in 83 to 93 %. It never goes beyond the samples: with two or three runs it spans nearly all.

    Quantiles interpolate linearly between order statistics (numpy's default, type 7 of Hyndman and
    Fan). A quantile at or next to a censored sample is infinite: greater than anything seen.
    A quantile from 0.95 up is withheld (NaN) below the number of clusters from which the greatest
    of them would exceed it with a probability of 95 %: 59 for 0.95 and 299 for 0.99.

    Args:
        values: samples; NaN or inf marks a censored one, which never came; -inf one that was there
            before anything seen.
        clusters: label of the cluster of each sample, unique over all runs or within each.
        probs: probabilities, 0 to 1.
        runs: label of the run of each sample; without it all are of one run.
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
    groups = _Groups.of(len(samples), clusters, runs)
    order = np.argsort(samples, kind="stable")
    ordered, codes = samples[order], groups.codes[order]
    point, low, high = (np.full(len(probs), np.nan) for _ in range(3))
    for k, prob in enumerate(probs):
        if not len(samples) or groups.count < needed(prob):
            continue
        point[k] = _at(ordered, prob)
        if groups.units > 1:
            inside = ordered <= point[k] if point[k] < np.inf else ordered < np.inf
            wide = groups.half_width(inside.astype("float64"), codes, level)
            low[k], high[k] = _at(ordered, max(prob - wide, 0)), _at(ordered, min(prob + wide, 1))
    never = int((samples == np.inf).sum())
    return Quantiles(tuple(probs), point, low, high, len(samples), groups.count, groups.runs, never)


def ratio(above: npt.ArrayLike, below: npt.ArrayLike, *, level: float = 0.95) -> Ratio:
    """The sum of one count by the sum of another, over clusters, with its interval.

    The interval takes the standard error of drawing clusters (linearised, as of any ratio
    estimator), on the scale of the logarithm, so that it stays above 0; Student's t with one degree
    of freedom less than clusters. A ratio of 0 has an interval of 0: nothing was seen that varies.

    Args:
        above: what was counted in each cluster, not negative.
        below: what it is counted by, not negative.
        level: coverage of the interval.

    Raises:
        ValueError: the sum of `below` is 0, or the two differ in length.

    Example:
        >>> ratio([1, 1, 2], [10, 10, 20])
        Ratio(value=0.1, low=0.1, high=0.1)
    """
    upper, lower = np.asarray(above, dtype="float64"), np.asarray(below, dtype="float64")
    if len(upper) != len(lower):
        raise ValueError(f"{len(upper)} counts, but {len(lower)} to count them by.")
    if not lower.sum() > 0:
        raise ValueError("A ratio needs something to count by.")
    value, count = float(upper.sum() / lower.sum()), len(upper)
    if count < 2:
        return Ratio(value, math.nan, math.nan)
    if value == 0:
        return Ratio(0.0, 0.0, 0.0)
    rest = upper - value * lower
    error = math.sqrt(float((rest**2).sum()) * count / (count - 1)) / float(upper.sum())
    wide = student(level, count - 1) * error
    return Ratio(value, value * math.exp(-wide), value * math.exp(min(wide, 700.0)))


def needed(prob: float) -> int:
    """Independent units below which a quantile is withheld.

    Example:
        >>> needed(0.9), needed(0.95), needed(0.99)
        (1, 59, 299)
    """
    if prob < 0.95:
        return 1
    return math.ceil(math.log(0.05) / math.log(prob)) if prob < 1 else 1


def student(level: float, degrees: int) -> float:
    """Two-sided quantile of Student's t: what lies within it has a probability of `level`.

    Exact for one and two degrees of freedom, from there on by the Cornish-Fisher expansion
    (Abramowitz and Stegun 26.7.5), which at 0.95 is right to 0.2 % for three and better for more.

    Example:
        >>> [round(student(0.95, n), 2) for n in (1, 2, 4, 10, 1000)]
        [12.71, 4.3, 2.78, 2.23, 1.96]
    """
    if degrees == 1:
        return math.tan(math.pi * level / 2)
    if degrees == 2:
        return level * math.sqrt(2 / (1 - level**2))
    z = NormalDist().inv_cdf((1 + level) / 2)
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    )


@dataclass(frozen=True, slots=True)
class _Groups:
    """Clusters of samples, and runs of clusters.

    Attributes:
        codes: number of the cluster of each sample.
        of_cluster: number of the run of each cluster.
        count: clusters.
        runs: runs.
    """

    codes: npt.NDArray[np.intp]
    of_cluster: npt.NDArray[np.intp]
    count: int
    runs: int

    @classmethod
    def of(cls, n: int, clusters: Labels, runs: Labels | None) -> _Groups:
        inner, labels = pd.factorize(pd.Series(clusters), use_na_sentinel=False)
        if len(inner) != n:
            raise ValueError(f"{n} samples, but {len(inner)} cluster labels.")
        if runs is None:
            return cls(inner, np.zeros(len(labels), dtype=np.intp), len(labels), min(n, 1))
        outer, names = pd.factorize(pd.Series(runs), use_na_sentinel=False)
        if len(outer) != n:
            raise ValueError(f"{n} samples, but {len(outer)} run labels.")
        pairs, codes = np.unique(outer * max(len(labels), 1) + inner, return_inverse=True)
        return cls(codes, pairs // max(len(labels), 1), len(pairs), len(names))

    @property
    def units(self) -> int:
        """What is drawn: runs, where there are several, else clusters."""
        return self.runs if self.runs > 1 else self.count

    def half_width(self, inside: Floats, codes: npt.NDArray[np.intp], level: float) -> float:
        """Half the width of the interval of the mean of `inside`, a number for each sample."""
        size = np.bincount(codes, minlength=self.count)
        rest = np.bincount(codes, inside, minlength=self.count) - inside.mean() * size
        variance = float((rest**2).sum()) * self.count / max(self.count - 1, 1)
        if self.runs > 1:
            totals = np.bincount(self.of_cluster, rest)
            each = np.bincount(self.of_cluster)
            within = float((rest**2).sum() - (totals**2 / each).sum())
            between = float((totals**2).sum()) * self.runs / (self.runs - 1)
            variance = max(between, within)
        return student(level, self.units - 1) * math.sqrt(variance) / len(codes)


def _at(ordered: Floats, prob: float) -> float:
    """Quantile of rising samples; infinite next to an infinite one."""
    place = (len(ordered) - 1) * prob
    below = math.floor(place)
    part = place - below
    lower = float(ordered[below])
    upper = float(ordered[min(below + 1, len(ordered) - 1)])
    if part == 0 or lower == upper:
        return lower
    if math.isinf(lower):
        # Between minus and plus infinity only the nearer one can be named.
        return upper if math.isinf(upper) and part >= 0.5 else lower
    return lower + (upper - lower) * part
