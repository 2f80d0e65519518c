"""What another endpointing would have done, told from one run; and what each run has measured.

Endpointing is the silence that ends an utterance. A short one cuts into turns, a long one lets
everybody wait. A run at a short endpointing knows all silences at least as long, and so where any
longer one would have cut and when its finals would have come. Only timing can be told so: the text
of audio that is put together would have been decoded anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.clocks import sent_s
from gladia_nb.metrics.base.endpoint_rule import Cut, cuts_of
from gladia_nb.metrics.base.intervals import quantiles
from gladia_nb.metrics.base.sent_part import sent_reference
from gladia_nb.metrics.base.spoken_turns import goes_on, not_ended
from gladia_nb.metrics.base.turn_spans import Piece, reference_turns
from gladia_nb.metrics.heard_speech import (
    Heard,
    heard_of,
    least_waits_s,
    own_endpointing_s,
)
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "ENDPOINTING",
    "ENDPOINTING_CUTS",
    "endpointing",
    "endpointing_cuts",
]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: One row an endpointing that is predicted, or a run that is measured.
ENDPOINTING: Schema = MappingProxyType(
    {
        "kind": "str",  # predicted, or measured at the endpointing of the run
        "run": "str",  # id of the session
        "endpointing_s": "float64",
        "least_s": "float64",  # shortest silence that the service is seen to wait for in the run
        "utterances": "int64",
        "cuts": "int64",  # of them, ended by silence
        "forced": "int64",  # of them, ended by their length
        "cuts_per_minute": "float64",  # of audio that was sent
        "turns": "Int64",  # of the reference; missing without one, as the next four
        "premature": "Int64",  # cuts by silence within a turn
        "cut_turns": "Int64",  # turns with such a cut
        "premature_share": "float64",  # cut_turns / turns; NaN without a reference
        "missed": "Int64",  # ends of turns without a cut before the next turn of the channel
        "told_by": "str",  # what tells turns: speaker, sentence, or gap; missing without reference
        "anchor": "str",  # who says when speech ended: reference where it can, or service
        "never": "int64",  # of cuts: the final never came; counted as later than all others
        "wait_p50_ms": "float64",  # end of speech -> final @capture, of cuts by silence
        "wait_p90_ms": "float64",  # NaN below 29 cuts
        "wait_mean_ms": "float64",  # of those that came
    }
)

#: One row an end of an utterance.
ENDPOINTING_CUTS: Schema = MappingProxyType(
    {
        "kind": "str",  # predicted or measured
        "endpointing_s": "float64",
        "channel": "int64",
        "trigger": "str",  # as in `run.utterances`; predicted: endpoint, max_duration or stop
        "start_s": "float64",  # audio time at which the utterance began
        "end_s": "float64",  # end of the speech in front of the cut, as the service heard it
        "cut_s": "float64",  # audio time at which it is decided that the utterance is over
        "next_s": "float64",  # where speech goes on; NaN where it does not
        "merged": "int64",  # recorded utterances, or parts of them, that it is made of
        "premature": "boolean",  # by silence, within a turn; missing without a reference
        "wait_ms": "float64",  # end of speech -> final @capture; NaN when it did not wait for it
    }
)

#: Longest silence of the default grid, seconds, and its number of steps.
_LONGEST_S, _STEPS = 3.0, 33
#: What two endpointings may differ by and be the same.
_SAME_S = 1e-9


def endpointing(
    runs: RunData | Iterable[RunData], at: Iterable[float] | None = None
) -> pd.DataFrame:
    """Cuts within turns against waiting, for each endpointing: predicted, and measured.

    Predicted from the run with the lowest endpointing E0 (from each, where several share it). At a
    longer one, E, an utterance goes on where the silence behind it was shorter than E; else its
    final comes later by the time in which the audio between the two decisions was sent, about
    E - E0. Utterances that become longer than `maximum_duration_without_endpointing` are ended by
    force between two words. It is assumed that

    * the service finds the same speech, and takes as long for a final, whatever the endpointing and
      however long the utterance;
    * its `speech_end`, or where there is none its last word, says when speech ended, not when that
      was decided, which would be later by E0;
    * it waits for just the silence that is configured, or, where several runs at different
      endpointings are given, for the least that they show together (`least_s`): a detector of
      speech may hold on for longer than a short endpointing. What a service takes to say that
      speech is over looks the same in one run, and is told apart by a second one.

    Held against real sessions: the scripted engine does just that, to 10 nanoseconds. The embedded
    recogniser cuts the recording `conversation` at 0.3, 0.5 and 0.8 s at all the places that were
    predicted, to 0.01 s, with the same premature cuts. Its detector never lets go before 0.12 s, so
    that from a run at 0.05 s alone waits are predicted too long, each by a chunk of 0.1 s or not
    at all: counted in audio, by 0.07 s in the mean at 0.3 s; with the run at 0.3 s beside it, by
    0.005 s. Decoding a longer utterance takes longer, on a slow machine by much more than that:
    whoever wants to know the waits measures a second run, and draws it over the prediction. Cuts by
    force are the least certain: they fall between two words as those were understood until then,
    and from there on everything is shifted. With 5 s as longest duration 10 utterances were
    predicted at 0.8 s and at 1.5 s, where there were 11 and 11.

    A final whose own utterance was not ended by silence gets the median delay of the others.

    A turn is what one speaker says until another speaks or is silent for more than 0.8 s; sentences
    of the reference are not divided. What told it is in `told_by`: with `gap`, nothing within a
    turn is longer than 0.8 s, so that no cut can be premature from there on.

    Args:
        runs: a run, or several of the same speech at different endpointings.
        at: endpointings to predict, seconds; by default 33 from E0 to 3 s, logarithmic.

    Returns:
        Columns in `ENDPOINTING`: what is predicted by run and endpointing, then each run's own.

    Raises:
        ConfigError: no run, or an endpointing below E0, of which the run knows nothing.

    Example:
        `endpointing(gn.load("at_0.05.run"), at=[0.1, 0.3, 0.8])[["endpointing_s", "premature"]]`
    """
    several = [runs] if isinstance(runs, RunData) else list(runs)
    if not several:
        raise ConfigError("endpointing needs a run, or several; none was given.")
    lowest_s = min(own_endpointing_s(run) for run in several)
    grid = _grid(lowest_s) if at is None else [float(value) for value in at]
    waits_s = least_waits_s(several)
    sources = [
        (run, least_s)
        for run, least_s in zip(several, waits_s, strict=True)
        if own_endpointing_s(run) <= lowest_s + _SAME_S
    ]
    for value in grid:
        _check(value, lowest_s)
    rows = [
        _row(run, "predicted", value, _predicted(run, value, least_s), least_s)
        for run, least_s in sources
        for value in grid
    ]
    rows += [
        _row(run, "measured", own_endpointing_s(run), _measured(run), least_s)
        for run, least_s in zip(several, waits_s, strict=True)
    ]
    return to_frame({name: [row[name] for row in rows] for name in ENDPOINTING}, ENDPOINTING)


def endpointing_cuts(
    run: RunData, at: float | None = None, *, beside: Iterable[RunData] = ()
) -> pd.DataFrame:
    """Where utterances end: as they did, or as they would have at another endpointing.

    Args:
        run: the run.
        at: endpointing to predict, seconds; by default what was measured at that of the run.
        beside: runs at longer endpointings, which tell how long the service really waits.

    Returns:
        Columns in `ENDPOINTING_CUTS`, by channel and time. What is assumed is said at
        `endpointing`.

    Raises:
        ConfigError: the endpointing is below that of the run, which knows nothing of it.

    Example:
        `endpointing_cuts(run, 0.5).query("premature")[["end_s", "cut_s", "next_s"]]`
    """
    own_s = own_endpointing_s(run)
    kind, value = ("measured", own_s) if at is None else ("predicted", float(at))
    _check(value, own_s)
    least_s = least_waits_s([run, *beside])[0]
    ends = _measured(run) if at is None else _predicted(run, value, least_s)
    known = bool(_turns(run)[0])
    columns: dict[str, list[Any]] = {name: [] for name in ENDPOINTING_CUTS}
    for end in ends:
        for cut, turn, wait_ms in zip(end.cuts, end.turn, end.wait_ms, strict=True):
            row = {
                **cut._asdict(),
                "kind": kind,
                "endpointing_s": value,
                "channel": end.channel,
                "cut_s": cut.at_s,
                "merged": cut.stretch - cut.first + 1,
                "premature": bool(turn >= 0) if known else None,
                "wait_ms": wait_ms,
            }
            for name, values in columns.items():
                values.append(row[name])
    return to_frame(columns, ENDPOINTING_CUTS)


def _grid(lowest_s: float) -> list[float]:
    """From the run's own up to 3 s, to the millisecond."""
    longest_s = max(_LONGEST_S, lowest_s)
    steps = np.geomspace(lowest_s, longest_s, _STEPS).round(3)
    return [lowest_s, *np.unique(steps[steps > lowest_s]).tolist()]


