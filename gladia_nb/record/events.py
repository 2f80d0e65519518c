"""The events of a record."""

from __future__ import annotations

from typing import Any

from gladia_nb.errors import GladiaNbError

__all__ = ["error_event"]


def error_event(error: GladiaNbError) -> dict[str, Any]:
    """What a record says of an error, all but its stamp.

    Example:
        >>> from gladia_nb.errors import RunFileError
        >>> error_event(RunFileError("The disk is full."))
        {'event': 'error', 'name': 'RunFileError', 'text': 'The disk is full.'}
    """
    event: dict[str, Any] = {"event": "error", "name": type(error).__name__, "text": str(error)}
    for name in ("status", "request_id", "validation_errors", "code"):
        if hasattr(error, name):
            event[name] = getattr(error, name)
    return event
