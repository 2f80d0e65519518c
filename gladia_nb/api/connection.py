"""One WebSocket to the service.

Stamps are taken here, at the socket: before a frame is parsed, before and after one is written.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from gladia_nb.api.limits import TOO_LARGE_MESSAGE
from gladia_nb.clock import Clock

__all__ = ["Closed", "Connection", "OnPong", "Received"]

#: How long the other side may take to answer a close frame.
_CLOSE_S = 3.0
_ENDS = (
    aiohttp.WSMsgType.CLOSE,
    aiohttp.WSMsgType.CLOSING,
    aiohttp.WSMsgType.CLOSED,
    aiohttp.WSMsgType.ERROR,
)


@dataclass(frozen=True, slots=True)
class Received:
    """One frame of the service, stamped before it is looked at."""

    recv_ns: int
    raw: str | bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a connection; code None means that it broke without a close frame.

    `fault` is what the service did that no other connection would mend, to follow "The service".
    """

    ns: int
    code: int | None
    reason: str
    fault: str = ""


#: Called with the stamps of a ping and of its pong; None when none came.
OnPong = Callable[[int, int | None], None]


class Connection:
    """One open WebSocket. Made by `Transport.connect`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._turn = 0
        self._backlog = 0
        self._ping: tuple[bytes, int, OnPong] | None = None
        self._pings = 0

    async def send(self, wire: bytes | str) -> int:
        """Send a frame: bytes as binary, text as text.

        Returns:
            Monotonic stamp when the frame was handed over; late when the network takes no more.

        Raises:
            ConnectionError: the connection is lost.
        """
        try:
            if isinstance(wire, bytes):
                await self._socket.send_bytes(wire)
            else:
                await self._socket.send_str(wire)
        except (aiohttp.ClientError, RuntimeError, OSError) as error:
            raise ConnectionError(str(error)) from None
        return self._clock.now_ns()

    async def receive(self) -> Received | Closed:
        """The next frame, or how the connection ended."""
        while True:
            message = await self._socket.receive()
            now = self._clock.now_ns()
            self._count_turn()
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return Received(now, message.data)
            if message.type is aiohttp.WSMsgType.PING:
                with contextlib.suppress(aiohttp.ClientError, RuntimeError, OSError):
                    await self._socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.PONG:
                self._ponged(bytes(message.data), now)
            if message.type in _ENDS:
                reason = fault = ""
                if message.type is aiohttp.WSMsgType.CLOSE:
                    reason = str(message.extra or "")
                elif message.type is aiohttp.WSMsgType.ERROR:
                    reason = type(message.data).__name__
                    if getattr(message.data, "code", None) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                        fault = TOO_LARGE_MESSAGE
                code = self._socket.close_code
                # 1006 is sent by nobody; it is how libraries say that no close frame came.
                broken = code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
                return Closed(now, None if broken else code, reason, fault)

    def _count_turn(self) -> None:
        """How many frames are read without the event loop having turned: they had to wait.

        aiohttp does not tell how long its queue is. A read that finds a frame in it returns at
        once, so that all which were waiting are read within one turn.
        """
        if self._turn == 0:
            asyncio.get_running_loop().call_soon(self._turned)
        self._turn += 1
        self._backlog = max(self._backlog, self._turn - 1)

    def _turned(self) -> None:
        self._turn = 0

    def take_backlog(self) -> int:
        """Most frames that were waiting behind one that was read, since this was last asked."""
        backlog, self._backlog = self._backlog, 0
        return backlog

    async def ping(self, on_pong: OnPong) -> None:
        """Send a ping; one that is still unanswered is given up.

        Args:
            on_pong: called from the event loop with the stamp of the ping and that of its pong, or
                None when it is given up.
        """
        self._give_up_ping()
        self._pings += 1
        payload = b"%d" % self._pings
        self._ping = (payload, self._clock.now_ns(), on_pong)
        # A lost connection is the reader's to find.
        with contextlib.suppress(aiohttp.ClientError, RuntimeError, OSError):
            await self._socket.ping(payload)

    def _ponged(self, payload: bytes, now: int) -> None:
        if self._ping is not None and self._ping[0] == payload:
            (_, sent, on_pong), self._ping = self._ping, None
            on_pong(sent, now)

    def _give_up_ping(self) -> None:
        if self._ping is not None:
            (_, sent, on_pong), self._ping = self._ping, None
            on_pong(sent, None)

    async def close(self, code: int = 1000) -> None:
        """Close from this side; does nothing when it is closed already.

        A service that never answers, or goes on talking, is not waited for without a bound.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._socket.close(code=code), _CLOSE_S)
