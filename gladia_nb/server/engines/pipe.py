"""How the server and its decoding processes talk: length-prefixed frames in, JSON lines out."""

from __future__ import annotations

import dataclasses
import json
import struct
from typing import Any

from gladia_nb.server.engines.base import Ended, Event, Progress, Speech, Transcript, Word

__all__ = ["AUDIO", "FINISH", "HEAD", "SETTINGS", "frame", "line_of", "read_line"]

#: Kind and length of a frame from the server to a decoding process.
HEAD = struct.Struct("<BI")
SETTINGS, AUDIO, FINISH = range(3)

_EVENTS: dict[str, type[Event]] = {
    cls.__name__: cls for cls in (Ended, Progress, Speech, Transcript)
}


def frame(kind: int, payload: bytes = b"") -> bytes:
    """A frame for a decoding process."""
    return HEAD.pack(kind, len(payload)) + payload


def line_of(event: Event) -> bytes:
    r"""An event as one line.

    Example:
        >>> line_of(Progress(0.2))
        b'["Progress",{"position":0.2}]\n'
    """
    pair = [type(event).__name__, dataclasses.asdict(event)]
    return json.dumps(pair, separators=(",", ":")).encode() + b"\n"


def read_line(line: bytes) -> Event:
    """The event of a line.

    Example:
        >>> read_line(line_of(Speech(began=True, time=0.5)))
        Speech(began=True, time=0.5, due=None)
    """
    name, fields = json.loads(line)
    if "words" in fields:
        fields["words"] = tuple(Word(**word) for word in fields["words"])
    made: Any = _EVENTS[name]
    event: Event = made(**fields)
    return event
