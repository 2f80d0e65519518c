"""Where the service posts its callbacks: a small HTTP server inside the worker's process.

Each delivery is stamped when its headers are in, before its body is read, on the clock of all other
stamps, so that it can be compared with the same message on the WebSocket.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from gladia_nb.clock import Clock
from gladia_nb.errors import UnreachableError

__all__ = ["CallbackReceiver"]

#: Bytes of one delivery, and of all deliveries to one receiver.
_LARGEST = 16 << 20
_MOST = 64 << 20


class CallbackReceiver:
    """Takes callbacks; `async with`.

    Its path is random, so that nobody else can post into a run.

    Args:
        deliver: called with the stamp and the body's text of each delivery.
        clock: where stamps come from.
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        public_url: base URL under which the service can reach this address, such as a tunnel's;
            by default the address itself, which is enough for a service on this machine.
        most: bytes that are taken in all; what would go beyond is answered with 413, as is a
            delivery above 16 MiB.

    Attributes:
        url: what belongs into `callback_config.url`.
        refused: deliveries that were too much.
    """

    def __init__(
        self,
        deliver: Callable[[int, str], None],
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        public_url: str | None = None,
        most: int = _MOST,
    ) -> None:
        self.url = ""
        self.refused = 0
        self._deliver = deliver
        self._clock = clock
        self._address = (host, port)
        self._public = public_url
        self._path = "/" + secrets.token_urlsafe(12)
        self._left = most
        self._ended = asyncio.Event()
        self._last_ns = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post(self._path, self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        host, port = self._address
        try:
            await web.TCPSite(self._runner, host, port).start()
        except (OSError, ValueError, OverflowError) as error:
            # A host that is no name, such as one with an empty label, is a kind of ValueError.
            await self._runner.cleanup()
            why = getattr(error, "strerror", None) or error
            raise UnreachableError(
                f"Cannot listen for callbacks on {host}:{port} ({why}). "
                "Choose another port, or 0 for a free one, or another host."
            ) from None
        host, port = self._runner.addresses[0][:2]
        base = (self._public or f"http://{host}:{port}").rstrip("/")
        self.url = base + self._path
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        stamp = self._clock.now_ns()
        body = await self._read(request)
        if body is None:
            self.refused += 1
            refusal = web.Response(status=413)
            refusal.force_close()
            return refusal
        text = body.decode(errors="replace")
        self._last_ns = stamp
        self._deliver(stamp, text)
        try:
            event = json.loads(text).get("event")
        except (ValueError, AttributeError, RecursionError):
            event = None
        if event == "live.end_session":
            self._ended.set()
        return web.Response(status=200)

    async def _read(self, request: web.Request) -> bytes | None:
        """The body, or None when there is no room for it; room is taken while it comes."""
        taken, body = 0, None
        pieces: list[bytes] = []
        try:
            async for piece in request.content.iter_any():
                taken += len(piece)
                self._left -= len(piece)
                if self._left < 0 or taken > _LARGEST:
                    return None
                pieces.append(piece)
            body = b"".join(pieces)
            return body
        finally:
            if body is None:
                self._left += taken

    async def settle(self, *, quiet_s: float = 2.0, longest_s: float = 15.0) -> bool:
        """Wait for the callback of the session's end, or until nothing has come for a while.

        Returns:
            Whether the end came.
        """
        deadline_ns = self._clock.now_ns() + int(longest_s * 1e9)
        begun_ns = self._clock.now_ns()
        while not self._ended.is_set():
            now = self._clock.now_ns()
            quiet = now - max(self._last_ns, begun_ns)
            if now > deadline_ns or quiet > quiet_s * 1e9:
                return False
            await asyncio.sleep(0.02)
        return True
