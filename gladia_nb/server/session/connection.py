"""One WebSocket of a session: messages leave in order, and nobody waits for a slow client."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from gladia_nb.server.engines.base import Due, Way
from gladia_nb.server.session.client_frames import Audio, read_text
from gladia_nb.server.session.injector import Injector
from gladia_nb.server.session.pings import Pings
from gladia_nb.server.session.trace import Trace
from gladia_nb.server.settings.faults import FaultBoard

__all__ = ["Connection"]

#: With so many messages unsent, nothing more is read from the client.
_FULL = 1000
#: How long a client may take to read what is left before the connection is closed, in seconds.
_PATIENCE_S = 10.0


class Connection:
    """Sends in the background what it is given.

    Args:
        ws: the WebSocket, open; pings of the client are answered here.
        transport: of its TCP connection.
        faults: what is to go wrong on purpose.
        trace: where to note what is sent, or None.
        way: where to note how long the way to the client and back takes, or None.

    Attributes:
        ws: the WebSocket.
        received_ns: when the latest frame was received, on the monotonic clock.
    """

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        faults: FaultBoard,
        trace: Trace | None = None,
        way: Way | None = None,
    ) -> None:
        self.ws = ws
        self.received_ns = time.perf_counter_ns()
        self._transport = transport
        self._faults = faults
        self._injector = Injector(faults, end=self._end_on_purpose, say=self._push)
        self._pings = Pings(ws, way) if way is not None else None
        self._trace = trace
        self._number = trace.opened(self.received_ns) if trace is not None else 0
        self._breaking: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[str, Due | None]] = deque()
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = asyncio.Lock()
        self._code: int | None = None
        # Who waits for a frame of the client.
        self._reader: asyncio.Task[object] | None = None
        self._sender = asyncio.create_task(self._send_all())

    @property
    def is_open(self) -> bool:
        """Whether what is sent now can still arrive."""
        gone = self._transport is None or self._transport.is_closing()
        return not (gone or self.ws.closed or self._sender.done())

    @property
    def close_code(self) -> int | None:
        """The code that the connection was closed with; None when it broke, or is open."""
        # While the server closes, aiohttp says 1000 whatever code was asked for.
        code = self.ws.close_code if self._code is None else self._code
        return None if code == WSCloseCode.ABNORMAL_CLOSURE else code

    async def read(self) -> AsyncIterator[WSMessage]:
        """The frames of the client, until there are no more."""
        self._injector.begin()
        while True:
            if (pause := self._injector.stall()) and self._transport is not None:
                self._transport.pause_reading()
                await asyncio.sleep(pause)
                self._transport.resume_reading()
            message = await self._receive()
            self.received_ns = time.perf_counter_ns()
            if message is None:
                return
            if message.type in (WSMsgType.PING, WSMsgType.PONG):
                await self._pinged(message)
                continue
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            yield message
            if self._faults.armed:
                self._injector.received(_audio_bytes(message))

    async def _receive(self) -> WSMessage | None:
        """The next frame of the client; None when the connection is being closed."""
        self._reader = task = asyncio.current_task()
        try:
            return await self.ws.receive()
        except asyncio.CancelledError:
            # Who closes takes over what there is to read; whoever else cancels means it.
            if self._reader is not None or task is None or task.uncancel():
                raise
            return None
        finally:
            self._reader = None

    async def _pinged(self, message: WSMessage) -> None:
        """Answer a ping; a pong is the answer to one of ours, or to none."""
        if message.type is WSMsgType.PONG:
            if self._pings is not None:
                self._pings.answered(bytes(message.data), self.received_ns)
            return
        # A lost connection is found by what is read next.
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self.ws.pong(message.data)

    def send(self, text: str, due: Due | None = None) -> None:
        """Send a message after those before it; never waits.

        Args:
            text: the message.
            due: for the trace.
        """
        for out in self._injector.outgoing(text) if self._injector.is_busy else (text,):
            self._push(out, due)

    def _push(self, text: str, due: Due | None = None) -> None:
        self._waiting.append((text, due))
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
        self._injector.flush()
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
            reader, self._reader = self._reader, None
            if reader is not None:
                # While somebody reads, aiohttp ends the TCP connection right behind its close. What
                # is still on the way from the client would reset it then, and a client that writes
                # before it reads on, as its own close, would lose the last messages.
                reader.cancel()
                await asyncio.sleep(0)
            await self.ws.close(code=code)

    async def leave(self) -> list[str]:
        """Nothing more is read; returns the messages that were not sent.

        A close that has been asked for is completed first: once the handler of the connection
        returns, aiohttp closes it in its own way.
        """
        await self._end_sender()
        if self._pings is not None:
            await self._pings.close()
        self._injector.close()
        if self._code is not None:
            await self.cut(self._code)
        if self._breaking is not None:
            await self._breaking
        if self._trace is not None:
            self._trace.closed(time.perf_counter_ns(), self._number, self.close_code)
        return [text for text, _ in self._waiting]

    def _end_on_purpose(self, code: int | None) -> None:
        """Break the connection, or close it with a code."""
        if code is not None:
            self._breaking = asyncio.create_task(self.cut(code))
        elif self._transport is not None:
            self._transport.abort()

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
                    text, due = self._waiting[0]
                    before_ns = time.perf_counter_ns()
                    await self.ws.send_str(text)
                    if self._trace is not None:
                        after_ns = time.perf_counter_ns()
                        self._trace.sent(before_ns, after_ns, self._number, text, due)
                    self._waiting.popleft()
                    if self._faults.armed:
                        self._injector.sent()
                self._idle.set()


def _audio_bytes(message: WSMessage) -> int:
    """How much audio a frame brings."""
    if message.type is WSMsgType.BINARY:
        return len(message.data)
    asked = read_text(message.data)
    return len(asked.data) if isinstance(asked, Audio) else 0
