"""The proxy: TCP connections that are held up, in a process with nothing else to do.

It copies bytes and looks at none, so that TLS goes through from end to end. Whoever has its token
opens a *path* over a control connection, one line of JSON a message (`Open`, `Entry`, `Flush`), and
is told what passed (`gladia_nb.network.control`). A path ends with its control connection, and
everything that was opened on it.

The event loop waits by `select`, which keeps time to well below a millisecond where `epoll` rounds
up to the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from gladia_nb.network.control import Answer, Entry, Flush, Open, Report
from gladia_nb.network.link import DIRECTIONS, Direction, Link, Shape, Weather

__all__ = ["MOST_HELD", "Proxy"]

#: Bytes that one direction of a connection holds; with more, whoever sends has to wait.
MOST_HELD = 1 << 18
#: Seconds from one report to the next.
_REPORT_S = 0.5
_LONGEST_LINE = 1 << 16
_TO_CONNECT_S = 20.0
#: Bytes of a piece at least, as TCP has them, and milliseconds that one takes at most beyond that.
_SEGMENT = 1460
_PART_MS = 5
#: Of a socket: closing it resets the connection.
_RESET = struct.pack("ii", 1, 0)
#: `select` takes no descriptor above this.
_MOST_FILES = 1000


class _Path:
    """One network, with its connections, for one session; or for everybody who comes."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.weather = Weather(shape)
        self.report = Report()
        self.opened_ns = 0
        self._servers: list[asyncio.Server] = []
        self.connections: set[_Connection] = set()
        self._resetting: asyncio.Task[None] | None = None

    async def listen(self, entry: Entry) -> int:
        """Listen for a service; returns the port."""

        def came() -> _End:
            self._begin()
            return _Connection(self, entry.to).near

        loop = asyncio.get_running_loop()
        server = await loop.create_server(came, entry.host, entry.port)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def _begin(self) -> None:
        """The weather begins with the first connection."""
        if not self.opened_ns:
            self.opened_ns = time.perf_counter_ns()
            if self.shape.reset_every_s:
                self._resetting = asyncio.create_task(self._reset())

    async def _reset(self) -> None:
        for at_ns in self.weather.resets():
            await asyncio.sleep((self.opened_ns + at_ns - time.perf_counter_ns()) / 1e9)
            if self.connections:
                self.report.resets.append(time.perf_counter_ns())
            for connection in list(self.connections):
                connection.reset()

    def take_report(self) -> Report:
        """What has passed since this was last asked."""
        report, self.report = self.report, Report()
        return report

    def close(self) -> None:
        """End everything that was opened on it."""
        for server in self._servers:
            server.close()
        if self._resetting is not None:
            self._resetting.cancel()
        for connection in list(self.connections):
            connection.reset()


class _Connection:
    """One TCP connection to the proxy, and the one from there to the service."""

    def __init__(self, path: _Path, to: list[tuple[str, int]]) -> None:
        self._path = path
        self._to = to
        up, down = (_Pipe(path, direction) for direction in DIRECTIONS)
        self.near = _End(self, incoming=up, outgoing=down)
        self.far = _End(self, incoming=down, outgoing=up)
        self._pipes = (up, down)
        up.finished = down.finished = self._look
        self._connecting: asyncio.Task[None] | None = None

    def made(self, end: _End) -> None:
        if end is self.near:
            self._path.connections.add(self)
            self._connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        for host, port in self._to:
            with contextlib.suppress(OSError, TimeoutError):
                made = loop.create_connection(lambda: self.far, host, port)
                await asyncio.wait_for(made, _TO_CONNECT_S)
                return
        self.reset()

    def lost(self, end: _End) -> None:
        """One end is gone: the other will be, once all that is on the way has arrived there."""
        end.outgoing.drop()
        if self.far.transport is None:
            self.reset()

    def _look(self, *, broken: bool) -> None:
        """One direction is done; after both, or after a reset that arrived, it is over."""
        if broken:
            self.reset()
        elif all(pipe.done for pipe in self._pipes):
            self._path.connections.discard(self)
            for end in (self.near, self.far):
                if end.transport is not None:
                    end.transport.close()

    def reset(self) -> None:
        """Break it: both ends see that the other has reset the connection."""
        self._path.connections.discard(self)
        if self._connecting is not None and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
        for pipe in self._pipes:
            pipe.clear()
        for end in (self.near, self.far):
            if end.transport is not None:
                sock = end.transport.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.transport.abort()


