"""What was waited for: each milestone of words and utterances, with who says when it was spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.granularity import segment_spans
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.spoken import SpokenWords
from gladia_nb.metrics.words_heard import HeardWords
from gladia_nb.record.arrays import Utterances, reference, seconds, utterances
from gladia_nb.record.columns import read, transcripts
from gladia_nb.record.data import RunData

__all__ = [
    "ANCHORS",
    "Measure",
    "Waited",
    "utterance_measures",
    "with_events",
    "word_measures",
]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Who can say when something was spoken.
ANCHORS = ("reference", "service", "vad")

_WORD_MILESTONES = ("first_seen", "first_correct", "stable", "final")
_UTTERANCE_MILESTONES = (
    ("speech_start", "first_partial"),
    ("speech_end", "last_word_seen"),
    ("speech_end", "last_partial_message"),
    ("speech_end", "end_of_speech_detected"),
    ("speech_end", "final"),
)
#: What only partials can tell.
_OF_PARTIALS = ("first_partial", "last_word_seen", "last_partial_message")
_ARRIVALS = ("first_partial", "last_partial_message", "text_settled")


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


class Waited(NamedTuple):
    """Utterances with the arrivals of all their events; shapes `(u,)`, NaN for what never came.

    Attributes:
        told: the utterances.
        has_last_word: which have a last word that can be waited for.
        arrivals: seconds since audio position 0 was spoken, by the name of the event.
    """

    told: Utterances
    has_last_word: Bools
    arrivals: Mapping[str, Floats]


def word_measures(
    run: RunData, words: HeardWords, spoken: SpokenWords, wanted: tuple[str, ...]
) -> list[Measure]:
    """Each milestone of the words, by the anchors wanted; see `gladia_nb.latency`."""
    known = np.array([text is not None for text in words.correct], dtype=bool)
    expected = _partials_expected(run)
    measures: list[Measure] = []
    for milestone in _WORD_MILESTONES:
        if milestone != "final" and not expected:
            continue
        # What never became final is not known to have been a word.
        final = milestone == "final"
        there = np.ones(len(known), dtype=bool) if final else words.is_final
        if "reference" in wanted and len(reference(run.record).channel):
            measures += _spoken_measures(run, spoken, milestone)
        if "service" in wanted:
            rows = np.flatnonzero(there & known if milestone == "first_correct" else there)
            event_s = getattr(words, f"{milestone}_s")[rows]
            measures.append(
                Measure("word", "word_end", milestone, "service", rows, words.end_s[rows], event_s)
            )
    return measures


def _spoken_measures(run: RunData, spoken: SpokenWords, milestone: str) -> Iterator[Measure]:
    """A row for each word of the reference: those that stand somewhere, and those that nowhere."""
    end_s = reference(run.record).end_s
    # Of a word that was heard wrong only the sight of the right one counts.
    stamps = np.where(
        spoken.equal,
        getattr(spoken, milestone),
        spoken.first_correct if milestone.startswith("first") else -1,
    )
    event_s = np.where(stamps >= 0, (stamps - (run.record.t0_ns or 0)) / 1e9, np.nan)
    there = (spoken.held >= 0) & (spoken.is_final | (milestone == "final"))
    order = np.argsort(spoken.held, kind="stable")
    kept = order[there[order]]
    held = spoken.row[kept]
    yield Measure("held word", "word_end", milestone, "reference", held, end_s[held], event_s[kept])
    # What stands on a channel that the audio has not was not spoken in it.
    audible = reference(run.record).channel < int(run.config.get("channels", 1))
    lost = np.setdiff1d(spoken.row[audible[spoken.row]], held)
    never = np.full(len(lost), np.nan)
    yield Measure("lost word", "word_end", milestone, "reference", lost, end_s[lost], never)


def with_events(run: RunData, words: HeardWords, choice: Normaliser) -> Waited:
    """Utterances with the arrivals of all their events.

    Args:
        run: the run.
        words: those that were heard.
        choice: what makes texts equal.
    """
    told, t0 = utterances(run.record), run.record.t0_ns or 0
    ended = told.speech_end_ns
    last_word_seen_s, has_word = _last_word(told, words)
    arrivals = {
        "end_of_speech_detected": np.where(ended.missing, np.nan, (ended.value - t0) / 1e9),
        "last_word_seen": last_word_seen_s,
        "first_partial": seconds(run.record, told.first_partial_ns),
        "last_partial_message": seconds(run.record, told.last_partial_ns),
        "final": seconds(run.record, told.final_ns),
        "text_settled": _settled_s(run, choice),
    }
    # A final without a word has no last word, which is not to wait for it in vain.
    return Waited(told, has_word | ~told.is_final, arrivals)


def _last_word(told: Utterances, words: HeardWords) -> tuple[Floats, Bools]:
    """First sight of the last word of each final, NaN for never; and which finals have a word."""
    found, there = np.full(len(told.id), np.nan), np.zeros(len(told.id), dtype=bool)
    owner = words.utterance[words.is_final]
    # Words come in their order: the last one stays.
    found[owner], there[owner] = words.first_seen_s[words.is_final], True
    return found, there


def _settled_s(run: RunData, choice: Normaliser) -> Floats:
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
        goal = choice.tokens(texts[final] or "")
        for k in range(begin, final):
            if choice.tokens(texts[k] or "") == goal:
                stamp = int(found.recv_ns[shown.message[k]])
                settled[number] = (stamp - (run.record.t0_ns or 0)) / 1e9
                break
    return settled


def utterance_measures(
    run: RunData,
    words: HeardWords,
    spoken: SpokenWords,
    waited: Waited,
    *,
    wanted: tuple[str, ...],
    speech: pd.DataFrame | None,
) -> list[Measure]:
    """Each milestone of the utterances, by the anchors wanted, and between two arrivals."""
    told, arrivals = waited.told, waited.arrivals
    anchors: dict[str, tuple[Floats, Floats]] = {}
    if "reference" in wanted and len(reference(run.record).channel):
        anchors["reference"] = _spans(run, words, spoken)
    elif "reference" in wanted and len(spans := segment_spans(run)):
        anchors["reference"] = _spoken(told, spans)
    if "service" in wanted:
        anchors["service"] = (told.start_s, told.end_s)
    if "vad" in wanted and speech is not None:
        anchors["vad"] = _spoken(told, speech)
    partials = _partials_expected(run)
    flags = run.config.get("messages_config") or {}
    events = bool(flags.get("receive_speech_events", True))
    forced = np.array([trigger == "max_duration" for trigger in told.trigger], dtype=bool)
    measures = []
    for since, milestone in _UTTERANCE_MILESTONES:
        if (milestone in _OF_PARTIALS and not partials) or (
            milestone == "end_of_speech_detected" and not events
        ):
            continue
        for anchor, (starts, ends) in anchors.items():
            anchor_s = starts if since == "speech_start" else ends
            kept = np.ones(len(told.id), dtype=bool)
            if anchor != "service":
                kept = ~np.isnan(anchor_s)
            if milestone == "end_of_speech_detected":
                kept &= ~forced
            if milestone == "last_word_seen":
                kept &= waited.has_last_word
            rows = np.flatnonzero(kept)
            event_s = arrivals[milestone][rows]
            measures.append(
                Measure("utterance", since, milestone, anchor, rows, anchor_s[rows], event_s)
            )
    # Arrivals are nobody's word about the audio.
    if partials and wanted == ANCHORS:
        rows = np.arange(len(told.id))
        nowhere = np.full(len(rows), np.nan)
        for since in _ARRIVALS:
            since_s, event_s = arrivals[since], arrivals["final"]
            measures.append(
                Measure("utterance", since, "final", "stopwatch", rows, nowhere, event_s, since_s)
            )
    return measures


def _partials_expected(run: RunData) -> bool:
    asked = (run.config.get("messages_config") or {}).get("receive_partial_transcripts", False)
    return bool(asked) or bool((utterances(run.record).n_partials > 0).any())


def _spans(run: RunData, words: HeardWords, spoken: SpokenWords) -> tuple[Floats, Floats]:
    """Start and end of the reference words inside each utterance; NaN without any.

    Were only matched words taken, a wrong last word would put the end of speech a word too early.
    """
    known, told = reference(run.record), utterances(run.record)
    first_s, last_s = known.start_s, known.end_s
    starts, ends = np.full(len(told.id), np.inf), np.full(len(told.id), -np.inf)
    same = spoken.equal & (spoken.held >= 0)
    rows, owner = spoken.row[same], words.utterance[spoken.held[same]]
    np.minimum.at(starts, owner, first_s[rows])
    np.maximum.at(ends, owner, last_s[rows])
    # Words without a match belong to the utterances around their middle.
    free = np.ones(len(first_s), dtype=bool)
    free[rows] = False
    middle_s = (first_s + last_s) / 2
    for channel in np.unique(known.channel).tolist():
        loose = np.flatnonzero(free & (known.channel == channel))
        loose = loose[np.argsort(middle_s[loose], kind="stable")]
        here = np.flatnonzero(told.channel == channel)
        if not len(loose):
            continue
        low = np.searchsorted(middle_s[loose], told.start_s[here])
        high = np.searchsorted(middle_s[loose], told.end_s[here], side="right")
        unknown = np.isnan(told.start_s[here])
        for k, begin, end in zip(here[~unknown], low[~unknown], high[~unknown], strict=True):
            if begin < end:
                starts[k] = min(starts[k], first_s[loose[begin:end]].min())
                ends[k] = max(ends[k], last_s[loose[begin:end]].max())
    nothing = np.isinf(starts)
    return np.where(nothing, np.nan, starts), np.where(nothing, np.nan, ends)


def _spoken(told: Utterances, speech: pd.DataFrame) -> tuple[Floats, Floats]:
    """Start and end of the spans of speech that each utterance overlaps; NaN where it has none.

    A span that goes on into the next utterance of the channel does not end with this one, and one
    that began in the utterance before did not begin with it.
    """
    starts, ends = np.full(len(told.id), np.nan), np.full(len(told.id), np.nan)
    for channel in np.unique(speech["channel"]).tolist():
        spans = speech[speech["channel"] == channel].sort_values("start_s", kind="stable")
        begins, stops = spans["start_s"].to_numpy(), spans["end_s"].to_numpy()
        here = np.flatnonzero(told.channel == channel)
        first_s = told.start_s[here]
        here, first_s = here[~np.isnan(first_s)], first_s[~np.isnan(first_s)]
        order = np.argsort(first_s, kind="stable")
        here, first_s = here[order], first_s[order]
        last_s = told.end_s[here]
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
