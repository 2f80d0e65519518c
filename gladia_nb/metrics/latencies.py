"""How long after it was spoken did it come: each word and each utterance, on three clocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.clocks import acknowledged_s, captured_s, sent_s
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.spoken import SpokenWords, spoken_words
from gladia_nb.metrics.vad import speech_of
from gladia_nb.metrics.waits import ANCHORS, Measure, utterance_measures, with_events, word_measures
from gladia_nb.metrics.words import word_times
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept_frame
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["ANCHORS", "CLOCKS", "LATENCY", "TRIGGERS", "latency"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Clocks of what is counted from a position of the audio, and the one between two arrivals.
CLOCKS = ("send", "capture", "ack", "arrival")

#: Why finals came, in the order of tables.
TRIGGERS = ("endpoint", "max_duration", "stop", "resume")

#: One row a word or utterance, milestone, anchor and clock.
LATENCY: Schema = MappingProxyType(
    {
        "name": "str",  # both events and the clock: "word_end -> final @send"
        "unit": "str",  # word or utterance
        "milestone": "str",  # the event that was waited for; see `latency`
        "since": "str",  # the event it is counted from
        "clock": "str",  # since the audio was sent, spoken (capture), acknowledged (ack); arrival
        "anchor": "str",  # who says when `since` was: reference, service, vad; or the stopwatch
        "run": "str",  # id of the session
        "channel": "int64",
        "utterance_id": "str",  # missing for a word that was spoken and that no final holds
        "position": "Int64",  # of the word in the final; missing for utterances
        "word": "str",  # missing for utterances
        "reference": "Int64",  # row of `run.reference` that a word is anchored by
        "anchor_s": "float64",  # audio time of `since`; NaN where that is an arrival
        "anchor_clock_s": "float64",  # the same on the clock, since audio position 0 was spoken
        "event_s": "float64",  # arrival of the milestone, on the same scale; NaN: it never came
        "latency_ms": "float64",  # event_s - anchor_clock_s, signed
        "trigger": "str",  # why the final came; missing when it cannot be told, or never came
        "behind_audio": "bool",  # the service says that it ended behind the audio that was sent
        "normaliser": "str",  # what makes words equal
    }
)

#: Seconds by which a word may end behind the audio, by the service's times, and still be placed.
BEHIND_AUDIO_S = 0.25


def latency(
    run: RunData,
    *,
    anchor: str | None = None,
    audio: Audio | str | Path | pd.DataFrame | None = None,
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """Every latency of a run, one row each.

    Words, from the end of each: `first_seen`, to the first transcript that shows it (word emission
    latency); `first_correct`, to the first that shows the correct word; `stable`, to the one from
    which on it never changed; `final`, to the final, for which each word waits until the whole
    utterance has ended. What each means is said at `word_times`; how the field calls it, at
    `gladia_nb.glossary`.

    With the anchor `reference` every word that was spoken has a row for each milestone:

    * one that a final holds has the milestones of that word;
    * one in whose place a final holds another word (substituted) is `first_seen` and
      `first_correct` when a partial first showed it right, and never `stable` nor `final`;
    * one that no final holds (deleted) never came: `event_s` is NaN in all four, `utterance_id` and
      `position` are missing. It is not dropped, or losing words would look fast;
    * a word that was heard and not spoken (inserted) has no row here, since nobody said when it
      was; with the anchor `service` it has.

    Utterances:

    * `speech_start -> first_partial`: to the first partial that has a text.
    * `speech_end -> last_word_seen`: to the first transcript that shows the last word of the final
      (partial recognition latency). A final without words has no row.
    * `speech_end -> last_partial_message`: to the last partial, whatever it held: most often what
      had been shown before.
    * `speech_end -> end_of_speech_detected`: to the arrival of the service's own speech_end
      message. A final that was forced (`max_duration`) is amid speech and has no row.
    * `speech_end -> final`: time to the final segment.
    * `first_partial -> final`, `last_partial_message -> final`: between two arrivals.
    * `text_settled -> final`: from the first partial whose text equals that of the final, both
      normalised: how much earlier the final could have been known.

    Anchors: `service` takes the times of the final itself (of the last partial, if no final came).
    `reference` takes the words that were really spoken, where the run has them: a word is anchored
    by the one it was matched with (for `first_correct`, by the one in whose place it stands), an
    utterance by the first and the last of those that were matched with its words or lie in the
    middle of it unmatched. Of a reference that knows segments only, an utterance is anchored by
    those that it overlaps, and words are not; a text without times anchors nothing. `vad` takes the
    spans of speech that an offline voice activity detector
    finds in the audio (`speech_spans`); utterances only. What matches nothing has no row.

    Clocks: `send` counts from when the chunk that holds the anchor was sent, so that the pacing of
    the client drops out; `capture` from when the anchor was spoken, which is what a speaker feels;
    `ack` from when the acknowledgement of that chunk arrived. What is counted from an arrival has
    the clock `arrival` and the anchor `stopwatch`, and is left out when an anchor is asked for.

    Nothing is clamped or left out. A negative latency is one: the text came before the anchor. A
    milestone that never came has `event_s` NaN and is *censored*: its latency is greater than any
    that was seen. An anchor that lies behind the audio that was sent, was not acknowledged (`ack`),
    or never arrived has `anchor_clock_s` NaN and its latency is unknown. A service may say that the
    last word ended a little behind the audio: up to a quarter of a second the last chunk stands
    for it, and the row is marked `behind_audio`. Partials and speech events that were not asked for
    are not waited for.

    Finals with the trigger `stop` or `max_duration` were not caused by the end of speech: keep them
    apart (`summary` does).

    Args:
        run: the run.
        anchor: `reference`, `service` or `vad`; all that can be told by default.
        audio: what was sent, for `vad`, because a run does not hold it: sound, the path of a sound
            file, or spans from `speech_spans`.
        normaliser: what makes words equal; see `word_times`.

    Returns:
        Columns in `LATENCY`; words before utterances, then by milestone, anchor and clock.

    Raises:
        ConfigError: there is no such anchor or normaliser, `vad` has no audio, or the audio is
            another one than that of the run (length, rate or channels).
        AudioError: the sound file cannot be read.

    Example:
        `latency(run).query("name == 'word_end -> final @send'")["latency_ms"].median()`
    """
    if anchor is not None and anchor not in ANCHORS:
        raise ConfigError(f"There is no anchor {anchor!r}; there are {', '.join(ANCHORS)}.")
    if anchor == "vad" and audio is None:
        raise ConfigError(
            "A run does not hold its audio: give latency(..., anchor='vad', audio=...) the sound, "
            "its path, or spans from speech_spans."
        )
    choice = chosen(run, normaliser)
    if audio is not None:
        return _latency(run, choice, anchor, speech_of(run, audio))
    # The dearest table of all, which most others are made of.
    name = f"latency {anchor} {choice.key}"
    return kept_frame(run.record, name, lambda: _latency(run, choice, anchor, None))


def _latency(
    run: RunData, choice: Normaliser, anchor: str | None, speech: pd.DataFrame | None
) -> pd.DataFrame:
    words, spoken = word_times(run, normaliser=choice), spoken_words(run, choice)
    if run.record.t0_ns is None:
        return to_frame({name: [] for name in LATENCY}, LATENCY)
    wanted = ANCHORS if anchor is None else (anchor,)
    utterances = with_events(run, words, choice)
    measures = [
        *word_measures(run, words, spoken, wanted),
        *utterance_measures(run, words, spoken, utterances, wanted=wanted, speech=speech),
    ]
    # What rows are of, each kind behind the other, and where it begins.
    kinds = {
        "word": _own(run, words),
        "utterance": _own(run, utterances),
        "lost word": _lost(run),
        "held word": _held(run, words, spoken),
    }
    table = _table(run, kinds, measures)
    told = pd.array([choice.name], dtype="str").take(np.zeros(len(table), dtype="int64"))
    return table.assign(normaliser=told)


def _table(
    run: RunData, kinds: Mapping[str, pd.DataFrame], measures: list[Measure]
) -> pd.DataFrame:
    """All measures on all their clocks; each text is written once and then pointed to."""
    ends = np.cumsum([len(frame) for frame in kinds.values()]).tolist()
    offsets = dict(zip(kinds, [0, *ends], strict=False))
    clocks: dict[str, Callable[[RunData, Floats], Floats]] = {
        "send": sent_s,
        "capture": captured_s,
        "ack": acknowledged_s,
    }
    end_s = _end_of_audio(run)
    blocks: list[tuple[dict[str, str], Ints, Measure, Floats, Bools]] = []
    for measure in measures:
        beyond = np.zeros(len(measure.rows), dtype=bool)
        if measure.anchor == "service":
            beyond = (measure.anchor_s > end_s) & (measure.anchor_s <= end_s + BEHIND_AUDIO_S)
        held_s = np.where(beyond, end_s, measure.anchor_s)
        moments: Mapping[str, Floats] = (
            {
                clock: moment(run, measure.anchor_s if clock == "capture" else held_s)
                for clock, moment in clocks.items()
            }
            if measure.since_s is None
            else {"arrival": measure.since_s}
        )
        for clock, anchor_clock_s in moments.items():
            names = {
                "name": f"{measure.since} -> {measure.milestone} @{clock}",
                "unit": measure.unit.removeprefix("lost ").removeprefix("held "),
                "milestone": measure.milestone,
                "since": measure.since,
                "clock": clock,
                "anchor": measure.anchor,
            }
            rows = measure.rows + offsets[measure.unit]
            blocks.append((names, rows, measure, anchor_clock_s, beyond))
    if not blocks:
        return to_frame({name: [] for name in LATENCY}, LATENCY)
    counts = [len(rows) for _, rows, *_ in blocks]
    labels = [names for names, *_ in blocks]
    rows = np.concatenate([rows for _, rows, *_ in blocks])
    columns: dict[str, Any] = {
        "anchor_s": np.concatenate([measure.anchor_s for _, _, measure, *_ in blocks]),
        "anchor_clock_s": np.concatenate([moment for *_, moment, _ in blocks]),
        "event_s": np.concatenate([measure.event_s for _, _, measure, *_ in blocks]),
        "behind_audio": np.concatenate([beyond for *_, beyond in blocks]),
    }
    anchors = np.array([names["anchor"] == "reference" for names in labels])
    # Hours of words are hundreds of megabytes here: what is copied is let go.
    del blocks, measures
    columns["latency_ms"] = (columns["event_s"] - columns["anchor_clock_s"]) * 1e3
    for name in ("name", "unit", "milestone", "since", "clock", "anchor"):
        codes, levels = pd.factorize(np.array([names[name] for names in labels], dtype=object))
        columns[name] = pd.array(levels, dtype="str").take(np.repeat(codes, counts))
    whole = pd.concat(kinds.values(), ignore_index=True)
    for name in _OWN:
        columns[name] = whole[name].array.take(rows)
    columns["reference"][~np.repeat(anchors, counts)] = pd.NA
    return pd.DataFrame({name: columns[name] for name in LATENCY if name in columns}, copy=False)


#: What each row says of its word or utterance.
_OWN = {
    name: LATENCY[name]
    for name in ("run", "channel", "utterance_id", "position", "word", "reference", "trigger")
}


def _own(run: RunData, frame: pd.DataFrame) -> pd.DataFrame:
    """What the rows of words, or of utterances, have in common with each other."""
    columns: dict[str, Any] = {name: [None] * len(frame) for name in _OWN}
    columns |= {name: frame[name] for name in _OWN if name in frame}
    columns["run"] = [run.session_id] * len(frame)
    if "place" in frame:
        columns["reference"] = frame["place"]
    return to_frame(columns, _OWN)


def _lost(run: RunData) -> pd.DataFrame:
    """The words of the reference, as those that no final holds."""
    reference = run.reference
    n = len(reference)
    columns: dict[str, Any] = {name: [None] * n for name in _OWN}
    columns |= {name: reference[name] for name in ("channel", "word")}
    columns |= {"run": [run.session_id] * n, "reference": range(n)}
    return to_frame(columns, _OWN)


def _held(run: RunData, words: pd.DataFrame, spoken: SpokenWords) -> pd.DataFrame:
    """The words of the reference, as those that stand in their places."""
    if not len(words):
        return _lost(run)
    at = np.zeros(len(run.reference), dtype="int64")
    at[spoken.row] = np.maximum(spoken.held, 0)
    frame = _own(run, words.iloc[at].reset_index(drop=True))
    return frame.assign(reference=pd.array(range(len(at)), "Int64"))


def _end_of_audio(run: RunData) -> float:
    """Audio time behind the last sample that was sent; inf when none was."""
    chunks = run.chunks
    return float(chunks["end_s"].max()) if len(chunks) else math.inf
