"""One WebSocket of a session: messages leave in order, and nobody waits for a slow client."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from aiohttp import web

__all__ = ["Connection"]

#: With so many messages unsent, nothing more is read from the client.
_FULL = 1000
#: How long a client may take to read what is left before the connection is closed, in seconds.
_PATIENCE_S = 10.0


class Connection:
    """Sends in the background what it is given.

    Args:
        ws: the WebSocket, open.
        transport: of its TCP connection.
    """

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.ws = ws
        self._transport = transport
        self._waiting: deque[str] = deque()
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = asyncio.Lock()
        self._code: int | None = None
        self._sender = asyncio.create_task(self._send_all())

    @property
    def is_open(self) -> bool:
        """Whether what is sent now can still arrive."""
        gone = self._transport is None or self._transport.is_closing()
        return not (gone or self.ws.closed or self._sender.done())

    def send(self, text: str) -> None:
        """Send a message after those before it; never waits."""
        self._waiting.append(text)
        self._idle.clear()
        self._changed.set()

    async def breathe(self) -> None:
        """Let messages leave; waits while the client does not take them."""
        await asyncio.sleep(0)
        while len(self._waiting) > _FULL and self.is_open:
            self._changed.set()
            await asyncio.sleep(0.01)

    async def close(self, code: int) -> None:
        """Close once everything has been sent, or at once when nothing can be sent any more."""
        self._code = code
        idle = asyncio.create_task(self._idle.wait())
        await asyncio.wait(
            {idle, self._sender}, timeout=_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
        )
        idle.cancel()
        await self.cut(code)

    async def cut(self, code: int) -> None:
        """Close without waiting for what has not been sent."""
        self._code = code
        await self._end_sender()
        async with self._closing:
            await self.ws.close(code=code)

    async def leave(self) -> list[str]:
        """Nothing more is read; returns the messages that were not sent.

        A close that has been asked for is completed first: once the handler of the connection
        returns, aiohttp closes it in its own way.
        """
        await self._end_sender()
        if self._code is not None:
            await self.cut(self._code)
        return list(self._waiting)

    async def _end_sender(self) -> None:
        self._sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sender

    async def _send_all(self) -> None:
        # A client that is gone ends the sender; what it has not got is still in the queue.
        with contextlib.suppress(ConnectionError, RuntimeError):
            while True:
                await self._changed.wait()
                self._changed.clear()
                while self._waiting:
                    await self.ws.send_str(self._waiting[0])
                    self._waiting.popleft()
                self._idle.set()
