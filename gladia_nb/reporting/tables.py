"""The tables of a report: one column a run."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    audit_note,
    cadence,
    compare,
    ending,
    how_compared,
    latency_label,
    latency_part,
    match_rate,
    matched_words,
    pacing,
    pings,
    run_anchor,
    stability_summary,
    startup,
    stream,
    summary,
    translation_latency,
    vitals,
    waterfall,
    wer_at,
    word_errors,
    word_times,
)
from gladia_nb.metrics.base.granularity import spoken_words, why_no_rates, why_no_words
from gladia_nb.metrics.base.intervals import span
from gladia_nb.metrics.base.sent_part import audio_length, unsent
from gladia_nb.record.data import RunData
from gladia_nb.reporting.html import frame, table, text

__all__ = [
    "accuracy",
    "comparison",
    "endings",
    "facts",
    "labels",
    "latencies",
    "notes",
    "stabilities",
    "starts",
    "streams",
    "translations",
]


def labels(runs: list[RunData]) -> list[str]:
    """A letter and the name of each run; the name alone of a single one."""
    if len(runs) == 1:
        return [runs[0].name]
    return [f"{chr(ord('A') + k)}: {run.name}" for k, run in enumerate(runs)]


def notes(run: RunData) -> list[str]:
    """What else was odd, in words."""
    said = [*run.warnings, run.damage, audit_note(run)]
    if run.error:
        said.insert(0, f"Error: {run.error}")
    return [sentence for sentence in said if sentence]


def facts(runs: list[RunData], labels: list[str]) -> str:
    """What each run was."""

    def when(run: RunData) -> str:
        stamp = run.record.header["anchor"][1] / 1e9
        return dt.datetime.fromtimestamp(stamp, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")

    def network(run: RunData) -> str | None:
        asked = run.record.header["options"].get("network")
        if not isinstance(asked, Mapping):
            return None
        return ", ".join(f"{name} {value}" for name, value in asked.items())

    rows: list[tuple[str, Callable[[RunData], Any]]] = [
        ("service", lambda run: run.record.header["options"].get("target")),
        ("made", when),
        ("outcome", lambda run: run.outcome),
        ("audio", audio_length),
        ("chunk (ms)", lambda run: run.record.header["options"].get("chunk_ms")),
        ("chunks sent", lambda run: len(run.chunks)),
        ("messages", lambda run: len(run.record.of("message"))),
        ("partials", lambda run: run.n_partials),
        ("finals", lambda run: int(run.utterances["is_final"].sum())),
        ("utterances without a final", lambda run: int((~run.utterances["is_final"]).sum())),
        ("reference words", lambda run: len(spoken_words(run))),
        ("reference", lambda run: run.granularity),
    ]
    if any(map(network, runs)):
        rows.append(("network", network))
    return _columns(runs, labels, rows)


_CLOCKS = ("send", "capture", "ack", "arrival")
_NOTHING = "<p>There was no transcript to measure.</p>"
#: Columns of the latencies of one run, and what stands above them.
_QUANTILES = {
    "measure": "milliseconds",
    "n": "n",
    "never": "never",
    "negative": "below 0",
    "p50_ms": "median",
    "interval": "95 % interval",
    "p90_ms": "p90",
    "p95_ms": "p95",
    "p99_ms": "p99",
    "max_ms": "max",
}


def latencies(runs: list[RunData], labels: list[str]) -> str:
    """Medians with intervals, by measure; of one run with all quantiles."""
    return _all_quantiles(runs[0]) if len(runs) == 1 else _medians(runs, labels)


def _all_quantiles(run: RunData) -> str:
    found = summary(latency_part(run, anchors=_anchors(run)))
    if not len(found):
        return _NOTHING
    out = ""
    for clock in _CLOCKS:
        part = found[found["name"].str.endswith(f"@{clock}")]
        if len(part):
            spans = zip(part["p50_low_ms"], part["p50_high_ms"], strict=True)
            shown = part.assign(
                measure=_measures(part, clock), interval=[_interval(*span) for span in spans]
            )
            caption = f"@{clock}, anchor: {part['anchor'].iloc[0]}"
            out += frame(shown, _QUANTILES, caption=caption)
    withheld = sorted({note for note in found["note"] if isinstance(note, str)})
    return out + _soft([*filter(None, [matched_words(run), how_compared(run)]), *withheld])


def _soft(sentences: list[str]) -> str:
    return "".join(f'<p class="soft">{text(sentence)}</p>' for sentence in sentences)


def _medians(runs: list[RunData], labels: list[str]) -> str:
    """Each run a column."""
    blocks = [_median_block(run) for run in runs]
    names = list(dict.fromkeys(name for block in blocks for name in block))
    if not names:
        return _NOTHING
    out = ""
    for clock in _CLOCKS:
        rows = [
            [_plain(name, clock), *(block.get(name, math.nan) for block in blocks)]
            for name in names
            if f"@{clock}" in name
        ]
        if rows:
            caption = f"@{clock}: median (95 % interval), number of samples"
            out += table(["milliseconds", *labels], rows, caption=caption)
    return out


def _median_block(run: RunData) -> dict[str, Any]:
    """Medians of one run, by the name of the latency."""
    found = summary(latency_part(run, anchors=_anchors(run)))
    triggers = found["trigger"].map(lambda t: f" ({t})" if isinstance(t, str) else "")
    values = [
        f"{_number(row['p50_ms'])} ({_interval(row['p50_low_ms'], row['p50_high_ms'])}), "
        f"n={row['n']}"
        for row in found.to_dict("records")
    ]
    return dict(zip(found["name"] + triggers, values, strict=True))


def _anchors(run: RunData) -> tuple[str, str]:
    """The best anchor, and that of what is counted between two arrivals."""
    return run_anchor(run), "stopwatch"


#: What two runs are paired by, in words.
_PAIRED_BY = {
    "reference": "the same reference word or utterance",
    "text": "words that both runs have, and utterances that begin or end with one",
    "run": "whole runs",
}


def comparison(runs: list[RunData], labels: list[str]) -> str:
    """The second of two runs against the first."""
    if len(runs) != 2:
        return ""
    found = compare(runs[0], runs[1])
    if not len(found):
        return "<p>There is nothing that both runs have measured.</p>"
    found = found[found["name"].str.endswith("@send")]
    shown = found.assign(
        measure=_measures(found, "send"),
        interval=[_interval(*row) for row in zip(found.low_ms, found.high_ms, strict=True)],
    )
    (by,) = set(found["paired_by"])
    names = {
        "measure": "milliseconds (@send)",
        "pairs": "pairs",
        "unpaired": "without partner",
        "a_p50_ms": f"median {labels[0][:1]}",
        "b_p50_ms": f"median {labels[1][:1]}",
        "difference_ms": f"median of {labels[1][:1]} - {labels[0][:1]}",
        "interval": "95 % interval, these two sessions only",
    }
    said = sorted({note for note in found["note"] if isinstance(note, str)})
    caption = f"Paired by {_PAIRED_BY[by]}; above 0: {labels[1]} is later."
    return frame(shown, names, caption=caption) + _soft(said)


def accuracy(runs: list[RunData], labels: list[str]) -> str:
    """Error rates, at the end and with deadlines; how much of the reference was found."""
    with_reference = [run for run in runs if run.granularity is not None]
    if not with_reference:
        return "<p>No reference words to compare with.</p>"

    def rate(name: str) -> Callable[[RunData], Any]:
        return _known(lambda run: 100 * float(word_errors(run).iloc[-1][name]))

    def count(name: str) -> Callable[[RunData], Any]:
        return _known(lambda run: int(word_errors(run).iloc[-1][name]))

    def at(tau: float) -> Callable[[RunData], Any]:
        return _known(lambda run: 100 * float(wer_at(run, [tau])["wer"].iloc[0]))

    def matched(run: RunData) -> float:
        found = match_rate(run)[["matched", "reference_words"]].sum()
        known = int(found["reference_words"])
        return 100 * int(found["matched"]) / known if known else math.nan

    def forms(run: RunData) -> int:
        found = word_times(run)
        return int((found["reformed"] & found["is_final"]).sum())

    rows: list[tuple[str, Callable[[RunData], Any]]] = [
        ("WER of the finals (%)", rate("wer")),
        ("CER of the finals (%)", rate("cer")),
        ("substitutions", count("substitutions")),
        ("deletions", count("deletions")),
        ("insertions", count("insertions")),
        *((f"WER({tau:g} s) (%)", at(tau)) for tau in (0.3, 0.5, 1.0, 2.0, 5.0)),
        ("reference words found (%)", _known(matched)),
        ("words written in two forms", forms),
        ("normaliser", _known(lambda run: str(word_errors(run)["normaliser"].iloc[-1]))),
    ]
    of_each = (why_no_words, why_no_rates, unsent)
    reasons = dict.fromkeys(said for why in of_each for said in map(why, with_reference) if said)
    return _columns(runs, labels, rows) + _soft(list(reasons))


def stabilities(runs: list[RunData], labels: list[str]) -> str:
    """Measures of stability, raw and normalised."""
    found = [stability_summary(run) for run in runs]
    keys = list(
        dict.fromkeys(
            key
            for frame_ in found
            for key in zip(frame_["text"], frame_["measure"], frame_["unit"], strict=True)
        )
    )
    if not keys:
        return ""
    blocks = [frame_.set_index(["text", "measure"]) for frame_ in found]
    if len(runs) == 1:
        names = list(dict.fromkeys((measure, unit) for _, measure, unit in keys))
        one = blocks[0]
        rows = [
            [f"{measure.replace('_', ' ')} ({unit})", *(_pooled(one, k, measure) for k in _KINDS)]
            for measure, unit in names
        ]
        return table(["pooled over utterances (95 % interval)", *_KINDS], rows)
    rows = []
    for kind, measure, unit in keys:
        values = [_pooled(block, kind, measure) for block in blocks]
        rows.append([f"{measure.replace('_', ' ')} ({unit}), {kind}", *values])
    return table(["pooled over utterances (95 % interval)", *labels], rows)


_KINDS = ("raw", "normalised")


def _pooled(block: pd.DataFrame, kind: str, measure: str) -> str:
    """A measure with its interval; a dash where it is not defined."""
    if (kind, measure) not in block.index:
        return _number(math.nan)
    value, low, high = (float(block[name][(kind, measure)]) for name in ("value", "low", "high"))
    return f"{_number(value)} ({_interval(low, high)})"


def endings(runs: list[RunData], labels: list[str]) -> str:
    """Medians of the parts of finals, by trigger, and the steps of the end."""
    blocks: list[dict[str, Any]] = []
    for run in runs:
        parts = waterfall(run)
        parts = parts.assign(trigger=parts["trigger"].fillna("trigger unknown"))
        keys = parts["trigger"] + ": " + parts["part"]
        medians = parts["duration_ms"].groupby(keys, sort=False).median()
        whole = parts.drop_duplicates(["channel", "utterance_id"]).groupby("trigger", sort=False)[
            "total_ns"
        ]
        block: dict[str, Any] = dict(medians)
        block |= {f"{trigger}: whole": value / 1e6 for trigger, value in whole.median().items()}
        steps = ending(run)
        block |= {
            f"end of the session: {step}".replace("_", " "): value
            for step, value in zip(steps["step"], steps["duration_ms"], strict=True)
        }
        blocks.append(block)
    return _blocks(blocks, labels, "median, ms since the end of speech or the stop")


def streams(runs: list[RunData], labels: list[str]) -> str:
    """Lag, backlog and cadence."""
    blocks = []
    for run in runs:
        block: dict[str, Any] = {}
        for row in stream(run).to_dict("records"):
            kind = row["kind"]
            block[f"{kind}s: lag behind the audio sent, median (s)"] = row["lag_p50_s"]
            block[f"{kind}s: lag, p95 (s)"] = row["lag_p95_s"]
            block[f"{kind}s: backlog slope (ms/s)"] = (
                f"{_number(row['backlog_ms_per_s'])} "
                f"({_interval(row['backlog_low_ms_per_s'], row['backlog_high_ms_per_s'])})"
            )
        pace = cadence(run).iloc[0]
        block["partials per second of speech"] = float(pace["updates_per_s"])
        block["gap between partials, median (ms)"] = float(pace["gap_p50_ms"])
        block["gap between partials, p95 (ms)"] = float(pace["gap_p95_ms"])
        block["words per partial"] = float(pace["words_per_update"])
        fixed = pace["fixed_interval"]
        block["partials come by a timer"] = math.nan if pd.isna(fixed) else "yes" if fixed else "no"
        blocks.append(block)
    return _blocks(blocks, labels, "")


def translations(runs: list[RunData], labels: list[str]) -> str:
    """AL, LAAL and DAL, where translation was on."""
    out = ""
    for run, label in zip(runs, labels, strict=True):
        found = translation_latency(run)
        if len(found):
            names = {name: name.replace("_", " ") for name in found.columns}
            out += frame(found, names, caption=label)
    return out


def starts(runs: list[RunData], labels: list[str]) -> str:
    """Steps that open a session, pings and acknowledgements."""
    blocks = []
    for run in runs:
        block = {
            " ".join(
                str(part)
                for part in (row["step"], row["phase"], "(ms)")
                if isinstance(part, str) and part
            ): row["duration_ms"]
            for row in startup(run).to_dict("records")
            if pd.isna(row["connection"]) or row["connection"] == 1
        }
        pace = pacing(run).iloc[0]
        pinged = pings(run)["rtt_ms"].dropna()
        block["ping, median (ms)"] = float(pinged.median()) if len(pinged) else math.nan
        block["acknowledgement, median (ms)"] = float(pace["ack_p50_ms"])
        block["acknowledgement, p99 (ms)"] = float(pace["ack_p99_ms"])
        block["chunks sent late, p99 (ms)"] = float(pace["lateness_p99_ms"])
        block["drift of sending (ms)"] = float(pace["drift_ms"])
        block["polled before each chunk, median (ms)"] = float(vitals(run)["lead_ms"].median())
        blocks.append(block)
    return _blocks(blocks, labels, "")


def _columns(
    runs: list[RunData], labels: list[str], rows: list[tuple[str, Callable[[RunData], Any]]]
) -> str:
    return table(["", *labels], [[name, *(of(run) for run in runs)] for name, of in rows])


def _blocks(blocks: list[dict[str, Any]], labels: list[str], head: str) -> str:
    names = list(dict.fromkeys(name for block in blocks for name in block))
    if not names:
        return ""
    rows = [[name, *(block.get(name, math.nan) for block in blocks)] for name in names]
    return table([head, *labels], rows)


def _known(of: Callable[[RunData], Any]) -> Callable[[RunData], Any]:
    """A measure that needs a reference: missing for runs without one."""

    def found(run: RunData) -> Any:
        try:
            return of(run)
        except ConfigError:
            return math.nan

    return found


def _measures(found: pd.DataFrame, clock: str) -> list[str]:
    return [
        _plain(f"{name} ({trigger})" if isinstance(trigger, str) else name, clock)
        for name, trigger in zip(found["name"], found["trigger"], strict=True)
    ]


def _plain(name: str, clock: str) -> str:
    """A latency by its two events, with what its label adds: that a final waits."""
    aside = latency_label(name).partition(" (")[2]
    plain = name.replace(f" @{clock}", "").replace("_", " ").replace("->", "\u2192")
    return f"{plain} ({aside}" if aside else plain


def _number(value: float) -> str:
    if math.isnan(value):
        return "\u2013"
    if math.isinf(value):
        return "never" if value > 0 else "\u2212never"
    # What is added makes a positive zero of a negative one.
    return f"{value:.0f}" if abs(value) >= 100 else f"{value + 0.0:.3g}"


def _interval(low: float, high: float) -> str:
    return span(low, high, _number)
