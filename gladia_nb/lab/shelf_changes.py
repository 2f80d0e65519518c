"""Runs on the shelf are renamed, deleted and brought back: files of one folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from gladia_nb.errors import RunFileError
from gladia_nb.paths import expanded

__all__ = ["TRASH", "delete_runs", "rename_run", "restore_runs"]

#: Folder beside the runs in which deleted ones wait.
TRASH = ".deleted"
_LONGEST = 80


def rename_run(path: str | Path, name: str) -> Path:
    """Give the file of a run another name, in the same folder.

    Args:
        path: of the run.
        name: what to call it; letters, digits, blanks and `-_.,()` are kept, and the ending is not
            part of it.

    Returns:
        Its new path.

    Raises:
        RunFileError: it is not there, the name is empty or taken, or the folder cannot be changed.
    """
    old = _run(path)
    plain = re.sub(r"[^\w .,()-]+", "_", name.strip().removesuffix(".run"))
    plain = plain.strip(" .")[:_LONGEST].strip()
    if not plain:
        raise RunFileError("Give it a name of at least one letter or digit.")
    new = old.with_name(f"{plain}.run")
    if new == old:
        return old
    if new.exists():
        raise RunFileError(f"There is a run {plain} already; choose another name.")
    _move(old, new)
    return new


def delete_runs(paths: Sequence[str | Path]) -> list[tuple[Path, Path]]:
    """Take runs off the shelf; they wait in a folder beside it, from which they can come back.

    Returns:
        Where each was and where it is now.

    Raises:
        RunFileError: one is not there, or the folder cannot be changed.
    """
    moved = []
    for path in [_run(path) for path in paths]:
        trash = path.parent / TRASH
        try:
            trash.mkdir(exist_ok=True)
        except OSError as error:
            raise _unmoved(path, error) from None
        place, count = trash / path.name, 1
        while place.exists():
            count += 1
            place = trash / f"{path.stem} {count}.run"
        _move(path, place)
        moved.append((path, place))
    return moved


def restore_runs(moved: Sequence[tuple[Path, Path]]) -> None:
    """Bring deleted runs back, as `delete_runs` has told.

    Raises:
        RunFileError: another run has its name now, or it cannot be moved.
    """
    for path, place in moved:
        if path.exists():
            raise RunFileError(f"There is another run {path.name} now; the old one is {place}.")
        _move(place, path)
        if not any(place.parent.iterdir()):
            place.parent.rmdir()


def _run(path: str | Path) -> Path:
    found = expanded(path, RunFileError)
    if found.suffix != ".run" or not found.is_file():
        raise RunFileError(f"There is no run {found.name}; refresh the shelf.")
    return found


def _move(old: Path, new: Path) -> None:
    """Move a run, and its sound, whose name begins with that of the run."""
    beside = [path for path in old.parent.iterdir() if path.name.startswith(f"{old.name}.")]
    try:
        old.rename(new)
        for path in beside:
            path.rename(new.with_name(new.name + path.name.removeprefix(old.name)))
    except OSError as error:
        raise _unmoved(old, error) from None


def _unmoved(path: Path, error: OSError) -> RunFileError:
    return RunFileError(f"{path.name} cannot be moved: {error.strerror or error}.")
