"""Quantiles, shares and ratios of correlated samples, with intervals that say what they are worth.

The words of one utterance share their fate, and so do the utterances of one run: what varies is
counted by whole utterances (clusters), and by whole runs where there are several. The variance is
that of the cluster bootstrap (Bisani and Ney 2004; Liu and Peng 2019) in closed form, which is the
limit of infinitely many draws: nothing is random, and nothing depends on a seed.

Where clusters are few, four things keep an interval from being too narrow. What is estimated is how
many samples count as one (the design effect), never less than one; it multiplies the variance of
independent samples, which is known, so that no error collapses to 0 because all clusters happen to
lie on one side. Student's t has as many degrees of freedom as the clusters give, fewer when some of
them make most of the variance. A bound that lies beyond the samples is infinite. And what too few
clusters can tell is withheld. `benchmarks/coverage.py` prints how often the intervals hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "FEWEST",
    "Quantiles",
    "Ratio",
    "needed",
    "quantiles",
    "ratio",
    "share",
    "span",
    "student",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Labels = Sequence[Hashable] | npt.ArrayLike | pd.Series

#: Clusters below which the interval of a share or a ratio is withheld.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles with their intervals.

    Attributes:
        probs: the probabilities asked for.
        points: a quantile each; inf among censored samples, NaN when withheld or without samples.
        low: lower end of each interval; -inf where it lies below all samples, NaN for a single
            cluster and where the quantile is withheld.
        high: upper end; inf where it lies above all samples, or among censored ones.
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
    """A share or a ratio of sums, with its interval.

    Attributes:
        value: sum by sum.
        low: lower end of the interval; NaN for fewer clusters than `FEWEST`.
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
    quantile, times Student's t, is turned into two other quantiles; see the module for what holds
    it open when clusters are few. With several runs the error is that of drawing whole runs, or
    that of drawing clusters within them where this is greater. A bound beyond all samples is
    infinite: with five clusters in 28 to 100 % of cases, with two runs in 77 to 100 %.

    In simulations with 5, 10, 30 and 60 clusters of one sample or of 1 to 12, weakly and strongly
    correlated, with heavy tails, samples that never came, and ties, an interval of 95 % holds the
    median in 95 to 100 % and the 90th percentile in 94 to 100 % (`benchmarks/coverage.py`).

    Quantiles interpolate linearly between order statistics (numpy's default, type 7 of Hyndman and
    Fan). A quantile at or next to a censored sample is infinite: greater than anything seen.
    A quantile from 0.9 up is withheld (NaN) below the number of clusters from which the greatest
    of them would exceed it with a probability of 95 %: 29 for 0.9, 59 for 0.95 and 299 for 0.99.

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
        (array([250.,  nan]), 4, 2, 1)
    """
    samples = np.asarray(values, dtype="float64")
    samples = np.where(np.isnan(samples), np.inf, samples)
    groups = _Groups.of(len(samples), clusters, runs)
    order = np.argsort(samples, kind="stable")
    ordered, codes = samples[order], groups.codes[order]
    point, low, high = (np.full(len(probs), np.nan) for _ in range(3))
    n = len(samples)
    for k, prob in enumerate(probs):
        if not n or groups.count < needed(prob):
            continue
        point[k] = _at(ordered, (n - 1) * prob + 1)
        if groups.units > 1:
            effect, degrees = groups.effect(ordered, codes, point[k])
            wide = student(level, degrees) * math.sqrt(effect * prob * (1 - prob) * n)
            # Samples count in lumps of `effect`: the bounds are the outer edges of lumps.
            low[k] = _bound(ordered, n * prob - wide + 1 - effect * prob, below=True)
            high[k] = _bound(ordered, n * prob + wide + effect * (1 - prob), below=False)
    never = int((samples == np.inf).sum())
    return Quantiles(tuple(probs), point, low, high, n, groups.count, groups.runs, never)


def share(above: npt.ArrayLike, below: npt.ArrayLike, *, level: float = 0.95) -> Ratio:
    """A part by its whole, both summed over clusters, with an interval within 0 and 1.

    The interval is Wilson's (1927) with the effective number of samples and Student's t (Dean and
    Pagano 2015). At 0 and at 1, where nothing was seen that varies, each cluster counts as one
    sample: none of n has an upper bound of t^2 / (n + t^2), a little above the rule of three. In
    simulations with 5 to 30 clusters, at shares from 0.02 to 0.95, an interval of 95 % holds the
    truth in 94 to 100 % (`benchmarks/coverage.py`).

    Args:
        above: what was counted in each cluster, from 0 to `below`.
        below: what it is a part of.
        level: coverage of the interval, which is NaN for fewer than `FEWEST` clusters.

    Raises:
        ValueError: the sum of `below` is 0, a part is greater than its whole, or the two differ in
            length.

    Example:
        >>> [round(number, 2) for number in share([0] * 10, [1] * 10)]
        [0.0, 0.0, 0.34]
    """
    upper, lower = _counts(above, below)
    if (upper > lower).any():
        raise ValueError("A share is a part of a whole; use ratio for what can exceed 1.")
    whole = float(lower.sum())
    value = float(upper.sum()) / whole
    if len(upper) < FEWEST:
        return Ratio(value, math.nan, math.nan)
    effect, degrees = float((lower**2).sum()) / whole, float(len(upper) - 1)
    if 0 < value < 1:
        rest = _rest(upper, lower)
        degrees = _degrees(rest)
        effect = max(1.0, _sum_of_squares(rest) / (whole * value * (1 - value)))
    h = student(level, degrees) ** 2 * effect / whole
    centre, wide = value + h / 2, math.sqrt(value * (1 - value) * h + h**2 / 4)
    low, high = max((centre - wide) / (1 + h), 0.0), min((centre + wide) / (1 + h), 1.0)
    return Ratio(value, low if value > 0 else 0.0, high if value < 1 else 1.0)


def ratio(above: npt.ArrayLike, below: npt.ArrayLike, *, level: float = 0.95) -> Ratio:
    """The sum of one count by the sum of another, over clusters, with its interval.

    The interval is the score interval of a rate of counts that come in lumps: their variance is a
    multiple of the ratio, estimated from the clusters (jackknife) and never below that of counts
    which come one by one (Poisson). Like Wilson's of a share it stays above 0 and is longer towards
    greater ratios, more so where the clusters are skewed (Johnson 1978). At 0 nothing was seen that
    tells the size of a lump; it is taken to be a whole cluster, so that none of n clusters has an
    upper bound of about t^2 / n. In simulations with 5 to 30 clusters, at ratios from 0.02 to 1.5,
    an interval of 95 % holds the truth in 92 to 99 %; at 1.5 in 90 to 92 % where the rates of the
    clusters are log-normal with a spread of 1 (`benchmarks/coverage.py`).

    Args:
        above: what was counted in each cluster, not negative.
        below: what it is counted by, not negative.
        level: coverage of the interval, which is NaN for fewer than `FEWEST` clusters.

    Raises:
        ValueError: the sum of `below` is 0, or the two differ in length.

    Example:
        >>> [round(number, 2) for number in ratio([1, 1, 2, 0, 2], [1, 1, 1, 1, 1])]
        [1.2, 0.41, 3.53]
    """
    upper, lower = _counts(above, below)
    whole = float(lower.sum())
    value = float(upper.sum()) / whole
    if len(upper) < FEWEST:
        return Ratio(value, math.nan, math.nan)
    if value == 0:
        lump, degrees, tail = float((lower**2).sum()) / whole, float(len(upper) - 1), 0.0
    else:
        rest = _rest(upper, lower)
        lump, degrees = max(1.0, _sum_of_squares(rest) / float(upper.sum())), _degrees(rest)
        tail = _skewness(rest)
    t = student(level, degrees)
    h = t**2 * lump / (2 * whole)
    wide = math.sqrt(2 * h * value + h**2)
    tail *= (1 + 2 * t**2) / 6 * math.sqrt(lump * value / whole / len(upper))
    return Ratio(value, max(value + h - wide, 0.0), value + h + wide + tail)


def _counts(above: npt.ArrayLike, below: npt.ArrayLike) -> tuple[Floats, Floats]:
    upper, lower = np.asarray(above, dtype="float64"), np.asarray(below, dtype="float64")
    if len(upper) != len(lower):
        raise ValueError(f"{len(upper)} counts, but {len(lower)} to count them by.")
    if not lower.sum() > 0:
        raise ValueError("A ratio needs something to count by.")
    return upper, lower


def _rest(upper: Floats, lower: Floats) -> Floats:
    """What each cluster has more than its share, as the jackknife sees it: measured by the others.

    A cluster that is most of the whole would else pull the ratio to itself, and seem to fit.
    """
    whole = lower.sum()
    rest: Floats = (upper - upper.sum() / whole * lower) / (1 - np.minimum(lower / whole, 0.9))
    return rest


def _sum_of_squares(rest: Floats) -> float:
    """Variance of the sum over clusters."""
    return float((rest**2).sum()) * (len(rest) - 1) / len(rest)


def _skewness(rest: Floats) -> float:
    """Skewness where the long tail is to the right; else 0."""
    square = float((rest**2).mean())
    return max(float((rest**3).mean()) / square**1.5, 0.0) if square > 0 else 0.0


def _degrees(rest: Floats) -> float:
    """Degrees of freedom of the variance of what each cluster has more or less than its share.

    One less than clusters; fewer when a few of them make most of it, as the variance of a sample
    variance says: two by the kurtosis less one, for each cluster.
    """
    count, square = len(rest), rest**2
    mean = float(square.mean())
    excess = float((square**2).mean()) / mean**2 - 1 if mean > 0 else 0.0
    if excess * (count - 1) <= 2 * count:
        return count - 1
    return max(1, math.floor(2 * count / excess))


def span(low: float, high: float, number: Callable[[float], str]) -> str:
    """An interval for people, who are never shown an infinite number.

    Args:
        low: lower end; NaN where there is no interval.
        high: upper end.
        number: writes an end; an infinite one only where both are the same.

    Example:
        >>> [span(low, high, "{:.0f}".format) for low, high in ((1, 2), (1, math.inf))]
        ['1 to 2', 'more than 1']
        >>> [span(-math.inf, high, "{:.0f}".format) for high in (2, math.inf)]
        ['less than 2', 'no bounds']
    """
    if math.isnan(low):
        return "no interval"
    if low == high and math.isinf(low):
        return number(low)
    if math.isinf(low) and math.isinf(high):
        return "no bounds"
    if math.isinf(low):
        return f"less than {number(high)}"
    return f"more than {number(low)}" if math.isinf(high) else f"{number(low)} to {number(high)}"


def needed(prob: float) -> int:
    """Independent units below which a quantile is withheld.

    Example:
        >>> needed(0.5), needed(0.9), needed(0.95), needed(0.99)
        (1, 29, 59, 299)
    """
    if prob < 0.9:
        return 1
    return math.ceil(math.log(0.05) / math.log(prob)) if prob < 1 else 1


def student(level: float, degrees: float) -> float:
    """Two-sided quantile of Student's t: what lies within it has a probability of `level`.

    Exact for one, two and infinitely many degrees of freedom, else by the Cornish-Fisher expansion
    (Abramowitz and Stegun 26.7.5), which at 0.95 is right to 0.2 % for three and better for more.

    Example:
        >>> [round(student(0.95, n), 2) for n in (1, 2, 4, 10, math.inf)]
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
        sizes: samples of each cluster.
        of_cluster: number of the run of each cluster.
        count: clusters.
        runs: runs.
    """

    codes: Codes
    sizes: Codes
    of_cluster: Codes
    count: int
    runs: int

    @classmethod
    def of(cls, n: int, clusters: Labels, runs: Labels | None) -> _Groups:
        inner, labels = pd.factorize(pd.Series(clusters), use_na_sentinel=False)
        if len(inner) != n:
            raise ValueError(f"{n} samples, but {len(inner)} cluster labels.")
        if runs is None:
            count = len(labels)
            sizes = np.bincount(inner, minlength=count)
            return cls(inner, sizes, np.zeros(count, dtype=np.intp), count, min(n, 1))
        outer, names = pd.factorize(pd.Series(runs), use_na_sentinel=False)
        if len(outer) != n:
            raise ValueError(f"{n} samples, but {len(outer)} run labels.")
        wide = max(len(labels), 1)
        # Millions of samples are of some thousands of clusters: only these are put into order.
        codes, pairs = pd.factorize(outer * wide + inner, sort=True)
        sizes = np.bincount(codes, minlength=len(pairs))
        return cls(codes, sizes, pairs // wide, len(pairs), len(names))

    @property
    def units(self) -> int:
        """What is drawn: runs, where there are several, else clusters."""
        return self.runs if self.runs > 1 else self.count

    def effect(self, ordered: Floats, codes: Codes, at: float) -> tuple[float, float]:
        """How many samples count as one for the share of samples up to a value.

        The greater of the effects just below and just above the value, which differ where samples
        are tied; degrees of freedom with it, infinitely many when nothing had to be estimated.
        """
        n = len(ordered)
        if self.count == n and self.runs == 1:
            return 1.0, math.inf
        edges = {int(np.searchsorted(ordered, at, side)) for side in ("left", "right")} - {0, n}
        if not edges:
            # All are tied, and nothing tells the clusters apart: each may be one sample.
            lumps = float((self.sizes.astype("float64") ** 2).sum()) / n
            return lumps, math.inf if self.runs == 1 else self.runs - 1
        found = [self._effect(np.bincount(codes[:k], minlength=self.count), k / n) for k in edges]
        return max(1.0, *(effect for effect, _ in found)), min(degrees for _, degrees in found)

    def _effect(self, inside: Codes, part: float) -> tuple[float, float]:
        """Effect and degrees of freedom, from how many samples of each cluster lie inside."""
        rest = inside - part * self.sizes
        square = float((rest**2).sum())
        variance, drawn = square * self.count / max(self.count - 1, 1), rest
        if self.runs > 1:
            drawn = np.bincount(self.of_cluster, rest)
            each = np.bincount(self.of_cluster)
            between = float((drawn**2).sum()) * self.runs / (self.runs - 1)
            # To add what lies between runs and within them would count the latter twice.
            variance = max(between, square - float((drawn**2 / each).sum()))
        return variance / (len(self.codes) * part * (1 - part)), _degrees(drawn)


def _at(ordered: Floats, place: float) -> float:
    """Sample at a place from 1 among rising ones; infinite next to an infinite one."""
    below = math.floor(place)
    part = place - below
    lower = float(ordered[below - 1])
    upper = float(ordered[min(below, len(ordered) - 1)])
    if part == 0 or lower == upper:
        return lower
    if math.isinf(lower):
        # Between minus and plus infinity only the nearer one can be named.
        return upper if math.isinf(upper) and part >= 0.5 else lower
    return lower + (upper - lower) * part


def _bound(ordered: Floats, place: float, *, below: bool) -> float:
    """Bound at a place from 1; infinite beyond the samples, the outer one next to an infinite."""
    # Places are sums of rounded numbers: the last sample is not beyond itself.
    place = round(place, 9)
    if not 1 <= place <= len(ordered):
        return -math.inf if below else math.inf
    first = math.floor(place)
    lower, upper = float(ordered[first - 1]), float(ordered[min(first, len(ordered) - 1)])
    if math.isinf(lower) or math.isinf(upper):
        return lower if below or place == first else upper
    return lower + (upper - lower) * (place - first)
