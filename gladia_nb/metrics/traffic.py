"""Two runs as traffic: in which types, fields, order, ids and rounding do their messages differ?

Made to hold a session of the real service against one of the embedded server. What was said does
not matter, only how: of a text whether it begins with a blank, of an id how it is built, of a
number how finely it is rounded. So runs without speech (`Run.without_speech`) can be compared as
well, and the table holds nothing of what was said.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pandas as pd

from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["ASPECTS", "TRAFFIC", "compare_traffic"]

#: One row a difference.
TRAFFIC: Schema = MappingProxyType(
    {
        "aspect": "str",  # one of ASPECTS
        "message": "str",  # type of message; "(all)" where it is about the whole
        "what": "str",  # the field, or what is looked at
        "a": "str",  # what the first run has there; missing where it has nothing
        "b": "str",  # the same of the second
    }
)

#: What is compared, in the order of the table.
ASPECTS = ("type", "field", "value", "text", "id", "rounding", "order", "acknowledgement", "end")

_ALL = "(all)"
_IDS = frozenset({"id", "utterance_id", "session_id", "request_id"})
_MOMENTS = frozenset({"created_at", "completed_at"})
#: Fields whose values are labels of the protocol.
_LABELS = frozenset({"type", "event"})
#: Types of which one follows the other in every session: their order is told by pairs.
_ONCE = (
    *("start_session", "start_recording", "stop_recording", "end_recording"),
    *("post_transcript", "post_summarization", "post_chapterization", "post_final_transcript"),
    "end_session",
)
_WHOLE, _NOT_ROUNDED = "whole", "not rounded"
#: From so many numbers on it is no chance how many digits the longest has.
_ENOUGH = 4
#: A run has so many different things of one kind at most; what is beyond is not told.
_MOST = 200

#: What of a message is looked at: path -> what was found there, and how often.
_Found = dict[tuple[str, str], Counter[str]]


def compare_traffic(a: RunData, b: RunData) -> pd.DataFrame:
    """Where the messages of two runs differ, whatever was said in them.

    * `type`: types of messages that only one has. `field`: fields that only one has.
    * `value`: fields with another kind of value (number, text, null, list, object), and labels.
    * `text`: whether texts begin or end with a blank. `id`: how ids and moments are built, each
      digit as 9 and each letter as a, and the first number that is given out.
    * `rounding`: the most digits behind the point.
    * `order`: which of two types comes first, for messages that come once; around each final, what
      comes between the final and the end of its speech, and behind it.
    * `acknowledgement`: how many there are for a chunk, whether their ranges follow each other and
      end behind the last byte. `end`: the close code, and whether all that was stored had come.

    Args:
        a: a run, such as one of the real service.
        b: another one, such as one of the embedded server with the same audio and configuration.

    Returns:
        One row a difference, columns in `TRAFFIC`; none where they are alike.
    """
    found = [_look(run) for run in (a, b)]
    rows: list[tuple[str, str, str, str | None, str | None]] = []
    for aspect in ASPECTS:
        one, other = (look[aspect] for look in found)
        for key in sorted({*one, *other}):
            if _follows(aspect, *key, rows):
                continue
            first, second = one.get(key), other.get(key)
            if aspect == "rounding" and not _tells(first, second):
                continue
            if _told(first) != _told(second):
                rows.append((aspect, *key, _told(first), _told(second)))
    columns = list(zip(*rows, strict=True)) or [()] * len(TRAFFIC)
    return to_frame(dict(zip(TRAFFIC, map(list, columns), strict=True)), TRAFFIC)


def _follows(
    aspect: str, message: str, what: str, rows: Sequence[tuple[str, str, str, Any, Any]]
) -> bool:
    """Whether a difference is of a type, or of a field, that only one has at all."""
    if aspect not in ("field", "value", "text", "id", "rounding"):
        return False
    for earlier, kind, name, *_ in rows:
        if kind == message and (
            earlier == "type" or (earlier == "field" and what.startswith((f"{name}.", f"{name}[")))
        ):
            return True
        if (earlier, kind, name) == ("field", message, what):
            return True
    return False


def _tells(one: Counter[str] | None, other: Counter[str] | None) -> bool:
    """Whether the finest numbers of both tell that they are rounded otherwise.

    Every tenth number ends with a zero by chance, and is written without it.
    """
    if not one or not other:
        return False
    ((first, n), (second, m)) = (next(iter(counts.items())) for counts in (one, other))
    return (first == _WHOLE) != (second == _WHOLE) or min(n, m) >= _ENOUGH


def _told(counts: Counter[str] | None) -> str | None:
    """What was found, without how often: that depends on what was said."""
    if counts is None:
        return None
    return ", ".join(sorted(counts)[:_MOST]) or None


def _look(run: RunData) -> dict[str, _Found]:
    """All that is compared of one run."""
    look: dict[str, _Found] = {aspect: {} for aspect in ASPECTS}
    messages = []
    for event in run.record.of("message"):
        message = _decoded(event["raw"])
        kind = str(message.get("type", "(none)"))
        if event["via"] == "callback":
            kind = str(message.get("event", "(none)"))
        else:
            messages.append((kind, message))
        _note(look["type"], kind, "came", "yes")
        for path, value in _leaves(message):
            _look_at(look, kind, path, value)
    for event in run.record.of("result"):
        for path, value in _leaves(_decoded(event["raw"])):
            if not path.startswith(("result.messages", "request_params", "custom_metadata")):
                _look_at(look, "(stored result)", path, value)
    _order(look["order"], messages)
    _acknowledgements(look["acknowledgement"], run, messages)
    _ids(look["id"], messages)
    _end(look["end"], run)
    return look


def _decoded(raw: str) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {"type": "(no JSON)"}
    return found if isinstance(found, dict) else {"type": "(no object)"}


def _note(found: _Found, message: str, what: str, value: str) -> None:
    counts = found.setdefault((message, what), Counter())
    if value in counts or len(counts) < _MOST:
        counts[value] += 1


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each field with its path; items of lists have one path together."""
    if isinstance(value, dict):
        if path:
            yield path, value
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        yield path, value
        for item in value:
            yield from _leaves(item, f"{path}[]")
    elif path:
        yield path, value


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "number"),
    (float, "number"),
    (list, "list"),
    (dict, "object"),
)


