"""Which token of the finals is which token of the reference, and when the right one was seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.align import align_edits, align_in_time
from gladia_nb.metrics.base.handover import seen_before
from gladia_nb.metrics.base.milestones import SEEN_WITHIN_S, Milestones, milestones_of
from gladia_nb.metrics.base.sent_part import sent_words
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.base.tokens import shared, tokens_of
from gladia_nb.record.arrays import reference
from gladia_nb.record.columns import read, transcripts
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept

__all__ = ["MATCH_WITHIN_S", "Matched", "Spoken", "matched", "spoken_in"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Seconds between the ends of a word and of its reference beyond which they are not the same.
MATCH_WITHIN_S = 2.0


class Spoken(NamedTuple):
    """The tokens of the reference, one channel after the other, each by the time of its word.

    Attributes:
        row: of `run.reference`, for each token; shape `(k,)` like all that follow.
        token: itself.
        channel: of the audio.
        start_s: its share of the time of its word.
        end_s: likewise.
    """

    row: Ints
    token: list[str]
    channel: Ints
    start_s: Floats
    end_s: Floats


class Matched(NamedTuple):
    """Tokens of the finals with the tokens of the reference that they stand for.

    Attributes:
        found: the tokens of the finals; shape `(k,)` like all that follow.
        channel: of the audio.
        told: whether the channel has a reference, be it one of which nothing was sent.
        spoken: the tokens of the reference.
        equal: position in `spoken` of the same token, or -1.
        place: of what was spoken there, equal or not, or -1.
        first_seen: first sight, as a stamp, or -1 for never.
        first_correct: first sight of the right token, or -1; finals not counted.
    """

    found: Milestones
    channel: Ints
    told: Bools
    spoken: Spoken
    equal: Ints
    place: Ints
    first_seen: Ints
    first_correct: Ints


def matched(run: RunData, choice: Normaliser) -> Matched:
    """The tokens of a run, matched with its reference; kept with its record."""
    return kept(run.record, f"matched {choice.key}", lambda: _matched(run, choice))


def _matched(run: RunData, choice: Normaliser) -> Matched:
    found, shown = milestones_of(run.record, choice), transcripts(run.record)
    final_ns = np.full(len(shown.id), -1)
    message = shown.message[found.target[found.has_final]]
    final_ns[found.has_final] = read(run.record).recv_ns[message]
    found = found._replace(first_seen=seen_before(found, shown.channel, final_ns))
    channel, spoken = shown.channel[found.utterance], spoken_in(run, choice)
    equal, place = _places(found, channel, spoken)
    told = np.isin(channel, reference(run.record).channel)
    first_seen, first_correct = _first_correct(found, told, spoken, equal, place)
    # Nobody asks for it any more, and it is as long as all partials.
    found = found._replace(seen=np.empty(0, dtype="int64"))
    return Matched(found, channel, told, spoken, equal, place, first_seen, first_correct)


def spoken_in(run: RunData, choice: Normaliser) -> Spoken:
    """The tokens of the reference of a run, as far as it was sent (`sent_words`)."""
    rows: list[Ints] = []
    tokens: list[str] = []
    channels: list[Ints] = []
    times: list[tuple[Floats, Floats]] = []
    known, sent = reference(run.record), sent_words(run)
    for number in np.unique(known.channel).tolist():
        here = np.flatnonzero((known.channel == number) & sent)
        here = here[np.argsort(known.start_s[here], kind="stable")]
        found, word, index, count = tokens_of((known.word[k] for k in here), choice)
        tokens += found
        rows.append(here[word])
        channels.append(np.full(len(found), number))
        times.append(shared(known.start_s[here][word], known.end_s[here][word], index, count))
    none: Ints = np.empty(0, dtype="int64")
    nothing: Floats = np.empty(0)
    return Spoken(
        np.concatenate([none, *rows]),
        tokens,
        np.concatenate([none, *channels]),
        np.concatenate([nothing, *(start_s for start_s, _ in times)]),
        np.concatenate([nothing, *(end_s for _, end_s in times)]),
    )


def _places(found: Milestones, channel: Ints, spoken: Spoken) -> tuple[Ints, Ints]:
    """Positions in the reference of each token: of the same one, and of what was spoken there."""
    equal, place = np.full(len(channel), -1), np.full(len(channel), -1)
    for number in np.unique(spoken.channel).tolist():
        known = np.flatnonzero(spoken.channel == number)
        heard = np.flatnonzero(channel == number)
        if not np.isnan(found.end_s[heard]).any():
            heard = heard[np.argsort(found.start_s[heard], kind="stable")]
        left, left_s = [spoken.token[k] for k in known], spoken.end_s[known]
        right, right_s = [found.texts[code] for code in found.code[heard]], found.end_s[heard]
        pairs_of = (
            align_edits(left, right)
            if np.isnan(right_s).any()
            else align_in_time(left, right, left_s.tolist(), right_s.tolist(), MATCH_WITHIN_S)
        )
        pairs = np.array(pairs_of, dtype="int64")
        same = pairs >= 0
        equal[heard[same]] = known[pairs[same]]
        # What is left between two matches, in the same order and at the same time.
        taken = np.zeros(len(left), dtype=bool)
        taken[pairs[same]] = True
        free, others = np.flatnonzero(~taken), np.flatnonzero(~same)
        between = np.array(
            align_in_time(
                np.cumsum(taken)[free].tolist(),
                np.cumsum(same)[others].tolist(),
                left_s[free].tolist(),
                right_s[others].tolist(),
                SEEN_WITHIN_S,
            ),
            dtype="int64",
        )
        place[heard[others[between >= 0]]] = known[free[between[between >= 0]]]
    return equal, np.where(equal >= 0, equal, place)


def _first_correct(
    found: Milestones, told: Bools, spoken: Spoken, equal: Ints, place: Ints
) -> tuple[Ints, Ints]:
    """First sight, and first sight of the correct token in partials; -1 for never."""
    first_seen, first_correct = found.first_seen.copy(), found.first_seen.copy()
    first_correct[told & (equal < 0)] = -1
    wrong = np.flatnonzero((equal < 0) & (place >= 0))
    if not len(wrong):
        return first_seen, first_correct
    codes = {text: code for code, text in enumerate(found.texts)}
    wanted = np.array([codes.get(spoken.token[k], -1) for k in place[wrong]], dtype="int64")
    size = len(found.texts) + 1
    keys = found.other * size + found.other_code
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    low = np.searchsorted(keys, found.utterance[wrong] * size + wanted)
    high = np.searchsorted(keys, found.utterance[wrong] * size + wanted, side="right")
    for k in np.flatnonzero((low < high) & (wanted >= 0)).tolist():
        token = int(wrong[k])
        at = order[low[k] : high[k]]
        showing = found.other_showing[at]
        # Not where the final's token stands beside it: that is another place.
        free = ~_contains(found.seen, showing * max(len(found.word), 1) + token)
        free &= ~(np.abs(found.other_start_s[at] - found.start_s[token]) > SEEN_WITHIN_S)
        if free.any():
            seen_ns = int(found.showing_ns[showing[free][0]])
            first_correct[token] = seen_ns
            first_seen[token] = (
                seen_ns if first_seen[token] < 0 else min(first_seen[token], seen_ns)
            )
    return first_seen, first_correct


def _contains(sorted_: Ints, keys: Ints) -> Bools:
    if not len(sorted_):
        return np.zeros(len(keys), dtype=bool)
    at = np.minimum(np.searchsorted(sorted_, keys), len(sorted_) - 1)
    found: Bools = sorted_[at] == keys
    return found