class _End(asyncio.Protocol):
    """The proxy's side of one of the two sockets of a connection."""

    def __init__(self, connection: _Connection, *, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._connection = connection
        self.incoming = incoming
        self.outgoing = outgoing
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a TCP socket
        self.transport = transport
        if transport.get_extra_info("socket").fileno() >= _MOST_FILES:
            transport.abort()
            return
        self.incoming.source = self.outgoing.sink = transport
        self._connection.made(self)
        self.outgoing.flow()

    def data_received(self, data: bytes) -> None:
        self.incoming.take(data)

    def eof_received(self) -> bool:
        self.incoming.take(None)
        return True

    def pause_writing(self) -> None:
        self.outgoing.block(blocked=True)

    def resume_writing(self) -> None:
        self.outgoing.block(blocked=False)

    def connection_lost(self, error: Exception | None) -> None:
        self.incoming.take(None, broken=error is not None)
        self._connection.lost(self)


class _Pipe:
    """One direction of a connection: what came in leaves when the link says so, and in order."""

    def __init__(self, path: _Path, direction: Direction) -> None:
        self._path = path
        self._link = Link(path.shape, path.weather, direction)
        self._direction = direction
        self._held: deque[tuple[int, int, bytes | None]] = deque()
        self._size = 0
        self._ended = self._broken = self._blocked = self._paused = False
        self.done = False
        #: Called when the end has left, or nothing can leave any more.
        self.finished: Callable[..., None] = lambda **_: None
        self._timer: asyncio.TimerHandle | None = None
        self.source: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None

    def take(self, data: bytes | None, *, broken: bool = False) -> None:
        """Take what came in; None for its end, which can be a reset."""
        self._broken |= broken
        if self._ended:
            return
        self._ended = data is None
        now = time.perf_counter_ns()
        opened = self._path.opened_ns
        for piece in (None,) if data is None else self._cut(data):
            size = 0 if piece is None else len(piece)
            self._held.append((opened + self._link.leave_ns(now - opened, size), now, piece))
            self._size += size
        self.flow()

    def _cut(self, data: bytes) -> Iterator[bytes]:
        """What came at once in parts, where it would take long: the first do not wait for all."""
        size = len(data)
        if rate := self._path.shape.bandwidth_kbps:
            size = max(_SEGMENT, round(rate / 8 * _PART_MS))
        for start in range(0, len(data), size):
            yield data[start : start + size]

    def block(self, *, blocked: bool) -> None:
        """The socket at the other end takes no more for now, or again."""
        self._blocked = blocked
        self.flow()

    def clear(self) -> None:
        """Forget what is held, and take no more."""
        self._held.clear()
        self._ended = self.done = True
        if self._timer is not None:
            self._timer.cancel()

    def drop(self) -> None:
        """Where it goes to is gone."""
        self.clear()
        self.finished(broken=False)

    def flow(self) -> None:
        """Let out what is due, and come back for the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._held and self.sink is not None and not self._blocked:
            wait_ns = self._held[0][0] - time.perf_counter_ns()
            if wait_ns > 0:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_at(loop.time() + wait_ns / 1e9, self.flow)
                break
            self._let_out(self.sink)
        full = self._size >= MOST_HELD
        if self.source is not None and full != self._paused and not self.source.is_closing():
            self._paused = full
            (self.source.pause_reading if full else self.source.resume_reading)()

    def _let_out(self, sink: asyncio.Transport) -> None:
        _, came_ns, data = self._held.popleft()
        if data is None:
            if not (self._broken or sink.is_closing()):
                with contextlib.suppress(OSError):
                    sink.write_eof()
            self.done = True
            self.finished(broken=self._broken)
            return
        self._size -= len(data)
        if sink.is_closing():
            return
        left_ns = time.perf_counter_ns()
        sink.write(data)
        report = self._path.report
        passed = report.up if self._direction == "up" else report.down
        passed.append([came_ns, left_ns, len(data)])


class Proxy:
    """Takes control connections; see the module.

    Args:
        token: that opens a path.
    """

    def __init__(self, token: str) -> None:
        self._token = token
        self._paths: set[asyncio.Task[Any]] = set()

    async def start(self) -> int:
        """Listen for control connections on a free port of this machine, and return it."""
        self._server = await asyncio.start_server(
            self._control, "127.0.0.1", 0, limit=_LONGEST_LINE
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self, timeout_s: float) -> None:
        """Take no more, and end what is left after a time."""
        self._server.close()
        if self._paths:
            await asyncio.wait(self._paths, timeout=timeout_s)
        for task in self._paths:
            task.cancel()
        await asyncio.gather(*self._paths, return_exceptions=True)

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it is this one
        self._paths.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, ValueError, msgspec.MsgspecError, asyncio.CancelledError):
            # Gone, or no friend of ours.
            pass
        finally:
            self._paths.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = msgspec.json.decode(await reader.readline(), type=Open)
        if not hmac.compare_digest(first.token.encode(), self._token.encode()):
            return
        path = _Path(first.shape)
        told = _teller(path, writer) if first.report else (lambda: None)
        reporting = asyncio.create_task(_each(_REPORT_S, told))
        try:
            while line := await reader.readline():
                match msgspec.json.decode(line, type=Entry | Flush):
                    case Flush():
                        told()
                        _tell(writer, Answer(flushed=True))
                    case Entry() as entry:
                        _tell(writer, await _answer(path, entry))
        finally:
            reporting.cancel()
            path.close()


async def _answer(path: _Path, entry: Entry) -> Answer:
    try:
        return Answer(port=await path.listen(entry))
    except OSError as error:
        return Answer(error=error.strerror or str(error))


def _tell(writer: asyncio.StreamWriter, what: Report) -> None:
    writer.write(msgspec.json.encode(what) + b"\n")


def _teller(path: _Path, writer: asyncio.StreamWriter) -> Callable[[], None]:
    def tell() -> None:
        report = path.take_report()
        if report.up or report.down or report.resets:
            _tell(writer, report)

    return tell


async def _each(seconds: float, what: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        what()
