"""Each word of the transcript once: when it was seen first, when it was final, and what it is."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.align import align_edits, align_in_time
from gladia_nb.metrics.base.milestones import SEEN_WITHIN_S, Milestones, milestones_of
from gladia_nb.metrics.base.text import normalise
from gladia_nb.record.columns import transcripts, words
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept_frame
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "MATCH_RATE",
    "MATCH_WITHIN_S",
    "SEEN_WITHIN_S",
    "WORD_TIMES",
    "match_rate",
    "word_times",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Seconds between the ends of a word and of its reference beyond which they are not the same.
MATCH_WITHIN_S = 2.0

#: One row a word of every final, and of the last partial of every utterance without a final.
WORD_TIMES: Schema = MappingProxyType(
    {
        "channel": "int64",
        "utterance_id": "str",
        "position": "int64",  # in that transcript, from 0
        "word": "str",
        "start_s": "float64",  # audio time, as the service says
        "end_s": "float64",
        "is_final": "bool",  # whether a final with it came
        "first_seen_s": "float64",  # arrivals, since audio position 0 was spoken; NaN for never
        "first_correct_s": "float64",
        "stable_s": "float64",
        "stable_raw_s": "float64",
        "final_s": "float64",
        "trigger": "str",  # why the final came
        "reference": "Int64",  # the row of `run.reference` that it equals; missing without a match
        "place": "Int64",  # the row of `run.reference` in whose place it stands, equal or not
        "correct": "str",  # the word that belongs there; missing where none was spoken
    }
)

#: One row a channel of the reference, or of the transcript.
MATCH_RATE: Schema = MappingProxyType(
    {
        "channel": "int64",
        "reference_words": "int64",
        "matched": "int64",  # of them, found in a final
        "wrong": "int64",  # of them, another word stands in their place in a final
        "missing": "int64",  # of them, nothing does
        "rate": "float64",  # matched / reference words; NaN for none of 0
    }
)


def word_times(run: RunData) -> pd.DataFrame:
    """One row a word of every final, with the arrivals of its milestones.

    A partial *shows* a word of the final when it is found there if both are aligned: equal words,
    blind to case and punctuation, in the same order, starts at most `SEEN_WITHIN_S` apart, as many
    pairs as can be, then the nearest ones; by edit distance alone where the service gives no times.
    Without the limit a word could be "seen" seconds before it is spoken, in a partial that had the
    same word elsewhere. Only partials with the channel and id of the final count, and only those in
    front of the first final, which is the last word about an utterance.

    * `first_seen_s`: the first transcript that shows the word, whether or not it vanished again. A
      word that no partial showed is seen in the final.
    * `first_correct_s`: the first transcript, partial or final, that shows the *correct* word at
      this place. That is the word of the reference that stands here (`place`); where the channel
      has no reference, the final's word itself. NaN, for never, where the final has it wrong and no
      partial had it right. A correct word that a final took away again had yet been seen: it counts
      for `first_seen_s` as well.
    * `stable_s`: the arrival from which on every partial shows the word, up to and including the
      final; what vanishes and comes again is stable from its last return. The final itself, when
      the last partial did not show it. Blind to case and punctuation, because finals are
      formatted and partials need not be; `stable_raw_s` is the same for the word as it is written.
      NaN without a final: it might still have changed.
    * `final_s`: the first final of the utterance.

    Each is at or behind the one above it, where both exist.

    A token without a letter or a digit is no word and has no row. An utterance that never became
    final has a row for each word of its last partial, with `is_final` false: it is waited for in
    vain, which a latency must not hide. Words that the service says again under another id (after a
    lost connection) have rows of their own; the reference matches only one of them.

    `reference` is found for each channel on its own with `align_in_time`: equal words, the same
    order, ends at most `MATCH_WITHIN_S` apart. `place` gives, in addition, words that were heard
    wrong the word that was spoken at that time: between two matches in the same order, ends at most
    `SEEN_WITHIN_S` apart. In a channel of which some words came without times both are found by
    their order alone (`align_edits`), and there is no `place` but that of equal words.

    Returns:
        Columns in `WORD_TIMES`, in the order of the utterances.

    Example:
        `word_times(run).eval("stable_s - first_seen_s").describe()`
    """
    return kept_frame(run.record, "word_times", lambda: _word_times(run))


def match_rate(run: RunData) -> pd.DataFrame:
    """How many reference words were found again in the finals, by channel.

    A latency with the anchor `reference` is known for these words only; a low rate means that it
    speaks for few of them. Words of a channel that the audio has not, or behind its end, are found
    nowhere.

    Known for the granularity `word` only.

    Returns:
        Columns in `MATCH_RATE`, by channel; without a reference that has words no rows.
    """
    reference, table = run.reference, word_times(run)
    channels = sorted(set(reference["channel"]) | set(table["channel"])) if len(reference) else []
    final = table[table["is_final"]]
    counts = {
        name: [int((reference["channel"].iloc[rows] == channel).sum()) for channel in channels]
        for name, rows in (
            ("matched", final["reference"].dropna().astype("int64").to_numpy()),
            ("placed", final["place"].dropna().astype("int64").to_numpy()),
            ("all", np.arange(len(reference))),
        )
    }
    facts = list(zip(counts["all"], counts["matched"], counts["placed"], strict=True))
    return to_frame(
        {
            "channel": channels,
            "reference_words": counts["all"],
            "matched": counts["matched"],
            "wrong": [placed - matched for _, matched, placed in facts],
            "missing": [n - placed for n, _, placed in facts],
            "rate": [matched / n if n else np.nan for n, matched, _ in facts],
        },
        MATCH_RATE,
    )


def _word_times(run: RunData) -> pd.DataFrame:
    found, said, shown = milestones_of(run.record), words(run.record), transcripts(run.record)
    utterances, reference, t0 = run.utterances, run.reference, run.record.t0_ns
    rows = found.utterance
    target = shown.message[found.target[rows]]
    is_final = utterances["is_final"].to_numpy()[rows]
    start_s, end_s = said.start_s[found.word], said.end_s[found.word]
    channel = shown.channel[rows]
    places = _places(channel, _texts(found.texts, found.code), start_s, end_s, reference)
    first_seen, first_correct = _first_correct(found, reference, places, channel, start_s)
    final_ns = np.where(is_final, utterances["final_ns"].fillna(-1).to_numpy()[rows], -1)
    right = (places.place < 0) & ~np.isin(channel, reference["channel"])
    right |= places.equal >= 0
    first_correct = np.where(right & (first_correct < 0), final_ns, first_correct)
    # What no partial showed is first seen in the final.
    first_seen = np.where(first_seen < 0, final_ns, first_seen)
    correct = pd.array(_texts(said.text.levels, said.text.codes[found.word]), dtype="str")
    spoken = places.place >= 0
    correct[~spoken & ~right] = None
    correct[spoken] = reference["word"].array[places.place[spoken]]

    def seconds(stamp_ns: Ints) -> Floats:
        return np.where(stamp_ns >= 0, (stamp_ns - (t0 or 0)) / 1e9, np.nan)

    if t0 is None:
        first_seen, first_correct, final_ns = (np.full(len(rows), -1) for _ in range(3))
    return to_frame(
        {
            "channel": channel,
            "utterance_id": _texts(shown.id, rows),
            "position": found.word - said.first[target],
            "word": _texts(said.text.levels, said.text.codes[found.word]),
            "start_s": start_s,
            "end_s": end_s,
            "is_final": is_final,
            "first_seen_s": seconds(first_seen),
            "first_correct_s": seconds(first_correct),
            "stable_s": seconds(np.where(final_ns >= 0, found.stable, -1)),
            "stable_raw_s": seconds(np.where(final_ns >= 0, found.stable_raw, -1)),
            "final_s": seconds(final_ns),
            "trigger": utterances["trigger"].array[rows],
            "reference": pd.array(np.where(places.equal < 0, 0, places.equal), "Int64"),
            "place": pd.array(np.where(spoken, places.place, 0), "Int64"),
            "correct": correct,
        },
        WORD_TIMES,
    ).assign(
        reference=lambda t: t["reference"].mask(places.equal < 0),
        place=lambda t: t["place"].mask(~spoken),
    )


def _texts(levels: list[str], codes: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    found = np.empty(len(levels), dtype=object)
    found[:] = levels
    return found[codes] if len(levels) else np.empty(0, dtype=object)


class _Places(NamedTuple):
    """Rows of the reference for each word, or -1."""

    equal: Ints  # the same word
    place: Ints  # the word that was spoken there


def _places(
    channel: Ints,
    tokens: npt.NDArray[np.object_],
    start_s: Floats,
    end_s: Floats,
    reference: pd.DataFrame,
) -> _Places:
    equal = np.full(len(channel), -1)
    place = np.full(len(channel), -1)
    for number in sorted(set(reference["channel"])):
        known = reference[reference["channel"] == number].sort_values("start_s", kind="stable")
        spoken = np.flatnonzero(channel == number)
        if not np.isnan(end_s[spoken]).any():
            spoken = spoken[np.argsort(start_s[spoken], kind="stable")]
        left = [normalise(word) for word in known["word"]]
        left_s, right_s = known["end_s"].to_numpy(), end_s[spoken]
        right, limit = tokens[spoken].tolist(), MATCH_WITHIN_S
        untimed = bool(np.isnan(right_s).any())
        pairs_of = (
            align_edits(left, right)
            if untimed
            else align_in_time(left, right, left_s.tolist(), right_s.tolist(), limit)
        )
        found = np.array(pairs_of, dtype="int64")
        rows, matched = known.index.to_numpy(), found >= 0
        equal[spoken[matched]] = rows[found[matched]]
        # What is left between two matches, in the same order and at the same time.
        taken = np.zeros(len(left), dtype=bool)
        taken[found[matched]] = True
        words_left = np.flatnonzero(~taken & np.array([bool(word) for word in left], dtype=bool))
        others = np.flatnonzero(~matched)
        pairs = np.array(
            align_in_time(
                np.cumsum(taken)[words_left].tolist(),
                np.cumsum(matched)[others].tolist(),
                left_s[words_left].tolist(),
                right_s[others].tolist(),
                SEEN_WITHIN_S,
            ),
            dtype="int64",
        )
        place[spoken[others[pairs >= 0]]] = rows[words_left[pairs[pairs >= 0]]]
    return _Places(equal, np.where(equal >= 0, equal, place))


def _first_correct(
    found: Milestones, reference: pd.DataFrame, places: _Places, channel: Ints, start_s: Floats
) -> tuple[Ints, Ints]:
    """First sight, and first sight of the correct word in partials; -1 for never."""
    first_seen, first_correct = found.first_seen.copy(), found.first_seen.copy()
    with_reference = np.isin(channel, reference["channel"])
    first_correct[with_reference & (places.equal < 0)] = -1
    wrong = np.flatnonzero((places.equal < 0) & (places.place >= 0))
    if not len(wrong):
        return first_seen, first_correct
    codes = {text: code for code, text in enumerate(found.texts)}
    spoken = reference["word"].array[places.place[wrong]]
    wanted = np.array([codes.get(normalise(word), -1) for word in spoken], dtype="int64")
    size = len(found.texts) + 1
    keys = found.other * size + found.other_code
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    low = np.searchsorted(keys, found.utterance[wrong] * size + wanted)
    high = np.searchsorted(keys, found.utterance[wrong] * size + wanted, side="right")
    for k in np.flatnonzero((low < high) & (wanted >= 0)).tolist():
        word = int(wrong[k])
        at = order[low[k] : high[k]]
        showing = found.other_showing[at]
        # Not where the final's word stands beside it: that is another place.
        free = ~_contains(found.seen, showing * max(len(found.word), 1) + word)
        free &= ~(np.abs(found.other_start_s[at] - start_s[word]) > SEEN_WITHIN_S)
        if free.any():
            seen_ns = int(found.showing_ns[showing[free][0]])
            first_correct[word] = seen_ns
            first_seen[word] = seen_ns if first_seen[word] < 0 else min(first_seen[word], seen_ns)
    return first_seen, first_correct


def _contains(sorted_: Ints, keys: Ints) -> npt.NDArray[np.bool_]:
    if not len(sorted_):
        return np.zeros(len(keys), dtype=bool)
    at = np.minimum(np.searchsorted(sorted_, keys), len(sorted_) - 1)
    found: npt.NDArray[np.bool_] = sorted_[at] == keys
    return found
