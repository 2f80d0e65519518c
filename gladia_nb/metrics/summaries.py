"""Tables of latencies: each quantile with its interval, and with what it is worth."""

from __future__ import annotations

import html
import math
from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.clusters import joined_codes
from gladia_nb.metrics.base.granularity import withheld
from gladia_nb.metrics.base.intervals import Quantiles, needed, span
from gladia_nb.metrics.base.sent_part import unsent
from gladia_nb.metrics.checks import verdict
from gladia_nb.metrics.definitions import field_name, latency_label
from gladia_nb.metrics.gathering import Gathered, gather
from gladia_nb.metrics.latencies import CLOCKS, TRIGGERS, latency_part, run_anchor
from gladia_nb.metrics.pooling import pooled_quantiles, pooling_labels
from gladia_nb.metrics.words import match_rate, word_times
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "LATENCY_TABLE",
    "SUMMARY",
    "ecdf",
    "how_compared",
    "latency_table",
    "matched_words",
    "ordered",
    "summary",
    "summed",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: One row a measure and anchor; for finals of utterances one a trigger.
SUMMARY: Schema = MappingProxyType(
    {
        "name": "str",  # both events and the clock; or what the field calls it, and the clock
        "anchor": "str",
        "trigger": "str",  # for finals of utterances; missing when it is not known
        "n": "int64",  # samples, those that never came included
        "runs": "int64",  # that they are from
        "clusters": "int64",  # utterances that they are from; those of one recording count once
        "never": "int64",  # of n: never came; counted as later than all others
        "negative": "int64",  # of n: came before the event that they are counted from
        "unplaced": "int64",  # not in n: the anchor is unknown on this clock
        "p50_ms": "float64",  # inf: among those that never came
        "p50_low_ms": "float64",  # 95 % interval; -inf: no bound; NaN where the note says so
        "p50_high_ms": "float64",
        "p90_ms": "float64",  # NaN below 29 clusters, and the note says so
        "p90_low_ms": "float64",
        "p90_high_ms": "float64",
        "p95_ms": "float64",  # NaN below 59
        "p99_ms": "float64",  # NaN below 299
        "min_ms": "float64",  # of those that came; NaN when none did
        "max_ms": "float64",
        "note": "str",  # what is withheld and why; missing when nothing is
        "match_rate": "float64",  # share of the reference words that a final holds; NaN without
        "verdict": "str",  # valid, degraded, invalid: the worst of the runs; missing for bare rows
        "normaliser": "str",  # what makes words equal; all of them where rows of several are pooled
    }
)

#: The table for people: text, ready to print.
LATENCY_TABLE: Schema = MappingProxyType(
    dict.fromkeys(
        (
            *("measure", "from", "n", "never", "unplaced"),
            *("p50_ms", "p50_95ci_ms", "p90_ms", "p90_95ci_ms"),
        ),
        "str",
    )
)


