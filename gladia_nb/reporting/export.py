"""Write what a run holds as files that other programs read."""

from __future__ import annotations

from pathlib import Path

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
        text, `overview` as PNG, and `report` as a page that needs nothing else.

    Raises:
        RunFileError: a file cannot be written.
    """
    from matplotlib.figure import Figure

    from gladia_nb.plots import plot_overview

    directory = prepare_directory(directory)
    stem = stem or Path(run.name).stem
    tables = {
        "messages": run.messages,
        "chunks": run.chunks,
        "utterances": run.utterances,
        "words": run.words,
        "latency": latency(run),
        "summary": summary(run),
        "stability": stability_summary(run),
        "turns": turns(run),
        "waterfall": waterfall(run),
        "health": health(run),
    }
    written: dict[str, Path] = {}

    def place(name: str, suffix: str) -> Path:
        written[name] = directory / f"{stem}.{name}.{suffix}"
        return written[name]

    try:
        for name, frame in tables.items():
            frame.to_csv(place(name, "csv"), index=False)
        place("latency_table", "txt").write_text(
            latency_table(run).to_string(index=False) + "\n", encoding="utf-8"
        )
        place("transcript", "txt").write_text(run.text + "\n", encoding="utf-8")
        # A figure of our own: pyplot would keep it, and need a display in some programs.
        figure = plot_overview(run, Figure(figsize=(12, 10), layout="constrained"))
        figure.savefig(place("overview", "png"), dpi=130)
        report(run, place("report", "html"))
    except OSError as error:
        raise RunFileError(
            f"Cannot write to {directory}: {error.strerror or error}. Name another place."
        ) from None
    return written
