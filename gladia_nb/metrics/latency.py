"""How long after it was spoken did it come: each word and each utterance, on two clocks."""

from __future__ import annotations

from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.frames import Schema
from gladia_nb.metrics.clocks import captured_s, sent_s
from gladia_nb.metrics.words import to_frame, word_times

if TYPE_CHECKING:
    from gladia_nb.run import Run

__all__ = ["LATENCY", "latency"]

#: One row a word or utterance, milestone, anchor and clock.
LATENCY: Schema = MappingProxyType(
    {
        "name": "str",  # both events and the clock: "word_end -> final @send"
        "unit": "str",  # word or utterance
        "milestone": "str",  # first_partial, last_partial, final: the event that was waited for
        "since": "str",  # word_end, speech_start, speech_end: the event it is counted from
        "clock": "str",  # send: when the audio was sent; capture: when it was spoken
        "anchor": "str",  # who says when `since` was: the reference, or the service itself
        "channel": "int64",
        "id": "str",
        "position": "Int64",  # of the word in the final; missing for utterances
        "word": "str",  # missing for utterances
        "anchor_s": "float64",  # audio time of `since`
        "anchor_clock_s": "float64",  # the same on the clock, since audio position 0 was spoken
        "event_s": "float64",  # arrival of the milestone, on the same scale; NaN: it never came
        "latency_ms": "float64",  # event_s - anchor_clock_s, signed
        "trigger": "str",  # why the final came; missing when it cannot be told, or never came
    }
)

_WORD_MILESTONES = (("word_end", "first_partial"), ("word_end", "final"))
_UTTERANCE_MILESTONES = (
    ("speech_start", "first_partial"),
    ("speech_end", "last_partial"),
    ("speech_end", "final"),
)


def latency(run: Run) -> pd.DataFrame:
    """Every latency of a run, one row each.

    Words: from the end of a word to the first partial that shows it, and to the final (word
    emission latency; for what counts as showing it see `word_times`). Utterances: from the start
    of speech to the first partial, and from the end of speech to the last partial and to the final.

    Anchors: `service` takes the times of the final itself (of the last partial, if no final came).
    `reference` takes the words that were really spoken, where the run has them: a word is anchored
    by the one it was matched with, an utterance by the first and the last of those that were
    matched with its words or lie in the middle of it unmatched. What matches nothing has no row.

    Clocks: `send` counts from when the chunk that holds the anchor was sent, so that the pacing of
    the client drops out; `capture` from when the anchor was spoken, which is what a speaker feels.

    Nothing is clamped or left out. A negative latency is one: the text came before the anchor. A
    milestone that never came has `event_s` NaN and is *censored*: its latency is greater than any
    that was seen. An anchor that lies behind the audio that was sent has `anchor_clock_s` NaN and
    its latency is unknown. Partials that were not asked for are not waited for.

    Finals with the trigger `stop` or `max_duration` were not caused by the end of speech: keep them
    apart (`summary` does).

    Args:
        run: the run.

    Returns:
        Columns in `LATENCY`; words before utterances, then by milestone, anchor and clock.

    Example:
        `latency(run).query("name == 'word_end -> final @send'")["latency_ms"].median()`
    """
    words = word_times(run)
    blocks = [to_frame({name: [] for name in LATENCY}, LATENCY)]
    if run.record.t0_ns is not None:
        blocks += _word_blocks(run, words) + _utterance_blocks(run, words)
    return pd.concat([block for block in blocks if len(block)] or blocks, ignore_index=True)


def _word_blocks(run: Run, words: pd.DataFrame) -> list[pd.DataFrame]:
    anchors = {"service": words["end_s"].to_numpy()}
    if len(run.reference):
        anchors = {"reference": _taken(run.reference["end_s"], words["reference"]), **anchors}
    blocks = []
    for (since, milestone), (anchor, anchor_s) in product(_WORD_MILESTONES, anchors.items()):
        kept = np.ones(len(words), dtype=bool)
        if milestone == "first_partial":
            # What never became final is not known to have been a word.
            kept = words["is_final"].to_numpy() & _partials_expected(run)
        if anchor == "reference":
            kept &= words["reference"].notna().to_numpy()
        blocks += _blocks(
            run,
            words[kept],
            anchor_s[kept],
            unit="word",
            since=since,
            milestone=milestone,
            anchor=anchor,
        )
    return blocks


