"""How answers are judged: is it right, and if not, which of the usual mistakes is it?

A check that says only "wrong" teaches nothing. Each task names the values that the usual mistakes
lead to, and what to say about each; what no mistake explains is told by its direction and size. The
right value itself is never told.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Mistake", "Ruling", "as_number", "judge_choice", "judge_number"]


class Ruling(NamedTuple):
    """Whether an answer is right, and what to say about it.

    Attributes:
        right: whether.
        text: a sentence or two.
    """

    right: bool
    text: str


class Mistake(NamedTuple):
    """A value that a usual mistake leads to.

    Attributes:
        value: that value; NaN where it cannot be told.
        text: what went wrong, and what to do.
    """

    value: float
    text: str


#: Factors between a right and a wrong unit.
_UNITS: tuple[tuple[float, str], ...] = (
    (1000.0, "a thousand times too large: were seconds asked for, or milliseconds?"),
    (0.001, "a thousand times too small: were milliseconds asked for, or seconds?"),
    (100.0, "a hundred times too large: a share lies between 0 and 1."),
    (0.01, "a hundred times too small: percent were asked for, not a share."),
    (-1.0, "right but for its sign: what is subtracted from what?"),
)


def as_number(value: Any) -> float | str:
    """A number of what a student handed in, or a sentence that says why it is none.

    Example:
        >>> as_number(np.float64(2.5)), as_number(np.array([7]))
        (2.5, 7.0)
        >>> as_number("640 ms")
        "This is text ('640 ms'); hand in the number alone, without quotes and unit."
    """
    if isinstance(value, str):
        return f"This is text ({value[:40]!r}); hand in the number alone, without quotes and unit."
    if isinstance(value, bool | np.bool_):
        return "This is True or False; a number is asked for."
    if callable(value):
        return "This is a function; call it, with brackets behind its name."
    if not isinstance(value, numbers.Real):
        try:
            found = np.asarray(value, dtype="float64").ravel()
        except (TypeError, ValueError, OverflowError):
            return f"This is of type {type(value).__name__}; one number is asked for."
        if len(found) != 1:
            return (
                f"These are {len(found)} values; one number is asked for. "
                "Did you forget .median(), or to choose a row?"
            )
        value = found[0]
    number = float(value)
    if math.isnan(number):
        return (
            "This is NaN, not a number: no row was left to compute with, or one of them is empty. "
            "Look at the rows first."
        )
    return number


def judge_number(
    value: Any,
    right: float,
    *,
    unit: str = "",
    near: float,
    why: str = "",
    mistakes: Iterable[Mistake] = (),
) -> Ruling:
    """Judge a number.

    Args:
        value: what was handed in.
        right: what is right.
        unit: to say behind a number.
        near: how far from `right` it may lie, in the unit of the answer: room for rounding.
        why: what to say when it is right.
        mistakes: what the usual mistakes lead to.

    Example:
        >>> mean = Mistake(700, "That is the mean; the median is asked for.")
        >>> judge_number(700, 640, unit="ms", near=1, mistakes=[mean]).text
        'That is the mean; the median is asked for.'
        >>> judge_number(0.64, 640, unit="ms", near=1).text
        'That is a thousand times too small: were milliseconds asked for, or seconds?'
        >>> judge_number(640.4, 640, unit="ms", near=1)
        Ruling(right=True, text='640.4 ms.')
    """
    number = as_number(value)
    if isinstance(number, str):
        return Ruling(False, number)
    if abs(number - right) <= near:
        return Ruling(True, f"{_said(number, unit)}. {why}".strip())
    for wrong, text in mistakes:
        if abs(number - wrong) <= near:
            return Ruling(False, text)
    for factor, text in _UNITS:
        if right and abs(number / factor - right) <= near:
            return Ruling(False, f"That is {text}")
    if unit == "ms" and right and 0.5 < number * 1e3 / right < 2:
        return Ruling(False, "That looks like seconds; milliseconds are asked for.")
    much = "far too" if abs(number - right) > max(abs(right), 10 * near) else "too"
    way = "large" if number > right else "small"
    return Ruling(
        False,
        f"{_said(number, unit)} is {much} {way}. Look again at which rows you chose and what lies "
        "between which two moments; me.hint(...) helps.",
    )


def _said(number: float, unit: str) -> str:
    rounded = f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"
    return f"{rounded} {unit}".strip()


def judge_choice(
    value: Any, right: str, options: Sequence[str], texts: dict[str, str], *, why: str = ""
) -> Ruling:
    """Judge one of several words.

    Args:
        value: what was handed in.
        right: what is right.
        options: what there is to choose from.
        texts: what is wrong with each of the others.
        why: what to say when it is right.

    Example:
        >>> judge_choice("Ack ", "ack", ["send", "ack"], {"send": "No."}, why="Yes.")
        Ruling(right=True, text='Yes.')
        >>> judge_choice("never", "ack", ["send", "ack"], {}).text
        "Hand in one of 'send', 'ack' (got 'never')."
    """
    said = value.strip().lower() if isinstance(value, str) else value
    if not isinstance(said, str) or said not in options:
        known = ", ".join(map(repr, options))
        shown = repr(value)
        return Ruling(False, f"Hand in one of {known} (got {shown[:60]}).")
    if said == right:
        return Ruling(True, why)
    return Ruling(False, texts.get(said, "No; think again, or ask me.hint(...)."))
