"""What the worker has told of a session, from wherever it is kept: its file, or memory.

Nothing that is in the file is kept here. Two things are in no file: what the disk did not take, and
a run of which no session came. Of such a run nothing but its header and its error is known, so its
file is taken away again: it would be one more run that holds nothing, and stand in the way of the
next attempt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from gladia_nb.errors import RunFileError
from gladia_nb.record.event_kinds import AnyEvent, InitEvent, MessageEvent, WarningEvent
from gladia_nb.record.file import Record, extended, load_record, read_lines

__all__ = ["ToldLines"]


class ToldLines:
    """The lines of one run, as they are told; one thread takes them, any may read.

    Args:
        path: the file in which the worker writes them before it tells them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self._began = False
        # What is in no file, and how many events came before.
        self._unwritten: list[bytes] = []
        self._written: int | None = None
        # All of it, header first, once the file has been taken away.
        self._withdrawn: list[bytes] | None = None

    def take(self, line: bytes, event: AnyEvent | None) -> None:
        """The next line, and what it says."""
        if isinstance(event, WarningEvent) and event.unwritten is True and self._written is None:
            self._written = self._count
        if self._written is not None:
            self._unwritten.append(line)
        self._began = self._began or isinstance(event, InitEvent | MessageEvent)
        self._count += 1

    def withdraw(self) -> bool:
        """Take the file away when no session came of it; what it says stays here.

        Returns:
            Whether it has been taken away.
        """
        if self._began:
            return False
        try:
            found = self._path.read_bytes().splitlines(keepends=True)[: 1 + self._in_file]
            # Whoever reads at this moment finds one of the two.
            self._withdrawn = [*found, *self._unwritten]
            self._path.unlink()
        except OSError:
            self._withdrawn = None
        return self._withdrawn is not None

    @property
    def _in_file(self) -> int:
        """Events that the file has."""
        return self._count if self._written is None else self._written

    def header(self) -> Mapping[str, Any]:
        """The header of the run.

        Raises:
            RunFileError: it cannot be read any more.
        """
        try:
            header: Mapping[str, Any] = json.loads(next(self._lines(0), b""))
        except (OSError, ValueError) as error:
            raise RunFileError(f"Cannot read the header of {self._path}: {error}.") from None
        return header

    def since(self, start: int) -> Iterator[Mapping[str, Any]]:
        """Events from a number on, as far as they have been told or farther.

        The last line of the file may still be being written.

        Raises:
            OSError: the file cannot be read any more.
        """
        for line in self._lines(start + 1):
            if not line.endswith(b"\n"):
                return
            yield json.loads(line)

    def _lines(self, start: int) -> Iterator[bytes]:
        """Lines from a number on; the header is the first."""
        file = self._opened()
        if file is None:
            yield from islice(self._withdrawn or (), start, None)
            return
        written = None if self._written is None else self._written + 1
        with file:
            if written is None or start < written:
                for line in islice(file, start, written):
                    start += 1
                    yield line
        if self._written is not None and start > self._written:
            yield from islice(self._unwritten, start - self._written - 1, None)

    def _opened(self) -> BinaryIO | None:
        """The file; None when it has been taken away."""
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            if self._withdrawn is None:
                raise
            return None

    def record(self) -> Record:
        """All of it; its `path` is None where it is not in one file.

        Raises:
            RunFileError: the file cannot be read any more.
        """
        if self._withdrawn is not None:
            return read_lines(self._withdrawn)
        record = load_record(self._path)
        if self._written is not None:
            record = extended(record, self._unwritten)
        return record
