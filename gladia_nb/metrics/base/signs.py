"""Differences for people: with a sign, and no more digits than they are worth."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["signed"]


def signed(*numbers: float) -> Callable[[float], str]:
    """How a difference and the ends of its interval are written for people, with their sign.

    Whole numbers; with one decimal where the largest of them is below 10. A zero is never negative.

    Args:
        numbers: all that are written beside each other; those that are not finite do not count.

    Returns:
        Writes one of them that is finite.

    Example:
        >>> [signed(-40.2, -0.3, 12)(number) for number in (-40.2, -0.3, 12)]
        ['-40', '+0', '+12']
        >>> [signed(-0.3, -0.04, 1.25)(number) for number in (-0.3, -0.04, 1.25)]
        ['-0.3', '+0.0', '+1.2']
    """
    largest = max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)
    # As they are written: 9.96 is 10.
    digits = 1 if round(largest, 1) < 10 else 0
    # What is added makes a positive zero of a negative one.
    return lambda number: f"{round(number, digits) + 0.0:+.{digits}f}"
