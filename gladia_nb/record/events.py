"""Events of a record: made, written and read.

What kinds there are, and what fields they have, stands in `gladia_nb.record.event_kinds`. Frames
and measures fetch the fields of many events at once from the stored mappings
(`gladia_nb.record.file`), whose names are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import UNSET

from gladia_nb.clock import Anchor, Clock
from gladia_nb.errors import GladiaNbError
from gladia_nb.record.event_kinds import KINDS, AnyEvent, EndEvent, ErrorEvent, RecordEvent
from gladia_nb.record.file import dump_line
from gladia_nb.record.header import converted

__all__ = ["as_mapping", "end_event", "error_event", "event_line", "make_event", "read_event"]


def error_event(error: GladiaNbError, ns: int) -> ErrorEvent:
    r"""What a record says of an error.

    Example:
        >>> from gladia_nb.errors import SessionError
        >>> event_line(error_event(SessionError("It was lost.", code=4429), 5))
        '{"event":"error","name":"SessionError","text":"It was lost.","code":4429,"ns":5}\n'
    """
    retry_s = getattr(error, "retry_after_s", None)
    return ErrorEvent(
        name=type(error).__name__,
        text=str(error),
        status=getattr(error, "status", UNSET),
        request_id=getattr(error, "request_id", UNSET),
        validation_errors=getattr(error, "validation_errors", UNSET),
        retry_after_s=UNSET if retry_s is None else retry_s,
        code=getattr(error, "code", UNSET),
        ns=ns,
    )


def end_event(clock: Clock, outcome: str) -> EndEvent:
    """The last event of a record; its anchor shows whether the wall clock was stepped."""
    anchor = Anchor.take()
    return EndEvent(clock.now_ns(), outcome, [anchor.mono_ns, anchor.wall_ns, anchor.width_ns])


def as_mapping(event: RecordEvent) -> dict[str, Any]:
    """The event as plain data, as it is stored.

    Example:
        >>> from gladia_nb.record.event_kinds import PingEvent
        >>> as_mapping(PingEvent(send_ns=1, recv_ns=None))
        {'event': 'ping', 'send_ns': 1, 'recv_ns': None}
    """
    fields: dict[str, Any] = msgspec.to_builtins(event)
    return fields


def event_line(event: RecordEvent) -> str:
    """The event as a line of a run file; see `gladia_nb.record.file.dump_line`."""
    return dump_line(as_mapping(event))


def make_event(fields: Mapping[str, Any]) -> AnyEvent:
    """An event from what another program says; fields that no event has are left out.

    Raises:
        ValueError: there is no such kind, or a field lacks or is of another type.

    Example:
        >>> make_event({"event": "ping", "send_ns": 1, "recv_ns": 2})
        PingEvent(send_ns=1, recv_ns=2)
    """
    kind = _kind_of(fields)
    if kind is None:
        raise ValueError(f"There is no kind of event {fields.get('event')!r}.")
    return msgspec.convert(fields, kind)


def read_event(stored: Mapping[str, Any]) -> AnyEvent | None:
    """A stored event; None for one of a kind that this version does not know, or cannot read.

    Fields that it has beyond are left out. One that an older file lacks reads as null where that
    can be, else as 0, False or an empty text: enough to show a run, and nothing to measure by.

    Example:
        >>> read_event({"event": "retry", "ns": 5, "attempt": 1, "mood": "bad"})
        RetryEvent(ns=5, attempt=1, wait_s=0.0)
    """
    kind = _kind_of(stored)
    if kind is None:
        return None
    try:
        return converted(stored, kind)
    except msgspec.ValidationError:
        pass
    try:
        return converted({**_blank(kind), **stored}, kind)
    except msgspec.ValidationError:
        return None


def _kind_of(fields: Mapping[str, Any]) -> type[AnyEvent] | None:
    name = fields.get("event")
    return KINDS.get(name) if isinstance(name, str) else None


@cache
def _blank(kind: type[RecordEvent]) -> Mapping[str, Any]:
    """What stands for each field that a constructor needs and a file lacks."""
    return {
        field.name: None if type(None) in get_args(field.type) else _empty(field.type)
        for field in msgspec.structs.fields(kind)
        if field.required
    }


def _empty(kind: Any) -> Any:
    origin = get_origin(kind)
    return _empty(get_args(kind)[0]) if origin is Annotated else (origin or kind)()
