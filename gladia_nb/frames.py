"""From a record to tidy DataFrames: one row a fact, units in the names, the same columns always.

The schemas below are the contract: a run without a single message has the same columns with the
same dtypes. Stamps (`*_ns`) are nanoseconds of the monotonic clock; times of the stream (`*_s` of
audio) are seconds from the first sample; `recv_s` is seconds from the moment at which that sample
was "spoken". What the service did not say is missing (`NaN` or `<NA>`), never 0 or "".
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.protocol import Message, parse_message
from gladia_nb.record import Event, Record

__all__ = [
    "CHUNKS",
    "MESSAGES",
    "REFERENCE",
    "UTTERANCES",
    "WORDS",
    "chunks_frame",
    "messages_frame",
    "reference_frame",
    "utterances_frame",
    "words_frame",
]

Schema = Mapping[str, str]

#: One row a message of the service, in the order of arrival.
MESSAGES: Schema = MappingProxyType(
    {
        "message": "int64",  # its number, from 0
        "recv_ns": "int64",  # stamp at the socket, before it was read
        "recv_s": "float64",  # seconds since audio position 0 was spoken
        "via": "str",  # websocket or callback
        "connection": "Int64",  # number of the connection, from 1
        "type": "str",
        "id": "str",  # utterance id, for transcripts and add-ons
        "channel": "Int64",
        "is_final": "boolean",  # for transcripts
        "start_s": "float64",  # audio time: of the utterance, the event, or the acknowledged span
        "end_s": "float64",
        "text": "str",  # as sent, with its leading space
        "n_words": "Int64",
        "confidence": "float64",
        "language": "str",
        "acknowledged": "boolean",  # for acknowledgements
        "byte_end": "Int64",  # for acknowledgements: byte after the last that the service has
        "created_at": "str",  # the service's own stamp, its own clock
        "error": "str",
        "problem": "str",  # why it could not be read
        "raw": "str",  # verbatim
    }
)

#: One row a chunk of audio sent; a chunk sent again after a lost connection has another row.
CHUNKS: Schema = MappingProxyType(
    {
        "seq": "int64",
        "start_frame": "int64",
        "end_frame": "int64",  # exclusive
        "start_s": "float64",  # audio time of its first sample
        "end_s": "float64",  # audio time behind its last sample
        "start_byte": "int64",
        "end_byte": "int64",  # exclusive
        "due_ns": "int64",  # when its last sample was spoken
        "send_start_ns": "int64",
        "send_end_ns": "Int64",  # missing when the connection was lost under it
        "lateness_ms": "float64",  # send_start - due
        "send_ms": "float64",  # send_end - send_start
        "ack_ns": "Int64",  # first acknowledgement that covers it
        "ack_ms": "float64",  # ack - send_end
        "connection": "int64",
        "resend": "bool",
    }
)

#: One row an utterance: all transcripts that share channel and id.
UTTERANCES: Schema = MappingProxyType(
    {
        "channel": "int64",
        "id": "str",
        "start_s": "float64",  # of the final, else of the last partial
        "end_s": "float64",
        "text": "str",  # of the final, else of the last partial
        "is_final": "bool",  # whether a final came
        "n_partials": "int64",
        "n_finals": "int64",
        "n_words": "int64",
        "confidence": "float64",
        "language": "str",
        "trigger": "str",  # endpoint, max_duration, stop, resume; missing when it cannot be told
        "speech_start_s": "float64",  # the service's own speech events around it
        "speech_end_s": "float64",
        "speech_end_ns": "Int64",  # arrival of that speech_end
        "first_partial_ns": "Int64",
        "last_partial_ns": "Int64",
        "final_ns": "Int64",  # arrival of the first final
        "first_partial_s": "float64",  # the same, since audio position 0 was spoken
        "last_partial_s": "float64",
        "final_s": "float64",
        "last_partial_text": "str",
    }
)

#: One row a word of every transcript, partial or final.
WORDS: Schema = MappingProxyType(
    {
        "message": "int64",  # number of the message it is in
        "recv_ns": "int64",
        "recv_s": "float64",
        "channel": "int64",
        "id": "str",
        "is_final": "bool",
        "position": "int64",  # in the transcript, from 0
        "word": "str",  # without surrounding space
        "start_s": "float64",
        "end_s": "float64",
        "confidence": "float64",
    }
)

#: One row a word that was really spoken.
REFERENCE: Schema = MappingProxyType(
    {"word": "str", "start_s": "float64", "end_s": "float64", "channel": "int64"}
)


def messages_frame(record: Record) -> pd.DataFrame:
    """Every message; columns in `MESSAGES`."""
    columns = _columns(MESSAGES)
    t0 = record.t0_ns
    for number, (event, message) in enumerate(_messages(record)):
        data = message.data or {}
        utterance = _mapping(data.get("utterance"))
        start, end = _span(message, data, utterance)
        words = utterance.get("words")
        final = data.get("is_final")
        row: dict[str, Any] = {
            "message": number,
            "recv_ns": event["recv_ns"],
            "recv_s": _since(event["recv_ns"], t0),
            "via": event.get("via"),
            "connection": event.get("connection"),
            "type": message.type,
            "id": _text(data.get("id", data.get("utterance_id"))),
            "channel": _whole(utterance.get("channel", data.get("channel"))),
            "is_final": final if isinstance(final, bool) else None,
            "start_s": start,
            "end_s": end,
            "text": _text(utterance.get("text")),
            "n_words": len(words) if isinstance(words, list) else None,
            "confidence": _number(utterance.get("confidence")),
            "language": _text(utterance.get("language")),
            "acknowledged": message.acknowledged,
            "byte_end": _byte_end(data),
            "created_at": message.created_at,
            "error": message.error,
            "problem": message.problem,
            "raw": message.raw,
        }
        for name, value in row.items():
            columns[name].append(value)
    return _frame(columns, MESSAGES)


def chunks_frame(record: Record) -> pd.DataFrame:
    """Every chunk sent; columns in `CHUNKS`."""
    events = record.of("chunk")
    columns = _columns(CHUNKS)
    rate = int(record.header["config"]["sample_rate"])
    ack_ends, ack_stamps = _acknowledgements(record)
    for event in events:
        start_ns, end_ns = event["send_start_ns"], event["send_end_ns"]
        at = bisect_left(ack_ends, event["end_byte"])
        ack_ns = ack_stamps[at] if at < len(ack_ends) else None
        row = {
            **{name: event[name] for name in CHUNKS if name in event},
            "start_s": event["start_frame"] / rate,
            "end_s": event["end_frame"] / rate,
            "lateness_ms": (start_ns - event["due_ns"]) / 1e6,
            "send_ms": math.nan if end_ns is None else (end_ns - start_ns) / 1e6,
            "ack_ns": ack_ns,
            "ack_ms": math.nan if ack_ns is None or end_ns is None else (ack_ns - end_ns) / 1e6,
        }
        for name in CHUNKS:
            columns[name].append(row[name])
    return _frame(columns, CHUNKS)


def words_frame(record: Record) -> pd.DataFrame:
    """Every word of every transcript; columns in `WORDS`."""
    columns = _columns(WORDS)
    t0 = record.t0_ns
    for number, event, message in _heard(record):
        found = _transcript(message)
        if found is None:
            continue
        ident, is_final, utterance = found
        words = utterance.get("words")
        for position, item in enumerate(words if isinstance(words, list) else ()):
            word = _mapping(item)
            columns["message"].append(number)
            columns["recv_ns"].append(event["recv_ns"])
            columns["recv_s"].append(_since(event["recv_ns"], t0))
            columns["channel"].append(_whole(utterance.get("channel")) or 0)
            columns["id"].append(ident)
            columns["is_final"].append(is_final)
            columns["position"].append(position)
            columns["word"].append((_text(word.get("word")) or "").strip())
            columns["start_s"].append(_number(word.get("start")))
            columns["end_s"].append(_number(word.get("end")))
            columns["confidence"].append(_number(word.get("confidence")))
    return _frame(columns, WORDS)


def utterances_frame(record: Record) -> pd.DataFrame:
    """One row an utterance, in the order of their first message; columns in `UTTERANCES`."""
    columns = _columns(UTTERANCES)
    t0 = record.t0_ns
    speech = _speech_events(record)
    triggers = _Triggers(record)
    for (channel, ident), shown in _group(record).items():
        partials = [entry for entry in shown if not entry[1]]
        finals = [entry for entry in shown if entry[1]]
        recv_ns, _, utterance = finals[0] if finals else partials[-1]
        start, end = _number(utterance.get("start")), _number(utterance.get("end"))
        speech_start, speech_end, speech_end_ns = _around(
            speech.get(channel, ()), start, end, triggers.endpointing_s
        )
        words = utterance.get("words")
        first = partials[0][0] if partials else None
        last = partials[-1][0] if partials else None
        final = recv_ns if finals else None
        trigger = triggers.of(recv_ns, start, end, speech_end_ns) if finals else None
        if trigger == "max_duration":
            # The speech went on; its end belongs to a later utterance.
            speech_end, speech_end_ns = math.nan, None
        row: dict[str, Any] = {
            "channel": channel,
            "id": ident,
            "start_s": start,
            "end_s": end,
            "text": _text(utterance.get("text")) or "",
            "is_final": bool(finals),
            "n_partials": len(partials),
            "n_finals": len(finals),
            "n_words": len(words) if isinstance(words, list) else 0,
            "confidence": _number(utterance.get("confidence")),
            "language": _text(utterance.get("language")),
            "trigger": trigger,
            "speech_start_s": speech_start,
            "speech_end_s": speech_end,
            "speech_end_ns": speech_end_ns,
            "first_partial_ns": first,
            "last_partial_ns": last,
            "final_ns": final,
            "first_partial_s": _since(first, t0),
            "last_partial_s": _since(last, t0),
            "final_s": _since(final, t0),
            "last_partial_text": _text(partials[-1][2].get("text")) if partials else None,
        }
        for name, value in row.items():
            columns[name].append(value)
    return _frame(columns, UTTERANCES)


def reference_frame(record: Record) -> pd.DataFrame:
    """The words really spoken, as kept in the header; columns in `REFERENCE`."""
    rows = record.header.get("reference") or ()
    return _frame({name: [row[name] for row in rows] for name in REFERENCE}, REFERENCE)


# -- reading --


def _messages(record: Record) -> Iterable[tuple[Event, Message]]:
    return ((event, _read(event)) for event in record.of("message"))


def _read(event: Event) -> Message:
    """A message of an event; a callback wraps it in an object of its own."""
    message = parse_message(event["raw"])
    if event.get("via") != "callback":
        return message
    with contextlib.suppress(ValueError, AttributeError, RecursionError):
        inner = parse_message(json.dumps(json.loads(message.raw).get("payload")))
        return dataclasses.replace(inner, raw=message.raw)
    return message


def _heard(record: Record) -> Iterable[tuple[int, Event, Message]]:
    """Messages with their numbers, each once: a callback only repeats what the WebSocket said.

    Where no transcript came over the WebSocket, callbacks are all that there is.
    """
    messages = [(number, *pair) for number, pair in enumerate(_messages(record))]
    by_socket = any(
        event.get("via") != "callback" and message.type == "transcript"
        for _, event, message in messages
    )
    return (entry for entry in messages if entry[1].get("via") != "callback" or not by_socket)


def _transcript(message: Message) -> tuple[str, bool, Mapping[str, Any]] | None:
    """Id, finality and utterance of a transcript; None for what is none."""
    data = message.data
    if message.type != "transcript" or data is None:
        return None
    utterance = data.get("utterance")
    if not isinstance(utterance, Mapping):
        return None
    return _text(data.get("id")) or "", data.get("is_final") is True, utterance


Shown = tuple[int, bool, Mapping[str, Any]]


def _group(record: Record) -> dict[tuple[int, str], list[Shown]]:
    """Transcripts by utterance: `(recv_ns, is_final, utterance)` in the order of arrival."""
    groups: dict[tuple[int, str], list[Shown]] = {}
    for _, event, message in _heard(record):
        found = _transcript(message)
        if found is not None:
            ident, is_final, utterance = found
            key = (_whole(utterance.get("channel")) or 0, ident)
            groups.setdefault(key, []).append((event["recv_ns"], is_final, utterance))
    return groups


def _span(
    message: Message, data: Mapping[str, Any], utterance: Mapping[str, Any]
) -> tuple[float, float]:
    if utterance:
        return _number(utterance.get("start")), _number(utterance.get("end"))
    if message.type in ("speech_start", "speech_end"):
        return _number(data.get("time")), _number(data.get("time"))
    match data.get("time_range"):
        case [start, end]:
            return _number(start), _number(end)
    return math.nan, math.nan


def _byte_end(data: Mapping[str, Any]) -> int | None:
    match data.get("byte_range"):
        case [_, end]:
            return _whole(end)
    return None


def _acknowledgements(record: Record) -> tuple[list[int], list[int]]:
    """Ends of what was acknowledged, rising, and when each was first known."""
    ends: list[int] = []
    stamps: list[int] = []
    for _, event, message in _heard(record):
        if message.type == "audio_chunk" and message.acknowledged:
            end = _byte_end(message.data or {})
            if end is not None and (not ends or end > ends[-1]):
                ends.append(end)
                stamps.append(event["recv_ns"])
    return ends, stamps


Speech = tuple[str, float, int]


def _speech_events(record: Record) -> dict[int, list[Speech]]:
    """By channel: `(type, time_s, recv_ns)` in the order of arrival."""
    found: dict[int, list[Speech]] = {}
    for _, event, message in _heard(record):
        if message.type in ("speech_start", "speech_end") and message.data is not None:
            time = _number(message.data.get("time"))
            channel = _whole(message.data.get("channel")) or 0
            if not math.isnan(time):
                found.setdefault(channel, []).append((message.type, time, event["recv_ns"]))
    return found


#: Seconds by which the service's speech events may differ from its word times.
_SLACK_S = 0.75


def _around(
    events: Iterable[Speech], start: float, end: float, wait_s: float
) -> tuple[float, float, int | None]:
    """The last speech_start before an utterance's end and the first speech_end that closes it.

    Whether a speech_end names the moment at which speech ended or at which that was decided is
    not documented; the second is later by the silence that was waited for.
    """
    begin, finish, finish_ns = math.nan, math.nan, None
    for kind, time, recv_ns in events:
        if kind == "speech_start" and time < end:
            begin = time
        elif (
            kind == "speech_end"
            and time > start
            and end - _SLACK_S <= time <= end + wait_s + _SLACK_S
        ):
            finish, finish_ns = time, recv_ns
            break
    return begin, finish, finish_ns


class _Triggers:
    """Why a final came; missing when the messages do not tell."""

    def __init__(self, record: Record) -> None:
        config = record.header["config"]
        self.endpointing_s = float(config.get("endpointing", 0.05))
        self._maximum = float(config.get("maximum_duration_without_endpointing", 5))
        flags = config.get("messages_config") or {}
        self._events_on = bool(flags.get("receive_speech_events", True))
        stops = [e["send_end_ns"] for e in record.of("stop") if e["send_end_ns"] is not None]
        self._stop_ns = stops[0] if stops else math.inf
        self._reconnects = [
            e["end_ns"] for e in record.of("connect") if e["connection"] > 1 and not e["error"]
        ]

    def of(self, final_ns: int, start: float, end: float, speech_end_ns: int | None) -> str | None:
        # The order of a speech_end and its final is not documented; one that comes much later
        # belongs to the speech that went on after a forced cut.
        if speech_end_ns is not None and speech_end_ns < min(
            self._stop_ns, final_ns + _TOGETHER_NS
        ):
            return "endpoint"
        if final_ns > self._stop_ns:
            return "stop"
        # A cut by duration falls between two words, so that the words may end somewhat before it.
        if end - start > self._maximum - 1.0:
            return "max_duration"
        if any(0 <= final_ns - at < 2_000_000_000 for at in self._reconnects):
            return "resume"
        return None if self._events_on else "endpoint"


#: A speech_end and a final of one decision arrive within this of each other.
_TOGETHER_NS = 150_000_000


# -- values and columns --


def _columns(schema: Schema) -> dict[str, list[Any]]:
    return {name: [] for name in schema}


def _frame(columns: Mapping[str, list[Any]], schema: Schema) -> pd.DataFrame:
    series = {}
    for name, dtype in schema.items():
        values = columns[name]
        if dtype == "str":
            values = [None if v is None else _writable(v) for v in values]
        elif dtype == "float64":
            values = np.array(values, dtype="float64")  # type: ignore[assignment]
        series[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(series)


def _writable(text: str) -> str:
    """Lone surrogates stand for bytes that are no text; not every string column can hold them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _since(stamp: int | None, t0: int | None) -> float:
    return math.nan if stamp is None or t0 is None else (stamp - t0) / 1e9


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None if value is None else json.dumps(value)


def _number(value: Any) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    try:
        return float(value) if good else math.nan
    except OverflowError:
        return math.nan


def _whole(value: Any) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return value if good else None
