"""Which addresses belong to one service: the key, and the audio, go to no other."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

__all__ = ["is_loopback", "origin_of", "place_of", "websocket_fault"]

#: Characters of a place that a sentence shows.
_LONGEST = 200
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Read when it is asked for, and only then refused.
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in _PORTS and parts.hostname else None


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a URL; None for what is no address of a web service.

    Example:
        >>> origin_of("https://API.gladia.io/v2/live"), origin_of("https://api.gladia.io:443")
        (('https', 'api.gladia.io', 443), ('https', 'api.gladia.io', 443))
        >>> origin_of("javascript:alert(1)"), origin_of("http://[::1")
        (None, None)
    """
    parts = _split(url)
    if parts is None or parts.hostname is None:
        return None
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    return parts.scheme, parts.hostname.rstrip("."), port


def place_of(url: str) -> str:
    """A URL as a sentence shows it: no name and password, no path, no token.

    Example:
        >>> place_of("https://me:secret@host:8443/v2/live?token=7a0c"), place_of("::")
        ('https://host:8443', 'what is no address')
    """
    parts = _split(url)
    if parts is None:
        return "what is no address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:_LONGEST]


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("api.gladia.io")
        (True, False)
    """
    return host in ("127.0.0.1", "localhost", "::1")


def websocket_fault(base: str, url: str) -> str | None:
    """What is wrong with the URL of a WebSocket that the service at `base` has named, or None.

    Another host is fine: a service has several, and the URL is used exactly as it is given. But
    what was asked for over an encrypted connection is not continued in clear.

    Example:
        >>> websocket_fault("https://a.example", "ws://a.example/v2/live")
        'a WebSocket that is not encrypted (ws://a.example)'
        >>> websocket_fault("https://a.example", "wss://b.example/v2/live") is None
        True
    """
    origin = origin_of(url)
    if origin is None or origin[0] not in ("ws", "wss"):
        return "something that is no URL of a WebSocket"
    asked = origin_of(base)
    if asked is not None and asked[0] == "https" and origin[0] == "ws":
        return f"a WebSocket that is not encrypted ({place_of(url)})"
    return None
