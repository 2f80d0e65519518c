"""What a run says of the speech that its service heard: stretches, silences, and finals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.clocks import captured_s
from gladia_nb.metrics.base.endpoint_rule import Stretch
from gladia_nb.metrics.latencies import speech_ends
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept

__all__ = ["Heard", "heard_of", "least_waits_s", "own_endpointing_s"]

Floats = npt.NDArray[np.float64]


def own_endpointing_s(run: RunData) -> float:
    """The endpointing that a run was configured with, seconds."""
    return float(run.config.get("endpointing", 0.05))


class Heard(NamedTuple):
    """Utterances of one channel in the order of their audio; arrays have one item for each.

    Attributes:
        number: of the channel.
        stretches: their speech.
        triggers: why their finals came; None when that is not known, or none came.
        anchors: who says when their speech ended: reference or service.
        spoken_s: when their speech had ended, since audio position 0 was spoken.
        final_s: arrival of their finals on the same scale; inf for never.
        told_s: audio behind their speech that the service had confirmed when it said that speech
            was over, seconds; NaN where it did not say so, or confirms nothing.
    """

    number: int
    stretches: list[Stretch]
    triggers: list[str | None]
    anchors: set[str]
    spoken_s: Floats
    final_s: Floats
    told_s: Floats


def heard_of(run: RunData) -> list[Heard]:
    """The channels of a run that have utterances."""
    return kept(run.record, "speech that was heard", lambda: list(_read(run)))


def least_waits_s(runs: Sequence[RunData]) -> list[float]:
    """The shortest silence that the service waits for in each of some runs, seconds.

    One run cannot tell: a `speech_end` that comes late may have waited for more silence than is
    configured, or have taken its time. A run at a longer endpointing can, since it takes as long
    there, and what it waited for is known. So from all runs that time is what is least: the audio
    that was confirmed when a `speech_end` came, less the endpointing. Both messages have come the
    same way, so that the network is not in it.

    Returns:
        The endpointing of each run, or more where it is seen to have waited for more.
    """
    own_s = [own_endpointing_s(run) for run in runs]
    told_s = [_least_told_s(heard_of(run)) for run in runs]
    takes_s = min((told - own for told, own in zip(told_s, own_s, strict=True)), default=np.inf)
    found = []
    for run, own, told in zip(runs, own_s, told_s, strict=True):
        pauses_s = [
            stretch.pause_s
            for heard in heard_of(run)
            for stretch, trigger in zip(heard.stretches, heard.triggers, strict=True)
            if trigger == "endpoint"
        ]
        # Where speech went on sooner it has not waited for so long.
        known = np.isfinite(told)
        found.append(max(own, min(told - takes_s, *pauses_s)) if known and pauses_s else own)
    return found


def _least_told_s(channels: Sequence[Heard]) -> float:
    """The least of what was confirmed when a cut by silence was told; inf where nothing was."""
    return min(
        (
            told_s
            for heard in channels
            for told_s, trigger in zip(heard.told_s.tolist(), heard.triggers, strict=True)
            if trigger == "endpoint" and not np.isnan(told_s)
        ),
        default=np.inf,
    )


def _read(run: RunData) -> Iterator[Heard]:
    frame = run.utterances.dropna(subset=["start_s", "end_s"])
    if run.record.t0_ns is None:
        return
    frame = frame.merge(speech_ends(run), on=["channel", "utterance_id"], how="left")
    own_s, until_s = own_endpointing_s(run), run.sent_s
    words = _words(run)
    frame = frame.sort_values("start_s", kind="stable")
    for number in sorted(set(frame["channel"].tolist())):
        rows = frame[frame["channel"] == number]
        triggers = _triggers(rows)
        spans = _spans(rows, triggers)
        stretches = []
        for k, ((start_s, end_s), trigger) in enumerate(zip(spans, triggers, strict=True)):
            next_s = spans[k + 1][0] if k + 1 < len(spans) else until_s
            known = words.get((number, rows["utterance_id"].iloc[k]), [])
            said = tuple(known or [(start_s, end_s)])
            pause_s = _pause_s(next_s - end_s, trigger, own_s, last=k + 1 == len(spans))
            stretches.append(Stretch(start_s, end_s, pause_s, said))
        ends_s = np.array([stretch.end_s for stretch in stretches])
        anchor_s = rows["anchor_s"].fillna(rows["end_s"]).to_numpy()
        yield Heard(
            number,
            stretches,
            triggers,
            set(rows["anchor"].dropna()),
            captured_s(run, anchor_s),
            rows["final_s"].fillna(np.inf).to_numpy(dtype="float64"),
            _confirmed_s(run, rows["speech_end_ns"]) - ends_s,
        )


def _confirmed_s(run: RunData, moments_ns: pd.Series[Any]) -> Floats:
    """Seconds of audio that the service had acknowledged at each moment; NaN for not known."""
    chunks = run.chunks.dropna(subset=["ack_ns"]).sort_values("ack_ns", kind="stable")
    confirmed_s = np.append(np.nan, np.maximum.accumulate(chunks["end_s"].to_numpy()))
    known = moments_ns.notna().to_numpy()
    moments = moments_ns.fillna(0).to_numpy("int64")
    at = np.searchsorted(chunks["ack_ns"].to_numpy("int64"), moments, side="right")
    found: Floats = np.where(known, confirmed_s[at], np.nan)
    return found


def _triggers(rows: pd.DataFrame) -> list[str | None]:
    """Why each utterance ended: also of one whose final never came, if its speech_end did."""
    closed = ~rows["is_final"] & rows["speech_end_s"].notna()
    triggers = rows["trigger"].mask(closed, "endpoint")
    return [text if isinstance(text, str) else None for text in triggers]


def _spans(rows: pd.DataFrame, triggers: Sequence[str | None]) -> list[tuple[float, float]]:
    """Speech of each utterance: by the service's speech events, where it has its own, or words."""
    found: list[tuple[float, float]] = []
    names = ["start_s", "end_s", "speech_start_s", "speech_end_s"]
    before_s = -np.inf
    for k, (start_s, end_s, began_s, ended_s) in enumerate(rows[names].itertuples(index=False)):
        # One that began behind a cut by force has no beginning of speech of its own.
        begin_s = began_s if before_s <= began_s < end_s else start_s
        stop_s = ended_s if triggers[k] == "endpoint" and ended_s > begin_s else end_s
        found.append((begin_s, stop_s))
        before_s = stop_s
    return found


def _pause_s(pause_s: float, trigger: str | None, own_s: float, *, last: bool) -> float:
    """Silence behind an utterance, which cannot contradict what became of it."""
    if trigger == "endpoint":
        return max(pause_s, own_s)
    # The stop came before there was silence enough.
    return min(pause_s, float(np.nextafter(own_s, 0))) if trigger == "stop" and last else pause_s


def _words(run: RunData) -> dict[tuple[int, str], list[tuple[float, float]]]:
    """Times of the words of each first final."""
    rows = run.words
    rows = rows[rows["is_final"] & rows["start_s"].notna() & rows["end_s"].notna()]
    rows = rows.drop_duplicates(["channel", "utterance_id", "position"])
    found: dict[tuple[int, str], list[tuple[float, float]]] = {}
    names = ["channel", "utterance_id", "start_s", "end_s"]
    for channel, ident, start_s, end_s in rows[names].itertuples(index=False):
        found.setdefault((channel, ident), []).append((start_s, end_s))
    return found
