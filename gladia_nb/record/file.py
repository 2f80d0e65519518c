"""The record of one session: what it was, and everything that happened, in order.

A run file is text, one JSON object a line. The first line is the header: what was asked for, by
which versions, and when on both clocks. Each further line is one event with its stamps in
nanoseconds of the monotonic clock. The last is the `end` event; a file without one was cut off (the
process was killed, the disk was full) and loads as an incomplete run with all that came before.
Nothing is ever rewritten, and every message of the service is kept verbatim. What of a file cannot
be believed is left out when it is read, and told.

What kinds of events there are, and their fields: `gladia_nb.record.event_kinds`.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from shutil import copyfile
from types import MappingProxyType
from typing import Any

from gladia_nb.drafts import replacing
from gladia_nb.errors import RunFileError
from gladia_nb.paths import expanded
from gladia_nb.record.header import FORMAT, VERSION, checked_header
from gladia_nb.record.limits import LONGEST_S
from gladia_nb.record.message import writable
from gladia_nb.record.packed import Events
from gladia_nb.record.validation import (
    Problem,
    UnbelievableError,
    check_event,
    decoded_line,
    middle_ns,
    near,
)

__all__ = [
    "FORMAT",
    "VERSION",
    "Record",
    "dump_line",
    "extended",
    "load_record",
    "read_header",
    "read_lines",
]

Event = Mapping[str, Any]

#: Bytes of a run file: many times the longest session.
LARGEST_BYTES = 4_000_000_000
#: Lines that may be left out of a file that is still worth reading.
MOST_PROBLEMS = 1000
#: Events that show when a run was.
_FIRST = 101

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One session, immutable.

    Attributes:
        header: what was asked for; see the module.
        events: everything that happened, in the order in which it was recorded.
        path: the file it is in, or None.
        cut_off: whether the last line of the file was incomplete.
        problems: what of the file was left out because it cannot be believed.
        derived: what was read from it (`gladia_nb.record.columns`); a record never changes.
    """

    header: Event
    events: Sequence[Event]
    path: Path | None = None
    cut_off: bool = False
    problems: tuple[Problem, ...] = ()
    _by_kind: dict[str, Sequence[Event]] = field(default_factory=dict, compare=False)
    derived: dict[str, Any] = field(default_factory=dict, compare=False)

    def of(self, *kinds: str) -> Sequence[Event]:
        """The events of some kinds, in order."""
        key = "|".join(kinds)
        if key not in self._by_kind:
            events = self.events
            self._by_kind[key] = (
                events.of(kinds)
                if isinstance(events, Events)
                else tuple(event for event in events if event.get("event") in kinds)
            )
        return self._by_kind[key]

    @property
    def complete(self) -> bool:
        """Whether the record has its end; a killed process leaves one without."""
        return bool(self.events) and self.events[-1].get("event") == "end"

    @property
    def outcome(self) -> str:
        """`finished`, `stopped`, `aborted` or `failed`; `incomplete` when there is no end."""
        return writable(str(self.events[-1].get("outcome"))) if self.complete else "incomplete"

    @property
    def session_id(self) -> str | None:
        """The service's name for the session."""
        for event in self.of("init"):
            return event.get("session_id")
        return None

    @property
    def t0_ns(self) -> int | None:
        """Monotonic stamp at which position 0 of the audio was "spoken", or None."""
        for event in self.of("audio_start"):
            return int(event["t0_ns"])
        return None

    def save(self, path: str | Path) -> Path:
        """Write the record as a run file and return its path.

        The file is there when it is whole; one that was there before stays until then.

        Raises:
            RunFileError: the file cannot be written.
        """
        path = expanded(path, RunFileError)
        try:
            if self.path is not None and self.path.exists() and not self.cut_off:
                if not (path.exists() and path.samefile(self.path)):
                    with replacing(path) as new:
                        copyfile(self.path, new)
                return path
            with replacing(path) as new, new.open("w", encoding="ascii", newline="\n") as file:
                file.writelines(map(dump_line, chain((self.header,), self.events)))
        except OSError as error:
            raise RunFileError(
                f"Cannot write {path}: {error.strerror or error}. Choose another place."
            ) from None
        return path

    def __repr__(self) -> str:
        return f"Record({self.session_id!r}, {len(self.events)} events, {self.outcome})"


