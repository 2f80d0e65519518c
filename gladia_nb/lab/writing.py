"""What of a run is written where the kernel is; what is there is replaced only on demand."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.paths import expanded
from gladia_nb.record.folders import prepare_directory, sound_files
from gladia_nb.reporting.export import export_run
from gladia_nb.run import Run

__all__ = ["file_stem", "write_run"]

#: What is written, and what each is called.
_KINDS = ("save", "export", "report")


def file_stem(run: Run) -> str:
    """The beginning of the names of all files that are made of a run: no other run has the same.

    Example:
        `file_stem(run)` is "20260102-030405-interview".
    """
    if run.path is not None:
        return run.path.stem
    began = dt.datetime.fromtimestamp(run.record.header["anchor"][1] / 1e9, dt.UTC)
    plain = re.sub(r"[^\w.-]+", "_", Path(run.name).stem)[:60] or "audio"
    return f"{began:%Y%m%d-%H%M%S}-{plain}"


def write_run(run: Run, kind: str, typed: str, *, replace: bool = False) -> tuple[str, bool]:
    """Write a run, its tables and pictures, or its report.

    Args:
        run: the run.
        kind: `save`, `export` or `report`.
        typed: where to, as somebody has typed it; folders that are missing are made.
        replace: whether what is there already may go.

    Returns:
        What was done, in a sentence; and whether nothing was, because something is there already.

    Raises:
        ConfigError: no place is named, it is the run itself, or there is no such kind.
        RunFileError: it cannot be written.
    """
    if kind not in _KINDS:
        raise ConfigError(f"A run cannot be written as {kind!r}; there are {', '.join(_KINDS)}.")
    if not typed.strip():
        raise ConfigError("Name a place to write to.")
    place = expanded(typed.strip(), ConfigError)
    try:
        itself = run.path is not None and place.exists() and place.samefile(run.path)
        there = _there(kind, place)
    except OSError as error:
        raise RunFileError(
            f"Cannot look at {place}: {error.strerror or error}. Name another place."
        ) from None
    if itself:
        raise ConfigError(f"{place} is the run itself; name another place.")
    if there and not replace:
        return f"{there}; nothing was written.", True
    if kind == "export":
        return f"{len(export_run(run, place))} files written to {place}.", False
    prepare_directory(place.parent)
    if kind == "save":
        return f"Saved as {run.save(place)}.", False
    run.report(place)
    return f"Report written to {place}.", False


def _there(kind: str, place: Path) -> str:
    """What would be replaced, or ""."""
    if kind == "export":
        full = place.is_dir() and any(place.iterdir())
        return f"The folder {place} has files already" if full else ""
    if place.is_file() or (kind == "save" and sound_files(place)):
        return f"There is a file {place} already"
    return ""