def _kind(value: Any) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


def _look_at(look: dict[str, _Found], message: str, path: str, value: Any) -> None:
    name = path.rpartition(".")[2].removesuffix("[]")
    if name not in _LABELS or message.startswith("("):
        _note(look["field"], message, path, "there")
    _note(look["value"], message, path, _kind(value))
    if isinstance(value, str):
        if name in _IDS or name in _MOMENTS:
            _note(look["id"], message, path, _built(value))
        elif name in ("text", "word", "full_transcript") and value.strip():
            _note(look["text"], message, path, _blanks(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _finest(look["rounding"], message, path, value)


def _built(value: str) -> str:
    """How an id is built.

    Example:
        >>> _built("00_00000017"), _built("2026-11-20T10:00:00.412Z")
        ('99_99999999', '9999-99-99T99:99:99.999Z')
    """
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        return "a UUID"
    if value.startswith("G-"):
        return "G- and hex digits" if re.fullmatch("G-[0-9a-f]{8}", value) else "G- and more"
    if not re.search("[0-9]", value):
        return "letters"
    digits = re.sub("[0-9]", "9", value)
    return digits if len(digits) <= 2 or not digits.isdigit() else "a number"


def _blanks(value: str) -> str:
    before = "a blank before" if value[:1].isspace() else "no blank before"
    return f"{before}, {'a blank behind' if value[-1:].isspace() else 'none behind'}"


def _finest(found: _Found, message: str, path: str, value: float) -> None:
    """The most digits behind the point that a field has; rounding is seen at the finest."""
    if value == 0:
        return
    told = _WHOLE if isinstance(value, int) else _digits(value)
    known = found.get((message, path), Counter({told: 0}))
    ((finest, count),) = known.items()
    found[message, path] = Counter({max(told, finest, key=_fineness): count + 1})


def _digits(value: float) -> str:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    # JSON of others may hold what is no number.
    digits = max(0, -exponent) if isinstance(exponent, int) else 99
    # What arithmetic has made of a number is not rounded at all.
    return _NOT_ROUNDED if digits > 9 else f"{digits} digits"


def _fineness(told: str) -> int:
    return {_WHOLE: -1, _NOT_ROUNDED: 99}.get(told) or int(told.split(maxsplit=1)[0])


def _order(found: _Found, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """What comes first of what comes once, and what stands around each final."""
    kinds = [kind for kind, _ in messages]
    places = {kind: kinds.index(kind) for kind in _ONCE if kind in kinds}
    in_order = sorted(places, key=places.__getitem__)
    for one, other in pairwise(in_order):
        _note(found, _ALL, f"behind {one}", other)
    if kinds:
        _note(found, _ALL, "first of all", kinds[0])
        _note(found, _ALL, "last of all", kinds[-1])
    for channel in {_channel(message) for _, message in messages} - {None}:
        own = [
            _step(kind, message)
            for kind, message in messages
            if kind in ("transcript", "speech_start", "speech_end") and _channel(message) == channel
        ]
        for one, other in pairwise(own):
            if "final" in (one, other) and one != other:
                _note(found, "transcript", f"behind {one} on a channel", other)


def _step(kind: str, message: Mapping[str, Any]) -> str:
    if kind != "transcript":
        return kind
    data = message.get("data")
    final = isinstance(data, dict) and data.get("is_final") is True
    return "final" if final else "partial"


def _channel(message: Mapping[str, Any]) -> int | None:
    data = message.get("data")
    if not isinstance(data, dict):
        return None
    said = data.get("utterance")
    channel = said.get("channel") if isinstance(said, dict) else data.get("channel")
    return channel if isinstance(channel, int) else None


def _ids(found: _Found, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Whether add-ons name utterances as transcripts do, and what belongs together."""
    finals: dict[str, int] = {}
    partials: set[str] = set()
    for kind, message in messages:
        data = message.get("data")
        if not isinstance(data, dict):
            continue
        if kind == "transcript" and isinstance(name := data.get("id"), str):
            if data.get("is_final") is True:
                finals[name] = finals.get(name, 0) + 1
            else:
                partials.add(name)
            number = re.findall(r"\d+", name)
            if number and len(finals) + len(partials) == 1:
                _note(found, kind, "the first number", str(int(number[-1])))
        elif isinstance(name := data.get("utterance_id"), str):
            known = "as the transcript" if name in finals else "otherwise than the transcript"
            _note(found, kind, "utterances are named", known)
    if finals:
        several = "several for some id" if max(finals.values()) > 1 else "one for an id"
        _note(found, "transcript", "finals", several)
        if partials:
            shared = "those of the finals" if partials & {*finals} else "others than the finals'"
            _note(found, "transcript", "ids of partials", shared)


def _acknowledgements(
    found: _Found, run: RunData, messages: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    ranges = []
    for kind, message in messages:
        data = message.get("data")
        if kind == "audio_chunk" and message.get("acknowledged") is True and isinstance(data, dict):
            span = data.get("byte_range")
            if isinstance(span, list) and len(span) == 2 and all(type(n) is int for n in span):
                ranges.append((span[0], span[1]))
    chunks = len(run.record.of("chunk"))
    if not ranges or not chunks:
        return
    _note(found, "audio_chunk", "for each chunk", _how_many(len(ranges), chunks))
    gaps = {b[0] - a[1] for a, b in pairwise(ranges) if b != a}
    told = {0: "where the one before ended", 1: "one byte behind the end of the one before"}
    for gap in gaps:
        _note(found, "audio_chunk", "each begins", told.get(gap, "elsewhere"))
    _note(found, "audio_chunk", "the first begins", f"at byte {ranges[0][0]}")
    ends = {int(chunk["end_byte"]) for chunk in run.record.of("chunk")}
    last = ranges[-1][1]
    which = {last: "behind the last byte", last + 1: "at the last byte"}
    for end in sorted(ends, reverse=True)[:1]:
        _note(found, "audio_chunk", "the last ends", which.get(end, "elsewhere"))


def _how_many(acknowledged: int, chunks: int) -> str:
    if acknowledged == chunks:
        return "one"
    return "more than one" if acknowledged > chunks else "less than one"


def _end(found: _Found, run: RunData) -> None:
    for event in run.record.of("close"):
        _note(found, _ALL, "close code", str(event["code"]))
        _note(found, _ALL, "reason of the close", "given" if event["reason"] else "none")
    for event in run.record.of("result"):
        body = _decoded(event["raw"])
        _note(found, _ALL, "stored result", str(body.get("status")))
        result = body.get("result")
        kept = result.get("messages") if isinstance(result, dict) else None
        if isinstance(kept, list):
            _kept_kinds(found, kept)


def _kept_kinds(found: _Found, kept: Sequence[Any]) -> None:
    for raw in kept:
        kind = str(_decoded(raw).get("type")) if isinstance(raw, str) else "(no text)"
        _note(found, "(stored result)", "types of the stored messages", kind)
