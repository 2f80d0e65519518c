"""How long the way to a client and back takes, measured by pings of the server's own."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import web

from gladia_nb.server.engines.base import Way

__all__ = ["Pings"]

#: So many pings are sent on a connection, each when the one before it has been answered.
_COUNT = 5
#: Seconds before each: processes that have just spoken answer in a fraction of the time that it
#: takes to wake them, and between two messages of a session they sleep.
_PAUSE_S = 0.05


class Pings:
    """The pings of one connection, from now on until `close`.

    The shortest round trip counts: a client that was busy, or a network that held one of them up,
    makes the others longer, and none shorter. Of a client that answers none nothing is known.

    Args:
        ws: the WebSocket, open; it must not answer pings by itself, or pongs are not seen.
        way: takes what is found. What an earlier connection found stays until then.
    """

    def __init__(self, ws: web.WebSocketResponse, way: Way) -> None:
        self._ws = ws
        self._way = way
        self._shortest_ns: int | None = None
        self._waiting: tuple[bytes, asyncio.Future[int]] | None = None
        self._task = asyncio.create_task(self._send_all())

    def answered(self, payload: bytes, ns: int) -> None:
        """A pong has come; one that answers no ping of ours, or an old one, says nothing.

        Args:
            payload: of the pong.
            ns: when it was received, on the monotonic clock.
        """
        if self._waiting is not None and self._waiting[0] == payload:
            (_, answer), self._waiting = self._waiting, None
            answer.set_result(ns)

    async def close(self) -> None:
        """Send no more. Repeatable."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _send_all(self) -> None:
        # A lost connection is the reader's to find.
        with contextlib.suppress(ConnectionError, RuntimeError):
            for number in range(_COUNT):
                await asyncio.sleep(_PAUSE_S)
                payload = b"way %d" % number
                answer = asyncio.get_running_loop().create_future()
                self._waiting = payload, answer
                sent_ns = time.perf_counter_ns()
                await self._ws.ping(payload)
                took_ns = await answer - sent_ns
                if self._shortest_ns is None or took_ns < self._shortest_ns:
                    self._shortest_ns = self._way.ns = took_ns
