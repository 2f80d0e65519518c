"""The page itself: verdict first, then the numbers, the pictures, and what was asked for."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gladia_nb.drafts import replacing
from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.metrics.checks import verdict
from gladia_nb.paths import expanded
from gladia_nb.record.data import RunData
from gladia_nb.record.redact import redact_url
from gladia_nb.reporting import pictures, tables
from gladia_nb.reporting.definitions import definition_list
from gladia_nb.reporting.hearing import Heard, hear_runs
from gladia_nb.reporting.html import STYLE, badge, details, frame, section, table, text
from gladia_nb.reporting.sound import SoundFormat
from gladia_nb.reporting.turn_tables import turn_waits

__all__ = ["report"]

#: Runs that stand side by side; more belong in a DataFrame.
MAX_RUNS = 8
#: What a browser lets the page do: show what is in it, and ask nobody for anything.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def report(
    runs: RunData | Sequence[RunData],
    path: str | Path,
    *,
    title: str | None = None,
    figures: bool = True,
    audio: bool | SoundFormat = False,
) -> Path:
    """Write a page about one run, or several side by side, and return its path.

    The page is one file that needs nothing else: styles, scripts and pictures are inside, and it
    fetches nothing. It has the verdict with its reasons, tables of latency, accuracy, stability,
    endings and start-up, pictures, configuration, versions and the definitions of all words used.
    Of two runs the second is compared with the first, pair by pair.

    In *Word by word* the transcript can be looked at and heard: a click on a word plays it, with a
    second around it, and four pictures can be zoomed and walked through. With `audio` the sound
    that was kept with the runs is in the page: as FLAC about 1 MB a minute of speech at 16 kHz, as
    Opus a fifth of that, for which it takes longer to write. A page with sound is as private as the
    sound.

    Args:
        runs: a run, or up to eight.
        path: of the HTML file; an existing one is replaced when all is written.
        title: of the page; by default the names of the runs.
        figures: whether to draw pictures, which take most of the time and space.
        audio: whether to put the sound of the runs into the page: True or `flac`, sample for
            sample, or `opus`, which is smaller. A run without sound is heard in silence.

    Raises:
        AudioError: the sound of a run cannot be read.
        ConfigError: no run, or too many; or there is no such format of sound.
        RunFileError: the file cannot be written.

    Example:
        `report([before, after], "endpointing.html", title="Endpointing 0.1 and 0.5 s")`
    """
    listed = list(runs) if isinstance(runs, Sequence) else [runs]
    if not 1 <= len(listed) <= MAX_RUNS:
        raise ConfigError(
            f"A report is about 1 to {MAX_RUNS} runs, not {len(listed)}; choose some of them."
        )
    path = expanded(path, RunFileError)
    kind: SoundFormat | None = ("flac" if audio is True else audio) or None
    name = title or " and ".join(dict.fromkeys(run.name for run in listed))
    page = _page(listed, name, figures, kind)
    try:
        with replacing(path) as new:
            # What no encoding has, from frames that are not UTF-8, is written as an escape.
            new.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise RunFileError(
            f"Cannot write {path}: {error.strerror or error}. Name another place."
        ) from None
    return path


def _page(runs: list[RunData], title: str, figures: bool, sound: SoundFormat | None) -> str:
    labels = tables.labels(runs)
    heard = hear_runs(runs, labels, sound) if figures or sound else Heard()
    several = len(runs) > 1
    parts = [
        ("verdict", "Can these numbers be believed?", _verdicts(runs, labels)),
        ("facts", "What was done", tables.facts(runs, labels)),
        ("words", "Word by word", heard.body),
        ("latency", "Latency", tables.latencies(runs, labels)),
        ("comparison", "Pair by pair", tables.comparison(runs, labels)),
        ("accuracy", "Accuracy", tables.accuracy(runs, labels)),
        ("stability", "Stability", tables.stabilities(runs, labels)),
        ("endings", "Where finals and endings take their time", tables.endings(runs, labels)),
        ("turns", "Turns: what an agent waits for", turn_waits(runs, labels)),
        ("stream", "Keeping up with the audio", tables.streams(runs, labels)),
        ("translation", "Translation", tables.translations(runs, labels)),
        ("pictures", "Pictures", pictures.draw_pictures(runs, labels) if figures else ""),
        ("start", "Start-up and transport", tables.starts(runs, labels)),
        ("health", "Health of the measurement", _health(runs, labels)),
        ("configuration", "Configuration and versions", _configuration(runs, labels)),
        ("transcript", "Transcript", _transcripts(runs, labels)),
        ("definitions", "Definitions", _definitions()),
    ]
    body = "".join(section(*part) for part in parts)
    links = "".join(f'<a href="#{name}">{text(what)}</a>' for name, what, inner in parts if inner)
    what = f"{len(runs)} runs side by side" if several else "one run"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="generator" content="gladia_nb">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{text(title)}</title><style>{STYLE}</style>{heard.style}</head><body>"
        f"<header><h1>{text(title)}</h1>"
        f'<p class="soft">Live transcription, measured: {what}.</p>'
        f'<nav aria-label="Parts of this page">{links}</nav></header>'
        f"<main>{body}</main>{heard.script}</body></html>\n"
    )


def _verdicts(runs: list[RunData], labels: list[str]) -> str:
    blocks = []
    for run, label in zip(runs, labels, strict=True):
        status, reasons = verdict(run)
        name = f"<strong>{text(label)}</strong> " if len(runs) > 1 else ""
        why = "".join(f"<li>{text(reason)}</li>" for reason in reasons)
        notes = "".join(f"<li>{text(note)}</li>" for note in tables.notes(run))
        said = f"<ul>{why}{notes}</ul>" if why or notes else ""
        blocks.append(f"<p>{name}{badge(status)}</p>{said}")
    return "".join(blocks)


def _health(runs: list[RunData], labels: list[str]) -> str:
    from gladia_nb.metrics import health

    names = {
        "check": "check",
        "value": "value",
        "unit": "unit",
        "degraded_above": "degraded above",
        "invalid_above": "invalid above",
        "verdict": "verdict",
    }
    blocks = []
    for run, label in zip(runs, labels, strict=True):
        inner = frame(health(run), names)
        blocks.append(details(f"All checks of {label}", inner) if len(runs) > 1 else inner)
    return "".join(blocks)


def _configuration(runs: list[RunData], labels: list[str]) -> str:
    flat = [_flat({**run.config, **_asked(run)}) for run in runs]
    names = sorted({name for fields in flat for name in fields})
    rows = [[name, *(fields.get(name, "default") for fields in flat)] for name in names]
    if len(runs) > 1:
        # What differs is what the comparison is about.
        rows.sort(key=lambda row: len({str(value) for value in row[1:]}) == 1)
        rows = [
            [("\u2260 " if len(set(map(str, row[1:]))) > 1 else "") + row[0], *row[1:]]
            for row in rows
        ]
    out = table(["field", *labels], rows, numbers=99)
    versions = [{k: str(v) for k, v in run.record.header["versions"].items()} for run in runs]
    names = list(dict.fromkeys(name for found in versions for name in found))
    rows = [[name, *(found.get(name, "") for found in versions)] for name in names]
    return out + table(["version of", *labels], rows, numbers=99)


def _asked(run: RunData) -> dict[str, Any]:
    """Options of this toolkit, apart from the body that was sent."""
    options = run.record.header["options"]
    return {
        f"({name})": redact_url(value) if isinstance(value, str) else value
        for name, value in options.items()
        if value is not None
    }


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Nested fields by their dotted names."""
    if isinstance(value, dict) and value:
        flat: dict[str, str] = {}
        for key, inner in value.items():
            flat |= _flat(inner, f"{name}.{key}" if name else str(key))
        return flat
    return {name: value if isinstance(value, str) else json.dumps(value)}


def _transcripts(runs: list[RunData], labels: list[str]) -> str:
    blocks = []
    for run, label in zip(runs, labels, strict=True):
        lines = "".join(f"<li>{text(line)}</li>" for line in run.text.splitlines())
        inner = f"<ol>{lines}</ol>" if lines else "<p>No final came.</p>"
        blocks.append(details(f"Finals of {label}", inner) if len(runs) > 1 else inner)
    return "".join(blocks)


def _definitions() -> str:
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    made = f'<p class="soft">Made by gladia_nb {text(version("gladia-nb"))} on {now}.</p>'
    return definition_list() + made
