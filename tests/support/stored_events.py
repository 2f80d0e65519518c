"""Events as a run file has them, for tests that look at what was emitted."""

from __future__ import annotations

from typing import Any

from gladia_nb.record.event_kinds import Emit
from gladia_nb.record.events import as_mapping


def stored_in(events: list[dict[str, Any]]) -> Emit:
    """Takes events and appends what would be stored of each."""
    return lambda event: events.append(as_mapping(event))
