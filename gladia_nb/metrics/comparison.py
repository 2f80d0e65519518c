"""Is one kind of run faster than another: differences of the same word in both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.intervals import quantiles, student
from gladia_nb.metrics.base.significance import interval_of_mean, mean_or_median
from gladia_nb.metrics.defined_latencies import LATENCIES
from gladia_nb.metrics.latencies import CLOCKS, TRIGGERS, latency
from gladia_nb.metrics.partners import Pairing, median, paired_latencies, pairings
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "COMPARISON",
    "FEWEST_PAIRS",
    "Difference",
    "compare",
    "compared",
    "difference",
    "latency_and_trigger",
    "measure_name",
    "paired",
]

#: One row a measure and way of pairing; for finals of utterances one a trigger.
COMPARISON: Schema = MappingProxyType(
    {
        "name": "str",
        "anchor": "str",
        "trigger": "str",  # for finals of utterances; missing when neither is known, or came
        "paired_by": "str",  # same word by reference or by text; run: medians of whole runs
        "pairs": "int64",  # in which at least one of the two came
        "clusters": "int64",  # utterances that they are from
        "runs": "int64",  # pairs of runs
        "recordings": "int64",  # that were sent; 0 where whole runs are paired
        "unpaired": "int64",  # samples of either side that have no partner on the other
        "never_a": "int64",  # of the pairs: only the one of b came
        "never_b": "int64",  # of the pairs: only the one of a came
        "never": "int64",  # not in pairs: neither came
        "negative_a": "int64",  # of the pairs: latencies below 0
        "negative_b": "int64",
        "a_p50_ms": "float64",  # of the pairs; inf: among those that never came
        "b_p50_ms": "float64",
        "difference_ms": "float64",  # of b - a; inf: b never came, -inf: a never came
        "low_ms": "float64",  # 95 % interval; infinite: no bound; NaN where the note says so
        "high_ms": "float64",
        "interval_of": "str",  # kinds; or runs: of these sessions only; missing without interval
        "more_pairs": "int64",  # of runs, that an interval about the kinds needs beside these
        "note": "str",  # missing when there is nothing to say
        "normaliser": "str",  # what makes words equal; both where the two sides differ
    }
)

#: Pairs of runs, or recordings, from which the spread between them is told.
FEWEST_PAIRS = 3

_LONE = "An interval needs two utterances or more pairs of runs. "
_NEITHER = "In no pair did either of the two come."


class Difference(NamedTuple):
    """How much later one kind is, and what the interval is about.

    Attributes:
        point: milliseconds; infinite where one side never came.
        low: lower end of the 95 % interval; -inf without a bound, NaN without an interval.
        high: upper end.
        of: `kinds`, or `runs` for an interval about these sessions only; None without interval.
        more: pairs of runs that an interval about the kinds needs beside these.
        note: what the numbers do not tell, in words; None when nothing is to be said.
    """

    point: float
    low: float
    high: float
    of: str | None
    more: int
    note: str | None


def compare(
    runs_a: RunData | Sequence[RunData],
    runs_b: RunData | Sequence[RunData],
    *,
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """Every latency of two kinds of runs, pair by pair: how much later is b than a?

    The k-th run of one side goes with the k-th of the other; record them in turns (A B B A), so
    that what changes in the course of the day changes for both. Where the two runs of a pair have
    the same reference a word is paired with itself: the same reference word of the same channel,
    and an utterance with that which begins or ends with the same reference word. What has no
    partner is counted, not compared. Other pairs of runs may be of another recording.

    Two runs without a common reference are of one recording where their headers say the same of the
    sound that was sent: its name, length, rate and channels. Their words are paired by `text` then:
    equal words of finals in the same order, by the service's own times at most two seconds apart
    (by order alone where it gives none); an utterance goes with that which begins or ends with the
    same word. Each word counts from the end that its own run says it has (anchor
    `service`): where two services place words differently, that is in the difference. What a run
    has missed is no word that never came, since nobody knows that it was spoken: it has no partner.
    Where less than half of the words of both are the same, which the note says, and in other pairs
    without a common reference, the medians of the two runs are paired (`run`).

    The difference is the median over the pairs, not the difference of medians: what makes a word
    hard is the same on both sides. A latency that never came is greater than any other, so that a
    pair with one has a difference of plus or minus infinity. Finals of utterances are compared
    within their trigger; those of different triggers count as unpaired.

    What is repeated are sessions, and the words of one session share its fate. With three pairs of
    runs or more each has its median difference, and the difference is their mean, with Student's t:
    an interval about the two kinds, on the recordings that were sent. With three recordings or more
    each of these has its mean, so that to send one again adds no false precision, and the interval
    is about speech like theirs. Where one of these medians is infinite, their median and its
    interval stand instead. With fewer pairs of runs nothing tells how sessions vary: the interval
    is that of drawing utterances, about these sessions only, and `interval_of` and `note` say so.

    In simulations in which both kinds are the same, with 3 to 10 pairs of runs, sessions that do
    not vary or twice as much as words, and words that never come, intervals about the kinds exclude
    0 in 4 to 6 % of cases; those about two sessions hold the difference of these in 94 to 96 %, but
    would exclude 0 in 39 % where sessions vary a third as much as words (`benchmarks/coverage.py`).

    Args:
        runs_a: a run, or several of one kind.
        runs_b: the same number, of the other kind.
        normaliser: what makes words equal; see `word_times`.

    Returns:
        Columns in `COMPARISON`, in the order of `latency`. Measures without a single pair have no
        row; pairs of which neither came have one, without a difference.

    Raises:
        ConfigError: none, or not as many on both sides; or there is no such normaliser.

    Example:
        `compare(before, after)[["name", "difference_ms", "low_ms", "high_ms", "interval_of"]]`
    """
    left, right = _listed(runs_a), _listed(runs_b)
    if not left or len(left) != len(right):
        raise ConfigError(
            f"Runs are compared in pairs, but there are {len(left)} and {len(right)}; "
            "give as many of one kind as of the other."
        )
    return compared(left, right, pairings(left, right, normaliser), normaliser)


def compared(
    left: Sequence[RunData],
    right: Sequence[RunData],
    how: Sequence[Pairing],
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """The same as `compare`, where it is known how each run is paired with its partner.

    Args:
        left: runs of one kind.
        right: as many of the other.
        how: of each pair, from `pairings`; where words are aligned, that has been done once then.
        normaliser: with which it was found out.

    Returns:
        Columns in `COMPARISON`.
    """
    blocks = [
        paired_latencies(a, b, pairing, normaliser).assign(_run=k)
        for k, (a, b, pairing) in enumerate(zip(left, right, how, strict=True))
    ]
    table = pd.concat(blocks, ignore_index=True)
    columns: dict[str, list[Any]] = {name: [] for name in COMPARISON}
    order = {name: k for k, name in enumerate(_names(left, right))}
    told = ", ".join(dict.fromkeys(chosen(run, normaliser).name for run in [*left, *right]))
    table["_order"] = table["name"].map(order)
    triggers = {trigger: k for k, trigger in enumerate(TRIGGERS)}
    table["_trigger"] = table["trigger"].map(triggers).fillna(len(triggers))
    for (_, paired_by, _), group in table.groupby(["_order", "paired_by", "_trigger"]):
        row = _row(group, str(paired_by))
        if not row["pairs"] and not row["never"]:
            continue
        row["trigger"] = group["trigger"].iloc[0] or None
        row["normaliser"] = told
        for name in COMPARISON:
            columns[name].append(row[name])
    return to_frame(columns, COMPARISON)


def paired(a: RunData, b: RunData) -> Iterator[tuple[str, float, float, float]]:
    """Each latency of two runs: its name, the medians of both, and the median difference b - a.

    Paired as in `compare`; names are those of `measure_name`. A median is infinite where most never
    came; measures in which neither side came are left out.

    Example:
        `{name: difference for name, _, _, difference in paired(before, after)}`
    """
    table = paired_latencies(a, b, pairings([a], [b])[0], "basic")
    table = table[table["paired"]]
    came = np.isfinite(table["ms_a"]) | np.isfinite(table["ms_b"])
    for (name, trigger), group in table[came].groupby(["name", "trigger"], sort=False):
        difference = median(group["ms_b"] - group["ms_a"])
        label = measure_name(str(name), str(trigger))
        yield label, median(group["ms_a"]), median(group["ms_b"]), difference


def measure_name(latency_name: str, trigger: str | None) -> str:
    """What is compared: a latency, of finals of utterances with their trigger behind.

    Example:
        >>> measure_name("speech_end -> final @send", "endpoint")
        'speech_end -> final @send (endpoint)'
    """
    return f"{latency_name} ({trigger})" if trigger else latency_name


def latency_and_trigger(measure: str) -> tuple[str, str]:
    """The latency of a `measure_name`, and its trigger; "" where it has none.

    Example:
        >>> latency_and_trigger("speech_end -> final @send (endpoint)")
        ('speech_end -> final @send', 'endpoint')
    """
    name, _, trigger = measure.removesuffix(")").partition(" (")
    return name, trigger


def _names(left: Sequence[RunData], right: Sequence[RunData]) -> list[str]:
    """Every latency of all runs, in the order of `latency`, whose clocks belong together."""
    found = {name for run in (*left, *right) for name in latency(run)["name"].unique()}
    places = {definition.name: k for k, definition in enumerate(LATENCIES)}

    def place(name: str) -> tuple[int, int]:
        events, _, clock = name.partition(" @")
        return places[events], CLOCKS.index(clock)

    return sorted(found, key=place)


def _listed(runs: RunData | Sequence[RunData]) -> list[RunData]:
    return list(runs) if isinstance(runs, Sequence) else [runs]


def _row(group: pd.DataFrame, paired_by: str) -> dict[str, Any]:
    paired = group[group["paired"]]
    neither = np.isinf(paired["ms_a"]) & np.isinf(paired["ms_b"])
    kept = paired[~neither]
    found = difference(
        kept["ms_b"] - kept["ms_a"],
        kept["_run"],
        kept["recording"],
        None if paired_by == "run" else kept["cluster"],
    )
    notes = dict.fromkeys([*group["pairing_note"], found.note or ""])
    return {
        "name": group["name"].iloc[0],
        "anchor": group["anchor"].iloc[0],
        "paired_by": paired_by,
        "pairs": len(kept),
        "clusters": kept.groupby(["_run", "cluster"]).ngroups,
        "runs": kept["_run"].nunique(),
        "recordings": kept["recording"][kept["recording"] >= 0].nunique(),
        "unpaired": int(group["alone"].sum()),
        "never_a": int(np.isinf(kept["ms_a"]).sum()),
        "never_b": int(np.isinf(kept["ms_b"]).sum()),
        "never": int(neither.sum()),
        "negative_a": int((kept["ms_a"] < 0).sum()),
        "negative_b": int((kept["ms_b"] < 0).sum()),
        "a_p50_ms": median(kept["ms_a"]),
        "b_p50_ms": median(kept["ms_b"]),
        "difference_ms": found.point,
        "low_ms": found.low,
        "high_ms": found.high,
        "interval_of": found.of,
        "more_pairs": found.more,
        "note": " ".join(filter(None, notes)) or None,
    }


def difference(
    ms: pd.Series, runs: pd.Series, recordings: pd.Series, clusters: pd.Series | None
) -> Difference:
    """What the differences of pairs tell about two kinds of runs; see `compare`.

    Args:
        ms: a difference each, milliseconds; infinite where one side never came.
        runs: number of the pair of runs of each.
        recordings: number of the recording of each.
        clusters: utterance of each; None where each is a difference of medians of whole runs.

    Example:
        >>> ms, run = pd.Series([50.0, 60.0, 70.0]), pd.Series([0, 1, 2])
        >>> found = difference(ms, run, run * 0 - 1, None)
        >>> round(found.low, 1), found.point, round(found.high, 1), found.of
        (35.2, 60.0, 84.8, 'kinds')
    """
    if not len(ms):
        return Difference(math.nan, math.nan, math.nan, None, FEWEST_PAIRS, _NEITHER)
    medians = ms.groupby(runs).agg(median)
    more = max(FEWEST_PAIRS - len(medians), 0)
    if not more:
        # A recording that is sent again is not another recording.
        sent = recordings.groupby(runs).first()
        if clusters is not None and sent.nunique() >= FEWEST_PAIRS:
            medians = medians.groupby(sent).agg(mean_or_median)
        point, low, high = _of_units(medians)
        return Difference(point, low, high, "kinds", 0, None)
    if clusters is None:
        return Difference(
            mean_or_median(medians), math.nan, math.nan, None, more, _too_few(len(medians), more)
        )
    labels = runs.astype(str).str.cat(clusters.astype(str), sep=" ")
    found = quantiles(ms, labels, (0.5,))
    point, low, high = (float(part[0]) for part in (found.points, found.low, found.high))
    if found.clusters < 2:
        return Difference(point, low, high, None, more, _LONE + _too_few(len(medians), more))
    return Difference(point, low, high, "runs", more, _these_only(len(medians), more))


def _of_units(values: pd.Series) -> tuple[float, float, float]:
    """Mean of independent values with Student's t; their median where one is infinite."""
    if not np.isfinite(values).all():
        found = quantiles(values, range(len(values)), (0.5,))
        return float(found.points[0]), float(found.low[0]), float(found.high[0])
    return interval_of_mean(values)


def _too_few(count: int, more: int) -> str:
    there = "there is 1 pair" if count == 1 else f"there are {count} pairs"
    return (
        f"An interval about the two kinds needs {FEWEST_PAIRS} pairs of runs, because sessions "
        f"vary; {there}: record {more} more."
    )


def _these_only(count: int, more: int) -> str:
    """What an interval of drawing utterances does not tell, and what it takes to know."""
    these = "two sessions" if count == 1 else f"{2 * count} sessions"
    return (
        f"The interval is about these {these} only: too few to tell how sessions vary. One about "
        f"the two kinds needs {more} more pair{'s' * (more > 1)} of runs; one as narrow as this "
        f"needs {_as_narrow(count) - count} more, if sessions do not vary at all, else more."
    )


def _as_narrow(count: int) -> int:
    """Pairs of runs whose mean is known as well as the words of `count` pairs make it seem.

    Example:
        >>> _as_narrow(1), _as_narrow(2)
        (4, 5)
    """
    pairs = FEWEST_PAIRS
    while student(0.95, pairs - 1) / math.sqrt(pairs) > student(0.95, math.inf) / math.sqrt(count):
        pairs += 1
    return pairs
