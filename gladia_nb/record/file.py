"""The record of one session: what it was, and everything that happened, in order.

A run file is text, one JSON object a line. The first line is the header: what was asked for, by
which versions, and when on both clocks. Each further line is one event with its stamps in
nanoseconds of the monotonic clock. The last is the `end` event; a file without one was cut off (the
process was killed, the disk was full) and loads as an incomplete run with all that came before.
Nothing is ever rewritten, and every message of the service is kept verbatim.

What kinds of events there are, and their fields: `gladia_nb.record.event_kinds`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gladia_nb.errors import RunFileError

__all__ = ["FORMAT", "VERSION", "Record", "dump_line", "load_record", "read_lines"]

FORMAT = "gladia_nb.run"
VERSION = 1

Event = Mapping[str, Any]

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One session, immutable.

    Attributes:
        header: what was asked for; see the module.
        events: everything that happened, in the order in which it was recorded.
        path: the file it is in, or None.
        cut_off: whether the last line of the file was incomplete.
        derived: what was read from it (`gladia_nb.record.columns`); a record never changes.
    """

    header: Event
    events: tuple[Event, ...]
    path: Path | None = None
    cut_off: bool = False
    _by_kind: dict[str, tuple[Event, ...]] = field(default_factory=dict, compare=False)
    derived: dict[str, Any] = field(default_factory=dict, compare=False)

    def of(self, *kinds: str) -> tuple[Event, ...]:
        """The events of some kinds, in order."""
        if not self._by_kind:
            self._by_kind.update(_sorted(self.events))
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], ())
        key = "|".join(kinds)
        if key not in self._by_kind:
            self._by_kind[key] = tuple(e for e in self.events if e.get("event") in kinds)
        return self._by_kind[key]

    @property
    def complete(self) -> bool:
        """Whether the record has its end; a killed process leaves one without."""
        return bool(self.events) and self.events[-1].get("event") == "end"

    @property
    def outcome(self) -> str:
        """`finished`, `stopped`, `aborted` or `failed`; `incomplete` when there is no end."""
        return str(self.events[-1].get("outcome")) if self.complete else "incomplete"

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

        Raises:
            RunFileError: the file cannot be written.
        """
        path = Path(path).expanduser()
        try:
            if self.path is not None and self.path.exists() and not self.cut_off:
                if not (path.exists() and path.samefile(self.path)):
                    from shutil import copyfile

                    copyfile(self.path, path)
                return path
            with path.open("w", encoding="ascii", newline="\n") as file:
                for line in (self.header, *self.events):
                    file.write(dump_line(line))
        except OSError as error:
            raise RunFileError(
                f"Cannot write {path}: {error.strerror or error}. Choose another place."
            ) from None
        return path

    def __repr__(self) -> str:
        return f"Record({self.session_id!r}, {len(self.events)} events, {self.outcome})"


def _sorted(events: tuple[Event, ...]) -> dict[str, tuple[Event, ...]]:
    """Events by their kind; many ask, each for another one."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(str(event.get("event")), []).append(event)
    return {kind: tuple(group) for kind, group in found.items()}


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

    Raises:
        RunFileError: no such file, not a run, or made by a later version.
    """
    path = Path(path).expanduser()
    try:
        with path.open("rb") as file:
            return read_lines(file, path)
    except OSError as error:
        raise RunFileError(f"Cannot read {path}: {error.strerror or error}.") from None


def read_lines(lines: Iterable[bytes], path: Path | None = None) -> Record:
    """A record from the lines of a run file; see `load_record`."""
    name = path or "this"
    parsed = _parse(lines, name)
    header = next(parsed, None)
    if header is None or header.get("format") != FORMAT:
        raise RunFileError(f"{name} is not a run of gladia_nb.")
    if header.get("version") != VERSION:
        raise RunFileError(
            f"{name} has version {header.get('version')} of the run format; "
            f"this gladia_nb reads version {VERSION}. Install a later gladia_nb."
        )
    events: list[Event] = []
    cut_off = False
    for event in parsed:
        if event is None:
            cut_off = True
        else:
            events.append(MappingProxyType(event))
    return Record(MappingProxyType(header), tuple(events), path, cut_off)


def _parse(lines: Iterable[bytes], name: Path | str) -> Iterator[dict[str, Any] | None]:
    """Objects of the lines; a last line that was cut off comes out as None."""
    broken: int | None = None
    for number, line in enumerate(lines, 1):
        if broken is not None:
            raise RunFileError(f"{name} is damaged: line {broken} is not JSON.")
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            if number == 1:
                raise RunFileError(f"{name} is not a run of gladia_nb.")
            broken = number
        elif line.endswith(b"\n"):
            yield value
        else:
            broken = number
    if broken is not None:
        yield None
