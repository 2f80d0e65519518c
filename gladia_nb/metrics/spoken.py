"""Each word of the reference once: whether a final holds it, which word does, and since when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.matching import Matched, matched
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.record.arrays import utterances
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept

__all__ = ["SpokenWords", "first_of_words", "of_words", "settled", "spoken_words"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class SpokenWords(NamedTuple):
    """The words of the reference that have a token, one channel after the other; shapes `(r,)`.

    Those that were not sent are none of them. A milestone is a stamp, or -1 for never. That of a
    word of several tokens is the latest of theirs: "twenty-one" is there when all of it is, be it
    as one word or as two.

    Attributes:
        row: of `run.reference`.
        held: position in `word_times` of the word that stands in its place, or -1; of several the
            last one.
        equal: whether all of it is there.
        is_final: whether what stands there is in finals; false where nothing stands.
        first_seen: first sight.
        first_correct: first sight of the right word, also where the final has another one.
        stable: since when it stood unchanged.
        final: arrival of the final.
    """

    row: Ints
    held: Ints
    equal: Bools
    is_final: Bools
    first_seen: Ints
    first_correct: Ints
    stable: Ints
    final: Ints


def spoken_words(run: RunData, choice: Normaliser) -> SpokenWords:
    """The words of the reference of a run, with what stands in their places; kept as it is."""
    return kept(run.record, f"spoken words {choice.key}", lambda: _spoken(run, choice))


def first_of_words(found: Matched) -> Ints:
    """Position of the first token of each word of the finals."""
    word = found.found.word
    return np.flatnonzero(np.append(True, word[1:] != word[:-1])[: len(word)])


def of_words(stamps: Ints, first: Ints) -> Ints:
    """The latest stamp of the tokens of each word; -1 where one of them never came.

    Example:
        >>> of_words(np.array([5, 7, 6, -1]), np.array([0, 2])).tolist()
        [7, -1]
    """
    if len(first) == len(stamps):
        return stamps
    latest = np.maximum.reduceat(stamps, first)
    never = np.minimum.reduceat(stamps, first) < 0
    found: Ints = np.where(never, -1, latest)
    return found


def settled(run: RunData, found: Matched) -> tuple[Ints, Ints, Ints]:
    """First sight, first sight of the right token, and arrival of the final, of each token.

    What no partial showed is first seen in the final. Without a stamp of the first sample there is
    nothing to count from: all are -1.
    """
    tokens = found.found
    came = utterances(run.record).final_ns
    final_ns = np.where(came.missing, -1, came.value)[tokens.utterance]
    final_ns = np.where(tokens.has_final[tokens.utterance], final_ns, -1)
    right = (found.place < 0) & ~found.told
    right |= found.equal >= 0
    seen = np.where(found.first_seen < 0, final_ns, found.first_seen)
    correct = np.where(right & (found.first_correct < 0), final_ns, found.first_correct)
    if run.record.t0_ns is None:
        seen, correct, final_ns = (np.full(len(final_ns), -1) for _ in range(3))
    return seen, correct, final_ns


def _spoken(run: RunData, choice: Normaliser) -> SpokenWords:
    found = matched(run, choice)
    tokens, spoken = found.found, found.spoken
    place = np.full(len(spoken.row), -1)
    placed = np.flatnonzero(found.place >= 0)
    place[found.place[placed]] = placed
    same = np.zeros(len(spoken.row), dtype=bool)
    same[found.equal[found.equal >= 0]] = True
    word = np.zeros(len(tokens.word), dtype="int64")
    word[first_of_words(found)[1:]] = 1
    held = np.append(np.cumsum(word), -1)[place]
    final = np.append(tokens.has_final[tokens.utterance], False)[place]
    seen, correct, final_ns = settled(run, found)
    stable = np.where(final_ns >= 0, tokens.stable, -1)
    # What stands for a word of several tokens counts when it stands for all of them.
    first = np.flatnonzero(np.append(True, spoken.row[1:] != spoken.row[:-1])[: len(spoken.row)])
    seen, correct, stable, final_ns = (
        of_words(np.append(stamps, -1)[place], first)
        for stamps in (seen, correct, stable, final_ns)
    )
    if not len(first):
        return SpokenWords(spoken.row, held, same, final, seen, correct, stable, final_ns)
    return SpokenWords(
        spoken.row[first],
        np.maximum.reduceat(held, first),
        np.logical_and.reduceat(same, first),
        np.logical_and.reduceat(final, first),
        seen,
        correct,
        stable,
        final_ns,
    )
