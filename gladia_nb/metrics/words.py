"""Each word of the transcript once: when it was seen first, when it was final, and what it is."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.matching import MATCH_WITHIN_S
from gladia_nb.metrics.base.milestones import SEEN_WITHIN_S
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.spoken import spoken_words
from gladia_nb.metrics.words_heard import heard_words
from gladia_nb.record.arrays import reference, utterances
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept_frame
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "MATCH_RATE",
    "MATCH_WITHIN_S",
    "SEEN_WITHIN_S",
    "WORD_TIMES",
    "WordCount",
    "match_rate",
    "word_counts",
    "word_times",
]

Ints = npt.NDArray[np.int64]

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
    speaks for few of them. Words of a channel that the audio has not are found nowhere. Words
    behind the audio that was sent, as of a session that was stopped, are not counted, and what the
    normaliser makes nothing of is no word.

    Args:
        run: the run.
        normaliser: what makes words equal; see `word_times`.

    Known for the granularity `word` only.

    Returns:
        Columns in `MATCH_RATE`, by channel; without a reference that has words no rows.
    """
    choice = chosen(run, normaliser)
    counts = word_counts(run, choice)
    return to_frame(
        {
            "channel": [count.channel for count in counts],
            "reference_words": [count.spoken for count in counts],
            "matched": [count.matched for count in counts],
            "wrong": [count.placed - count.matched for count in counts],
            "missing": [count.spoken - count.placed for count in counts],
            "rate": [c.matched / c.spoken if c.spoken else np.nan for c in counts],
            "normaliser": [choice.name] * len(counts),
        },
        MATCH_RATE,
    )


class WordCount(NamedTuple):
    """Words of the reference in one channel: all, those found in a final, those replaced or found.

    Example:
        >>> WordCount(0, spoken=131, matched=129, placed=130).matched
        129
    """

    channel: int
    spoken: int
    matched: int
    placed: int


def word_counts(run: RunData, choice: Normaliser) -> list[WordCount]:
    """What `match_rate` says, by channel; nothing without a reference that has words."""
    spoken, channel = spoken_words(run, choice), reference(run.record).channel
    if not len(channel):
        return []
    own = channel[spoken.row]
    there = spoken.is_final & (spoken.held >= 0)
    return [
        WordCount(
            number,
            int((own == number).sum()),
            int((own[there & spoken.equal] == number).sum()),
            int((own[there] == number).sum()),
        )
        for number in sorted({*channel.tolist(), *heard_words(run, choice).channel.tolist()})
    ]


def _word_times(run: RunData, choice: Normaliser) -> pd.DataFrame:
    found = heard_words(run, choice)
    names = np.empty(len(ids := utterances(run.record).id), dtype=object)
    names[:] = ids
    same = np.zeros(len(found.utterance), dtype="int64")
    return to_frame(
        {
            **found._asdict(),
            "utterance_id": names[found.utterance],
            "trigger": pd.array(found.trigger, dtype="str"),
            "reference": _numbers(found.reference),
            "place": _numbers(found.place),
            "correct": pd.array(found.correct, dtype="str"),
            "normaliser": pd.array([choice.name], dtype="str").take(same),
        },
        WORD_TIMES,
    )


def _numbers(rows: Ints) -> pd.arrays.IntegerArray:
    """Numbers of rows; missing where they are -1."""
    return pd.arrays.IntegerArray(np.maximum(rows, 0), rows < 0)
