"""Whether a mean differs from zero: Student's t, exactly, and what many tests at once ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.intervals import quantiles

__all__ = ["holm", "interval_of_mean", "mean_or_median", "t_tails", "two_sided_p"]


def t_tails(t: float, degrees: int) -> float:
    """Probability that Student's t is farther from 0 than `t`.

    Exact, by the finite sums for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4).

    Args:
        t: of either sign.
        degrees: of freedom, from 1 on.

    Example:
        >>> [round(t_tails(2.0, n), 4) for n in (1, 2, 3, 10)]
        [0.2952, 0.1835, 0.1393, 0.0734]
    """
    angle = math.atan(abs(t) / math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    term, total = 1.0, 1.0
    if degrees % 2:
        for k in range(1, (degrees - 1) // 2):
            term *= 2 * k / (2 * k + 1) * cosine**2
            total += term
        inner = angle + (sine * cosine * total if degrees > 1 else 0.0)
        return max(0.0, 1 - 2 / math.pi * inner)
    for k in range(1, degrees // 2):
        term *= (2 * k - 1) / (2 * k) * cosine**2
        total += term
    return max(0.0, 1 - sine * total)


def two_sided_p(values: npt.ArrayLike) -> float:
    """Probability of a mean as far from 0 as this one, if the true one is 0; NaN below two values.

    Values that are all equal and not 0 have a probability of 0: nothing about them varies.

    Example:
        >>> round(two_sided_p([1.0, 2.0, 3.0]), 4)
        0.0742
    """
    known = np.asarray(values, dtype="float64")
    if len(known) < 2:
        return math.nan
    mean, error = float(known.mean()), float(known.std(ddof=1)) / math.sqrt(len(known))
    if not error:
        return 0.0 if mean else 1.0
    return t_tails(mean / error, len(known) - 1)


def interval_of_mean(values: npt.ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """Mean of independent values, with the ends of its interval by Student's t.

    Example:
        >>> [round(x, 2) for x in interval_of_mean([1.0, 2.0, 3.0])]
        [2.0, -0.48, 4.48]
    """
    known = np.asarray(values, dtype="float64")
    mean = float(known.mean())
    wide = _quantile(level, len(known) - 1) * float(known.std(ddof=1)) / math.sqrt(len(known))
    return mean, mean - wide, mean + wide


def mean_or_median(values: npt.ArrayLike) -> float:
    """Mean; where one is infinite, because something never came, the median (`quantiles`).

    Example:
        >>> mean_or_median([1.0, 2.0, 6.0]), mean_or_median([1.0, 2.0, float("inf")])
        (3.0, 2.0)
    """
    known = np.asarray(values, dtype="float64")
    if np.isfinite(known).all():
        return float(known.mean())
    return float(quantiles(known, range(len(known)), (0.5,)).points[0])


def _quantile(level: float, degrees: int) -> float:
    """Where the tails hold just what is left of `level`; found by bisection."""
    low, high = 0.0, 1.0
    while t_tails(high, degrees) > 1 - level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if t_tails(middle, degrees) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def holm(ps: Sequence[float]) -> list[float]:
    """P values corrected for their number, so that one false finding in all is held to its level.

    Step-down (Holm 1979); NaN stands for a test that was not made, and is not counted.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    found = [math.nan] * len(ps)
    order = sorted((k for k, p in enumerate(ps) if not math.isnan(p)), key=lambda k: ps[k])
    highest = 0.0
    for rank, k in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * ps[k]))
        found[k] = highest
    return found
