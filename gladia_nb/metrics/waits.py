"""What was waited for: each milestone of words and utterances, with who says when it was spoken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.granularity import segment_spans
from gladia_nb.metrics.base.text import normalise
from gladia_nb.record.columns import read, transcripts
from gladia_nb.record.data import RunData

__all__ = ["ANCHORS", "Measure", "utterance_measures", "with_events", "word_measures"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Who can say when something was spoken.
ANCHORS = ("reference", "service", "vad")

_WORD_MILESTONES = ("first_seen", "first_correct", "stable", "final")
_UTTERANCE_MILESTONES = (
    ("speech_start", "first_partial"),
    ("speech_end", "last_partial"),
    ("speech_end", "detected"),
    ("speech_end", "final"),
)
_ARRIVALS = ("first_partial", "last_partial", "text_settled")


class Measure(NamedTuple):
    """Rows that share their names, as numbers of words, utterances, or reference words."""

    unit: str
    since: str
    milestone: str
    anchor: str
    rows: Ints
    anchor_s: Floats  # of those rows
    event_s: Floats
    since_s: Floats | None = None  # arrival of `since`, where that is one


def word_measures(run: RunData, words: pd.DataFrame, wanted: tuple[str, ...]) -> list[Measure]:
    """Each milestone of the words, by the anchors wanted; see `gladia_nb.latency`."""
    known, is_final = words["correct"].notna().to_numpy(), words["is_final"].to_numpy()
    expected = _partials_expected(run)
    measures: list[Measure] = []
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
                Measure("word", "word_end", milestone, "service", rows, anchor_s, event_s)
            )
    return measures


def _spoken_measures(
    run: RunData, words: pd.DataFrame, milestone: str, there: Bools
) -> Iterator[Measure]:
    """A row for each word of the reference: those that stand somewhere, and those that nowhere."""
    end_s = run.reference["end_s"].to_numpy(dtype="float64")
    equal = words["reference"].notna().to_numpy()
    event_s = words[f"{milestone}_s"].to_numpy(copy=True)
    # Of a word that was heard wrong only the sight of the right one counts.
    right_s = words["first_correct_s"].to_numpy()
    event_s[~equal] = right_s[~equal] if milestone.startswith("first") else np.nan
    rows = np.flatnonzero(there & words["place"].notna().to_numpy())
    anchor_s = _taken(run.reference["end_s"], words["place"])[rows]
    yield Measure("word", "word_end", milestone, "reference", rows, anchor_s, event_s[rows])
    held = words["place"].to_numpy(dtype="float64", na_value=np.nan)[rows].astype("int64")
    # What stands on a channel that the audio has not was not spoken in it.
    audible = run.reference["channel"].to_numpy() < int(run.config.get("channels", 1))
    lost = np.setdiff1d(np.flatnonzero(audible), held)
    never = np.full(len(lost), np.nan)
    yield Measure("lost word", "word_end", milestone, "reference", lost, end_s[lost], never)


def with_events(run: RunData) -> pd.DataFrame:
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


def utterance_measures(
    run: RunData,
    words: pd.DataFrame,
    utterances: pd.DataFrame,
    wanted: tuple[str, ...],
    speech: pd.DataFrame | None,
) -> list[Measure]:
    """Each milestone of the utterances, by the anchors wanted, and between two arrivals."""
    anchors: dict[str, tuple[Floats, Floats]] = {}
    if "reference" in wanted and len(run.reference):
        anchors["reference"] = _spans(run, words)
    elif "reference" in wanted and len(spans := segment_spans(run)):
        anchors["reference"] = _spoken(utterances, spans)
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
                Measure("utterance", since, milestone, anchor, rows, anchor_s[rows], event_s)
            )
    # Arrivals are nobody's word about the audio.
    if partials and wanted == ANCHORS:
        rows = np.arange(len(utterances))
        nowhere = np.full(len(rows), np.nan)
        for since in _ARRIVALS:
            since_s = utterances[f"{since}_s"].to_numpy()
            event_s = utterances["final_s"].to_numpy()
            measures.append(
                Measure("utterance", since, "final", "stopwatch", rows, nowhere, event_s, since_s)
            )
    return measures


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