def dump_line(event: Event) -> str:
    r"""One line of a run file.

    ASCII only: characters that no encoding has (lone surrogates, from frames that are not UTF-8)
    survive as escapes.

    Example:
        >>> dump_line({"format": "é"})
        '{"format":"\\u00e9"}\n'
    """
    return _encode(dict(event)) + "\n"


def load_record(path: str | Path) -> Record:
    """Read a run file, also one that was cut off.

    A line that is no event, or whose values cannot be, is left out; `Record.problems` says which
    and why.

    Raises:
        RunFileError: no such file, no ordinary file, too large, not a run, damaged beyond use, or
            made by a later version.
    """
    path = expanded(path, RunFileError)
    try:
        size = _size(path)
        if size > LARGEST_BYTES:
            raise RunFileError(
                f"{path} has {size / 1e9:.1f} GB; no run has more than {LARGEST_BYTES / 1e9:.0f}."
            )
        with path.open("rb") as file:
            return read_lines(file, path)
    except OSError as error:
        raise RunFileError(f"Cannot read {path}: {error.strerror or error}.") from None


def _size(path: Path) -> int:
    """Bytes of an ordinary file; others may have no end, or wait for ever."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise RunFileError(f"{path} is not an ordinary file; name a run file.")
    return found.st_size


def read_header(lines: Iterator[bytes], name: Path | str) -> tuple[dict[str, Any], list[str]]:
    """The header of a run file, from its first line, and what of it was not believed.

    Raises:
        RunFileError: it is no header.
    """
    try:
        found = decoded_line(next(lines, b""))
    except UnbelievableError:
        raise RunFileError(f"{name} is not a run of gladia_nb.") from None
    return checked_header(found, str(name))


def read_lines(lines: Iterable[bytes], path: Path | None = None) -> Record:
    """A record from the lines of a run file; see `load_record`."""
    name = path or "this"
    lines = iter(lines)
    header, wrong = read_header(lines, name)
    reader = _Reader(name, int(header["config"]["sample_rate"]))
    reader.problems += [Problem(1, text) for text in wrong[:MOST_PROBLEMS]]
    cut_off = False
    for number, line in enumerate(lines, 2):
        if not line.endswith(b"\n"):
            cut_off = True
            break
        reader.take(number, line)
    events = reader.end()
    return Record(MappingProxyType(header), events, path, cut_off, tuple(reader.problems))


def extended(record: Record, lines: Iterable[bytes]) -> Record:
    """A record with events behind those of its file, which are in memory alone."""
    more = tuple(MappingProxyType(decoded_line(line)) for line in lines)
    return Record(record.header, (*record.events, *more), problems=record.problems)


class _Reader:
    """Takes the lines of a file; keeps what can be believed, and says what cannot."""

    def __init__(self, name: Path | str, sample_rate: int) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._most_frames = int(LONGEST_S * sample_rate)
        self._events = Events(_event)
        # The first events, until they have shown when the run was.
        self._waiting: list[tuple[int, dict[str, Any], bytes]] | None = []
        self._at_ns: int | None = None
        self._left_out: list[Problem] = []

    def take(self, number: int, line: bytes) -> None:
        """The next line."""
        try:
            event = decoded_line(line)
            check_event(event, self._most_frames)
        except UnbelievableError as why:
            self._drop(number, str(why))
            return
        if self._waiting is None:
            self._keep(number, event, line)
            return
        self._waiting.append((number, event, line))
        if len(self._waiting) == _FIRST:
            self._settle()

    def end(self) -> Sequence[Event]:
        """All that was kept."""
        if self._waiting is not None:
            self._settle()
        self.problems += sorted(self._left_out)
        self._events.close()
        return self._events

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        self._at_ns = middle_ns([event for _, event, _ in waiting])
        for item in waiting:
            self._keep(*item)

    def _keep(self, number: int, event: dict[str, Any], line: bytes) -> None:
        if self._at_ns is not None and not near(event, self._at_ns):
            self._drop(number, f"{event['event']}, it is days away from the rest of the run")
            return
        self._events.append(MappingProxyType(event), line)

    def _drop(self, number: int, why: str) -> None:
        self._left_out.append(Problem(number, why))
        if len(self._left_out) > MOST_PROBLEMS:
            raise RunFileError(
                f"{self._name} is damaged: more than {MOST_PROBLEMS} of its first {number} lines "
                f"cannot be believed; the first: {self._left_out[0]}."
            )


def _event(line: bytes) -> Event:
    return MappingProxyType(decoded_line(line))