def _check(value: float, lowest_s: float) -> None:
    if not lowest_s - _SAME_S <= value < np.inf:
        raise ConfigError(
            f"The run was recorded at an endpointing of {lowest_s:g} s: what {value:g} s would "
            f"have done cannot be told from it. Ask for {lowest_s:g} s or more, or record a run at "
            "a lower one."
        )


# -- what a channel comes to --


class _Ends(NamedTuple):
    """The ends of utterances of one channel; arrays have one item for each.

    Attributes:
        channel: its number.
        cuts: where they are.
        turn: number of the turn that goes on behind each; -1 where none does.
        wait_ms: from the end of speech to the final; NaN when it did not wait for that, or is not
            known; inf when the final never came.
        missed: turns that run into the next one.
    """

    channel: int
    cuts: list[Cut]
    turn: Ints
    wait_ms: Floats
    missed: int

    @property
    def by_silence(self) -> Bools:
        """Which were caused by silence."""
        return np.array([cut.trigger == "endpoint" for cut in self.cuts], dtype=bool)


def _ends(heard: Heard, cuts: list[Cut], wait_ms: Floats, turns: Sequence[Piece]) -> _Ends:
    end_s = np.array([cut.end_s for cut in cuts])
    next_s = np.array([cut.next_s for cut in cuts])
    waited = np.array([cut.trigger == "endpoint" for cut in cuts], dtype=bool)
    return _Ends(
        heard.number,
        cuts,
        np.where(waited, goes_on(turns, heard.number, end_s, next_s), -1),
        np.where(waited, wait_ms, np.nan),
        not_ended(turns, heard.number, end_s, next_s),
    )


