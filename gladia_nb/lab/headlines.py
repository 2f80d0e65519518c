"""A run in four numbers: seen, final, wrong, and whether that can be believed.

Wherever the Lab shows one of them it is this one.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from gladia_nb.metrics import latency_part, run_anchor, summary, word_errors
from gladia_nb.metrics.base.granularity import why_no_rates
from gladia_nb.metrics.base.sent_part import unsent
from gladia_nb.metrics.definitions import DEFINITIONS
from gladia_nb.run import Run

__all__ = ["TERMS", "headline", "medians", "sentence", "shown", "terms"]

_SEEN = "word_end -> first_seen"
_FINAL = "speech_end -> final"
_CLOCK = "send"
#: Of the triggers of a final, those that wait for a silence come first.
_TRIGGERS = ("endpoint", "max_duration", "stop", "resume")

#: Stands for a number that nothing tells.
NOTHING = "\u2013"
#: What is shown, and the entry of the glossary that says what it means.
TERMS = {
    "seen": ("Seen", _SEEN),
    "final": ("Final after speech", _FINAL),
    "wrong": ("Wrong", "WER"),
    "verdict": ("Measurement", "verdict"),
}
_BY_NAME = {definition.name: definition for definition in DEFINITIONS}


def terms() -> dict[str, dict[str, str]]:
    """What each number of the headline means, from the glossary.

    Example:
        >>> terms()["seen"]["title"], terms()["final"]["field"].split(";")[0]
        ('Seen', 'time to final segment (TTFS)')
    """
    found = {}
    for key, (title, name) in TERMS.items():
        definition = _BY_NAME[name]
        found[key] = {
            "title": title,
            "name": name,
            "meaning": definition.meaning,
            "field": "; ".join(definition.field),
        }
    return found


def medians(run: Run) -> dict[str, Any]:
    """The two medians of a run, and from what they are counted.

    Returns:
        `seen_ms` and `final_ms`: milliseconds on the send clock; None where nothing tells them,
        inf among what never came. `final_ms` is of the finals that waited for the end of speech,
        where there are any. `seen_n` and `final_n`: how many they are of. `trigger`: of the finals.
        `anchor`: `reference` or `service`.
    """
    anchor = run_anchor(run)
    table = summary(latency_part(run, anchors=[anchor], clocks=[_CLOCK]))
    seen = _first(table[table["name"] == f"{_SEEN} @{_CLOCK}"])
    finals = table[table["name"] == f"{_FINAL} @{_CLOCK}"]
    kinds = [finals[finals["trigger"] == trigger] for trigger in _TRIGGERS]
    final = next((row for row in map(_first, [*kinds, finals]) if row is not None), None)
    return {
        "seen_ms": _value(seen),
        "seen_n": 0 if seen is None else int(seen["n"]),
        "final_ms": _value(final),
        "final_n": 0 if final is None else int(final["n"]),
        "trigger": ""
        if final is None or not isinstance(final["trigger"], str)
        else final["trigger"],
        "anchor": str(anchor),
    }


def headline(run: Run) -> dict[str, Any]:
    """The four numbers as text, by the keys of `TERMS`, with what they are of.

    Example:
        `headline(run)["numbers"]` is
        `[("seen", "116 ms", "median of 131 words"), ("final", "406 ms", ...), ...]`
    """
    found = medians(run)
    since = "the reference" if found["anchor"] == "reference" else "the times of the service"
    behind = f", {found['trigger'].replace('_', ' ')}" if found["trigger"] else ""
    numbers = [
        ("seen", shown(found["seen_ms"]), f"median of {_count(found['seen_n'], 'word')}"),
        (
            "final",
            shown(found["final_ms"]),
            f"median of {_count(found['final_n'], 'utterance')}{behind}",
        ),
        ("wrong", *_wrong(run)),
        ("verdict", run.verdict.status, f"counted from {since}, on the send clock"),
    ]
    return {"numbers": numbers, "sentence": sentence(numbers), "medians": _plain(found)}


def sentence(numbers: list[tuple[str, str, str]]) -> str:
    """The headline to be read aloud.

    Example:
        >>> sentence([("seen", "116 ms", ""), ("final", NOTHING, ""), ("verdict", "valid", "")])
        'Seen 116 ms, measurement valid.'
    """
    parts = [f"{TERMS[key][0]} {value}" for key, value, _ in numbers if value != NOTHING]
    text = ", ".join(part[0].lower() + part[1:] for part in parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def shown(milliseconds: float | None) -> str:
    """A median as text.

    Example:
        >>> shown(116.4), shown(None), shown(float("inf"))
        ('116 ms', '\u2013', 'never')
    """
    if milliseconds is None:
        return NOTHING
    return "never" if math.isinf(milliseconds) else f"{milliseconds:.0f} ms"


def _wrong(run: Run) -> tuple[str, str]:
    if run.granularity is None:
        return NOTHING, "no reference"
    if reason := why_no_rates(run):
        return NOTHING, reason
    row = word_errors(run).iloc[-1]
    rate = float(row["wer"])
    told = f"of {_count(int(row['reference_words']), 'word')}"
    if left_out := unsent(run):
        told = f"{told}; {left_out.removesuffix('.')}"
    return (NOTHING if math.isnan(rate) else f"{rate:.1%}".replace("%", " %")), told


def _first(rows: pd.DataFrame) -> Any:
    return rows.iloc[0] if len(rows) and int(rows.iloc[0]["n"]) else None


def _value(row: Any) -> float | None:
    return None if row is None or math.isnan(row["p50_ms"]) else float(row["p50_ms"])


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _plain(found: dict[str, Any]) -> dict[str, str]:
    return {"seen": shown(found["seen_ms"]), "final": shown(found["final_ms"])}
