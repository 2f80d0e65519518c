"""A text file with what was said, and nothing else."""

from __future__ import annotations

from pathlib import Path

from gladia_nb.sessions.formats.base import Found, Problem, Reference, Row, lines_of

__all__ = ["read_plain"]


def read_plain(path: Path) -> Found:
    """The text of a file; its lines are one text.

    Raises:
        ConfigError: the file cannot be read.
    """
    found = Found()
    text = " ".join(" ".join(line for _, line in lines_of(path, found.problems)).split())
    if text:
        found.references[""] = Reference((Row(text, None, None),), "text")
    elif not found.problems:
        found.problems.append(Problem(str(path), None, "it has no text."))
    return found
