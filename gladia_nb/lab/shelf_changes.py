"""Runs on the shelf are renamed, deleted, brought back, and after a while gone for good."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gladia_nb.errors import RunFileError
from gladia_nb.paths import expanded
from gladia_nb.record.folders import delete_run

__all__ = ["KEPT_DAYS", "TRASH", "delete_runs", "empty_trash", "rename_run", "restore_runs"]

#: Folder beside the runs in which deleted ones wait, in one of its own for each day.
TRASH = ".deleted"
#: Days that they wait at least.
KEPT_DAYS = 7
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

    They wait for `KEPT_DAYS` days; see `empty_trash`.

    Returns:
        Where each was and where it is now.

    Raises:
        RunFileError: one is not there, or the folder cannot be changed.
    """
    moved = []
    for path in [_run(path) for path in paths]:
        trash = path.parent / TRASH / _today().isoformat()
        try:
            trash.mkdir(parents=True, exist_ok=True)
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
        RunFileError: another run has its name now, it is gone for good, or it cannot be moved.
    """
    for path, place in moved:
        if path.exists():
            raise RunFileError(f"There is another run {path.name} now; the old one is {place}.")
        if not place.exists():
            raise RunFileError(
                f"{path.name} cannot come back: deleted runs are kept for {KEPT_DAYS} days, and "
                "it is gone for good."
            )
        _move(place, path)
        _leave(place.parent)


def empty_trash(directory: str | Path) -> int:
    """Remove for good the runs of a folder that were deleted more than `KEPT_DAYS` days ago.

    Only runs are removed, with their sounds, and only from where `delete_runs` has put them: what
    else somebody keeps there stays. What cannot be removed is left for another time.

    Args:
        directory: whose deleted runs; one without any has none.

    Returns:
        How many runs are gone.
    """
    count = 0
    for day, folder in _days(Path(directory) / TRASH):
        if (_today() - day).days <= KEPT_DAYS:
            continue
        for path in sorted(folder.glob("*.run")):
            with contextlib.suppress(RunFileError):
                delete_run(path)
                count += 1
        _leave(folder)
    return count


def _days(trash: Path) -> Iterator[tuple[dt.date, Path]]:
    """The folders of deleted runs, and of which day each is (UTC)."""
    try:
        folders = sorted(trash.iterdir())
    except OSError:
        return
    for folder in folders:
        try:
            day = dt.date.fromisoformat(folder.name)
        except ValueError:
            continue
        # A link leads to what is somebody else's.
        if folder.is_dir() and not folder.is_symlink():
            yield day, folder


def _leave(folder: Path) -> None:
    """Take the folder of a day away, and that of all days, where nothing is in them any more."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


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
