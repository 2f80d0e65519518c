"""How long after it was spoken did it come: each word and each utterance, on three clocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.clocks import acknowledged_s, captured_s, sent_s
from gladia_nb.metrics.base.text import normalise
from gladia_nb.metrics.vad import speech_of
from gladia_nb.metrics.words import word_times
from gladia_nb.record.columns import read, transcripts
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept_frame
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["ANCHORS", "CLOCKS", "LATENCY", "latency"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Who can say when something was spoken.
ANCHORS = ("reference", "service", "vad")

#: Clocks of what is counted from a position of the audio, and the one between two arrivals.
CLOCKS = ("send", "capture", "ack", "arrival")

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
    }
)

#: Seconds by which a word may end behind the audio, by the service's times, and still be placed.
BEHIND_AUDIO_S = 0.25

_WORD_MILESTONES = ("first_seen", "first_correct", "stable", "final")
_UTTERANCE_MILESTONES = (
    ("speech_start", "first_partial"),
    ("speech_end", "last_partial"),
    ("speech_end", "detected"),
    ("speech_end", "final"),
)
_ARRIVALS = ("first_partial", "last_partial", "text_settled")


def latency(
    run: RunData,
    *,
    anchor: str | None = None,
    audio: Audio | str | Path | pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every latency of a run, one row each.

    Words, from the end of each: `first_seen`, to the first transcript that shows it (word emission
    latency); `first_correct`, to the first that shows the correct word; `stable`, to the one from
    which on it never changed; `final`, to the final. What each means is said at `word_times`.

    With the anchor `reference` every word that was spoken has a row for each milestone:

    * one that a final holds has the milestones of that word;
    * one in whose place a final holds another word (substituted) is `first_seen` and
      `first_correct` when a partial first showed it right, and never `stable` nor `final`;
    * one that no final holds (deleted) never came: `event_s` is NaN in all four, `utterance_id` and
      `position` are missing. It is not dropped, or losing words would look fast;
    * a word that was heard and not spoken (inserted) has no row here, since nobody said when it
      was; with the anchor `service` it has.

    Utterances:

    * `speech_start -> first_partial`, `speech_end -> last_partial`.
    * `speech_end -> detected`: to the arrival of the service's own speech_end message. A final that
      was forced (`max_duration`) is amid speech and has no row.
    * `speech_end -> final`: time to the final segment.
    * `first_partial -> final`, `last_partial -> final`: between two arrivals.
    * `text_settled -> final`: from the first partial whose text equals that of the final, blind to
      case and punctuation: how much earlier the final could have been known.

    Anchors: `service` takes the times of the final itself (of the last partial, if no final came).
    `reference` takes the words that were really spoken, where the run has them: a word is anchored
    by the one it was matched with (for `first_correct`, by the one in whose place it stands), an
    utterance by the first and the last of those that were matched with its words or lie in the
    middle of it unmatched. `vad` takes the spans of speech that an offline voice activity detector
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

    Returns:
        Columns in `LATENCY`; words before utterances, then by milestone, anchor and clock.

    Raises:
        ConfigError: there is no such anchor, `vad` has no audio, or the audio is another one than
            that of the run (length, rate or channels).
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
    if audio is not None:
        return _latency(run, anchor, speech_of(run, audio))
    # The dearest table of all, which most others are made of.
    return kept_frame(run.record, f"latency {anchor}", lambda: _latency(run, anchor, None))


def _latency(run: RunData, anchor: str | None, speech: pd.DataFrame | None) -> pd.DataFrame:
    words = word_times(run)
    if run.record.t0_ns is None:
        return to_frame({name: [] for name in LATENCY}, LATENCY)
    wanted = ANCHORS if anchor is None else (anchor,)
    utterances = _utterances(run)
    measures = [
        *_word_measures(run, words, wanted),
        *_utterance_measures(run, words, utterances, wanted, speech),
    ]
    return _table(run, words, utterances, measures)


class _Measure(NamedTuple):
    """Rows that share their names, as numbers of words or utterances."""

    unit: str
    since: str
    milestone: str
    anchor: str
    rows: Ints
    anchor_s: Floats  # of those rows
    event_s: Floats
    since_s: Floats | None = None  # arrival of `since`, where that is one


def _word_measures(run: RunData, words: pd.DataFrame, wanted: tuple[str, ...]) -> list[_Measure]:
    known, is_final = words["correct"].notna().to_numpy(), words["is_final"].to_numpy()
    expected = _partials_expected(run)
    measures: list[_Measure] = []
    for milestone in _WORD_MILESTONES:
        if milestone != "final" and not expected:
            continue
        # What never became final is not known to have been a word.
        there = np.ones(len(words), dtype=bool) if milestone == "final" else is_final
        if "reference" in wanted and len(run.reference):
            measures += _spoken_measures(run, words, milestone, there)
        if "service" in wanted:
            rows = np.flatnonzero(there & known if milestone == "first_correct" else there)
            anchor_s = words["end_s"].to_numpy()[rows]
            event_s = words[f"{milestone}_s"].to_numpy()[rows]
            measures.append(
                _Measure("word", "word_end", milestone, "service", rows, anchor_s, event_s)
            )
    return measures


def _spoken_measures(
    run: RunData, words: pd.DataFrame, milestone: str, there: Bools
) -> Iterator[_Measure]:
    """A row for each word of the reference: those that stand somewhere, and those that nowhere."""
    end_s = run.reference["end_s"].to_numpy(dtype="float64")
    equal = words["reference"].notna().to_numpy()
    event_s = words[f"{milestone}_s"].to_numpy(copy=True)
    # Of a word that was heard wrong only the sight of the right one counts.
    right_s = words["first_correct_s"].to_numpy()
    event_s[~equal] = right_s[~equal] if milestone.startswith("first") else np.nan
    rows = np.flatnonzero(there & words["place"].notna().to_numpy())
    anchor_s = _taken(run.reference["end_s"], words["place"])[rows]
    yield _Measure("word", "word_end", milestone, "reference", rows, anchor_s, event_s[rows])
    held = words["place"].to_numpy(dtype="float64", na_value=np.nan)[rows].astype("int64")
    # What stands on a channel that the audio has not was not spoken in it.
    audible = run.reference["channel"].to_numpy() < int(run.config.get("channels", 1))
    lost = np.setdiff1d(np.flatnonzero(audible), held)
    never = np.full(len(lost), np.nan)
    yield _Measure("lost word", "word_end", milestone, "reference", lost, end_s[lost], never)


def _utterances(run: RunData) -> pd.DataFrame:
    """Utterances with the arrivals of all their events."""
    frame = run.utterances
    t0 = run.record.t0_ns or 0
    detected_s = (frame["speech_end_ns"] - t0) / 1e9
    return frame.assign(
        detected_s=detected_s.astype("Float64").to_numpy(dtype="float64", na_value=np.nan),
        text_settled_s=_settled_s(run),
        position=pd.array([pd.NA] * len(frame), dtype="Int64"),
        word=pd.array([None] * len(frame), dtype="str"),
    )


def _settled_s(run: RunData) -> Floats:
    """Arrival of the first partial of each utterance that says what its first final says."""
    found, shown = read(run.record), transcripts(run.record)
    settled = np.full(len(shown.id), np.nan)
    texts = found.text[shown.message].tolist()
    is_final = shown.is_final.tolist()
    for number, (begin, end) in enumerate(
        zip(shown.first[:-1].tolist(), shown.first[1:].tolist(), strict=True)
    ):
        final = next((k for k in range(begin, end) if is_final[k]), None)
        if final is None:
            continue
        goal = normalise(texts[final] or "")
        for k in range(begin, final):
            if normalise(texts[k] or "") == goal:
                stamp = int(found.recv_ns[shown.message[k]])
                settled[number] = (stamp - (run.record.t0_ns or 0)) / 1e9
                break
    return settled


def _utterance_measures(
    run: RunData,
    words: pd.DataFrame,
    utterances: pd.DataFrame,
    wanted: tuple[str, ...],
    speech: pd.DataFrame | None,
) -> list[_Measure]:
    anchors: dict[str, tuple[Floats, Floats]] = {}
    if "reference" in wanted and len(run.reference):
        anchors["reference"] = _spans(run, words)
    if "service" in wanted:
        anchors["service"] = (utterances["start_s"].to_numpy(), utterances["end_s"].to_numpy())
    if "vad" in wanted and speech is not None:
        anchors["vad"] = _spoken(utterances, speech)
    partials = _partials_expected(run)
    flags = run.config.get("messages_config") or {}
    events = bool(flags.get("receive_speech_events", True))
    forced = (utterances["trigger"] == "max_duration").to_numpy(dtype=bool)
    measures = []
    for since, milestone in _UTTERANCE_MILESTONES:
        if (milestone.endswith("partial") and not partials) or (
            milestone == "detected" and not events
        ):
            continue
        for anchor, (starts, ends) in anchors.items():
            anchor_s = starts if since == "speech_start" else ends
            kept = np.ones(len(utterances), dtype=bool)
            if anchor != "service":
                kept = ~np.isnan(anchor_s)
            if milestone == "detected":
                kept &= ~forced
            rows = np.flatnonzero(kept)
            event_s = utterances[f"{milestone}_s"].to_numpy()[rows]
            measures.append(
                _Measure("utterance", since, milestone, anchor, rows, anchor_s[rows], event_s)
            )
    # Arrivals are nobody's word about the audio.
    if partials and wanted == ANCHORS:
        rows = np.arange(len(utterances))
        nowhere = np.full(len(rows), np.nan)
        for since in _ARRIVALS:
            since_s = utterances[f"{since}_s"].to_numpy()
            event_s = utterances["final_s"].to_numpy()
            measures.append(
                _Measure("utterance", since, "final", "stopwatch", rows, nowhere, event_s, since_s)
            )
    return measures


def _table(
    run: RunData, words: pd.DataFrame, utterances: pd.DataFrame, measures: list[_Measure]
) -> pd.DataFrame:
    """All measures on all their clocks; each text is written once and then pointed to."""
    offsets = {"word": 0, "utterance": len(words), "lost word": len(words) + len(utterances)}
    clocks: dict[str, Callable[[RunData, Floats], Floats]] = {
        "send": sent_s,
        "capture": captured_s,
        "ack": acknowledged_s,
    }
    end_s = _end_of_audio(run)
    blocks: list[tuple[dict[str, str], Ints, _Measure, Floats, Bools]] = []
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
                "unit": measure.unit.removeprefix("lost "),
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
    whole = pd.concat([_own(run, words), _own(run, utterances), _lost(run)], ignore_index=True)
    for name in _OWN:
        columns[name] = whole[name].array.take(rows)
    columns["reference"][~np.repeat(anchors, counts)] = pd.NA
    return pd.DataFrame({name: columns[name] for name in LATENCY}, copy=False)


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


def _end_of_audio(run: RunData) -> float:
    """Audio time behind the last sample that was sent; inf when none was."""
    chunks = run.chunks
    return float(chunks["end_s"].max()) if len(chunks) else math.inf


def _partials_expected(run: RunData) -> bool:
    asked = (run.config.get("messages_config") or {}).get("receive_partial_transcripts", False)
    return bool(asked) or bool((run.utterances["n_partials"] > 0).any())


def _taken(values: pd.Series, rows: pd.Series) -> Floats:
    """Values at row numbers; NaN at missing ones."""
    taken = np.full(len(rows), np.nan)
    known = rows.notna().to_numpy()
    taken[known] = values.to_numpy()[rows[known].astype("int64")]
    return taken


def _spans(run: RunData, words: pd.DataFrame) -> tuple[Floats, Floats]:
    """Start and end of the reference words inside each utterance; NaN without any.

    Were only matched words taken, a wrong last word would put the end of speech a word too early.
    """
    reference, utterances = run.reference, run.utterances
    first_s, last_s = reference["start_s"].to_numpy(), reference["end_s"].to_numpy()
    starts, ends = np.full(len(utterances), np.inf), np.full(len(utterances), -np.inf)
    keys = pd.MultiIndex.from_arrays([utterances["channel"], utterances["utterance_id"]])
    matched = words[words["reference"].notna()]
    owner = keys.get_indexer(
        pd.MultiIndex.from_arrays([matched["channel"], matched["utterance_id"]])
    )
    rows = matched["reference"].astype("int64").to_numpy()
    np.minimum.at(starts, owner, first_s[rows])
    np.maximum.at(ends, owner, last_s[rows])
    # Words without a match belong to the utterances around their middle.
    free = np.ones(len(reference), dtype=bool)
    free[rows] = False
    middle_s = (first_s + last_s) / 2
    for channel in np.unique(reference["channel"]).tolist():
        loose = np.flatnonzero(free & (reference["channel"] == channel).to_numpy())
        loose = loose[np.argsort(middle_s[loose], kind="stable")]
        here = np.flatnonzero((utterances["channel"] == channel).to_numpy())
        if not len(loose):
            continue
        low = np.searchsorted(middle_s[loose], utterances["start_s"].to_numpy()[here])
        high = np.searchsorted(middle_s[loose], utterances["end_s"].to_numpy()[here], side="right")
        unknown = np.isnan(utterances["start_s"].to_numpy()[here])
        for k, begin, end in zip(here[~unknown], low[~unknown], high[~unknown], strict=True):
            if begin < end:
                starts[k] = min(starts[k], first_s[loose[begin:end]].min())
                ends[k] = max(ends[k], last_s[loose[begin:end]].max())
    nothing = np.isinf(starts)
    return np.where(nothing, np.nan, starts), np.where(nothing, np.nan, ends)


def _spoken(utterances: pd.DataFrame, speech: pd.DataFrame) -> tuple[Floats, Floats]:
    """Start and end of the spans of speech that each utterance overlaps; NaN where it has none.

    A span that goes on into the next utterance of the channel does not end with this one, and one
    that began in the utterance before did not begin with it.
    """
    starts, ends = np.full(len(utterances), np.nan), np.full(len(utterances), np.nan)
    for channel in np.unique(speech["channel"]).tolist():
        spans = speech[speech["channel"] == channel].sort_values("start_s", kind="stable")
        begins, stops = spans["start_s"].to_numpy(), spans["end_s"].to_numpy()
        here = np.flatnonzero((utterances["channel"] == channel).to_numpy())
        first_s = utterances["start_s"].to_numpy()[here]
        here, first_s = here[~np.isnan(first_s)], first_s[~np.isnan(first_s)]
        order = np.argsort(first_s, kind="stable")
        here, first_s = here[order], first_s[order]
        last_s = utterances["end_s"].to_numpy()[here]
        before = np.append(-np.inf, np.maximum.accumulate(last_s)[:-1])
        after = np.append(first_s[1:], np.inf)
        low = np.searchsorted(stops, first_s, side="right")
        high = np.searchsorted(begins, last_s)
        for k in np.flatnonzero(low < high).tolist():
            if begins[low[k]] >= before[k]:
                starts[here[k]] = begins[low[k]]
            if stops[high[k] - 1] <= after[k]:
                ends[here[k]] = stops[high[k] - 1]
    return starts, ends