def _utterance_blocks(run: Run, words: pd.DataFrame) -> list[pd.DataFrame]:
    utterances = run.utterances
    anchors = {"service": (utterances["start_s"].to_numpy(), utterances["end_s"].to_numpy())}
    if len(run.reference):
        anchors = {"reference": _spans(run, words), **anchors}
    blocks = []
    for (since, milestone), (anchor, spans) in product(_UTTERANCE_MILESTONES, anchors.items()):
        if milestone != "final" and not _partials_expected(run):
            continue
        anchor_s = spans[0] if since == "speech_start" else spans[1]
        kept = np.ones(len(utterances), dtype=bool)
        if anchor == "reference":
            kept = ~np.isnan(anchor_s)
        rows = utterances[kept].assign(position=pd.array([pd.NA] * kept.sum(), "Int64"), word=None)
        blocks += _blocks(
            run,
            rows,
            anchor_s[kept],
            unit="utterance",
            since=since,
            milestone=milestone,
            anchor=anchor,
        )
    return blocks


def _blocks(
    run: Run,
    rows: pd.DataFrame,
    anchor_s: npt.NDArray[np.float64],
    **what: str,
) -> list[pd.DataFrame]:
    """The rows of one measure, once for each clock."""
    event_s = rows[f"{what['milestone']}_s"].to_numpy()
    blocks = []
    for clock, moment in (("send", sent_s), ("capture", captured_s)):
        anchor_clock_s = moment(run, anchor_s)
        columns = {
            "name": [f"{what['since']} -> {what['milestone']} @{clock}"] * len(rows),
            **{name: [text] * len(rows) for name, text in (*what.items(), ("clock", clock))},
            **{n: rows[n].array for n in ("channel", "id", "position", "word", "trigger")},
            "anchor_s": anchor_s,
            "anchor_clock_s": anchor_clock_s,
            "event_s": event_s,
            "latency_ms": (event_s - anchor_clock_s) * 1e3,
        }
        blocks.append(to_frame(columns, LATENCY))
    return blocks


def _partials_expected(run: Run) -> bool:
    asked = (run.config.get("messages_config") or {}).get("receive_partial_transcripts", False)
    return bool(asked) or bool((run.utterances["n_partials"] > 0).any())


def _taken(values: pd.Series, rows: pd.Series) -> npt.NDArray[np.float64]:
    """Values at row numbers; NaN at missing ones."""
    taken = np.full(len(rows), np.nan)
    known = rows.notna().to_numpy()
    taken[known] = values.to_numpy()[rows[known].astype("int64")]
    return taken


def _spans(
    run: Run, words: pd.DataFrame
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Start and end of the reference words inside each utterance; NaN without any.

    Were only matched words taken, a wrong last word would put the end of speech a word too early.
    """
    reference, utterances = run.reference, run.utterances
    channels = reference["channel"].to_numpy()
    first_s, last_s = reference["start_s"].to_numpy(), reference["end_s"].to_numpy()
    middle_s = (first_s + last_s) / 2
    free = np.ones(len(reference), dtype=bool)
    matched = words[words["reference"].notna()]
    free[matched["reference"].astype("int64")] = False
    by_utterance = {
        key: group.astype("int64").to_numpy()
        for key, group in matched.groupby(["channel", "id"])["reference"]
    }
    starts, ends = np.full(len(utterances), np.nan), np.full(len(utterances), np.nan)
    facts = zip(*(utterances[n] for n in ("channel", "id", "start_s", "end_s")), strict=True)
    for k, (channel, ident, start, end) in enumerate(facts):
        inside = free & (channels == channel) & (middle_s >= start) & (middle_s <= end)
        inside[by_utterance.get((channel, ident), [])] = True
        if inside.any():
            starts[k], ends[k] = first_s[inside].min(), last_s[inside].max()
    return starts, ends
