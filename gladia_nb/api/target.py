"""Which service to talk to: Gladia's with a key, the embedded one without."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gladia_nb.api.origins import is_loopback
from gladia_nb.child import KEY_VARIABLE
from gladia_nb.errors import AuthenticationError, ConfigError, GladiaNbError
from gladia_nb.keys import Hidden, Secret
from gladia_nb.record.redact import redact_url
from gladia_nb.server.local import LocalServer

__all__ = ["GLADIA_URL", "URL_VARIABLE", "Target", "resolve_target"]

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
        url: base URL; its repr is stars, since it can hold a password.
        key: API key.
        label: what to call it: `embedded server` or the host.
    """

    url: str
    key: Secret
    label: str


def resolve_target(
    *, key: str | Secret | None = None, url: str | None = None, server: Any = None
) -> Target:
    """The service of a session.

    A `server` wins; then `url` and `key` as given, else from `GLADIA_API_URL` and
    `GLADIA_API_KEY`. With a key alone it is Gladia's own service; with neither the embedded server,
    which is started when it is first needed and shared by this process.

    Raises:
        ConfigError: the URL is none, or the key cannot be one.
        AuthenticationError: a service elsewhere, and no key for it.
        ServerError: the embedded server could not be started.
    """
    key, url = Secret.of(key), Hidden.of(url or os.environ.get(URL_VARIABLE))
    if key is not None and (fault := key.fault()):
        raise ConfigError(fault)
    if server is not None:
        return Target(server.url, Secret(server.key), "embedded server")
    key = key or Secret.of(os.environ.get(KEY_VARIABLE))
    if key is not None and (fault := key.fault()):
        raise ConfigError(f"{KEY_VARIABLE} cannot be used. {fault}")
    if not url and key is None:
        own = shared_server()
        return Target(own.url, Secret(own.key), "embedded server")
    base = _clean(url or GLADIA_URL)
    if base is None:
        shown = redact_url(url or "")[:200]
        raise ConfigError(f"{shown!r} is not the URL of a service; it looks like {GLADIA_URL}.")
    url = base
    host = urlsplit(url).hostname or ""
    if key is None:
        if not is_loopback(host):
            raise AuthenticationError(
                f"There is no API key for {host}. Set {KEY_VARIABLE}, or pass key=...", status=401
            )
        # A server on this machine may take any key; this one is nobody else's.
        key = Secret(_nobodys)
    return Target(url, key, host)


def _clean(url: str) -> Hidden | None:
    """The base URL of a service, or None for what is none."""
    try:
        parts = urlsplit(url)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        good = scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return Hidden(f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}") if good else None


def shared_server() -> LocalServer:
    """The embedded server of this process, started when it is first needed."""
    global _shared  # noqa: PLW0603 - one a process, on purpose
    with _lock:
        if _shared is None or not _shared.is_running:
            _shared = LocalServer().start()
        return _shared


def prepare_server() -> None:
    """Start the embedded server of this process if it is not there, and wait for nothing.

    What goes wrong here goes wrong again, and is said, when it is needed.
    """
    threading.Thread(target=_prepare, daemon=True, name="gladia_nb warming").start()


def _prepare() -> None:
    with contextlib.suppress(GladiaNbError):
        shared_server()


def stop_shared_server() -> None:
    """Stop the embedded server, if there is one."""
    global _shared  # noqa: PLW0603 - one a process, on purpose
    with _lock:
        if _shared is not None:
            _shared.stop()
            _shared = None


atexit.register(stop_shared_server)
