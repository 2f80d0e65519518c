"""Events as a run file has them, for tests that look at what was emitted."""

from __future__ import annotations

from typing import Any

from gladia_nb.record.event_kinds import Emit
from gladia_nb.record.events import as_mapping


def stored_in(events: list[dict[str, Any]]) -> Emit:
    """Takes events and appends what would be stored of each."""
    return lambda event: events.append(as_mapping(event))


def stored_chunk(seq: int, *, end_frame: int = 0) -> dict[str, Any]:
    """A chunk as a run file has it."""
    return {
        "event": "chunk",
        "seq": seq,
        "start_frame": 0,
        "end_frame": end_frame,
        "start_byte": 0,
        "end_byte": 2 * end_frame,
        "due_ns": 1,
        "send_start_ns": 1,
        "send_end_ns": 2,
        "connection": 1,
        "resend": False,
    }
