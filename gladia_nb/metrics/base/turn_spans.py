"""Turns of a conversation, from pieces of speech: who spoke, from when until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

__all__ = ["TURN_GAP_S", "Piece", "joined", "reference_turns", "spoken_pieces"]

#: Silence of one speaker, seconds, beyond which another turn begins.
TURN_GAP_S = 0.8


class Piece(NamedTuple):
    """Speech of one speaker, or a whole turn of it.

    Attributes:
        channel: of the audio.
        speaker: name; "" where nobody says.
        start_s: audio time.
        end_s: audio time.
        text: what was said.
    """

    channel: int
    speaker: str
    start_s: float
    end_s: float
    text: str


def spoken_pieces(reference: pd.DataFrame, gap_s: float) -> tuple[list[Piece], str]:
    """Stretches of the reference that no rule divides, and what told them.

    Sentences where every word has one; else the words of a channel and speaker between two silences
    longer than `gap_s`.

    Returns:
        The pieces, and `speaker`, `sentence` or `gap`: the best that the reference knows.

    Example:
        >>> words = pd.DataFrame(
        ...     {"word": ["good", "morning"], "start_s": [0.5, 1.9], "end_s": [0.8, 2.2],
        ...      "channel": 0, "speaker": None, "sentence": pd.array([None, None], "Int64")}
        ... )  # fmt: skip
        >>> [piece.text for piece in spoken_pieces(words, 0.8)[0]]
        ['good', 'morning']
    """
    rows = reference.assign(speaker=reference["speaker"].fillna(""))
    rows = rows.sort_values(["start_s", "end_s"], kind="stable")
    numbered = bool(reference["sentence"].notna().all())
    named = bool(reference["speaker"].notna().all())
    pieces = []
    for _, words in rows.groupby(["channel", "speaker"], sort=False):
        channel, speaker = int(words["channel"].iloc[0]), str(words["speaker"].iloc[0])
        parts = words["sentence"]
        if not numbered:
            until_s = words["end_s"].cummax().shift()
            parts = (words["start_s"] - until_s > gap_s).cumsum()
        for _, part in words.groupby(parts, sort=False):
            span = float(part["start_s"].min()), float(part["end_s"].max())
            pieces.append(Piece(channel, speaker, *span, " ".join(part["word"])))
    return pieces, "speaker" if named else "sentence" if numbered else "gap"


def reference_turns(
    reference: pd.DataFrame, gap_s: float = TURN_GAP_S
) -> tuple[list[Piece], str | None]:
    """The turns of a reference, in the order of time, and what tells them; see `spoken_pieces`.

    Returns:
        The turns; None in the place of what tells them where there is no reference.
    """
    if not len(reference):
        return [], None
    pieces, told_by = spoken_pieces(reference, gap_s)
    return joined(pieces, gap_s), told_by


def joined(pieces: Iterable[Piece], gap_s: float) -> list[Piece]:
    """Turns: pieces of one speaker that follow each other, at most `gap_s` of silence apart.

    Example:
        >>> said = [Piece(0, "a", 0.5, 1.0, "good"), Piece(0, "a", 1.2, 1.6, "morning")]
        >>> joined([*said, Piece(0, "b", 1.7, 2.0, "hello")], 0.8)[0].text
        'good morning'
    """
    turns: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.start_s, piece.end_s)):
        last = turns[-1] if turns else None
        same = last is not None and last[:2] == piece[:2] and piece.start_s - last.end_s <= gap_s
        if last is None or not same:
            turns.append(piece)
            continue
        end_s, text = max(last.end_s, piece.end_s), f"{last.text} {piece.text}".strip()
        turns[-1] = last._replace(end_s=end_s, text=text)
    return turns
