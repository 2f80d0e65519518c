"""A finished run as plain data for the Lab: its summary, its tables and its pictures."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.lab.headlines import headline
from gladia_nb.lab.shelf import list_runs
from gladia_nb.metrics import (
    audit_note,
    health,
    latency_table,
    pacing,
    summary,
    turns,
)
from gladia_nb.metrics.base.sent_part import audio_length
from gladia_nb.plots import (
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
from gladia_nb.plots.overview import NARROW_INCHES
from gladia_nb.plots.palette import DARK, LIGHT
from gladia_nb.plots.theme import themed
from gladia_nb.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "PICTURES",
    "TABLES",
    "Look",
    "after",
    "drawn_by",
    "frame",
    "picture",
    "shelf_rows",
    "shown_path",
    "table",
    "whole_table",
]

#: Rows of a DataFrame that are shown.
ROWS = 50
#: Runs that the shelf shows.
SHOWN = 100
#: Names that runs get by themselves.
_OF_ITSELF = re.compile(r"\d{8}-\d{6}-")
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
        ("Audio", f"{run.name}, {audio_length(run)}"),
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
        "headline": headline(run),
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
    return frame(whole_table(run, name))


def whole_table(run: Run, name: str) -> pd.DataFrame:
    """One of `TABLES`, all of it.

    Raises:
        ConfigError: there is no such table.
    """
    if name not in _TABLES:
        raise ConfigError(f"There is no table {name!r}; there are {', '.join(TABLES)}.")
    return _TABLES[name](run)


class Look(NamedTuple):
    """How a picture has to look in its place.

    Attributes:
        width: of the place, in pixels of the page.
        scale: pixels of the screen for each of these.
        dark: whether the page is dark.
    """

    width: float = 900
    scale: float = 1.5
    dark: bool = False

    @classmethod
    def asked(cls, content: Mapping[str, Any]) -> Look:
        """What a page asks for, within reason.

        Example:
            >>> Look.asked({"width": 640, "scale": 99, "dark": True})
            Look(width=640.0, scale=3.0, dark=True)
        """
        width, scale = (_number(content.get(name)) for name in ("width", "scale"))
        return cls(
            min(2400.0, max(320.0, width or cls().width)),
            min(3.0, max(1.0, scale or cls().scale)),
            content.get("dark") is True,
        )


def _number(value: object) -> float | None:
    good = isinstance(value, (int, float)) and math.isfinite(value)
    return float(value) if good else None  # type: ignore[arg-type]


def picture(run: Run, name: str, look: Look = Look()) -> tuple[bytes, str]:  # noqa: B008 - immutable
    """One of `PICTURES` as PNG, and what it shows in a sentence.

    Raises:
        ConfigError: there is no such picture.
    """
    if name not in _drawn():
        raise ConfigError(f"There is no picture {name!r}; there are {', '.join(_drawn())}.")
    function, size, text = PICTURES[name]
    if name == "Overview" and look.width < NARROW_INCHES * _PIXELS:
        size = size[0], size[1] * (1.5 if look.width >= _PHONE else 1.8)

    def draw(figure: Figure) -> None:
        if name == "Overview":
            plot_overview(run, figure)
        else:
            function(run, ax=figure.add_subplot())

    return drawn_by(draw, size, look), f"{name} of {run.name}. {text}"


#: Pixels of a page for an inch of a picture: its letters then are those of a page.
_PIXELS = 96
#: Pixels of a page below which titles and labels of a picture take several lines.
_PHONE = 480
#: Inches that a picture is high at least.
_LOWEST = 3.4


def drawn_by(draw: Callable[[Figure], None], size: tuple[float, float], look: Look) -> bytes:
    """A picture as wide as its place, in the colours of the page around it, as PNG.

    Args:
        draw: draws it into a figure.
        size: for which it is made, inches.
        look: of its place.
    """
    # Figures of our own, never pyplot: it would keep them, and belongs to the user.
    from matplotlib.figure import Figure

    width = look.width / _PIXELS
    height = max(_LOWEST, size[1] * min(1.0, max(0.75, width / size[0])))
    figure = Figure(figsize=(width, height), layout="constrained")
    draw(figure)
    themed(figure, DARK if look.dark else LIGHT)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_PIXELS * look.scale)
    return file.getvalue()


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


def _here(stamp: str) -> str:
    """A moment in UTC on the clock of this machine."""
    moment = dt.datetime.fromisoformat(stamp).astimezone()
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def shelf_rows(directory: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """The runs of a directory, for the list in the Lab, and why files are not among them."""
    rows = []
    found = list_runs(directory, limit=SHOWN)
    for row in found.to_dict("records"):
        duration = row["duration_s"]
        rows.append(
            {
                "path": str(row["path"]),
                "name": _called(str(row["path"]), str(row["name"])),
                "began": _here(str(row["began"])),
                "duration": "" if math.isnan(duration) else f"{duration:.1f} s",
                "duration_s": None if math.isnan(duration) else duration,
                "outcome": str(row["outcome"]),
                "target": str(row["target"]),
                "settings": str(row["settings"]),
            }
        )
    return rows, found.attrs["skipped"]


def _called(path: str, audio: str) -> str:
    """The name that somebody gave a run, or that of its audio."""
    stem = Path(path).stem
    return audio if _OF_ITSELF.match(stem) else stem
