"""What runs tell about a limit: a number with its interval, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import latency, quantiles, ratio, verdict
from gladia_nb.metrics.base.clusters import utterance_clusters
from gladia_nb.metrics.base.intervals import FEWEST, needed, share
from gladia_nb.metrics.checks import Verdict
from gladia_nb.metrics.comparison import FEWEST_PAIRS, measure_name
from gladia_nb.record.data import RunData, forgetting
from gladia_nb.studies.differences import RATIOS, Pair, effects

__all__ = ["Evidence", "Found"]


class Found(NamedTuple):
    """A number with its interval.

    Attributes:
        value: the number; NaN where it cannot be said.
        low: lower end of its 95 % interval; NaN where there is none.
        high: upper end.
        unit: `ms`, or `1` for shares and ratios.
        n: samples that it is from.
        rests_on: independent units that they are from.
        units: what one of those is called.
        note: why there is no interval.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    rests_on: int
    units: str = "utterance"
    note: str = ""


class Evidence:
    """Runs, and what they are compared with.

    Args:
        runs: by the name of each.
        failed: sessions that ended in an error, beside these.
        pairs: runs with those of a baseline, of the same recording; None without a baseline.
    """

    def __init__(
        self,
        runs: Mapping[str, RunData],
        *,
        failed: int = 0,
        pairs: Sequence[Pair] | None = None,
    ) -> None:
        self._runs = runs
        self._failed = failed
        self._pairs = pairs
        self._counted: dict[str, pd.DataFrame] = {}

    def verdicts(self) -> list[tuple[str, Verdict]]:
        """The verdict of each run."""
        return self._verdicts

    def quantile(self, name: str, trigger: str | None, prob: float) -> Found:
        """A quantile of a latency, over all runs."""
        rows = self._of(name, trigger)
        found = quantiles(rows["latency_ms"], rows["_cluster"], (prob,), runs=rows["_run"])
        value, low, high = (float(part[0]) for part in (found.points, found.low, found.high))
        note = ""
        if found.clusters < needed(prob):
            note = (
                f"A p{prob * 100:g} needs {needed(prob)} utterances and there are "
                f"{found.clusters}: {needed(prob) - found.clusters} more."
            )
        elif math.isnan(low):
            note = "One utterance does not tell how utterances vary: record more."
        return Found(value, low, high, "ms", found.n, found.clusters, note=note)

    def never(self, name: str, trigger: str | None) -> Found:
        """Share of a latency's samples that never came."""
        rows = self._of(name, trigger)
        labels = rows["_run"].astype(str).str.cat(rows["_cluster"].astype(str), sep=" ")
        counts = rows["latency_ms"].isna().groupby(labels).agg(["sum", "count"])
        found = share(counts["sum"], counts["count"])
        return Found(*found, "1", len(rows), len(counts), note=_few(len(counts), "utterance"))

    def ratio(self, name: str) -> Found:
        """The word error rate, the normalised erasure, or the share of sessions that failed."""
        if name == "errors":
            total = len(self._runs) + self._failed
            outcomes = [1] * self._failed + [0] * len(self._runs)
            found = share(outcomes, [1] * total)
            return Found(*found, "1", total, total, "session", _few(total, "session"))
        counts = self._counts(name)
        if not len(counts) or not counts["of"].sum():
            return Found(
                *(math.nan,) * 3, "1", 0, 0, note="No run has a reference to count errors by."
            )
        found = ratio(counts["wrong"], counts["of"])
        n = int(counts["of"].sum())
        return Found(*found, "1", n, len(counts), note=_few(len(counts), "utterance"))

    def difference(self, name: str, trigger: str | None) -> Found:
        """How much more it is than in the baseline."""
        if self._pairs is None:
            raise ConfigError(
                f"A gate on the difference of {name!r} needs a baseline; name one with --baseline."
            )
        label = measure_name(name, trigger)
        table = self._effects
        rows = table[table["measure"] == label]
        unit = "1" if name in RATIOS else "ms"
        if not len(rows):
            return Found(*(math.nan,) * 3, unit, 0, 0, note=f"No pair of runs tells of {label!r}.")
        row = rows.iloc[0]
        note = row["note"] if isinstance(row["note"], str) else ""
        by_recording = row["recordings"] >= FEWEST_PAIRS
        return Found(
            value=float(row["difference"]),
            low=float(row["low"]),
            high=float(row["high"]),
            unit=unit,
            n=int(row["blocks"]),
            rests_on=int(row["recordings"] if by_recording else row["blocks"]),
            units="recording" if by_recording else "pair of runs",
            note=note,
        )

    # -- read once --

    @cached_property
    def _verdicts(self) -> list[tuple[str, Verdict]]:
        found = []
        for name, run in self._runs.items():
            with forgetting(run):
                found.append((name, verdict(run)))
        return found

    @cached_property
    def _rows(self) -> pd.DataFrame:
        parts = []
        for number, run in enumerate(self._runs.values()):
            with forgetting(run):
                rows = latency(run)
                anchors = set(rows["anchor"])
                chosen = "reference" if "reference" in anchors else "service"
                rows = rows[rows["anchor"].isin([chosen, "stopwatch"])]
                rows = rows[rows["anchor_clock_s"].notna()]
                parts.append(rows.assign(_run=number))
        if not parts:
            raise ConfigError("There is no run to check; name one at least.")
        table = pd.concat(parts, ignore_index=True)
        return table.assign(_cluster=utterance_clusters(table))

    @cached_property
    def _effects(self) -> pd.DataFrame:
        return effects({"these": list(self._pairs or ())})

    def _of(self, name: str, trigger: str | None) -> pd.DataFrame:
        rows = self._rows
        chosen = rows[rows["name"] == name]
        if not len(chosen):
            known = ", ".join(sorted(rows["name"].unique())[:6])
            raise ConfigError(
                f"There is no latency {name!r} in these runs; there are {known} and others, "
                "by gladia_nb.latency."
            )
        return chosen[chosen["trigger"] == trigger] if trigger else chosen

    def _counts(self, name: str) -> pd.DataFrame:
        """One of `RATIOS`, of all utterances of all runs."""
        if name not in self._counted:
            parts = []
            for run in self._runs.values():
                with forgetting(run):
                    parts.append(RATIOS[name](run))
            empty = pd.DataFrame({"wrong": [], "of": []})
            self._counted[name] = pd.concat(parts) if parts else empty
        return self._counted[name]


def _few(count: int, unit: str) -> str:
    if count >= FEWEST:
        return ""
    more = FEWEST - count
    return f"An interval needs {FEWEST} {unit}s and there are {count}: {more} more."
