"""Is anything missing? What was received against what the service stored, and audio likewise.

No message of the protocol carries a number, so that one that is lost with a connection leaves no
gap. The stored result (`GET /v2/live/:id`, `result.messages`) is the other list to compare with.
Messages are compared as JSON values; one that the service stored but that never arrived is lost,
one that arrived more often than it was stored is doubled, and one that arrived behind a message
that was stored later is out of order.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from types import MappingProxyType
from typing import Any

import msgspec
import pandas as pd

from gladia_nb.record.columns import read
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept
from gladia_nb.record.limits import LONGEST_S
from gladia_nb.record.message import writable
from gladia_nb.record.schema import Schema

__all__ = [
    "AUDIO_AUDIT",
    "CALLBACK_DELAYS",
    "MESSAGE_AUDIT",
    "audio_audit",
    "audit_note",
    "audited_messages",
    "callback_delays",
    "message_audit",
]

#: One row a type of message, and one for all together.
MESSAGE_AUDIT: Schema = MappingProxyType(
    {
        "type": "str",
        "received": "int64",
        "stored": "int64",
        "lost": "int64",  # stored, never received
        "doubled": "int64",  # received more often than stored
        "not_stored": "int64",  # received, never stored; a service need not store every type
        "out_of_order": "int64",  # received behind one that was stored later
    }
)

#: One row: the audio of the session.
AUDIO_AUDIT: Schema = MappingProxyType(
    {
        "spoken_bytes": "int64",  # of all chunks that were due
        "sent_bytes": "int64",  # over all connections, what was sent twice counted twice
        "resent_bytes": "int64",
        "acknowledged_bytes": "Int64",  # last byte that was acknowledged; missing without any
        "stored_s": "float64",  # length of what the service kept; NaN when it does not say
        "spoken_s": "float64",
    }
)

#: One row a callback.
CALLBACK_DELAYS: Schema = MappingProxyType(
    {
        "type": "str",
        "websocket_ns": "Int64",  # arrival of the same message over the WebSocket
        "callback_ns": "int64",
        "delay_ms": "float64",  # callback - websocket, signed
    }
)


def message_audit(run: RunData) -> pd.DataFrame:
    """Messages received against messages stored, by type; the last row is all together.

    Args:
        run: a run with its stored result.

    Returns:
        Columns in `MESSAGE_AUDIT`; no rows when the run has no stored messages to compare with.
    """
    # All raw JSON is read for it, and each verdict, note and page asks for it.
    return _frame(audited_messages(run), MESSAGE_AUDIT)


def audited_messages(run: RunData) -> list[dict[str, Any]]:
    """The rows of `message_audit`; what is 0 need not be in them."""
    return kept(run.record, "message_audit", lambda: _message_audit(run))


def _message_audit(run: RunData) -> list[dict[str, Any]]:
    stored = _stored(run)
    if stored is None:
        return []
    found = read(run.record)
    called = found.via.is_("callback").tolist()
    received = [
        _canonical(raw)
        for raw, by_callback in zip(found.raw, called, strict=True)
        if not by_callback
    ]
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    arrived, known = Counter(received), Counter(stored)
    types = {text: _type(text) for text in {*arrived, *known}}
    for name, texts in (("received", arrived), ("stored", known), ("lost", known - arrived)):
        for text, count in texts.items():
            kinds[types[text]][name] += count
    for text, count in (arrived - known).items():
        kinds[types[text]]["doubled" if text in known else "not_stored"] += count
    place = {text: position for position, text in reversed(list(enumerate(stored)))}
    furthest = -1
    for text in dict.fromkeys(received):
        position = place.get(text, furthest)
        kinds[types[text]]["out_of_order"] += position < furthest
        furthest = max(furthest, position)
    rows: list[dict[str, Any]] = [{"type": kind, **kinds[kind]} for kind in sorted(kinds)]
    total = sum(kinds.values(), Counter())
    return [*rows, {"type": "all", **total}]


def audio_audit(run: RunData) -> pd.DataFrame:
    """Audio that was spoken, sent, acknowledged and stored; one row, columns in `AUDIO_AUDIT`."""
    chunks = run.chunks
    sent = chunks["bytes"]
    ends = read(run.record).byte_end
    acknowledged = ends.value[~ends.missing].max(initial=-1)
    row = {
        "spoken_bytes": int(chunks["end_byte"].max()) if len(chunks) else 0,
        "sent_bytes": int(sent[chunks["send_end_ns"].notna()].sum()),
        "resent_bytes": int(sent[chunks["resend"]].sum()),
        "acknowledged_bytes": None if acknowledged < 0 else int(acknowledged),
        "stored_s": _stored_s(run),
        "spoken_s": float(chunks["end_s"].max()) if len(chunks) else 0.0,
    }
    return _frame([row], AUDIO_AUDIT)


def callback_delays(run: RunData) -> pd.DataFrame:
    """How much later than over the WebSocket each message came by callback.

    Args:
        run: a run with callbacks.

    Returns:
        One row a callback, columns in `CALLBACK_DELAYS`; the delay of a message that did not come
        over the WebSocket is missing.
    """
    arrived: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    callbacks: list[tuple[int, str]] = []
    for event in run.record.of("message"):
        if event.get("via") == "callback":
            callbacks.append((event["recv_ns"], _payload(event["raw"])))
        else:
            arrived.setdefault(_canonical(event["raw"]), event["recv_ns"])
    for callback_ns, text in callbacks:
        socket_ns = arrived.get(text)
        delay = math.nan if socket_ns is None else (callback_ns - socket_ns) / 1e6
        rows.append(
            {
                "type": _type(text),
                "websocket_ns": socket_ns,
                "callback_ns": callback_ns,
                "delay_ms": delay,
            }
        )
    return _frame(rows, CALLBACK_DELAYS)


def _payload(raw: str) -> str:
    try:
        return _canonical(json.dumps(json.loads(raw)["payload"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return raw


def audit_note(run: RunData) -> str:
    """One sentence when something is missing or doubled, else an empty string.

    Example:
        "Of 812 messages that the service stored, 3 never arrived and 1 came twice."
    """
    frame = message_audit(run)
    if not len(frame):
        return ""
    total = frame.iloc[-1]
    parts = [
        f"{total[name]} {words}"
        for name, words in (
            ("lost", "never arrived"),
            ("doubled", "came twice"),
            ("out_of_order", "came out of order"),
        )
        if total[name]
    ]
    if not parts:
        return ""
    return f"Of {total['stored']} messages that the service stored, {' and '.join(parts)}."


def _result(run: RunData) -> dict[str, Any]:
    for event in run.record.of("result"):
        try:
            body = json.loads(event["raw"])
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}
    return {}


def _stored(run: RunData) -> list[str] | None:
    result = _result(run).get("result")
    messages = result.get("messages") if isinstance(result, dict) else None
    if not isinstance(messages, list):
        return None
    return [_canonical(text if isinstance(text, str) else json.dumps(text)) for text in messages]


def _stored_s(run: RunData) -> float:
    file = _result(run).get("file")
    seconds = file.get("audio_duration") if isinstance(file, dict) else None
    if isinstance(seconds, (int, float)) and 0 <= seconds <= LONGEST_S:
        return float(seconds)
    return math.nan


def _canonical(text: str) -> str:
    """The same for equal JSON values, however they are written."""
    try:
        return _ENCODE(_DECODE(text)).decode()
    except (ValueError, msgspec.MsgspecError, RecursionError):
        pass
    try:
        # What only the more lenient reader takes, such as NaN.
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text


class _Typed(msgspec.Struct):
    type: str


_DECODE = msgspec.json.Decoder().decode
_DECODE_TYPE = msgspec.json.Decoder(_Typed).decode
_ENCODE = msgspec.json.Encoder(order="deterministic").encode


def _type(text: str) -> str:
    try:
        return _DECODE_TYPE(text).type
    except (ValueError, msgspec.MsgspecError, RecursionError):
        pass
    try:
        kind = json.loads(text).get("type")
    except (ValueError, AttributeError, RecursionError):
        return "unreadable"
    return writable(kind) if isinstance(kind, str) else "unreadable"


def _frame(rows: list[dict[str, Any]], schema: Schema) -> pd.DataFrame:
    whole = {"int64": 0}
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name, whole.get(dtype)) for row in rows], dtype=dtype)
            for name, dtype in schema.items()
        }
    )
