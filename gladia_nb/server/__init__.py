"""The embedded, Gladia-compatible server; importing this imports only what starts it."""

from __future__ import annotations

from gladia_nb.server.local import LocalServer
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["LocalServer", "ServerOptions"]