def ecdf(values: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Share of all samples that were there by each value (empirical distribution function).

    Censored samples (NaN or inf) are counted and have no value, so that the last share is below 1
    by just those that never came.

    Returns:
        Values, rising, and the share of samples up to and including each.

    Example:
        >>> ecdf([30, 10, float("nan"), 20])
        (array([10., 20., 30.]), array([0.25, 0.5 , 0.75]))
    """
    samples = np.asarray(values, dtype="float64")
    came = np.sort(samples[np.isfinite(samples)])
    return came, np.arange(1, len(came) + 1) / max(len(samples), 1)


def summary(
    source: RunData | pd.DataFrame | Sequence[RunData],
    *,
    names: str = "events",
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """Quantiles of every latency of a run, or of several, by measure and anchor.

    Finals of utterances are kept apart by their trigger, because a final that was forced
    (`max_duration`) or flushed (`stop`) did not wait for the end of speech.

    Args:
        source: a run; rows of `latency`, for instance a selection, or those of several runs put
            together; or several runs of the same kind, which are pooled.
        names: `events` names a latency by its two events, `field` as the field calls it, where it
            has a name for it; see `glossary`.
        normaliser: what makes words equal; see `word_times`. Rows of `latency` have theirs already.

    Returns:
        Columns in `SUMMARY`; words first, partials before finals. The intervals are those of
        drawing utterances, or runs when there are several; see `quantiles`. Runs of one recording
        (equal references) share its words, as in `compare`: what is anchored by the reference
        counts as many utterances as the recording has, not as many as were sent, and the interval
        is the wider one of drawing runs and of drawing utterances. With three recordings or more
        these are drawn instead of runs. What is withheld (NaN) is named in `note`.

    Raises:
        ConfigError: an empty sequence; rows of several runs without the column `run`; or there are
            no such names, or no such normaliser.

    Example:
        `summary([run, again])[["name", "n", "runs", "p50_ms", "p50_low_ms", "p50_high_ms"]]`
    """
    _check(names)
    return summed(gather(source, normaliser), names=names)


def summed(source: Gathered, *, names: str = "events") -> pd.DataFrame:
    """The summary of rows that have been gathered; see `summary`.

    Args:
        source: the rows, and what is known of their runs.
        names: as for `summary`.
    """
    rows = source.rows
    columns: dict[str, list[Any]] = {name: [] for name in SUMMARY}
    stretch, session = pooling_labels(rows, source.references)
    apart = _apart(rows)
    clock_s, latency_ms = (rows[name].to_numpy() for name in ("anchor_clock_s", "latency_ms"))
    run = rows["_run"].to_numpy()
    for group in _groups(rows, apart):
        first = int(group[0])
        at = group[~np.isnan(clock_s[group])]
        samples = (pd.Series(values[at]) for values in (latency_ms, stretch, session))
        found = pooled_quantiles(*samples)
        came = latency_ms[at][~np.isnan(latency_ms[at])]
        runs = len(np.unique(run[at]))
        row = {
            "name": rows["name"].iloc[first],
            "anchor": rows["anchor"].iloc[first],
            "trigger": rows["trigger"].iloc[first] if apart[first] else None,
            "n": found.n,
            "runs": runs,
            "clusters": found.clusters,
            "never": found.never,
            "negative": int((came < 0).sum()),
            "unplaced": len(group) - len(at),
            "p50_ms": found.points[0],
            "p50_low_ms": found.low[0],
            "p50_high_ms": found.high[0],
            "p90_ms": found.points[1],
            "p90_low_ms": found.low[1],
            "p90_high_ms": found.high[1],
            "p95_ms": found.points[2],
            "p99_ms": found.points[3],
            "min_ms": came.min() if len(came) else math.nan,
            "max_ms": came.max() if len(came) else math.nan,
            "note": _note(found, runs),
            "match_rate": source.match_rate,
            "verdict": source.verdict,
            "normaliser": ", ".join(rows["normaliser"].iloc[group].unique()),
        }
        for column, value in row.items():
            columns[column].append(value)
    table = ordered(to_frame(columns, SUMMARY), rows["name"].unique().tolist())
    if names == "field":
        table["name"] = [f"{field_name(name)} @{name.partition(' @')[2]}" for name in table["name"]]
    return table


def _check(names: str) -> None:
    if names not in _NAMES:
        raise ConfigError(f"There are no names {names!r}; there are {' and '.join(_NAMES)}.")


#: How a latency can be called: by its two events, or as the field calls it.
_NAMES = ("events", "field")


def _note(found: Quantiles, runs: int) -> str | None:
    """What a row of some runs withholds, in words."""
    if not found.n:
        return "No sample has a place on this clock, so that there are no quantiles."
    hidden = [prob for prob in found.probs if found.clusters < needed(prob)]
    parts = []
    if hidden:
        names = _and([f"p{prob * 100:.0f}" for prob in hidden])
        counts = _and([str(needed(prob)) for prob in hidden])
        there = "is" if found.clusters == 1 else "are"
        parts.append(
            f"Withheld: {names} need{'s' * (len(hidden) == 1)} {counts} utterances; "
            f"there {there} {found.clusters}."
        )
    if not found.low[0] > -np.inf:
        units, name = (found.runs, "run") if found.runs > 1 else (found.clusters, "utterance")
        name = "recording" if 1 < found.runs < runs else name
        many = f"{units} {name}s are" if units > 1 else f"1 {name} is"
        parts.append(f"{many} too few to bound p50.")
    return " ".join(parts) or None


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _groups(rows: pd.DataFrame, apart: npt.NDArray[np.bool_]) -> list[Ints]:
    """Which rows are summed up together, in the order of their first rows.

    Hours of words have millions of rows: only their numbers are put into order.
    """
    codes = np.where(apart, pd.factorize(rows["trigger"])[0] + 1, -1)
    for name in ("anchor", "name"):
        codes = joined_codes(codes, rows[name])
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if len(order) else []


def _apart(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which rows are kept apart by their trigger: finals of utterances."""
    apart = (rows["unit"] == "utterance") & (rows["milestone"] == "final")
    return apart.to_numpy(dtype=bool)


def ordered(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Measures by clock and in the order of some names, within them by anchor and trigger."""
    places = {name: k for k, name in enumerate(names)}
    triggers = {trigger: k for k, trigger in enumerate(TRIGGERS)}
    order = pd.DataFrame(
        {
            "clock": table["name"]
            .str.rsplit("@", n=1)
            .str[-1]
            .map({c: k for k, c in enumerate(CLOCKS)}),
            "name": table["name"].map(places),
            "anchor": table["anchor"],
            "trigger": table["trigger"].map(triggers).fillna(len(triggers)),
        }
    )
    by = ["clock", "name", "anchor", "trigger"]
    return table.loc[order.sort_values(by, kind="stable").index].reset_index(drop=True)


def latency_table(
    run: RunData,
    *,
    clock: str = "send",
    anchor: str | None = None,
    names: str = "events",
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """Partial versus final, small enough to read: text, ready to print.

    Counted from the reference words where the run has them, else from the service's own times; the
    column `from` says which, and on which clock. Above it stands whether the measurement can be
    believed, how many of the words that were spoken a final holds (those that none holds are among
    the `never`), and what makes words equal. Where the reference has only segments or a text, it
    says what is withheld.

    Args:
        run: the run.
        clock: `send` or `capture`; see `latency`.
        anchor: `reference` or `service`, from whose times to count; None for the reference where
            the run has one.
        names: `events`, or `field` for what the field calls it; see `glossary`.
        normaliser: what makes words equal; see `word_times`.

    Returns:
        Columns in `LATENCY_TABLE`: `n` samples, how many of them never came, how many more have no
        place on this clock, median and 90th percentile with their 95 % intervals, in milliseconds.
        "never" stands for a quantile among those that never came, "-" for what cannot be said (a
        90th percentile takes 29 utterances), "no bounds" for an interval that goes beyond all
        samples.

    Raises:
        ConfigError: there are no such names.

    Example:
        `print(latency_table(run).to_string(index=False))`
    """
    _check(names)
    anchor = run_anchor(run, normaliser=normaliser) if anchor is None else anchor
    chosen = latency_part(run, anchors=[anchor], clocks=[clock], normaliser=normaliser)
    columns: dict[str, list[Any]] = {name: [] for name in LATENCY_TABLE}
    for row in summary(chosen).to_dict("records"):
        name = row["name"]
        what = latency_label(name) if names == "events" else field_name(name)
        if name.startswith("speech_end -> final "):
            unknown = "never came" if row["never"] == row["n"] else "trigger unknown"
            what += f" ({row['trigger'] if isinstance(row['trigger'], str) else unknown})"
        since = name.split(" -> ")[0].replace("_", " ")
        texts = {
            "measure": what,
            "from": f"{since} @{clock} ({anchor})",
            **{name: str(row[name]) for name in ("n", "never", "unplaced")},
            **{f"{prob}_ms": _text(row[f"{prob}_ms"]) for prob in ("p50", "p90")},
            **{f"{prob}_95ci_ms": _interval(row, prob) for prob in ("p50", "p90")},
        }
        for column, text in texts.items():
            columns[column].append(text)
    table = _Titled(to_frame(columns, LATENCY_TABLE))
    table.title = _title(run, normaliser)
    if "-" in columns["p90_ms"]:
        # A dash that nobody explains looks like a fault.
        table.title += f" A 90th percentile (p90) needs {needed(0.9)} utterances."
    return table


class _Titled(pd.DataFrame):
    """A table with a sentence above it, wherever it is shown; parts of it are plain tables."""

    _metadata = ["title"]  # noqa: RUF012 - of pandas
    title: str

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def to_string(self, buf: Any = None, **options: Any) -> Any:
        if buf is not None:
            return super().to_string(buf, **options)
        return f"{self.title}\n{super().to_string(**options)}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.title)}</p>{pd.DataFrame(self).to_html()}"


def _title(run: RunData, normaliser: Choice) -> str:
    """Whether the numbers below can be believed, how much of the speech they are of, and how."""
    status, reasons = verdict(run)
    title = f"Measurement {status}."
    if status == "invalid":
        title = f"INVALID MEASUREMENT, not to be quoted. {reasons[0]}"
    told = (title, matched_words(run, normaliser=normaliser), how_compared(run, normaliser))
    return " ".join(filter(None, told))


def how_compared(run: RunData, normaliser: Choice = "basic") -> str:
    """By which normaliser words were compared, and how many were written in two forms.

    Example:
        "Words are compared by the normaliser basic; 2 of them are written in another form in a
        partial than in the final, and count as the same."
    """
    table = word_times(run, normaliser=normaliser)
    said = f"Words are compared by the normaliser {chosen(run, normaliser).name}"
    count = int((table["reformed"] & table["is_final"]).sum())
    if not count:
        return f"{said}."
    are = "1 of them is" if count == 1 else f"{count} of them are"
    return (
        f"{said}; {are} written in another form in a partial than in the final, and "
        f"{'counts' if count == 1 else 'count'} as the same."
    )


def matched_words(run: RunData, *, normaliser: Choice = "basic") -> str:
    """How many of the words that were spoken a final holds, in a sentence; "" without a reference.

    Words of the reference that were not sent, as of a session that was stopped, are no part of
    them, and are told of. Of a reference that has not each word with its time: what is withheld for
    that.

    Example:
        "22 of 23 words that were spoken are in a final. 108 words of the reference were not sent."
    """
    rates = match_rate(run, normaliser=normaliser)
    spoken, held = int(rates["reference_words"].sum()), int(rates["matched"].sum())
    said = f"{held} of {spoken} words that were spoken are in a final." if spoken else withheld(run)
    return " ".join(filter(None, [said, unsent(run)]))


def _interval(row: Mapping[Hashable, Any], prob: str) -> str:
    low, high = row[f"{prob}_low_ms"], row[f"{prob}_high_ms"]
    return "-" if math.isnan(low) else span(low, high, _text)


def _text(milliseconds: float) -> str:
    if math.isnan(milliseconds):
        return "-"
    return "never" if math.isinf(milliseconds) else f"{milliseconds:.0f}"
