r"""Cassettes: recorded sessions that the server plays back.

A cassette is a mapping, or a JSON file with one; `gladia_nb.LocalServer(replay=...)` makes it of a
run file. Its messages are lists of five:

    {
      "name": "interview.run",
      "config": {"sample_rate": 16000, "endpointing": 0.3},
      "free": ["custom_metadata"],
      "session_id": "0b9e6a54-2f0e-4f33-9d3a-6a7c1f5b1e10",
      "duration_s": 3.0,
      "messages": [
        ["open", 0.0, 0.002, "websocket", "{\"type\":\"start_recording\"}"],
        ["audio", 1.2, 0.31, "websocket", "{\"type\":\"transcript\"}"],
        ["stop", 3.0, 0.5, "callback", "{\"event\":\"live.end_session\"}"]
      ],
      "close": {"after": "stop", "position_s": 3.0, "delay_s": 0.6, "code": 1000},
      "left_s": 0.2,
      "result": null
    }

Each says what it followed (`open`, a connection; `audio`, that much of it, in seconds; `stop`), how
many seconds after that it came, on which way, and its text. `free` are fields of the configuration
that are not compared, `duration_s` the audio up to the stop, `close` how the service ended the
session (null when it did not), `left_s` what it had not processed at the stop, `result` the stored
result as text, or null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["AFTER", "Cassette", "Closing", "Said"]

#: What a message can follow, in the order of a session.
AFTER = ("open", "audio", "stop")
_WAYS = ("websocket", "callback")
#: Seconds; longer than any session.
_LONGEST = 2 * 86400.0
_MOST_MESSAGES = 5_000_000


class Said(NamedTuple):
    """A message and when it came."""

    after: str
    position: float
    delay: float
    via: str
    text: str


class Closing(NamedTuple):
    """The end of a session and when it came, with a WebSocket close code."""

    after: str
    position: float
    delay: float
    code: int


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette, checked.

    Attributes:
        name: what to call it.
        config: what the session was asked for.
        free: paths of fields of it that are not compared.
        session_id: of the session, as its messages name it.
        duration: seconds of audio up to the stop.
        messages: in their order.
        closing: how the service ended the session, or None.
        left: seconds of audio that were not processed at the stop.
        result: the stored result, as text, or None.
    """

    name: str
    config: Mapping[str, Any]
    free: tuple[str, ...] = ()
    session_id: str = ""
    duration: float = 0.0
    messages: tuple[Said, ...] = field(default=(), repr=False)
    closing: Closing | None = None
    left: float = 0.0
    result: str | None = field(default=None, repr=False)

    @classmethod
    def load(cls, spec: Any) -> Cassette:
        """A cassette from plain data, or from the file of a path.

        Raises:
            ValueError: it cannot be read, or is none; the sentence says why.
        """
        if isinstance(spec, Mapping):
            return cls.from_dict(spec)
        if not isinstance(spec, str | Path):
            told = f"a cassette must be a mapping or the path of a file (got {spec!r})"
            raise ValueError(told)  # noqa: TRY004 - as all that is wrong with settings
        try:
            data = json.loads(Path(spec).read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"cannot read the cassette {spec}: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise ValueError(
                f"{spec} is not a cassette; of a run file gladia_nb.LocalServer makes one"
            ) from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> Cassette:
        """A cassette from plain data.

        Raises:
            ValueError: it is none; the sentence says why.

        Example:
            >>> said = ["audio", 0.5, 0.1, "websocket", '{"type":"novelty"}']
            >>> Cassette.from_dict({"name": "a", "config": {}, "messages": [said]}).messages[
            ...     0
            ... ].delay
            0.1
        """
        if not isinstance(data, Mapping):
            raise ValueError("a cassette is an object")  # noqa: TRY004 - of plain data, all is a value
        config, messages = data.get("config"), data.get("messages")
        if not isinstance(config, Mapping):
            raise ValueError("a cassette needs a config")  # noqa: TRY004 - likewise
        if not isinstance(messages, list | tuple) or len(messages) > _MOST_MESSAGES:
            raise ValueError("a cassette needs a list of messages")
        free = data.get("free", ())
        if not isinstance(free, list | tuple):
            raise ValueError("free of a cassette must be a list")  # noqa: TRY004 - likewise
        result = data.get("result")
        return cls(
            name=str(data.get("name", "a cassette")),
            config=config,
            free=tuple(map(str, free)),
            session_id=str(data.get("session_id", "")),
            duration=_seconds(data.get("duration_s", 0.0), "duration_s"),
            messages=_in_order([_said(row, k) for k, row in enumerate(messages)]),
            closing=_closing(data.get("close")),
            left=_seconds(data.get("left_s", 0.0), "left_s"),
            result=None if result is None else str(result),
        )


def _said(row: Any, number: int) -> Said:
    if not isinstance(row, list | tuple) or len(row) != 5:
        raise ValueError(f"messages[{number}] must be a list of five")
    after, position, delay, via, text = row
    where = f"messages[{number}]"
    if via not in _WAYS or not isinstance(text, str):
        raise ValueError(f"{where} must have a way, {' or '.join(_WAYS)}, and a text")
    return Said(*_moment(after, position, delay, where), via, text)


def _moment(after: Any, position: Any, delay: Any, where: str) -> tuple[str, float, float]:
    if after not in AFTER:
        raise ValueError(f"{where} must follow one of {', '.join(AFTER)} (got {after!r})")
    return after, _seconds(position, where), _seconds(delay, where, least=-_LONGEST)


def _in_order(messages: list[Said]) -> tuple[Said, ...]:
    """As they can be played: none before what another one followed that came earlier."""
    keys = [(AFTER.index(said.after), said.position) for said in messages]
    for number, (one, other) in enumerate(pairwise(keys), 1):
        if other < one:
            raise ValueError(f"messages[{number}] follows less than the one before it")
    return tuple(messages)


def _closing(value: Any) -> Closing | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError("close of a cassette must be an object or null")  # noqa: TRY004 - likewise
    code = value.get("code")
    if not isinstance(code, int) or not 1000 <= code <= 4999:
        raise ValueError(f"code of close must be a WebSocket close code (got {code!r})")
    moment = _moment(value.get("after"), value.get("position_s"), value.get("delay_s"), "close")
    return Closing(*moment, code)


def _seconds(value: Any, name: str, least: float = 0.0) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not least <= value <= _LONGEST:
        raise ValueError(f"{name} must be seconds from {least:g} to {_LONGEST:g} (got {value!r})")
    return float(value)
