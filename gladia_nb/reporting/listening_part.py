"""What a page needs to let a run be heard: its words with all that is known of each, as plain data.

Times are seconds of the audio. What happened at a moment of the session (an arrival) is told by the
audio that was being spoken then, which is the same at speed 1: so a playhead that goes through the
audio meets everything in its order, whatever the speed and the pauses were.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics import coverage, latency_part, run_anchor, word_times
from gladia_nb.metrics.base.clocks import captured_s
from gladia_nb.record.columns import read, since_start, transcripts, words
from gladia_nb.record.data import RunData

__all__ = ["listening"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Steps of a curve at most: more than a picture has dots for.
_STEPS = 1500
#: Of a word's times in its history, at most: a word that changes more often says nothing by that.
_CHANGES = 20
#: What a word is found by.
_WORD = ("channel", "utterance_id", "position")


def listening(run: RunData) -> dict[str, Any]:
    """Everything that the page shows of a run, as JSON has it; times in seconds, None for never.

    Returns:
        `name`, `duration`, `channels`, `anchor` (who says when words were spoken) and `referenced`
        (whether it is known which are right); and by columns:

        * `words`: `text`, `start`, `end` (by the service), `utterance` (its number), `seen` and
          `final` (arrivals), `seen_ms` and `final_ms` (latencies @send), `state` (`correct`,
          `wrong`, `inserted`, `open` without a final, or "" where nobody knows), `reference` (what
          was spoken there), `from` and `to` (when, by the reference), `history` (arrival and text
          of each change, where there was one);
        * `utterances`: `channel`, `start`, `end`, `final`, `trigger`, `first` and `behind` (its
          words), `partials` (arrivals);
        * `missing`: reference words that no final holds: `text`, `start`, `end`, `channel`;
        * `spread`: of `seen` and `final` the latencies that are known, `ms`, rising, the `word` of
          each, and `total`, which counts those that never came as well: as in
          `gladia_nb.plot_latency_ecdf`;
        * `curves`: for each curve of `coverage` its `at` and `audio`.
    """
    clock = _Clock(run)
    frame = word_times(run)
    anchor = run_anchor(run)
    rows = latency_part(run, anchors=[anchor], units=["word"], clocks=["send"])
    number = {key: k for k, key in enumerate(_keys(run.utterances))}
    utterance = np.array([number[key] for key in _keys(frame)], dtype="int64")
    own = pd.MultiIndex.from_frame(frame[list(_WORD)])
    waits = {name: _waits(own, rows, name) for name in ("first_seen", "final")}
    spoken = run.reference
    at = frame["place"].fillna(-1).to_numpy("int64")
    known = {name: _taken(spoken[name], at) for name in ("start_s", "end_s")}
    return {
        "name": run.name,
        "duration": _round(run.sent_s),
        "channels": int(run.config.get("channels", 1)),
        "anchor": anchor,
        "referenced": bool(len(spoken)),
        "words": {
            "text": frame["word"].tolist(),
            "start": _times(frame["start_s"]),
            "end": _times(frame["end_s"]),
            "utterance": utterance.tolist(),
            "seen": _times(clock.audio_s(frame["first_seen_s"].to_numpy())),
            "final": _times(clock.audio_s(frame["final_s"].to_numpy())),
            "seen_ms": _whole(waits["first_seen"]),
            "final_ms": _whole(waits["final"]),
            "state": _states(frame, referenced=bool(len(spoken))),
            "reference": _texts(frame["correct"].where(frame["place"].notna())),
            "from": _times(known["start_s"]),
            "to": _times(known["end_s"]),
            "history": _histories(run, frame, utterance, clock),
        },
        "utterances": _utterances(run, utterance, clock),
        "missing": _missing(run, rows, anchor),
        "spread": {
            "seen": _spread(own, rows, "first_seen"),
            "final": _spread(own, rows, "final"),
        },
        "curves": _curves(run, clock),
    }


class _Clock:
    """From a moment of the session to the audio that was being spoken then."""

    def __init__(self, run: RunData) -> None:
        ends = np.unique(run.chunks["end_s"].to_numpy(dtype="float64"))
        moments = captured_s(run, ends) if len(ends) else ends
        good = np.isfinite(moments)
        self._audio = np.append(0.0, ends[good])
        self._moments = np.append(0.0, np.maximum.accumulate(moments[good]))
        self._speed = float(run.record.header["options"].get("speed") or 1)

    def audio_s(self, moments: Floats) -> Floats:
        """Behind the end of the audio it goes on as it went."""
        beyond = np.maximum(moments - self._moments[-1], 0) * self._speed
        found: Floats = np.interp(moments, self._moments, self._audio) + beyond
        before = moments < 0
        found[before] = moments[before] * self._speed
        return found


def _keys(frame: pd.DataFrame) -> list[tuple[int, str]]:
    return list(zip(frame["channel"].tolist(), frame["utterance_id"].tolist(), strict=True))


def _waits(own: pd.MultiIndex, rows: pd.DataFrame, milestone: str) -> Floats:
    """Latency of each word, NaN where there is none."""
    chosen = rows[(rows["milestone"] == milestone) & rows["position"].notna()]
    place = pd.MultiIndex.from_frame(chosen[list(_WORD)])
    # Of a word that stands for several of the reference, the last.
    last = ~place.duplicated(keep="last")
    values = np.append(chosen["latency_ms"].to_numpy(dtype="float64")[last], np.nan)
    found: Floats = values[place[last].get_indexer(own)]
    return found


def _spread(own: pd.MultiIndex, rows: pd.DataFrame, milestone: str) -> dict[str, Any]:
    """The distribution of a latency; what never came is counted."""
    known = rows[(rows["milestone"] == milestone) & rows["anchor_clock_s"].notna()]
    came = known[known["latency_ms"].notna()].sort_values("latency_ms", kind="stable")
    place = pd.MultiIndex.from_frame(came[list(_WORD)])
    return {
        "ms": _whole(came["latency_ms"].to_numpy(dtype="float64")),
        "word": own.get_indexer(place).tolist(),
        "total": len(known),
    }


def _states(frame: pd.DataFrame, *, referenced: bool) -> list[str]:
    state = np.full(len(frame), "", dtype=object)
    if referenced:
        there = frame["correct"].notna().to_numpy()
        state[there] = "wrong"
        state[~there] = "inserted"
        state[frame["reference"].notna().to_numpy()] = "correct"
        # In a channel without a reference nobody knows.
        state[there & frame["place"].isna().to_numpy()] = ""
    state[~frame["is_final"].to_numpy()] = "open"
    return [str(value) for value in state]


def _histories(
    run: RunData, frame: pd.DataFrame, utterance: Ints, clock: _Clock
) -> list[list[Any] | None]:
    """What stood at the time of each word in the partials, where that changed.

    Words of a partial belong to the time of a word by their middle.
    """
    found, said, shown = read(run.record), words(run.record), transcripts(run.record)
    order = {key: k for k, key in enumerate(zip(shown.channel.tolist(), shown.id, strict=True))}
    keys = _keys(run.utterances)
    out: list[list[Any] | None] = [None] * len(frame)
    starts, ends = (frame[name].to_numpy(dtype="float64") for name in ("start_s", "end_s"))
    for number in np.unique(utterance).tolist():
        mine = np.flatnonzero(utterance == number)
        group = order.get(keys[number])
        if group is None or np.isnan(starts[mine]).any():
            continue
        messages = shown.message[shown.first[group] : shown.first[group + 1]]
        moments = clock.audio_s(since_start(run.record, found.recv_ns[messages]))
        story = _Story(starts[mine], ends[mine])
        for message, moment in zip(messages.tolist(), moments.tolist(), strict=True):
            span = slice(said.first[message], said.first[message + 1])
            middles = (said.start_s[span] + said.end_s[span]) / 2
            texts = [said.text.levels[code] for code in said.text.codes[span]]
            story.add(moment, middles, texts)
        for k, changes in zip(mine.tolist(), story.changes, strict=True):
            # One that only appeared has no history.
            out[k] = changes[-_CHANGES:] if len(changes) > 1 else None
    return out


class _Story:
    """What stood at the times of some words, transcript after transcript."""

    def __init__(self, starts: Floats, ends: Floats) -> None:
        # Times between two words belong to the nearer one.
        self._edges = (ends[:-1] + starts[1:]) / 2
        self._last = [""] * len(starts)
        self.changes: list[list[Any]] = [[] for _ in starts]

    def add(self, moment: float, middles: Floats, texts: list[str]) -> None:
        now = [""] * len(self._last)
        places = np.searchsorted(self._edges, middles).tolist()
        for place, text in zip(places, texts, strict=True):
            now[place] = f"{now[place]} {text}".strip()
        for k, text in enumerate(now):
            if text != self._last[k]:
                self.changes[k].append([_round(moment), text])
        self._last = now


def _utterances(run: RunData, utterance: Ints, clock: _Clock) -> dict[str, Any]:
    frame, shown = run.utterances, transcripts(run.record)
    numbers = np.arange(len(frame))
    stamps = clock.audio_s(since_start(run.record, read(run.record).recv_ns[shown.message]))
    groups = {key: k for k, key in enumerate(zip(shown.channel.tolist(), shown.id, strict=True))}
    partials = []
    for key in _keys(frame):
        group = groups.get(key, -1)
        span = slice(shown.first[group], shown.first[group + 1]) if group >= 0 else slice(0, 0)
        partials.append(_times(stamps[span][~shown.is_final[span]]))
    return {
        "channel": frame["channel"].tolist(),
        "start": _times(frame["start_s"]),
        "end": _times(frame["end_s"]),
        "final": _times(clock.audio_s(frame["final_s"].to_numpy())),
        "trigger": _texts(frame["trigger"]),
        "first": np.searchsorted(utterance, numbers).tolist() if _rising(utterance) else [],
        "behind": np.searchsorted(utterance, numbers, "right").tolist(),
        "partials": partials,
    }


def _rising(numbers: Ints) -> bool:
    return bool((np.diff(numbers) >= 0).all())


def _missing(run: RunData, rows: pd.DataFrame, anchor: str) -> dict[str, Any]:
    """Words of the reference that no final holds."""
    lost = rows[(rows["milestone"] == "final") & rows["utterance_id"].isna()]
    if anchor != "reference":
        lost = lost.iloc[:0]
    spoken = run.reference.iloc[lost["reference"].to_numpy("int64")]
    return {
        "text": _texts(spoken["word"]),
        "start": _times(spoken["start_s"]),
        "end": _times(spoken["end_s"]),
        "channel": spoken["channel"].tolist(),
    }


def _curves(run: RunData, clock: _Clock) -> dict[str, Any]:
    steps = coverage(run)
    found = {}
    for name, curve in steps.groupby("curve", sort=False):
        pick = np.unique(np.linspace(0, len(curve) - 1, _STEPS).astype(int))
        chosen = curve.iloc[pick]
        found[str(name)] = {
            "at": _times(clock.audio_s(chosen["at_s"].to_numpy())),
            "audio": _times(chosen["audio_s"]),
        }
    return found


def _taken(values: pd.Series, at: Ints) -> Floats:
    return np.append(values.to_numpy(dtype="float64"), np.nan)[at]


def _round(value: float) -> float | None:
    return None if not math.isfinite(value) else round(float(value), 3)


def _times(values: pd.Series | Floats) -> list[float | None]:
    return [_round(value) for value in np.asarray(values, dtype="float64").tolist()]


def _whole(values: Floats) -> list[int | None]:
    return [None if not math.isfinite(value) else round(value) for value in values.tolist()]


def _texts(values: pd.Series) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in values.tolist()]
