"""What a student has predicted, tried and done: one file a student, a line of JSON an entry.

Lines are only added, so that two lessons that are open at once take nothing from each other. The
file stays on this machine: nothing sends it anywhere.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gladia_nb.errors import RunFileError
from gladia_nb.paths import expanded
from gladia_nb.record.folders import prepare_directory

__all__ = ["PROGRESS_VARIABLE", "Diary", "last_name", "progress_directory"]

#: Names the folder in which the course keeps progress.
PROGRESS_VARIABLE = "GLADIA_NB_COURSE"
#: Bytes that are read of a file: far more than a class writes.
_LARGEST = 4 << 20
#: Characters of one entry; what is longer is not worth keeping.
_LONGEST = 4000


def progress_directory() -> Path:
    """Where progress is kept: `GLADIA_NB_COURSE`, else `course-progress` here; may not exist."""
    return expanded(os.environ.get(PROGRESS_VARIABLE) or "course-progress", RunFileError).absolute()


def last_name(folder: Path) -> str:
    """The name in the file that was written last, or an empty string."""
    try:
        files = [(path.stat().st_mtime_ns, path) for path in folder.glob("*.jsonl")]
    except OSError:
        return ""
    for _, path in sorted(files, reverse=True):
        for entry in Diary(path).entries():
            if isinstance(name := entry.get("name"), str):
                return name
    return ""


class Diary:
    """The entries of one student.

    Args:
        path: of the file, which is made with the first entry; None keeps them in memory.

    Example:
        >>> diary = Diary(None)
        >>> diary.add(task="1a", right=True)
        >>> [entry["task"] for entry in diary.entries()]
        ['1a']
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._kept: list[dict[str, Any]] = []

    def add(self, **entry: Any) -> None:
        """Add an entry, with the time of day.

        Raises:
            RunFileError: the file cannot be written.
        """
        whole = {**entry, "at": round(time.time(), 1)}
        line = json.dumps(whole, ensure_ascii=False, default=str)
        if len(line) > _LONGEST:
            return
        if self.path is None:
            self._kept.append(json.loads(line))
            return
        prepare_directory(self.path.parent)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise RunFileError(
                f"Cannot write progress to {self.path}: {error.strerror or error}. Set "
                f"{PROGRESS_VARIABLE} to a folder that can be written."
            ) from None

    def entries(self) -> list[Mapping[str, Any]]:
        """All entries, oldest first; what cannot be read is left out."""
        if self.path is None:
            return list(self._kept)
        try:
            with self.path.open("rb") as file:
                lines = file.read(_LARGEST).decode(errors="replace").splitlines()
        except OSError:
            return []
        found: list[Mapping[str, Any]] = []
        for line in lines:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict):
                found.append(entry)
        return found
