"""Which silences lie within a turn of a conversation, and which turns no silence ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.turn_spans import Piece

__all__ = ["goes_on", "not_ended"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def goes_on(turns: Sequence[Piece], channel: int, end_s: Floats, next_s: Floats) -> Ints:
    """Which turn goes on behind each silence; -1 for none.

    The middle of a silence decides: its ends are the service's word, and some milliseconds off.

    Args:
        turns: of all channels, in the order of time.
        channel: of the silences.
        end_s: where speech ended in front of them.
        next_s: where it began behind them; NaN where it did not.

    Example:
        >>> said = [Piece(0, "", 0.5, 2.0, "yes"), Piece(0, "", 2.5, 4.0, "no")]
        >>> goes_on(said, 0, np.array([1.0, 2.0]), np.array([1.5, 2.5])).tolist()
        [0, -1]
    """
    numbers, starts_s, ends_s = _of_channel(turns, channel)
    middle_s = (end_s + next_s) / 2
    at = np.searchsorted(starts_s, middle_s) - 1
    within = (at >= 0) & ~np.isnan(middle_s)
    within[within] = middle_s[within] < ends_s[at[within]]
    return np.where(within, np.append(numbers, -1)[at], -1)


def not_ended(turns: Sequence[Piece], channel: int, end_s: Floats, next_s: Floats) -> int:
    """How many turns run into the next one of their channel: no silence between them ended any.

    Args:
        turns: of all channels, in the order of time.
        channel: of the silences.
        end_s: where speech ended in front of the silences that ended an utterance, rising.
        next_s: where it began behind them; NaN where it did not.

    Example:
        >>> spans = [(0.5, 2.0), (2.5, 4.0), (4.2, 5.0)]
        >>> said = [Piece(0, "", start_s, end_s, "") for start_s, end_s in spans]
        >>> not_ended(said, 0, np.array([2.0]), np.array([2.5]))
        1
    """
    _, starts_s, ends_s = _of_channel(turns, channel)
    low_s, high_s = np.minimum(ends_s[:-1], starts_s[1:]), np.maximum(ends_s[:-1], starts_s[1:])
    until_s = np.where(np.isnan(next_s), np.inf, next_s)
    at = np.searchsorted(until_s, low_s)
    ended = np.append(end_s, np.inf)[at] <= high_s
    return int((~ended).sum())


def _of_channel(turns: Sequence[Piece], channel: int) -> tuple[Ints, Floats, Floats]:
    numbers = np.array(
        [k for k, turn in enumerate(turns) if turn.channel == channel], dtype="int64"
    )
    found = [(turns[k].start_s, turns[k].end_s) for k in numbers]
    spans = np.array(found, dtype="float64").reshape(-1, 2)
    return numbers, spans[:, 0], spans[:, 1]
