"""Where runs and what is made of them are kept, and whether that place can be written to."""

from __future__ import annotations

import os
from pathlib import Path

from gladia_nb.errors import RunFileError
from gladia_nb.paths import expanded

__all__ = ["RUNS_VARIABLE", "new_path", "prepare_directory", "runs_directory"]

#: Names the directory of runs for which no path is given.
RUNS_VARIABLE = "GLADIA_NB_RUNS"


def runs_directory() -> Path:
    """Where runs are kept when no path is given: `GLADIA_NB_RUNS`, else `runs`; may not exist."""
    return expanded(os.environ.get(RUNS_VARIABLE) or "runs", RunFileError).absolute()


def prepare_directory(directory: str | Path) -> Path:
    """Make a directory, and see that it can be written to before work begins.

    Raises:
        RunFileError: it cannot be made, or not be written to.
    """
    path = expanded(directory, RunFileError)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFileError(
            f"Cannot make the directory {path}: {error.strerror or error}. Name another place."
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise RunFileError(f"Cannot write to {path}: permission denied. Name another place.")
    return path


def new_path(directory: str | Path, stem: str, suffix: str = ".run") -> Path:
    """A path that does not exist yet, in a directory that is made when it is missing.

    Args:
        directory: where.
        stem: beginning of the file's name; a number follows where it is taken.
        suffix: end of the file's name.

    Raises:
        RunFileError: the directory cannot be made or written to.
    """
    place = prepare_directory(directory)
    path = place / f"{stem}{suffix}"
    number = 1
    while path.exists():
        number += 1
        path = place / f"{stem}-{number}{suffix}"
    return path
