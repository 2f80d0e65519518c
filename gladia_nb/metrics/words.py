"""Each word of the transcript once: when it was seen first, when it was final, and what it is."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.matching import MATCH_WITHIN_S, Matched, matched
from gladia_nb.metrics.base.milestones import SEEN_WITHIN_S
from gladia_nb.metrics.base.scripts import joined
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.spoken import first_of_words, of_words, settled, spoken_words
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
Objects = npt.NDArray[np.object_]

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
        "reformed": "bool",  # a partial has the same in another form: "21" for "twenty-one"
        "normaliser": "str",  # what makes words equal
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
        "normaliser": "str",  # what makes words equal
    }
)


def word_times(run: RunData, *, normaliser: Choice = "basic") -> pd.DataFrame:
    """One row a word of every final, with the arrivals of its milestones.

    A partial *shows* a word of the final when it is found there if both are aligned: equal words,
    in the same order, starts at most `SEEN_WITHIN_S` apart, as many pairs as can be, then the
    nearest ones; by edit distance alone where the service gives no times. Without the limit a word
    could be "seen" seconds before it is spoken, in a partial that had the same word elsewhere. Only
    partials with the channel and id of the final count, and only those in front of the first final,
    which is the last word about an utterance.

    What makes words equal is the normaliser (`metrics.base.text`), and it makes *tokens* of them:
    "21" is two, and so is a word of two Chinese characters, which share its time evenly. All is
    compared token by token; a word has each milestone when the last of its tokens has it.

    A final that is forced may cut off a word that its partials had, and the next utterance's final
    has it then, or both have: such a word was first seen in the earlier utterance. The rule, by the
    time of the audio, is that of `metrics.base.handover`.

    * `first_seen_s`: the first transcript that shows the word, whether or not it vanished again. A
      word that no partial showed is seen in the final.
    * `first_correct_s`: the first transcript, partial or final, that shows the *correct* word at
      this place. That is the word of the reference that stands here (`place`); where the channel
      has no reference, the final's word itself. NaN, for never, where the final has it wrong and no
      partial had it right. A correct word that a final took away again had yet been seen: it counts
      for `first_seen_s` as well.
    * `stable_s`: the arrival from which on every partial shows the word, up to and including the
      final; what vanishes and comes again is stable from its last return. The final itself, when
      the last partial did not show it. Normalised, because finals are formatted and partials need
      not be; `stable_raw_s` is the same for the word as it is written. NaN without a final: it
      might still have changed.
    * `final_s`: the first final of the utterance.

    Each is at or behind the one above it, where both exist.

    What the normaliser makes nothing of (a dash) is no word and has no row. An utterance that never
    became final has a row for each word of its last partial, with `is_final` false: it is waited
    for in vain, which a latency must not hide. Words that the service says again under another id
    (after a lost connection) have rows of their own; the reference matches only one of them.

    `reference` is found for each channel on its own with `align_in_time`: equal words, the same
    order, ends at most `MATCH_WITHIN_S` apart. `place` gives, in addition, words that were heard
    wrong the word that was spoken at that time: between two matches in the same order, ends at most
    `SEEN_WITHIN_S` apart. In a channel of which some words came without times both are found by
    their order alone (`align_edits`), and there is no `place` but that of equal words. A word that
    stands for several of the reference has the last of them, and all of them in `correct`.

    Args:
        run: the run.
        normaliser: `basic`, `raw`, `whisper`, or a function of your own.

    Returns:
        Columns in `WORD_TIMES`, in the order of the utterances.

    Raises:
        ConfigError: there is no such normaliser, or it is not installed.

    Example:
        `word_times(run).eval("stable_s - first_seen_s").describe()`
    """
    choice = chosen(run, normaliser)
    name = f"word_times {choice.key}"
    return kept_frame(run.record, name, lambda: _word_times(run, choice))


def match_rate(run: RunData, *, normaliser: Choice = "basic") -> pd.DataFrame:
    """How many reference words were found again in the finals, by channel.

    A latency with the anchor `reference` is known for these words only; a low rate means that it
    speaks for few of them. Words of a channel that the audio has not, or behind its end, are found
    nowhere, and what the normaliser makes nothing of is no word.

    Args:
        run: the run.
        normaliser: what makes words equal; see `word_times`.

    Known for the granularity `word` only.

    Returns:
        Columns in `MATCH_RATE`, by channel; without a reference that has words no rows.
    """
    choice = chosen(run, normaliser)
    spoken, reference = spoken_words(run, choice), run.reference["channel"].to_numpy()
    channels: list[int] = []
    if len(reference):
        channels = sorted({*reference.tolist(), *word_times(run, normaliser=choice)["channel"]})
    own = reference[spoken.row]
    there = spoken.is_final & (spoken.held >= 0)
    counts = {
        name: [int((own[among] == channel).sum()) for channel in channels]
        for name, among in (
            ("all", np.ones(len(own), dtype=bool)),
            ("matched", there & spoken.equal),
            ("placed", there),
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
            "normaliser": [choice.name] * len(channels),
        },
        MATCH_RATE,
    )


def _word_times(run: RunData, choice: Normaliser) -> pd.DataFrame:
    found, said, shown = matched(run, choice), words(run.record), transcripts(run.record)
    tokens, first = found.found, first_of_words(found)
    rows, word = tokens.utterance[first], tokens.word[first]
    target = shown.message[tokens.target[rows]]
    utterances, t0 = run.utterances, run.record.t0_ns
    seen, correct, final_ns = (of_words(stamps, first) for stamps in settled(run, found))
    stable, stable_raw = (of_words(s, first) for s in (tokens.stable, tokens.stable_raw))
    reference, place, right = _references(run, found, first)
    written = _texts(said.text.levels, said.text.codes[word])
    # Whether any of the tokens of a word is.
    reformed = of_words(-tokens.reformed.astype("int64"), first) < 0

    def seconds(stamp_ns: Ints) -> Floats:
        return np.where(stamp_ns >= 0, (stamp_ns - (t0 or 0)) / 1e9, np.nan)

    return to_frame(
        {
            "channel": shown.channel[rows],
            "utterance_id": _texts(shown.id, rows),
            "position": word - said.first[target],
            "word": written,
            "start_s": said.start_s[word],
            "end_s": said.end_s[word],
            "is_final": utterances["is_final"].to_numpy()[rows],
            "first_seen_s": seconds(seen),
            "first_correct_s": seconds(correct),
            "stable_s": seconds(np.where(final_ns >= 0, stable, -1)),
            "stable_raw_s": seconds(np.where(final_ns >= 0, stable_raw, -1)),
            "final_s": seconds(final_ns),
            "trigger": utterances["trigger"].array[rows],
            "reference": pd.array(np.where(reference < 0, 0, reference), "Int64"),
            "place": pd.array(np.where(place < 0, 0, place), "Int64"),
            "correct": _correct(written, right),
            "reformed": reformed,
            "normaliser": pd.array([choice.name], dtype="str").take(np.zeros(len(rows), "int64")),
        },
        WORD_TIMES,
    ).assign(
        reference=lambda t: t["reference"].mask(reference < 0),
        place=lambda t: t["place"].mask(place < 0),
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
    spoken = _texts(run.reference["word"].tolist(), np.arange(len(run.reference)))
    right[places >= 0] = spoken[places[places >= 0]]
    for k in np.flatnonzero((last > first) & (places >= 0)).tolist():
        mine = dict.fromkeys(place[first[k] : last[k] + 1].tolist())
        right[k] = joined([spoken[row] for row in mine if row >= 0])
    equal = np.where(whole, equal[last], -1)
    return equal, np.where(whole, equal, places), right


def _correct(written: Objects, right: Objects) -> Any:
    own = np.array([item is True for item in right], dtype=bool)
    return pd.array(np.where(own, written, right), dtype="str")
