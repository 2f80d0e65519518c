"""The words of the transcript as plain arrays: for `word_times` and for latencies."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.matching import Matched, matched
from gladia_nb.metrics.base.scripts import joined
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.spoken import first_of_words, of_words, settled
from gladia_nb.record.arrays import reference, utterances
from gladia_nb.record.columns import transcripts, words
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept

__all__ = ["HeardWords", "heard_words"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Objects = npt.NDArray[np.object_]


class HeardWords(NamedTuple):
    """The words of the finals, in the order of their utterances; shapes `(w,)`.

    What each means is said at `gladia_nb.word_times`.

    Attributes:
        utterance: number of the utterance.
        channel: of the audio.
        position: in its transcript, from 0.
        word: as it is written.
        start_s: audio time, as the service says; NaN where it does not.
        end_s: likewise.
        is_final: whether a final with it came.
        first_seen_s: arrivals, since audio position 0 was spoken; NaN for never.
        first_correct_s: likewise.
        stable_s: likewise.
        stable_raw_s: likewise.
        final_s: likewise.
        trigger: why the final came, or None.
        reference: the row of the reference that it equals, or -1.
        place: the row in whose place it stands, or -1.
        correct: the word that belongs there, or None.
        reformed: whether a partial has the same in another form.
    """

    utterance: Ints
    channel: Ints
    position: Ints
    word: Objects
    start_s: Floats
    end_s: Floats
    is_final: Bools
    first_seen_s: Floats
    first_correct_s: Floats
    stable_s: Floats
    stable_raw_s: Floats
    final_s: Floats
    trigger: Objects
    reference: Ints
    place: Ints
    correct: Objects
    reformed: Bools


def heard_words(run: RunData, choice: Normaliser) -> HeardWords:
    """The words of a run; kept with its record."""
    return kept(run.record, f"heard words {choice.key}", lambda: _heard(run, choice))


def _heard(run: RunData, choice: Normaliser) -> HeardWords:
    found, said, shown = matched(run, choice), words(run.record), transcripts(run.record)
    tokens, first = found.found, first_of_words(found)
    rows, word = tokens.utterance[first], tokens.word[first]
    target = shown.message[tokens.target[rows]]
    told, t0 = utterances(run.record), run.record.t0_ns
    seen, correct, final_ns = (of_words(stamps, first) for stamps in settled(run, found))
    stable, stable_raw = (of_words(s, first) for s in (tokens.stable, tokens.stable_raw))
    equal, place, right = _references(run, found, first)
    written = _texts(said.text.levels, said.text.codes[word])
    own = np.array([item is True for item in right], dtype=bool)

    def seconds(stamp_ns: Ints) -> Floats:
        return np.where(stamp_ns >= 0, (stamp_ns - (t0 or 0)) / 1e9, np.nan)

    return HeardWords(
        utterance=rows,
        channel=shown.channel[rows],
        position=word - said.first[target],
        word=written,
        start_s=said.start_s[word],
        end_s=said.end_s[word],
        is_final=told.is_final[rows],
        first_seen_s=seconds(seen),
        first_correct_s=seconds(correct),
        stable_s=seconds(np.where(final_ns >= 0, stable, -1)),
        stable_raw_s=seconds(np.where(final_ns >= 0, stable_raw, -1)),
        final_s=seconds(final_ns),
        trigger=told.trigger[rows],
        reference=equal,
        place=place,
        correct=np.where(own, written, right),
        # Whether any of the tokens of a word is.
        reformed=of_words(-tokens.reformed.astype("int64"), first) < 0,
    )


def _texts(levels: list[str], codes: npt.NDArray[Any]) -> Objects:
    found = np.empty(len(levels), dtype=object)
    found[:] = levels
    return found[codes] if len(levels) else np.empty(0, dtype=object)


def _references(run: RunData, found: Matched, first: Ints) -> tuple[Ints, Ints, Objects]:
    """Rows of the reference that each word equals, and stands for; and what belongs there.

    What belongs there is None where nothing was spoken, and True for the word itself.
    """
    rows = np.append(found.spoken.row, -1)
    equal, place = rows[found.equal], rows[found.place]
    right = np.full(len(first), None, dtype=object)
    if not len(first):
        return equal, place, right
    whole = np.minimum.reduceat(equal, first) >= 0
    last = np.append(first[1:], len(equal)) - 1
    right[~np.isin(found.channel[first], found.spoken.channel)] = True
    places = np.maximum.reduceat(place, first)
    known = reference(run.record).word
    spoken = _texts(known, np.arange(len(known)))
    right[places >= 0] = spoken[places[places >= 0]]
    for k in np.flatnonzero((last > first) & (places >= 0)).tolist():
        mine = dict.fromkeys(place[first[k] : last[k] + 1].tolist())
        right[k] = joined([spoken[row] for row in mine if row >= 0])
    equal = np.where(whole, equal[last], -1)
    return equal, np.where(whole, equal, places), right
