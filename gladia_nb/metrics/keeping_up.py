"""Does the transcript keep up with the audio: cursor lag, backlog, and the cadence of updates."""

from __future__ import annotations

import math
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.intervals import student
from gladia_nb.metrics.base.scripts import cut
from gladia_nb.metrics.base.shown import Shown, screen
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["CADENCE", "CURSOR_LAG", "STREAM", "Slope", "cadence", "cursor_lag", "slope", "stream"]

Floats = npt.NDArray[np.float64]

#: One row a transcript with a known end.
CURSOR_LAG: Schema = MappingProxyType(
    {
        "recv_ns": "int64",
        "recv_s": "float64",  # arrival, since audio position 0 was spoken
        "channel": "int64",
        "utterance_id": "str",
        "is_final": "bool",
        "sent_s": "float64",  # audio sent by then: end of the last chunk that had been sent whole
        "covered_s": "float64",  # audio time at which this transcript ends
        "lag_s": "float64",  # sent - covered, signed
        "speaking": "bool",  # whether `sent_s` lies within this utterance, as it was at last
    }
)

#: One row a kind of transcript.
STREAM: Schema = MappingProxyType(
    {
        "kind": "str",  # partial or final
        "n": "int64",  # transcripts
        "lag_p50_s": "float64",
        "lag_p95_s": "float64",
        "lag_max_s": "float64",
        "negative": "int64",  # transcripts that end behind the audio that had been sent
        "points": "int64",  # that the slope is estimated from; see `stream`
        "backlog_ms_per_s": "float64",  # growth of the lag; NaN where the note says so
        "backlog_low_ms_per_s": "float64",  # 95 % interval
        "backlog_high_ms_per_s": "float64",
        "note": "str",  # what is withheld and why; missing when nothing is
    }
)

#: One row a run.
CADENCE: Schema = MappingProxyType(
    {
        "updates": "int64",  # partials
        "speech_s": "float64",  # length of all utterances
        "updates_per_s": "float64",  # of speech; NaN without speech
        "gaps": "int64",  # between two partials of one utterance
        "gap_p50_ms": "float64",  # NaN without gaps, and so on
        "gap_p95_ms": "float64",
        "gap_max_ms": "float64",
        "words_per_update": "float64",  # change of the number of words, on average, of partials
        "max_words_per_update": "int64",  # most words that one partial had more than the one before
        "regular": "float64",  # share of gaps near the median; NaN without gaps
        "fixed_interval": "boolean",  # whether a timer seems to emit; missing for too few gaps
    }
)

#: Gaps from which on a timer can be told from chance.
_GAPS = 10
#: A gap is near the median within this part of it, or this many milliseconds.
_NEAR, _NEAR_MS = 0.1, 10.0
#: Share of gaps near the median that makes a timer.
_TIMER = 0.8
#: Most points that a slope is estimated from, because it takes all their pairs.
_POINTS = 400


class Slope(NamedTuple):
    """A robust slope with its interval; NaN for fewer than three points.

    Attributes:
        value: median of the slopes of all pairs of points.
        low: lower end of the 95 % interval.
        high: upper end.
        n: points.
    """

    value: float
    low: float
    high: float
    n: int


def cursor_lag(run: RunData) -> pd.DataFrame:
    """How far behind the audio each transcript was when it arrived.

    The cursor of the audio is the end of the last chunk that had been sent, that of the transcript
    its own end by the service's times: the lag is quantised to a chunk. In silence it grows without
    meaning anything; look at rows that are `speaking` (Deepgram, "Measuring streaming latency").
    Finals end where speech does, so that theirs holds the whole wait for the end of speech.

    Returns:
        Columns in `CURSOR_LAG`, in the order of arrival. Transcripts that came before any audio was
        sent, or do not say where they end, have no row.
    """
    chunks, t0 = run.chunks, run.record.t0_ns
    columns: dict[str, Any] = {name: [] for name in CURSOR_LAG}
    sent = chunks[chunks["send_end_ns"].notna()].sort_values("send_end_ns", kind="stable")
    if t0 is None or not len(sent):
        return to_frame(columns, CURSOR_LAG)
    for item in screen(run):
        n = len(item.recv_ns)
        columns["recv_ns"] += item.recv_ns
        columns["channel"] += [item.channel] * n
        columns["utterance_id"] += [item.id] * n
        columns["is_final"] += [False] * (n - 1) + [item.is_final]
        columns["covered_s"] += item.ends_s
        columns["speaking"] += [(item.start_s, item.end_s)] * n
    recv = np.array(columns["recv_ns"], dtype="int64")
    at = np.searchsorted(sent["send_end_ns"].astype("int64").to_numpy(), recv, side="right") - 1
    ends = np.maximum.accumulate(sent["end_s"].to_numpy())
    sent_s, covered = ends[np.maximum(at, 0)], np.array(columns["covered_s"], dtype="float64")
    spans = np.array(columns["speaking"], dtype="float64").reshape(-1, 2)
    table = to_frame(
        {
            **columns,
            "recv_s": (recv - t0) / 1e9,
            "sent_s": sent_s,
            "lag_s": sent_s - covered,
            "speaking": (spans[:, 0] <= sent_s) & (sent_s <= spans[:, 1]),
        },
        CURSOR_LAG,
    )
    known = (at >= 0) & ~np.isnan(covered)
    found: pd.DataFrame = table[known].sort_values("recv_ns", kind="stable").reset_index(drop=True)
    return found


