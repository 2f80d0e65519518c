"""A finished run as plain data for the Lab: its summary, its tables and its pictures."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.lab.shelf import list_runs
from gladia_nb.metrics import (
    audit_note,
    health,
    latency_table,
    pacing,
    summary,
    turns,
)
from gladia_nb.plots import (
    plot_comparison,
    plot_endpointing,
    plot_flicker,
    plot_health,
    plot_latency_ecdf,
    plot_latency_histogram,
    plot_overview,
    plot_staircase,
    plot_timeline,
    plot_word_latency,
)
from gladia_nb.run import Run

__all__ = [
    "PICTURES",
    "TABLES",
    "after",
    "differences",
    "frame",
    "picture",
    "shelf_rows",
    "shown_path",
    "table",
]

#: Rows of a DataFrame that are shown.
ROWS = 50
#: Characters of one cell.
_CELL = 160

#: Pictures by name: what draws them, their size in inches, and what they show in a sentence.
PICTURES: Mapping[str, tuple[Callable[..., Any], tuple[float, float], str]] = MappingProxyType(
    {
        "Overview": (
            plot_overview,
            (12, 10),
            "Timeline of utterances, latency of each word over the audio, its distribution, and "
            "audio sent against audio transcribed.",
        ),
        "Timeline": (
            plot_timeline,
            (12, 5),
            "Each utterance over time: when it was spoken, its partials, its final.",
        ),
        "Word latency": (
            plot_word_latency,
            (12, 4.5),
            "Each word's latency to its first partial and to its final, over the audio.",
        ),
        "Distribution": (
            plot_latency_ecdf,
            (10, 5),
            "Share of words that are there by each latency, partials and finals.",
        ),
        "Histogram": (
            plot_latency_histogram,
            (10, 5),
            "How many words have which latency, partials and finals.",
        ),
        "Staircase": (
            plot_staircase,
            (10, 5.5),
            "Audio sent, acknowledged and transcribed over time.",
        ),
        "Flicker": (plot_flicker, (12, 5), "How often each utterance's words changed."),
        "Endpointing": (
            plot_endpointing,
            (10, 5.5),
            "Turns that each endpointing would have cut, against the wait for finals.",
        ),
        "Measurement": (
            plot_health,
            (12, 6),
            "Lateness of chunks and stalls of the stopwatch over the audio.",
        ),
    }
)

_TABLES: Mapping[str, Callable[[Run], pd.DataFrame]] = MappingProxyType(
    {
        "Latency": latency_table,
        "Summary": summary,
        "Turns": turns,
        "Utterances": lambda run: run.utterances,
        "Words": lambda run: run.words,
        "Messages": lambda run: run.messages,
        "Chunks": lambda run: run.chunks,
        "Pacing": pacing,
        "Checks": health,
    }
)
TABLES = tuple(_TABLES)


def after(run: Run) -> dict[str, Any]:
    """The summary of a run."""
    utterances = run.utterances
    verdict = run.verdict
    facts = [
        ("Audio", f"{run.name}, {run.duration_s:.1f} s"),
        ("Sent to", str(run.record.header["options"]["target"])),
        ("Ended", run.outcome),
        ("Messages", str(len(run.record.of("message")))),
        ("Partials", str(int(utterances["n_partials"].sum()))),
        ("Finals", str(int(utterances["n_finals"].sum()))),
        ("Session", run.session_id or "none: it was not begun"),
        ("Kept in", shown_path(run.path) if run.path is not None else "memory only"),
    ]
    return {
        "name": run.name,
        "path": str(run.path) if run.path is not None else "",
        "place": shown_path(run.path) if run.path is not None else "",
        "facts": facts,
        "verdict": {"status": verdict.status, "reasons": list(verdict.reasons)},
        "warnings": [note for note in (*run.warnings, run.damage, audit_note(run)) if note],
        "error": run.error or "",
        "latency": frame(latency_table(run)),
        "transcript": run.text,
        "pictures": list(_drawn()),
        "tables": list(TABLES),
    }


def _drawn() -> list[str]:
    return list(PICTURES)


def table(run: Run, name: str) -> dict[str, Any]:
    """The first rows of one of `TABLES`.

    Raises:
        ConfigError: there is no such table.
    """
    if name not in _TABLES:
        raise ConfigError(f"There is no table {name!r}; there are {', '.join(TABLES)}.")
    return frame(_TABLES[name](run))


def picture(run: Run, name: str) -> tuple[bytes, str]:
    """One of `PICTURES` as PNG, and what it shows in a sentence.

    Raises:
        ConfigError: there is no such picture.
    """
    if name not in _drawn():
        raise ConfigError(f"There is no picture {name!r}; there are {', '.join(_drawn())}.")
    # Figures of our own, never pyplot: it would keep them, and belongs to the user.
    from matplotlib.figure import Figure

    function, size, text = PICTURES[name]
    figure = Figure(figsize=size, layout="constrained")
    if name == "Overview":
        plot_overview(run, figure)
    else:
        function(run, ax=figure.add_subplot())
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue(), f"{name} of {run.name}. {text}"


def differences(first: Run, second: Run) -> tuple[bytes, str]:
    """The paired differences of two runs as PNG, and what it shows in a sentence."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    plot_comparison(first, second, figure.add_subplot())
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue(), (
        "Median difference of every latency, run 2 minus run 1, word by word where both have the "
        "same reference, with 95 % intervals that hold for these two sessions only."
    )


def frame(data: pd.DataFrame) -> dict[str, Any]:
    """The first rows of a DataFrame as text, with what is needed to align it."""
    head = data.head(ROWS)
    return {
        "columns": [str(column) for column in data.columns],
        "numeric": [_is_numeric(data[column]) for column in data.columns],
        "rows": [[_cell(value) for value in row] for row in head.itertuples(index=False)],
        "total": len(data),
    }


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        if math.isinf(value):
            return "never" if value > 0 else "-inf"
        if abs(value) >= 1e15:
            # Written out it could be as long as any text.
            return f"{value:g}"
        return f"{value:.0f}" if value.is_integer() else f"{value:.3f}"
    text = str(value)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "\u2026"


def shown_path(path: str | Path) -> str:
    """A path as one would type it here: relative, where it lies below the current folder."""
    path = Path(path)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def shelf_rows(directory: str | None) -> tuple[list[dict[str, str]], list[str]]:
    """The runs of a directory, for the list in the Lab, and why files are not among them."""
    rows = []
    found = list_runs(directory, limit=30)
    for row in found.to_dict("records"):
        duration = row["duration_s"]
        pause = row["endpointing_s"]
        rows.append(
            {
                "path": str(row["path"]),
                "name": str(row["name"]),
                "began": str(row["began"]).replace("T", " ").removesuffix("Z"),
                "duration": "" if math.isnan(duration) else f"{duration:.1f} s",
                "outcome": str(row["outcome"]),
                "target": str(row["target"]),
                "endpointing": "default" if math.isnan(pause) else f"{pause:g} s",
            }
        )
    return rows, found.attrs["skipped"]
