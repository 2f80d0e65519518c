"""One message of the service, read as far as it can be; the form in which a record keeps texts.

Nothing that a service sends raises anything here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Message", "parse_message", "writable"]


@dataclass(frozen=True, slots=True)
class Message:
    """One frame from the service, read as far as it can be.

    Attributes:
        raw: the frame's text, verbatim (bytes that are not UTF-8 as surrogate escapes).
        type: its `type`, or None when there is none.
        session_id: its `session_id`, or None.
        created_at: the service's own time stamp, ISO 8601, or None.
        data: its `data` when that is an object, else None.
        error: the text of its `error`, else None.
        acknowledged: for acknowledgements whether the service took what was sent, else None.
        problem: why the frame could not be read as a message, else None.
    """

    raw: str
    type: str | None = None
    session_id: str | None = None
    created_at: str | None = None
    data: dict[str, Any] | None = None
    error: str | None = None
    acknowledged: bool | None = None
    problem: str | None = None


def parse_message(raw: str | bytes) -> Message:
    """Read one frame; never raises, whatever the frame holds.

    Example:
        >>> parse_message('{"type":"end_session"}').type
        'end_session'
        >>> parse_message("not JSON").problem
        'not JSON'
    """
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "surrogateescape")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Message(text, problem="not JSON")
    if not isinstance(body, dict):
        return Message(text, problem="not a JSON object")
    kind, data = body.get("type"), body.get("data")
    acknowledged = body.get("acknowledged")
    return Message(
        raw=text,
        type=kind if isinstance(kind, str) else None,
        session_id=_text(body.get("session_id")),
        created_at=_text(body.get("created_at")),
        data=data if isinstance(data, dict) else None,
        error=_error_text(body, kind),
        acknowledged=acknowledged if isinstance(acknowledged, bool) else None,
        problem=None if isinstance(kind, str) else "no type",
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _error_text(body: dict[str, Any], kind: Any) -> str | None:
    """`error` is an object with a message; a message of the type `error` has two known shapes."""
    error = body.get("error")
    if error is None and kind == "error":
        data = body.get("data")
        error = data if isinstance(data, dict) else body.get("message", "unspecified error")
    if error is None:
        return None
    if isinstance(error, dict):
        message = error.get("message")
        return message if isinstance(message, str) else _dumped(error)
    return error if isinstance(error, str) else _dumped(error)


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value)
    except RecursionError:
        return "an error that is nested too deeply"


def writable(text: str) -> str:
    """The text itself; with escapes for lone surrogates, which not every string column can hold."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text
