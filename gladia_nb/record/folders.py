"""Where runs and what is made of them are kept, and whether that place can be written to."""

from __future__ import annotations

import os
from pathlib import Path

from gladia_nb.errors import RunFileError
from gladia_nb.paths import expanded

__all__ = [
    "RUNS_VARIABLE",
    "delete_run",
    "move_run",
    "new_path",
    "prepare_directory",
    "runs_directory",
    "sound_files",
]

#: Names the directory of runs for which no path is given.
RUNS_VARIABLE = "GLADIA_NB_RUNS"
#: What stands behind the name of a run in that of its sound: FLAC, and what FLAC cannot hold.
SOUND_SUFFIXES = (".flac", ".wav")
#: What stands behind that while a session runs: what the sound file may not hold yet.
REST_SUFFIX = ".rest"


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
    while path.exists() or sound_files(path):
        number += 1
        path = place / f"{stem}-{number}{suffix}"
    return path


def sound_files(run: str | Path) -> list[Path]:
    """What is kept of the sound of a run, beside it; nothing where none was kept.

    Example:
        >>> sound_files("no/such.run")
        []
    """
    run = Path(run)
    names = [run.name + suffix for suffix in SOUND_SUFFIXES]
    names += [name + REST_SUFFIX for name in names]
    return [path for name in names if (path := run.with_name(name)).exists()]


def move_run(run: str | Path, to: str | Path) -> Path:
    """Move or rename a run with its sound; returns where it is.

    Args:
        run: path of the run.
        to: its new path, on the same disk.

    Raises:
        RunFileError: there is something already, or the disk refuses.
    """
    run, to = expanded(run, RunFileError), expanded(to, RunFileError)
    try:
        if to.exists() or sound_files(to):
            raise RunFileError(f"{to} exists already; a run is never overwritten.")
        # The sound first: a run that is there has it.
        for path in sound_files(run):
            path.rename(to.with_name(to.name + path.name.removeprefix(run.name)))
        return run.rename(to)
    except OSError as error:
        raise RunFileError(
            f"Cannot move {run} to {to}: {error.strerror or error}. Name another place."
        ) from None


def delete_run(run: str | Path) -> None:
    """Delete a run with its sound.

    Raises:
        RunFileError: there is none, or the disk refuses.
    """
    run = expanded(run, RunFileError)
    try:
        run.unlink()
        for path in sound_files(run):
            path.unlink()
    except OSError as error:
        raise RunFileError(f"Cannot delete {run}: {error.strerror or error}.") from None
