"""What went wrong with a request, in words: refusals of the service, and why it was not reached."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gladia_nb.errors import (
    ApiError,
    AuthenticationError,
    LimitError,
    NotFoundError,
    UnreachableError,
)

__all__ = ["api_error", "object_of", "unreachable"]


def object_of(text: str) -> dict[str, Any]:
    """The JSON object of a text; an empty one for anything else.

    Example:
        >>> object_of('{"id": "x"}'), object_of("[1]"), object_of("<html>")
        ({'id': 'x'}, {}, {})
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def api_error(status: int, text: str) -> ApiError:
    """The error of a status and the body that came with it; the body can be anything."""
    body = object_of(text)
    said = body.get("message")
    said = said if isinstance(said, str) and said else text.strip()[:200] or "no explanation"
    problems = body.get("validation_errors")
    problems = [str(p) for p in problems] if isinstance(problems, list) else []
    request_id = body.get("request_id")
    request_id = request_id if isinstance(request_id, str) else None
    fields: dict[str, Any] = {
        "status": status,
        "request_id": request_id,
        "validation_errors": problems,
    }
    if status == 401:
        return AuthenticationError(
            f"The service refused the API key ({said}). "
            "Set GLADIA_API_KEY to a valid key, or pass key=...",
            **fields,
        )
    if status == 404:
        return NotFoundError(f"The service does not know this session ({said}).", **fields)
    if status == 429:
        return LimitError(
            f"Too many sessions or requests at once ({said}). Wait for others to end, then retry.",
            **fields,
        )
    what = "; ".join(problems) or said
    trail = f", request {request_id}" if request_id else ""
    return ApiError(f"The service answered {status}: {what}{trail}.", **fields)


def unreachable(url: str, error: BaseException) -> UnreachableError:
    """The error of a service that gave no answer; user names and passwords of its URL stay out."""
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if isinstance(error, TimeoutError):
        why = "no answer in time"
    elif isinstance(error, aiohttp.InvalidURL | ValueError):
        why = "this is not a URL"
    elif isinstance(error, aiohttp.ClientConnectorDNSError):
        why = "no such host"
    elif isinstance(error, aiohttp.ClientConnectorError):
        why = error.os_error.strerror or "no connection"
    elif isinstance(error, aiohttp.ServerDisconnectedError):
        why = "it closed the connection without an answer"
    else:
        why = type(error).__name__
    return UnreachableError(
        f"Cannot reach {host} ({why}). Check the address, the network and the proxy."
    )
