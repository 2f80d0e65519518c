"""The rows of `latency` as plain arrays: which word or utterance, and its moments on each clock.

Rows that share their names are a block: one milestone, by one anchor, on one clock. What a row is
of, a word or an utterance, stands once, and the rows of all blocks point to it: hours of words have
millions of rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.clocks import acknowledged_s, captured_s, first_chunks, sent_s
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.spoken import SpokenWords, spoken_words
from gladia_nb.metrics.waits import ANCHORS, Measure, utterance_measures, with_events, word_measures
from gladia_nb.metrics.words_heard import HeardWords, heard_words
from gladia_nb.record.arrays import Reference, Utterances, reference, utterances
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept

__all__ = ["BEHIND_AUDIO_S", "BLOCK_NAMES", "Block", "LatencyRows", "Owners", "latency_rows"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Objects = npt.NDArray[np.object_]

#: Seconds by which a word may end behind the audio, by the service's times, and still be placed.
BEHIND_AUDIO_S = 0.25

#: The columns that all rows of a block have in common.
BLOCK_NAMES = ("name", "unit", "milestone", "since", "clock", "anchor")


class Owners(NamedTuple):
    """Words and utterances that rows can be of, kind by kind; shapes `(o,)`.

    Attributes:
        channel: of the audio.
        utterance: number of its utterance in `ids`, or -1.
        ids: the service's names of all utterances; shape `(u,)`.
        position: of the word in the final, or -1.
        word: as it is written, or None.
        reference: row of the reference, or -1.
        trigger: why the final came, or None.
    """

    channel: Ints
    utterance: Ints
    ids: Objects
    position: Ints
    word: Objects
    reference: Ints
    trigger: Objects


class Block(NamedTuple):
    """Rows that share their names.

    Attributes:
        names: what each of `BLOCK_NAMES` says.
        rows: what they are of: positions in `Owners`; shape `(r,)` like all that follow.
        anchor_s: audio time of what they are counted from; NaN where that is an arrival.
        anchor_clock_s: the same on the clock; NaN where it is unknown.
        event_s: arrival of the milestone; NaN for never.
        behind_audio: whether the anchor lies a little behind the audio that was sent.
    """

    names: Mapping[str, str]
    rows: Ints
    anchor_s: Floats
    anchor_clock_s: Floats
    event_s: Floats
    behind_audio: Bools

    @property
    def latency_ms(self) -> Floats:
        """From the anchor to the event, signed."""
        return (self.event_s - self.anchor_clock_s) * 1e3


class LatencyRows(NamedTuple):
    """All rows of a run.

    Attributes:
        session_id: of the run.
        normaliser: what makes words equal.
        owners: what the rows are of.
        blocks: the rows.
    """

    session_id: str | None
    normaliser: str
    owners: Owners
    blocks: tuple[Block, ...]


def latency_rows(
    run: RunData,
    choice: Normaliser,
    anchor: str | None = None,
    speech: pd.DataFrame | None = None,
) -> LatencyRows:
    """The rows of `gladia_nb.latency`, which says what they mean; kept with the record.

    Args:
        run: the run.
        choice: what makes words equal.
        anchor: one of `ANCHORS`; None for all that can be told.
        speech: spans of speech, for the anchor `vad`; nothing is kept with these.
    """
    if speech is not None:
        return _rows(run, choice, anchor, speech)
    name = f"latency rows {anchor} {choice.key}"
    return kept(run.record, name, lambda: _rows(run, choice, anchor, None))


def _rows(
    run: RunData, choice: Normaliser, anchor: str | None, speech: pd.DataFrame | None
) -> LatencyRows:
    words, spoken = heard_words(run, choice), spoken_words(run, choice)
    told, known = utterances(run.record), reference(run.record)
    kinds = {
        "word": _of_words(words),
        "utterance": _of_utterances(told),
        "lost word": _lost(known),
        "held word": _held(known, words, spoken),
    }
    blocks: list[Block] = []
    if run.record.t0_ns is not None:
        wanted = ANCHORS if anchor is None else (anchor,)
        waited = with_events(run, words, choice)
        measures = [
            *word_measures(run, words, spoken, wanted),
            *utterance_measures(run, words, spoken, waited, wanted=wanted, speech=speech),
        ]
        ends = np.cumsum([len(kind.channel) for kind in kinds.values()]).tolist()
        offsets = dict(zip(kinds, [0, *ends], strict=False))
        end_s = _end_of_audio(run)
        for measure in measures:
            blocks += _blocks(run, measure, offsets[measure.unit], end_s)
    return LatencyRows(run.session_id, choice.name, _joined(told, kinds), tuple(blocks))


_CLOCKS: Mapping[str, Callable[[RunData, Floats], Floats]] = {
    "send": sent_s,
    "capture": captured_s,
    "ack": acknowledged_s,
}


def _blocks(run: RunData, measure: Measure, offset: int, end_s: float) -> Iterator[Block]:
    """A measure on all its clocks."""
    beyond = np.zeros(len(measure.rows), dtype=bool)
    if measure.anchor == "service":
        beyond = (measure.anchor_s > end_s) & (measure.anchor_s <= end_s + BEHIND_AUDIO_S)
    held_s = np.where(beyond, end_s, measure.anchor_s)
    moments: Mapping[str, Floats] = (
        {
            clock: moment(run, measure.anchor_s if clock == "capture" else held_s)
            for clock, moment in _CLOCKS.items()
        }
        if measure.since_s is None
        else {"arrival": measure.since_s}
    )
    rows = measure.rows + offset
    unit = measure.unit.rpartition(" ")[2]
    for clock, anchor_clock_s in moments.items():
        name = f"{measure.since} -> {measure.milestone} @{clock}"
        texts = (name, unit, measure.milestone, measure.since, clock, measure.anchor)
        names = dict(zip(BLOCK_NAMES, texts, strict=True))
        yield Block(names, rows, measure.anchor_s, anchor_clock_s, measure.event_s, beyond)


class _Kind(NamedTuple):
    """Words, or utterances, as in `Owners`."""

    channel: Ints
    utterance: Ints
    position: Ints
    word: Objects
    reference: Ints
    trigger: Objects


def _joined(told: Utterances, kinds: Mapping[str, _Kind]) -> Owners:
    columns: Iterator[Any] = map(np.concatenate, zip(*kinds.values(), strict=True))
    whole = _Kind(*columns)
    ids = np.empty(len(told.id), dtype=object)
    ids[:] = told.id
    return Owners(ids=ids, **whole._asdict())


def _of_words(words: HeardWords) -> _Kind:
    return _Kind(
        words.channel, words.utterance, words.position, words.word, words.place, words.trigger
    )


def _of_utterances(told: Utterances) -> _Kind:
    n = len(told.id)
    nothing, nobody = np.full(n, -1), np.full(n, None, dtype=object)
    return _Kind(told.channel, np.arange(n), nothing, nobody, nothing, told.trigger)


def _lost(known: Reference) -> _Kind:
    """The words of the reference, as those that no final holds."""
    n = len(known.word)
    nothing, written = np.full(n, -1), np.empty(n, dtype=object)
    written[:] = known.word
    nobody = np.full(n, None, dtype=object)
    return _Kind(known.channel, nothing, nothing, written, np.arange(n), nobody)


def _held(known: Reference, words: HeardWords, spoken: SpokenWords) -> _Kind:
    """The words of the reference, as those that stand in their places."""
    if not len(words.channel):
        return _lost(known)
    at = np.zeros(len(known.word), dtype="int64")
    at[spoken.row] = np.maximum(spoken.held, 0)
    columns: Iterator[Any] = (column[at] for column in _of_words(words))
    held = _Kind(*columns)
    return held._replace(reference=np.arange(len(at)))


def _end_of_audio(run: RunData) -> float:
    """Audio time behind the last sample that was sent; inf when none was."""
    ends = first_chunks(run).end_s
    return float(ends.max()) if len(ends) else math.inf
