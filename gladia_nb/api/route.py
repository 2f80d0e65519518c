"""The way of a session over a proxy with a network of one's choice, seen from the client.

The address of a service is resolved as ever. Then the proxy is asked to listen for it, and its
address stands for that of the service: only the TCP connection goes another way. The request, the
name that TLS asks for and whose certificate it checks are those of the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp
import msgspec

from gladia_nb.clock import Clock
from gladia_nb.errors import SessionError
from gladia_nb.network.control import Answer, Entry, Flush, Open, Way
from gladia_nb.record.event_kinds import NetworkEvent

__all__ = ["Route", "RouteConnector"]

_ANSWER_S = 10.0
#: How long the rest of what passed may take to be told.
_SETTLE_S = 2.0
#: A report of half a second at any rate that a session can have.
_LONGEST_LINE = 16 << 20
_GONE = "The process of the network is gone; run the session again."


class _Place(NamedTuple):
    host: str
    port: int


class Route:
    """A path through the proxy.

    Args:
        way: to the proxy.
        clock: of the stamps.
        emit: called with each report, from the event loop.
    """

    def __init__(
        self, way: Way, clock: Clock, emit: Callable[[NetworkEvent], None] = lambda _: None
    ) -> None:
        self._way = way
        self._clock = clock
        self._emit = emit
        self._entries: dict[tuple[_Place, ...], int] = {}
        self._asking = asyncio.Lock()
        self._answers: asyncio.Queue[Answer | None] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the path.

        Raises:
            SessionError: the proxy is gone.
        """
        try:
            reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._way.port, limit=_LONGEST_LINE
            )
        except OSError:
            raise SessionError(_GONE) from None
        self._tell(Open(token=self._way.token, shape=self._way.shape))
        self._reading = asyncio.create_task(self._read(reader))

    async def entry(self, places: tuple[tuple[str, int], ...]) -> int:
        """The port of this machine that leads to the first of these addresses that answers.

        Raises:
            OSError: the proxy cannot listen, or is gone.
        """
        key = tuple(_Place(*place) for place in places)
        async with self._asking:
            if key not in self._entries:
                answer = await self._ask(Entry(to=[*key]), _ANSWER_S)
                if answer is None or answer.port is None:
                    raise ConnectionError(_GONE if answer is None else answer.error)
                self._entries[key] = answer.port
            return self._entries[key]

    async def settle(self) -> None:
        """Wait until all that passed until now is told, within a bound."""
        async with self._asking:
            await self._ask(Flush(), _SETTLE_S)

    async def close(self) -> None:
        """Give the path up: what is open on it ends."""
        if self._reading is not None:
            self._reading.cancel()
            self._writer.transport.abort()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _ask(self, what: Entry | Flush, timeout_s: float) -> Answer | None:
        """The answer; None where the proxy is gone, or gives none in time."""
        if self._reading is None or self._reading.done():
            return None
        self._tell(what)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._answers.get(), timeout_s)
        return None

    def _tell(self, what: Open | Entry | Flush) -> None:
        self._writer.write(msgspec.json.encode(what) + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        decode = msgspec.json.Decoder(Answer).decode
        try:
            while line := await reader.readline():
                told = decode(line)
                if told.up or told.down or told.resets:
                    now = self._clock.now_ns()
                    self._emit(NetworkEvent(now, told.up, told.down, told.resets))
                else:
                    self._answers.put_nowait(told)
        except (ConnectionError, ValueError):
            pass
        finally:
            self._answers.put_nowait(None)


class RouteConnector(aiohttp.TCPConnector):
    """Connects over a route."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self._route = route

    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> Any:
        """As ever; then the place of the proxy stands for what was found.

        A resolver of one's own would not be asked for addresses that are numbers.
        """
        found = await super()._resolve_host(host, port, traces=traces)
        places = tuple((str(one["host"]), int(one["port"])) for one in found)
        here = await self._route.entry(places)
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": here,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]