def stream(run: RunData) -> pd.DataFrame:
    """The lag of partials and of finals, and whether it grows.

    Partials count while their utterance is being spoken, finals always; see `cursor_lag`. The
    backlog is the slope of the lag against time by Theil and Sen: above 0 the service is slower
    than the audio, or the client drifts (look at `pacing` first). Transcripts of one moment are
    correlated: they are summed up by their median in windows of equal length, at most 400, before
    the slope is taken. With partials that stop for each final the lag of finals tells more.

    Returns:
        Columns in `STREAM`, `partial` before `final`; a kind without transcripts has no row.

    Example:
        `stream(run).set_index("kind")["backlog_ms_per_s"]`
    """
    lag = cursor_lag(run)
    columns: dict[str, list[Any]] = {name: [] for name in STREAM}
    kinds = {"partial": ~lag["is_final"] & lag["speaking"], "final": lag["is_final"]}
    for kind, wanted in kinds.items():
        part = lag[wanted]
        if not len(part):
            continue
        trend = slope(*_windows(part["recv_s"].to_numpy(), part["lag_s"].to_numpy()))
        row = {
            "kind": kind,
            "n": len(part),
            "lag_p50_s": part["lag_s"].quantile(0.5),
            "lag_p95_s": part["lag_s"].quantile(0.95),
            "lag_max_s": part["lag_s"].max(),
            "negative": int((part["lag_s"] < 0).sum()),
            "points": trend.n,
            "backlog_ms_per_s": trend.value * 1e3,
            "backlog_low_ms_per_s": trend.low * 1e3,
            "backlog_high_ms_per_s": trend.high * 1e3,
            "note": (
                "A backlog needs three transcripts at different times."
                if math.isnan(trend.value)
                else None
            ),
        }
        for name, value in row.items():
            columns[name].append(value)
    return to_frame(columns, STREAM)


def cadence(run: RunData) -> pd.DataFrame:
    """How often partials come, and how much each brings.

    Gaps are between two partials of one utterance. Where at least 80 % of ten or more gaps lie
    within 10 % (or 10 ms) of their median a timer seems to emit partials, and `fixed_interval` is
    true: the first of them then tells about the timer, not about recognition. Speech at a constant
    pace, as a synthetic voice may have it, looks the same.

    Returns:
        Columns in `CADENCE`, one row; without partials `updates` and `gaps` are 0.

    Example:
        `cadence(run)[["updates_per_s", "gap_p95_ms"]]`
    """
    updates, speech_s = 0, 0.0
    gaps: list[float] = []
    words: list[int] = []
    for item in screen(run):
        partials = len(item.recv_ns) - item.is_final
        updates += partials
        if item.end_s > item.start_s:
            speech_s += item.end_s - item.start_s
        stamps = np.array(item.recv_ns[:partials], dtype="int64")
        gaps += (np.diff(stamps) / 1e6).tolist()
        words += _added(item, partials)
    spread = np.array(gaps)
    middle = float(np.median(spread)) if gaps else np.nan
    near = np.abs(spread - middle) <= max(_NEAR * middle, _NEAR_MS) if gaps else spread
    regular = float(near.mean()) if gaps else np.nan
    row = {
        "updates": updates,
        "speech_s": speech_s,
        "updates_per_s": updates / speech_s if speech_s else np.nan,
        "gaps": len(gaps),
        "gap_p50_ms": middle,
        "gap_p95_ms": float(np.quantile(spread, 0.95)) if gaps else np.nan,
        "gap_max_ms": float(spread.max()) if gaps else np.nan,
        "words_per_update": sum(words) / len(words) if words else np.nan,
        "max_words_per_update": max(words, default=0),
        "regular": regular,
        "fixed_interval": regular >= _TIMER if len(gaps) >= _GAPS else None,
    }
    return to_frame({name: [value] for name, value in row.items()}, CADENCE)


def _added(item: Shown, partials: int) -> list[int]:
    """Words that each partial of an utterance has more than the one before; the first, all."""
    counts = [0, *(sum(len(cut(w)) for w in text.split()) for text in item.texts[:partials])]
    return [b - a for a, b in pairwise(counts)]


def slope(x: npt.ArrayLike, y: npt.ArrayLike) -> Slope:
    """Slope of y against x by Theil and Sen, with Sen's interval (1968), normal approximation.

    Up to 29 % of the points can be anywhere without moving it far. Time and memory grow with the
    square of the number of points.

    Example:
        >>> slope([0, 1, 2, 3, 4], [1, 3, 5, 7, 99]).value
        2.0
    """
    at, value = np.asarray(x, dtype="float64"), np.asarray(y, dtype="float64")
    first, second = np.triu_indices(len(at), 1)
    run, rise = at[second] - at[first], value[second] - value[first]
    slopes = np.sort(rise[run != 0] / run[run != 0])
    n = len(at)
    if n < 3 or not len(slopes):
        return Slope(math.nan, math.nan, math.nan, n)
    wide = student(0.95, 10**6) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    # Ranks of the ends, from 0; with few points they are those of all slopes.
    low = max(0, math.floor((len(slopes) - wide) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + wide) / 2))
    return Slope(float(np.median(slopes)), float(slopes[low]), float(slopes[high]), n)


def _windows(at: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Medians of times and values in at most `_POINTS` windows of equal length."""
    if len(at) <= _POINTS:
        return at, value
    span = at[-1] - at[0]
    window = np.minimum((at - at[0]) / span * _POINTS, _POINTS - 1).astype("int64") if span else at
    found = pd.DataFrame({"at": at, "value": value}).groupby(window).median()
    return found["at"].to_numpy(), found["value"].to_numpy()
