"""One message from its text: the fast way for known shapes, the slow way for all others.

A message of a known shape is decoded by a parser that checks types and builds only what is wanted.
Whatever it refuses (no JSON, NaN, lone surrogates, a text where a number belongs, an error) is read
by `gladia_nb.record.message.parse_message`, value by value. Both ways give the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec

from gladia_nb.record.limits import LONGEST_S, MOST_CHANNELS
from gladia_nb.record.message import Message, as_json, parse_message, writable

__all__ = ["NO_DATA", "Body", "Data", "Odd", "Word", "bodies", "words"]


#: A confidence is a share; what is far beyond is none.
MOST_CONFIDENCE = 1e6

_Channel = Annotated[int, msgspec.Meta(ge=0, le=MOST_CHANNELS - 1)]
_Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Seconds = Annotated[float, msgspec.Meta(ge=-LONGEST_S, le=LONGEST_S)]
_Share = Annotated[float, msgspec.Meta(ge=-MOST_CONFIDENCE, le=MOST_CONFIDENCE)]


class Word(msgspec.Struct, gc=False):
    """A word of a transcript."""

    word: str | None = None
    start: _Seconds | None = math.nan
    end: _Seconds | None = math.nan
    confidence: _Share | None = math.nan


class _Anything(msgspec.Struct, gc=False):
    """An object that is only counted."""


class _Utterance(msgspec.Struct, gc=False):
    start: _Seconds | None = math.nan
    end: _Seconds | None = math.nan
    text: str | None = None
    language: str | None = None
    confidence: _Share | None = math.nan
    channel: _Channel | None = None
    words: list[_Anything] | None = None


class Data(msgspec.Struct, gc=False):
    """The `data` of a message."""

    id: str | None = None
    utterance_id: str | None = None
    is_final: bool | None = None
    utterance: _Utterance | None = None
    channel: _Channel | None = None
    time: _Seconds | None = None
    time_range: tuple[_Seconds, _Seconds] | None = None
    byte_range: tuple[_Bytes, _Bytes] | None = None


class Body(msgspec.Struct, gc=False):
    """A message, as far as frames are made of it."""

    type: str | None
    data: Data | None = None
    created_at: str | None = None
    session_id: str | None = None
    acknowledged: bool | None = None
    error: None = None


class _Strict(Body, gc=False):
    """What the fast way accepts."""

    type: str


class _Spoken(msgspec.Struct, gc=False):
    words: list[Word] | None = None


class _SpokenData(msgspec.Struct, gc=False):
    utterance: _Spoken


class _SpokenBody(msgspec.Struct, gc=False):
    """The words of a transcript."""

    data: _SpokenData


_messages = msgspec.json.Decoder(_Strict)
_transcripts = msgspec.json.Decoder(_SpokenBody)

NO_DATA = Data()
_NOTHING = Body(None)


class Odd(NamedTuple):
    """What only the slow way finds, by the number of the message."""

    error: dict[int, str]
    problem: dict[int, str]
    numbers: list[int]


def bodies(raws: Sequence[str], start: int, called: set[int], odd: Odd) -> list[Body]:
    """The bodies of a batch: at once where all are of a known shape, else one by one."""
    numbers = range(start, start + len(raws))
    found = None if called.intersection(numbers) else _decoded(_messages.decode, raws)
    bodies: list[Body] = (
        [_NOTHING if n in called else _fast(raw) for n, raw in zip(numbers, raws, strict=True)]
        if found is None
        else found
    )
    for k in [k for k, body in enumerate(bodies) if body.type is None or body.type == "error"]:
        message = _unwrapped(raws[k], callback=start + k in called)
        odd.numbers.append(start + k)
        if message.error is not None:
            odd.error[start + k] = writable(message.error)
        if message.problem is not None:
            odd.problem[start + k] = message.problem
        bodies[k] = _slow(message)
    return bodies


def words(
    raws: Sequence[str], numbers: Sequence[int], *, slow: set[int], called: set[int]
) -> list[Word]:
    """All words of some transcripts.

    Args:
        raws: texts of transcripts that have words.
        numbers: of these messages.
        slow: numbers of those that were read the slow way.
        called: numbers of callbacks.
    """
    found = None if slow.intersection(numbers) else _decoded(_transcripts.decode, raws)
    if found is None:
        found = [
            _spoken(raw, slow=number in slow, callback=number in called)
            for raw, number in zip(raws, numbers, strict=True)
        ]
    return [word for body in found for word in body.data.utterance.words or ()]


def _decoded(decode: Callable[[str | bytes], Any], raws: Sequence[str]) -> list[Any] | None:
    """Texts that are all of a known shape; None when one is not."""
    try:
        # Encoded where it is not ASCII: the decoder would keep a second text in the first.
        return [decode(raw if raw.isascii() else raw.encode()) for raw in raws]
    except (ValueError, RecursionError):
        return None


def _fast(raw: str) -> Body:
    """A message of a known shape; no type for all others."""
    try:
        return _messages.decode(raw.encode())
    except (ValueError, RecursionError):
        return _NOTHING


def _unwrapped(raw: str, *, callback: bool) -> Message:
    """A message of any shape; a callback wraps it in an object of its own."""
    message = parse_message(raw)
    if not callback:
        return message
    try:
        return parse_message(as_json(json.loads(raw).get("payload")))
    except (ValueError, AttributeError, RecursionError):
        return message


def _slow(message: Message) -> Body:
    """What can be used of a message of any shape."""
    data = message.data
    return Body(
        type=_text(message.type),
        data=None if data is None else _data(data),
        created_at=_text(message.created_at),
        session_id=_text(message.session_id),
        acknowledged=message.acknowledged,
    )


def _data(data: Mapping[str, Any]) -> Data:
    final, said = data.get("is_final"), data.get("utterance")
    return Data(
        id=_text(data.get("id")),
        utterance_id=_text(data.get("utterance_id")),
        is_final=final if isinstance(final, bool) else None,
        utterance=_utterance(said) if isinstance(said, dict) else None,
        channel=_whole(data.get("channel"), MOST_CHANNELS),
        time=None if (time := data.get("time")) is None else _number(time),
        time_range=_span(data.get("time_range")),
        byte_range=_bytes(data.get("byte_range")),
    )


def _span(value: Any) -> tuple[float, float] | None:
    match value:
        case [start, end]:
            return _number(start), _number(end)
    return None


def _bytes(value: Any) -> tuple[int, int] | None:
    match value:
        case [_, end] if (whole := _whole(end, 2**53)) is not None:
            return 0, whole
    return None


def _utterance(said: Mapping[str, Any]) -> _Utterance:
    words = said.get("words")
    return _Utterance(
        start=_number(said.get("start")),
        end=_number(said.get("end")),
        text=_text(said.get("text")),
        language=_text(said.get("language")),
        confidence=_number(said.get("confidence"), MOST_CONFIDENCE),
        channel=_whole(said.get("channel"), MOST_CHANNELS),
        words=[_Anything() for _ in words] if isinstance(words, list) else None,
    )


def _word(item: Any) -> Word:
    found = item if isinstance(item, dict) else {}
    return Word(
        _text(found.get("word")),
        _number(found.get("start")),
        _number(found.get("end")),
        _number(found.get("confidence"), MOST_CONFIDENCE),
    )


def _spoken(raw: str, *, slow: bool, callback: bool) -> _SpokenBody:
    """The words of one transcript."""
    if not slow:
        try:
            return _transcripts.decode(raw.encode())
        except (ValueError, RecursionError):
            pass
    data = _unwrapped(raw, callback=callback).data or {}
    words = [_word(item) for item in data["utterance"]["words"]]
    return _SpokenBody(_SpokenData(_Spoken(words)))


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return writable(value)
    return None if value is None else writable(as_json(value))


def _number(value: Any, most: float = LONGEST_S) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    # What is beyond can be no time of any audio: as if it were not said.
    return float(value) if good and abs(value) <= most else math.nan


def _whole(value: Any, below: int) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below
    return value if good else None
