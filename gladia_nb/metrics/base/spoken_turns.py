"""Turns of a conversation by its reference: who had the floor, from when until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["TURN_GAP_S", "Turn", "goes_on", "not_ended", "turn_spans"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Silence of one speaker, seconds, beyond which another turn begins.
TURN_GAP_S = 0.8


class Turn(NamedTuple):
    """What one speaker says until another speaks, or is silent for long.

    Attributes:
        channel: of the audio.
        speaker: name; "" where nobody says.
        start_s: audio time of its first word.
        end_s: audio time at which its last word ends.
    """

    channel: int
    speaker: str
    start_s: float
    end_s: float


def turn_spans(
    reference: Sequence[Mapping[str, Any]] | None,
) -> tuple[list[Turn], str | None]:
    """The turns of a reference, in the order of time, and what tells them.

    A turn ends where another speaker begins, or with a silence longer than `TURN_GAP_S`; a sentence
    is never divided. Where the reference names no speakers the channel stands for the speaker.

    Args:
        reference: rows with `start_s`, `end_s`, `channel` and, where it is known, `speaker` and
            `sentence`.

    Returns:
        The turns, and `speaker`, `sentence` or `gap`: the best that the reference knows; None
        where there is no reference.

    Example:
        >>> rows = [
        ...     {"start_s": 0.5 + k, "end_s": 0.9 + k, "channel": 0, "sentence": k // 2}
        ...     for k in range(3)
        ... ]
        >>> [
        ...     (turn.start_s, turn.end_s)
        ...     for turn in turn_spans(
        ...         [*rows, {**rows[0], "start_s": 5, "end_s": 6, "sentence": 9}]
        ...     )[0]
        ... ]
        [(0.5, 2.9), (5, 6)]
    """
    rows = sorted(reference or (), key=lambda row: (row["start_s"], row["end_s"]))
    if not rows:
        return [], None
    named = all(row.get("speaker") is not None for row in rows)
    numbered = all(row.get("sentence") is not None for row in rows)
    turns: list[Turn] = []
    for piece in _pieces(rows, numbered=numbered):
        last = turns[-1] if turns else None
        same = last is not None and last[:2] == piece[:2]
        if last is not None and same and piece.start_s - last.end_s <= TURN_GAP_S:
            turns[-1] = last._replace(end_s=max(last.end_s, piece.end_s))
        else:
            turns.append(piece)
    return turns, "speaker" if named else "sentence" if numbered else "gap"


def goes_on(turns: Sequence[Turn], channel: int, end_s: Floats, next_s: Floats) -> Ints:
    """Which turn goes on behind each silence; -1 for none.

    The middle of a silence decides: its ends are the service's word, and some milliseconds off.

    Args:
        turns: of all channels, in the order of time.
        channel: of the silences.
        end_s: where speech ended in front of them.
        next_s: where it began behind them; NaN where it did not.

    Example:
        >>> said = [Turn(0, "", 0.5, 2.0), Turn(0, "", 2.5, 4.0)]
        >>> goes_on(said, 0, np.array([1.0, 2.0]), np.array([1.5, 2.5])).tolist()
        [0, -1]
    """
    numbers, starts_s, ends_s = _of_channel(turns, channel)
    middle_s = (end_s + next_s) / 2
    at = np.searchsorted(starts_s, middle_s) - 1
    within = (at >= 0) & ~np.isnan(middle_s)
    within[within] = middle_s[within] < ends_s[at[within]]
    return np.where(within, np.append(numbers, -1)[at], -1)


def not_ended(turns: Sequence[Turn], channel: int, end_s: Floats, next_s: Floats) -> int:
    """How many turns run into the next one of their channel: no silence between them ended any.

    Args:
        turns: of all channels, in the order of time.
        channel: of the silences.
        end_s: where speech ended in front of the silences that ended an utterance, rising.
        next_s: where it began behind them; NaN where it did not.

    Example:
        >>> said = [Turn(0, "", 0.5, 2.0), Turn(0, "", 2.5, 4.0), Turn(0, "", 4.2, 5.0)]
        >>> not_ended(said, 0, np.array([2.0]), np.array([2.5]))
        1
    """
    _, starts_s, ends_s = _of_channel(turns, channel)
    low_s, high_s = np.minimum(ends_s[:-1], starts_s[1:]), np.maximum(ends_s[:-1], starts_s[1:])
    until_s = np.where(np.isnan(next_s), np.inf, next_s)
    at = np.searchsorted(until_s, low_s)
    ended = np.append(end_s, np.inf)[at] <= high_s
    return int((~ended).sum())


def _of_channel(turns: Sequence[Turn], channel: int) -> tuple[Ints, Floats, Floats]:
    numbers = np.array(
        [k for k, turn in enumerate(turns) if turn.channel == channel], dtype="int64"
    )
    spans = np.array([turns[k][2:] for k in numbers], dtype="float64").reshape(-1, 2)
    return numbers, spans[:, 0], spans[:, 1]


def _pieces(rows: Sequence[Mapping[str, Any]], *, numbered: bool) -> list[Turn]:
    """What no rule divides, in the order of time: sentences, or words without a long silence."""
    found: dict[tuple[int, str, int], Turn] = {}
    silences: dict[tuple[int, str], int] = {}
    for row in rows:
        who = (int(row["channel"]), str(row.get("speaker") or ""))
        number = int(row["sentence"]) if numbered else silences.get(who, 0)
        known = found.get((*who, number))
        if known is not None and not numbered and row["start_s"] - known.end_s > TURN_GAP_S:
            number, known = number + 1, None
            silences[who] = number
        word = Turn(*who, row["start_s"], row["end_s"])
        known = known or word
        found[*who, number] = known._replace(end_s=max(known.end_s, word.end_s))
    return sorted(found.values(), key=lambda turn: (turn.start_s, turn.end_s))