def _turns(run: RunData) -> tuple[list[Piece], str | None]:
    return kept(run.record, "turns", lambda: reference_turns(sent_reference(run)))


def _measured(run: RunData) -> list[_Ends]:
    """The ends of utterances as they were."""
    own_s, turns = own_endpointing_s(run), _turns(run)[0]
    found = []
    for heard in heard_of(run):
        starts_s = [stretch.start_s for stretch in heard.stretches]
        cuts = [
            Cut(
                trigger,
                said.end_s + own_s * (trigger == "endpoint"),
                said.start_s,
                said.end_s,
                next_s,
                k,
                k,
            )
            for k, (said, trigger, next_s) in enumerate(
                zip(heard.stretches, heard.triggers, [*starts_s[1:], np.nan], strict=True)
            )
        ]
        found.append(_ends(heard, cuts, (heard.final_s - heard.spoken_s) * 1e3, turns))
    return found


def _predicted(run: RunData, value: float, least_s: float) -> list[_Ends]:
    """The ends of utterances at an endpointing, with the time to their finals.

    Args:
        run: the run.
        value: the endpointing.
        least_s: shortest silence that the service waited for in the run.
    """
    longest_s = float(run.config.get("maximum_duration_without_endpointing", 5))
    turns, until_s = _turns(run)[0], run.sent_s
    taken = [_taken_s(run, heard, least_s) for heard in heard_of(run)]
    usual_s = _median(np.concatenate(taken)) if taken else np.nan
    found = []
    for heard, took_s in zip(heard_of(run), taken, strict=True):
        waits_s = max(value, least_s)
        cuts = list(
            cuts_of(heard.stretches, endpointing_s=waits_s, longest_s=longest_s, until_s=until_s)
        )
        last = [cut.stretch for cut in cuts]
        delay_s = np.where(np.isnan(took_s[last]), usual_s, took_s[last])
        final_s = sent_s(run, [cut.at_s for cut in cuts]) + delay_s
        found.append(_ends(heard, cuts, (final_s - heard.spoken_s[last]) * 1e3, turns))
    return found


