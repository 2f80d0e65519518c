"""Which service to talk to: Gladia's with a key, the embedded one without."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gladia_nb.child import KEY_VARIABLE
from gladia_nb.errors import AuthenticationError, ConfigError
from gladia_nb.server.local import LocalServer

__all__ = ["GLADIA_URL", "Target", "resolve_target"]

GLADIA_URL = "https://api.gladia.io"
URL_VARIABLE = "GLADIA_API_URL"

#: For a server that takes any key: other processes without one do not share their sessions.
_nobodys = secrets.token_hex(16)
_shared: LocalServer | None = None
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Target:
    """A service and the key for it.

    Attributes:
        url: base URL.
        key: API key; not in the repr.
        label: what to call it: `embedded server` or the host.
    """

    url: str
    key: str = field(repr=False)
    label: str


def resolve_target(*, key: str | None = None, url: str | None = None, server: Any = None) -> Target:
    """The service of a session.

    A `server` wins; then `url` and `key` as given, else from `GLADIA_API_URL` and
    `GLADIA_API_KEY`. With a key alone it is Gladia's own service; with neither the embedded server,
    which is started when it is first needed and shared by this process.

    Raises:
        ConfigError: the URL is none.
        AuthenticationError: a service elsewhere, and no key for it.
        ServerError: the embedded server could not be started.
    """
    if server is not None:
        return Target(server.url, server.key, "embedded server")
    url = url or os.environ.get(URL_VARIABLE) or None
    key = key or os.environ.get(KEY_VARIABLE) or None
    if url is None and key is None:
        own = shared_server()
        return Target(own.url, own.key, "embedded server")
    url = _clean(url or GLADIA_URL)
    host = urlsplit(url).hostname or ""
    if key is None:
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise AuthenticationError(
                f"There is no API key for {host}. Set {KEY_VARIABLE}, or pass key=...", status=401
            )
        # A server on this machine may take any key; this one is nobody else's.
        key = _nobodys
    return Target(url, key, host)


def _clean(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    try:
        good = scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise ConfigError(f"{url!r} is not the URL of a service; it looks like {GLADIA_URL}.")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def shared_server() -> LocalServer:
    """The embedded server of this process, started when it is first needed."""
    global _shared  # noqa: PLW0603 - one a process, on purpose
    with _lock:
        if _shared is None or not _shared.is_running:
            _shared = LocalServer().start()
        return _shared


def stop_shared_server() -> None:
    """Stop the embedded server, if there is one."""
    global _shared  # noqa: PLW0603 - one a process, on purpose
    with _lock:
        if _shared is not None:
            _shared.stop()
            _shared = None


atexit.register(stop_shared_server)
