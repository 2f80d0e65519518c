"""Each word of the transcript once: when it was seen first, when it was final, and what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from gladia_nb.frames import Schema
from gladia_nb.metrics.align import align_edits, align_in_time
from gladia_nb.metrics.text import normalise

if TYPE_CHECKING:
    from gladia_nb.run import Run

__all__ = [
    "MATCH_RATE",
    "MATCH_WITHIN_S",
    "SEEN_WITHIN_S",
    "WORD_TIMES",
    "match_rate",
    "to_frame",
    "word_times",
]

#: Seconds between the ends of a word and of its reference beyond which they are not the same.
MATCH_WITHIN_S = 2.0

#: Seconds between the starts of a word in a partial and in the final beyond which they are not the
#: same. Starts hardly move between the two; the end of the newest word of a partial does.
SEEN_WITHIN_S = 0.5

#: One row a word of every final, and of the last partial of every utterance without a final.
WORD_TIMES: Schema = MappingProxyType(
    {
        "channel": "int64",
        "id": "str",
        "position": "int64",  # in that transcript, from 0
        "word": "str",
        "start_s": "float64",  # audio time, as the service says
        "end_s": "float64",
        "is_final": "bool",  # whether a final with it came
        "first_partial_s": "float64",  # arrival, since audio position 0 was spoken; NaN for never
        "final_s": "float64",
        "trigger": "str",  # why the final came
        "reference": "Int64",  # its row of `run.reference`; missing without a match
    }
)

#: One row a channel of the reference, or of the transcript.
MATCH_RATE: Schema = MappingProxyType(
    {
        "channel": "int64",
        "reference_words": "int64",
        "matched": "int64",  # of them, found in a final
        "rate": "float64",  # matched / reference words; NaN for none of 0
    }
)


def to_frame(columns: Mapping[str, Any], schema: Schema) -> pd.DataFrame:
    """Columns as a DataFrame of a schema, also when they are empty."""
    return pd.DataFrame({name: pd.Series(columns[name], dtype=schema[name]) for name in schema})


def word_times(run: Run) -> pd.DataFrame:
    """One row a word of every final, with the arrivals of its milestones.

    `first_partial_s` is the arrival of the first partial of the same channel and id in which the
    word is found when that partial is aligned with the final (equal words, blind to case and
    punctuation, the same order, starts at most `SEEN_WITHIN_S` apart; by edit distance alone where
    the service gives no times): the first sight of it, whether or not it vanished again. Without
    the limit a word can be "seen" seconds before it is spoken, in a partial that had the same word
    elsewhere. `final_s` is the arrival of the first final of the utterance. A token without a
    letter or a digit is no word and has no row.

    An utterance that never became final has a row for each word of its last partial, with
    `is_final` false: it is waited for in vain, which a latency must not hide.

    `reference` is found for each channel on its own with `align_in_time`: equal words, the same
    order, ends at most `MATCH_WITHIN_S` apart.

    Returns:
        Columns in `WORD_TIMES`, in the order of the utterances.
    """
    columns: dict[str, list[Any]] = {name: [] for name in WORD_TIMES}
    spoken = _transcripts(run)
    utterances = run.utterances
    facts = zip(
        utterances["channel"],
        utterances["id"],
        utterances["is_final"],
        utterances["trigger"],
        strict=True,
    )
    for channel, ident, is_final, trigger in facts:
        shown = spoken.get((channel, ident), [])
        last = next((t for t in shown if t.is_final == is_final), None)
        if last is None:
            continue
        if not is_final:
            last = shown[-1]
        first_s = _first_seen(last, [t for t in shown if not t.is_final])
        for k, position in enumerate(last.position):
            row = {
                "channel": channel,
                "id": ident,
                "position": position,
                "word": last.word[k],
                "start_s": last.start_s[k],
                "end_s": last.end_s[k],
                "is_final": is_final,
                "first_partial_s": first_s[k],
                "final_s": last.recv_s if is_final else np.nan,
                "trigger": trigger if isinstance(trigger, str) else None,
                "reference": None,
            }
            for name, value in row.items():
                columns[name].append(value)
    table = to_frame(columns, WORD_TIMES)
    table["reference"] = _reference_rows(table, run.reference)
    return table


def match_rate(run: Run) -> pd.DataFrame:
    """How many reference words were found again in the finals, by channel.

    A latency with the anchor `reference` is known for these words only; a low rate means that it
    speaks for few of them.

    Returns:
        Columns in `MATCH_RATE`, by channel; without a reference no rows.
    """
    reference, table = run.reference, word_times(run)
    found = table["reference"][table["is_final"]].dropna().astype("int64").to_numpy()
    channels = sorted(set(reference["channel"]) | set(table["channel"])) if len(reference) else []
    words = [int((reference["channel"] == channel).sum()) for channel in channels]
    hits = [int((reference["channel"].iloc[found] == channel).sum()) for channel in channels]
    rates = [hit / n if n else np.nan for hit, n in zip(hits, words, strict=True)]
    return to_frame(
        {"channel": channels, "reference_words": words, "matched": hits, "rate": rates}, MATCH_RATE
    )


class _Transcript(NamedTuple):
    """One transcript; its words without what is only punctuation."""

    is_final: bool
    recv_s: float
    position: list[int]
    word: list[str]
    token: list[str]
    start_s: list[float]
    end_s: list[float]


def _transcripts(run: Run) -> dict[tuple[int, str], list[_Transcript]]:
    """All transcripts that have words, by channel and id, in the order of arrival."""
    found: dict[tuple[int, str], list[_Transcript]] = {}
    names = "message channel id is_final recv_s position word start_s end_s".split()
    rows: Iterator[tuple[Any, ...]] = zip(*(run.words[n].tolist() for n in names), strict=True)
    for _, group in groupby(rows, key=itemgetter(0)):
        words = list(group)
        _, channel, ident, is_final, recv_s, *_ = words[0]
        kept = [(row, token) for row in words if (token := normalise(row[6]))]
        found.setdefault((channel, ident), []).append(
            _Transcript(
                is_final,
                recv_s,
                [row[5] for row, _ in kept],
                [row[6] for row, _ in kept],
                [token for _, token in kept],
                [row[7] for row, _ in kept],
                [row[8] for row, _ in kept],
            )
        )
    return found


def _first_seen(last: _Transcript, partials: list[_Transcript]) -> list[float]:
    """Arrival of the first of the partials that contains each word, or NaN."""
    first = [np.nan] * len(last.token)
    missing = len(first)
    for partial in partials:
        if not missing:
            break
        if np.isnan([*partial.start_s, *last.start_s]).any():
            found = align_edits(partial.token, last.token)
        else:
            found = align_in_time(
                partial.token, last.token, partial.start_s, last.start_s, SEEN_WITHIN_S
            )
        for k, source in enumerate(found):
            if source >= 0 and np.isnan(first[k]):
                first[k] = partial.recv_s
                missing -= 1
    return first


def _reference_rows(table: pd.DataFrame, reference: pd.DataFrame) -> pd.Series:
    rows = pd.Series(pd.NA, index=table.index, dtype="Int64")
    for channel in sorted(set(reference["channel"])):
        known = reference[reference["channel"] == channel].sort_values("start_s", kind="stable")
        spoken = table[table["channel"] == channel].sort_values("start_s", kind="stable")
        found = align_in_time(
            [normalise(word) for word in known["word"]],
            [normalise(word) for word in spoken["word"]],
            known["end_s"].tolist(),
            spoken["end_s"].tolist(),
            MATCH_WITHIN_S,
        )
        for index, at in zip(spoken.index, found, strict=True):
            if at >= 0:
                rows[index] = known.index[at]
    return rows