def _taken_s(run: RunData, heard: Heard, least_s: float) -> Floats:
    """From when a silence was sent to the final; NaN where none caused it, inf for never."""
    decided_s = sent_s(run, [stretch.end_s + least_s for stretch in heard.stretches])
    waited = np.array([trigger == "endpoint" for trigger in heard.triggers], dtype=bool)
    never = np.isinf(heard.final_s)
    return np.where(never, np.inf, np.where(waited, heard.final_s - decided_s, np.nan))


def _median(values: Floats) -> float:
    came = values[np.isfinite(values)]
    return float(np.median(came)) if len(came) else np.nan


# -- rows --


def _row(
    run: RunData, kind: str, value: float, ends: Sequence[_Ends], least_s: float
) -> dict[str, Any]:
    """One row of `ENDPOINTING`."""
    turns, told_by = _turns(run)
    triggers = [cut.trigger for end in ends for cut in end.cuts]
    cuts, minutes = triggers.count("endpoint"), run.sent_s / 60
    within = np.concatenate([np.zeros(0, dtype="int64"), *(end.turn for end in ends)])
    within = within[within >= 0]
    anchors = {anchor for heard in heard_of(run) for anchor in heard.anchors}
    return {
        "kind": kind,
        "run": run.session_id,
        "endpointing_s": value,
        "least_s": least_s,
        "utterances": len(triggers),
        "cuts": cuts,
        "forced": triggers.count("max_duration"),
        "cuts_per_minute": cuts / minutes if minutes else np.nan,
        **_judged(within, turns, sum(end.missed for end in ends)),
        "told_by": told_by,
        "anchor": min(anchors, default=None),
        **_waits(np.concatenate([np.zeros(0), *(end.wait_ms[end.by_silence] for end in ends)])),
    }


def _judged(within: Ints, turns: Sequence[Piece], missed: int) -> dict[str, Any]:
    """What cuts do to turns, where turns are known."""
    if not turns:
        names = ("turns", "premature", "cut_turns", "missed")
        return {**dict.fromkeys(names), "premature_share": np.nan}
    cut_turns = len(np.unique(within))
    return {
        "turns": len(turns),
        "premature": len(within),
        "cut_turns": cut_turns,
        "premature_share": cut_turns / len(turns),
        "missed": missed,
    }


def _waits(wait_ms: Floats) -> dict[str, Any]:
    """Quantiles of the waits that are known; what never came is later than all others."""
    known = wait_ms[~np.isnan(wait_ms)]
    came = known[np.isfinite(known)]
    middle, high = quantiles(known, range(len(known)), (0.5, 0.9)).points.tolist()
    return {
        "never": len(known) - len(came),
        "wait_p50_ms": middle,
        "wait_p90_ms": high,
        "wait_mean_ms": float(came.mean()) if len(came) else np.nan,
    }
