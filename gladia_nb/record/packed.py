"""The events of a record as they are held in memory.

Hours of partials are hundreds of megabytes of text that hardly differ. So the lines of the kinds of
which there are many are held compressed, some hundred at a time, and become mappings when they are
looked at; all others are held as they are. A record of three hours takes a tenth of its file.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter, eq
from typing import Any, overload

import msgspec

__all__ = ["Arrived", "Events", "Immutable", "Packed", "PackedTexts", "arrived"]

Event = Mapping[str, Any]

#: Lines that are compressed together.
_BLOCK = 256
#: The kinds of which there are many.
_MANY = ("message", "chunk")


class Arrived(msgspec.Struct, gc=False):
    """Of a message what columns are made of: read without the rest, a block at a time."""

    raw: Any = None
    recv_ns: Any = None
    via: Any = None
    connection: Any = None


#: Between the lines of a block: with brackets around it, all of it is one list of JSON.
_BETWEEN = b",\n"
_arrived = msgspec.json.Decoder(list[Arrived]).decode
_raw_of = attrgetter("raw")


class Immutable(Sequence[Any]):
    """Equal to any other sequence with the same items, and not to be changed."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]


class Packed(Immutable):
    """Events of one kind, compressed.

    Args:
        read: makes the event of a line.

    Example:
        >>> import json
        >>> packed = Packed(json.loads)
        >>> packed.append(b'{"event":"chunk"}')
        >>> len(packed), packed[0]
        (1, {'event': 'chunk'})
    """

    def __init__(self, read: Callable[[bytes], Event]) -> None:
        self._read = read
        self._blocks: list[bytes] = []
        # The last block as long as it grows; compressed as well once nothing is added any more.
        self._open: list[bytes] = []
        self._rest: tuple[int, bytes] | None = None
        # The block that was looked at last.
        self._seen: tuple[int, int, tuple[Event, ...]] = (-1, 0, ())
        self._arrived: tuple[int, int, list[Arrived]] = (-1, 0, [])

    def append(self, line: bytes) -> None:
        """Add the line of an event; it holds no line end but its last."""
        if self._rest is not None:
            self._open, self._rest = self._lines(len(self._blocks)), None
        self._open.append(line.rstrip(b"\n"))
        if len(self._open) == _BLOCK:
            self._blocks.append(zlib.compress(_BETWEEN.join(self._open), 1))
            self._open.clear()

    def close(self) -> None:
        """Compress what is left; for thousands of small records that is all of them."""
        if self._open:
            self._rest = len(self._open), zlib.compress(_BETWEEN.join(self._open), 1)
            self._open = []

    def __len__(self) -> int:
        return _BLOCK * len(self._blocks) + self._open_length()

    @overload
    def __getitem__(self, at: int) -> Event: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, at: int | slice) -> Event | tuple[Event, ...]:
        if isinstance(at, slice):
            chosen = range(*at.indices(len(self)))
            number, place = divmod(chosen.start, _BLOCK)
            if place == 0 and chosen.step == 1 and 0 < len(chosen) <= _BLOCK:
                # Those who read all read in blocks.
                return self._block(number)[: len(chosen)]
            return tuple(self[k] for k in chosen)
        number, place = divmod(range(len(self))[at], _BLOCK)
        return self._block(number)[place]

    def __iter__(self) -> Iterator[Event]:
        for number in range(len(self._blocks) + 1):
            yield from self._block(number)

    def forget(self) -> None:
        """Let go of what was looked at last."""
        self._seen = (-1, 0, ())
        self._arrived = (-1, 0, [])

    def arrived(self, start: int, stop: int) -> list[Arrived]:
        """Some messages in a row, as columns are made of them.

        Example:
            >>> import json
            >>> packed = Packed(json.loads)
            >>> packed.append(b'{"event":"message","recv_ns":7,"raw":"{}"}')
            >>> packed.arrived(0, 1)[0].recv_ns
            7
        """
        number, place = divmod(start, _BLOCK)
        found = self._arrived_in(number)[place : place + stop - start]
        while len(found) < stop - start:
            number += 1
            found = found + self._arrived_in(number)[: stop - start - len(found)]
        return found

    def _arrived_in(self, number: int) -> list[Arrived]:
        """A block of them; read anew, unless it was looked at last."""
        length = self._length_of(number)
        if self._arrived[:2] != (number, length):
            self._arrived = (number, length, self._read_arrived(number, length))
        return self._arrived[2]

    def _read_arrived(self, number: int, length: int) -> list[Arrived]:
        try:
            found = _arrived(b"[%s]" % self._joined(number))
        except ValueError:
            # Lone surrogates, from frames that are not UTF-8.
            found = []
        if len(found) == length:
            return found
        return list(map(_of, map(self._read, self._lines(number))))

    def _length_of(self, number: int) -> int:
        # The last block still grows while a file is being read.
        return self._open_length() if number == len(self._blocks) else _BLOCK

    def _block(self, number: int) -> tuple[Event, ...]:
        """Some events; read anew, unless they are those that were looked at last."""
        seen, size, events = self._seen
        length = self._length_of(number)
        if (seen, size) != (number, length):
            lines = self._lines(number)
            events = tuple(map(self._read, lines))
            self._seen = (number, len(lines), events)
        return events

    def _open_length(self) -> int:
        return len(self._open) if self._rest is None else self._rest[0]

    def _lines(self, number: int) -> list[bytes]:
        if number == len(self._blocks) and self._rest is None:
            return self._open
        return self._joined(number).split(_BETWEEN)

    def _joined(self, number: int) -> bytes:
        if number < len(self._blocks):
            return zlib.decompress(self._blocks[number])
        return _BETWEEN.join(self._open) if self._rest is None else zlib.decompress(self._rest[1])


