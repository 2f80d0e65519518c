"""What went wrong with a request, in words: refusals of the service, and why it was not reached."""

from __future__ import annotations

import html
import http
import json
import re
import ssl
from typing import Any

import aiohttp

from gladia_nb.api.limits import MAX_DETAILS, MAX_SAID
from gladia_nb.api.origins import place_of
from gladia_nb.errors import (
    ApiError,
    AuthenticationError,
    LimitError,
    NotFoundError,
    UnreachableError,
)

__all__ = ["api_error", "brief", "object_of", "unreachable"]


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


def brief(text: str) -> str:
    r"""What a service said, as part of one sentence: one line, and not too long.

    Example:
        >>> brief("  <html>\n<body>\n  It works! ")
        '<html> <body> It works!'
    """
    text = " ".join(text[: 4 * MAX_SAID].split())
    return text if len(text) <= MAX_SAID else text[: MAX_SAID - 3] + "..."


#: Characters of a page that are looked at.
_MOST_READ = 1 << 16
#: Elements whose text is not for people, or stands in the page once more.
_UNREAD = ("script", "style", "title")
_NAME = re.compile(r"/?\w*")


def page_text(text: str) -> str:
    """What people read of a page; a text that is none stays as it is.

    Example:
        >>> page_text("<html><title>Oops</title><h1>502 Bad Gateway</h1><hr>nginx &amp; co</html>")
        '502 Bad Gateway nginx & co'
    """
    if not text.lstrip().startswith("<"):
        return text
    said, unread = [], ""
    for part in text[:_MOST_READ].split("<")[1:]:
        tag, _, words = part.partition(">")
        name = _NAME.match(tag)[0].lower()  # type: ignore[index]  # it matches anything
        if unread and name != f"/{unread}":
            continue
        unread = name if name in _UNREAD else ""
        if not unread:
            said.append(words)
    return " ".join(html.unescape(" ".join(said)).split())


def _reason(status: int) -> str:
    """What a status means, in the words of HTTP, as a remark; "" for one that is not known."""
    try:
        return f" ({http.HTTPStatus(status).phrase})"
    except ValueError:
        return ""


def api_error(status: int, text: str, retry_after: str | None = None) -> ApiError:
    """The error of a status and the body that came with it; the body can be anything.

    Args:
        status: of the answer.
        text: its body.
        retry_after: its header of that name; a date is not read.
    """
    body = object_of(text)
    said = body.get("message")
    reason = ""
    if not (isinstance(said, str) and said):
        # Such an answer comes from something in front of the service, often as a page.
        said, reason = page_text(text), _reason(status)
    said = brief(said) or "no explanation"
    problems = body.get("validation_errors")
    problems = problems[:MAX_DETAILS] if isinstance(problems, list) else []
    problems = [brief(p) for p in problems if isinstance(p, str)]
    request_id = body.get("request_id")
    request_id = brief(request_id) if isinstance(request_id, str) else None
    fields: dict[str, Any] = {
        "status": status,
        "request_id": request_id,
        "validation_errors": problems,
        "retry_after_s": _seconds(retry_after),
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
    return ApiError(f"The service answered {status}{reason}: {what}{trail}.", **fields)


def _seconds(text: str | None) -> float | None:
    """A time to wait, up to a day; None for none.

    Example:
        >>> _seconds("2.5"), _seconds("-1"), _seconds("Wed, 21 Oct 2026 07:28:00 GMT")
        (2.5, None, None)
    """
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return min(seconds, 86_400.0) if seconds >= 0 else None


def unreachable(url: str, error: BaseException) -> UnreachableError:
    """The error of a service that gave no answer; user names and passwords of its URL stay out."""
    why, lasting = _why(error)
    return UnreachableError(
        f"Cannot reach {place_of(url)} ({why}). Check the address, the network and the proxy.",
        lasting=lasting,
    )


#: What happened, and whether it will be the same a moment later. Errors of certificates and of
#: decoding are kinds of ValueError too, and one of names is one of connecting: the first that fits.
_WHY: tuple[tuple[type[BaseException], str, bool], ...] = (
    (TimeoutError, "no answer in time", False),
    (aiohttp.ClientConnectorSSLError, "it does not speak TLS as it is spoken here", True),
    (aiohttp.ClientConnectorDNSError, "no such host", True),
    (aiohttp.ServerDisconnectedError, "it closed the connection without an answer", False),
    (aiohttp.InvalidURL, "this is not a URL", True),
    (aiohttp.ClientPayloadError, "its answer broke off", False),
    (aiohttp.ClientResponseError, "its answer is not HTTP", False),
    (UnicodeError, "its answer is not HTTP", False),
)


def _why(error: BaseException) -> tuple[str, bool]:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {_verification(error)}", True
    for kind, what, lasting in _WHY:
        if isinstance(error, kind):
            return what, lasting
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or "no connection", False
    return type(error).__name__, False


def _verification(error: aiohttp.ClientConnectorCertificateError) -> str:
    inner = error.certificate_error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return brief(inner.verify_message)
    return "it is not valid"
