"""Write what a run holds as files that other programs read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from gladia_nb.drafts import replacing
from gladia_nb.errors import RunFileError
from gladia_nb.metrics import (
    health,
    latency,
    latency_table,
    stability_summary,
    summary,
    turns,
    waterfall,
)
from gladia_nb.record.data import RunData
from gladia_nb.record.folders import prepare_directory
from gladia_nb.reporting import report

__all__ = ["export_run"]


def export_run(run: RunData, directory: str | Path, *, stem: str | None = None) -> dict[str, Path]:
    """Write tables, transcript, the overview figure and the report of a run.

    Args:
        run: the run.
        directory: where to; made when it is missing.
        stem: beginning of the file names; by default the name of the audio.

    Returns:
        What was written: `messages`, `chunks`, `utterances`, `words`, `latency`, `summary`,
        `stability`, `turns`, `waterfall` and `health` as CSV, `latency_table` and `transcript` as
        text, `overview` as PNG, and `report` as a page that needs nothing else. Each is there when
        it is whole; one that was there before stays until then.

    Raises:
        RunFileError: a file cannot be written.
    """
    from matplotlib.figure import Figure

    from gladia_nb.plots import plot_overview

    directory = prepare_directory(directory)
    stem = stem or Path(run.name).stem
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "messages": lambda: run.messages,
        "chunks": lambda: run.chunks,
        "utterances": lambda: run.utterances,
        "words": lambda: run.words,
        "latency": lambda: latency(run),
        "summary": lambda: summary(run),
        "stability": lambda: stability_summary(run),
        "turns": lambda: turns(run),
        "waterfall": lambda: waterfall(run),
        "health": lambda: health(run),
    }
    written: dict[str, Path] = {}

    def write(name: str, suffix: str, content: Callable[[Path], object]) -> None:
        written[name] = directory / f"{stem}.{name}.{suffix}"
        with replacing(written[name]) as new:
            content(new)

    def text(content: str) -> Callable[[Path], object]:
        return lambda new: new.write_text(content + "\n", encoding="utf-8")

    try:
        for name, make in tables.items():
            write(name, "csv", functools.partial(make().to_csv, index=False))
        write("latency_table", "txt", text(latency_table(run).to_string(index=False)))
        write("transcript", "txt", text(run.text))
        # A figure of our own: pyplot would keep it, and need a display in some programs.
        figure = plot_overview(run, Figure(figsize=(12, 10), layout="constrained"))
        write("overview", "png", lambda new: figure.savefig(new, dpi=130, format="png"))
        written["report"] = report(run, directory / f"{stem}.report.html")
    except OSError as error:
        raise RunFileError(
            f"Cannot write to {directory}: {error.strerror or error}. Name another place."
        ) from None
    return written