def arrived(events: Sequence[Event], start: int, stop: int) -> list[Arrived]:
    """Some messages in a row, as columns are made of them, however they are held."""
    if isinstance(events, Packed):
        return events.arrived(start, stop)
    return list(map(_of, events[start:stop]))


def _of(event: Event) -> Arrived:
    return Arrived(*map(event.get, Arrived.__struct_fields__))


class PackedTexts(Immutable):
    """The texts of messages, which stand in their events."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step == 1 and start < stop:
                return self._texts(start, stop)
            return [self[k] for k in range(start, stop, step)]
        k = range(len(self))[at]
        return self._texts(k, k + 1)[0]

    def __iter__(self) -> Iterator[str]:
        n = len(self)
        return chain.from_iterable(
            self._texts(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK)
        )

    def _texts(self, start: int, stop: int) -> list[str]:
        return list(map(_raw_of, arrived(self._events, start, stop)))


class Events(Immutable):
    """Events of all kinds, in the order in which they were recorded.

    Args:
        read: makes the event of a line.
    """

    def __init__(self, read: Callable[[bytes], Event]) -> None:
        self._many = {kind: Packed(read) for kind in _MANY}
        self._others: list[Event] = []
        # Where each event is: 0 for the others, else the number of its kind.
        self._places = bytearray()
        self._numbers = {kind: number for number, kind in enumerate(_MANY, 1)}

    def append(self, event: Event, line: bytes) -> None:
        """Add an event and its line."""
        kind = event["event"]
        self._places.append(self._numbers.get(kind, 0))
        if kind in self._many:
            self._many[kind].append(line)
        else:
            self._others.append(event)

    def close(self) -> None:
        """Hold what there is in as little room as can be; nothing is going to be added."""
        for packed in self._many.values():
            packed.close()

    def forget(self) -> None:
        """Let go of what was looked at last."""
        for packed in self._many.values():
            packed.forget()

    def of(self, kinds: Sequence[str]) -> Sequence[Event]:
        """The events of some kinds, in order."""
        if len(kinds) == 1 and kinds[0] in self._many:
            return self._many[kinds[0]]
        source = self if any(kind in self._many for kind in kinds) else self._others
        return tuple(event for event in source if event["event"] in kinds)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Event: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, at: int | slice) -> Event | tuple[Event, ...]:
        if isinstance(at, slice):
            return tuple(self[k] for k in range(*at.indices(len(self))))
        at = range(len(self))[at]
        place = self._places[at]
        return self._sources()[place][self._places.count(place, 0, at)]

    def __iter__(self) -> Iterator[Event]:
        following = [iter(source) for source in self._sources()]
        for place in self._places:
            yield next(following[place])

    def _sources(self) -> list[Sequence[Event]]:
        return [self._others, *self._many.values()]
