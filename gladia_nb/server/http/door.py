"""Who may ask: under which names the server is reached, and pages of which origins.

A page in a browser can send requests to any address, also to this machine's own. Two headers that
no page can forge tell them apart. `Host` is the name that was asked for: a page that has its own
name resolve to this machine ("DNS rebinding") still sends that name. `Origin` is where the page
came from: it is there with every request that a page of another origin may send, but for plain GETs
without a key, which are answered with 401.

The WebSocket is open to every origin, because its URL is the ticket: nobody can guess the token,
and the page that holds a session of the Lab comes from another origin than this server.
"""

from __future__ import annotations

import ipaddress
import re

from aiohttp import web

from gladia_nb.server.http.refusal import RefusalError
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["Door", "is_socket"]

_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"
_LONGEST_SHOWN = 100
_BRACKETS = re.compile(r"\[([0-9a-fA-F:.]+)\](?::\d+)?")


class Door:
    """Lets requests in, or refuses them.

    Args:
        options: of the server.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._origins = {origin.lower() for origin in options.allow_origins}
        self._names = {"localhost", *map(_bare, (options.host, *options.host_names))}
        # Whoever listens everywhere is reached under all addresses of the machine; that a page
        # has one of them for its name means that it comes from there.
        bound = _address(_bare(options.host))
        self._any_address = bound is not None and bound.is_unspecified

    def check(self, request: web.Request) -> None:
        """Look at the headers of a request.

        Raises:
            RefusalError: 403, it asks for another host, or comes from a page that may not ask.
        """
        asked = request.headers.getall("Host", [])
        if len(asked) != 1 or not self._knows(_bare(asked[0])):
            raise RefusalError(
                403,
                f"This server is not the host {', '.join(asked)[:_LONGEST_SHOWN]!r}; "
                "if it is meant to be, start it with --host-name NAME",
            )
        origin = request.headers.get("Origin")
        if origin is not None and not is_socket(request) and not self._allows(origin):
            raise RefusalError(
                403,
                f"Pages of {origin[:_LONGEST_SHOWN]!r} may not ask this server; "
                "if they are meant to, start it with --allow-origin ORIGIN",
            )

    def headers(self, request: web.Request) -> dict[str, str]:
        """What an answer tells the browser: that the page may read it, where it may."""
        origin = request.headers.get("Origin")
        if origin is None or not self._allows(origin):
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": "*",
            "Access-Control-Expose-Headers": "*",
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
        }

    def _knows(self, name: str) -> bool:
        address = _address(name)
        if address is None:
            return name in self._names
        return name in self._names or address.is_loopback or self._any_address

    def _allows(self, origin: str) -> bool:
        return "*" in self._origins or origin.lower() in self._origins


def is_socket(request: web.Request) -> bool:
    """Whether a request opens the WebSocket of a session."""
    upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
    return upgrade and (request.method, request.path) == ("GET", "/v2/live")


def _bare(host: str) -> str:
    """A host without its port, its brackets and the dot at its end."""
    if host.startswith("["):
        found = _BRACKETS.fullmatch(host)
        return host if found is None else found[1].lower()
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.lower().removesuffix(".")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped
