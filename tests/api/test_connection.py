"""One WebSocket, with a real server at its other end."""

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.api.connection import Closed, Connection, Received
from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from tests.support.fake_service import FakeService


@asynccontextmanager
async def connected(script):
    """A connection to a server that does `script(socket)` with it."""

    async def serve(request):
        socket = web.WebSocketResponse(autoping=False, max_msg_size=0)
        await socket.prepare(request)
        await script(socket)
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    clock = MonotonicClock()
    async with TestServer(app) as server, Transport("http://x.test", None, clock) as transport:
        connection = await transport.connect(str(server.make_url("/")))
        yield connection
        await connection.close()


async def echo(socket):
    """Send back every frame as it came."""
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)


# -- frames --


@settings(max_examples=15)
@given(st.lists(st.text(max_size=200) | st.binary(max_size=200), max_size=8))
def test_every_frame_arrives_as_it_was_sent_and_in_order(frames):
    async def there_and_back():
        async with connected(echo) as connection:
            for frame in frames:
                await connection.send(frame)
            return [await connection.receive() for _ in frames]

    back = asyncio.run(there_and_back())
    assert [item.raw for item in back] == frames
    stamps = [item.recv_ns for item in back]
    assert stamps == sorted(stamps)


async def test_a_frame_of_any_length():
    data = bytes(range(256)) * 40_000
    async with connected(echo) as connection:
        await connection.send(data)
        assert (await connection.receive()).raw == data


async def test_stamps_are_of_the_clock_and_in_the_order_of_what_happened():
    clock = MonotonicClock()
    async with connected(echo) as connection:
        before_ns = clock.now_ns()
        sent_ns = await connection.send("a")
        back = await connection.receive()
        assert isinstance(back, Received)
        assert before_ns <= sent_ns <= back.recv_ns <= clock.now_ns()


# -- the end --


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1000, ""), (1001, "going away"), (1011, "caf\u00e9"), (4408, "no audio came")],
)
async def test_a_close_of_the_other_side(code, reason):
    async def script(socket):
        await socket.send_str("the last word")
        await socket.close(code=code, message=reason.encode())

    async with connected(script) as connection:
        assert (await connection.receive()).raw == "the last word"
        end = await connection.receive()
        assert isinstance(end, Closed)
        assert (end.code, end.reason) == (code, reason)
        again = await connection.receive()
        assert isinstance(again, Closed)
        assert again.ns >= end.ns
        with pytest.raises(ConnectionError):
            await connection.send(b"\0\0")


async def test_a_connection_that_breaks_has_no_code():
    async def script(socket):
        await socket.receive()
        FakeService.cut(socket)

    async with connected(script) as connection:
        await connection.send("go")
        end = await connection.receive()
        assert isinstance(end, Closed)
        assert end.code is None
        with pytest.raises(ConnectionError):
            await connection.send("more")
        pongs = []
        await connection.ping(lambda *stamps: pongs.append(stamps))
        assert pongs == [], "a lost connection is the reader's to find"
        await connection.close()


@pytest.mark.parametrize("code", [1000, 1001, 4000])
async def test_a_close_of_this_side_is_told_to_the_other(code):
    told = asyncio.get_running_loop().create_future()

    async def script(socket):
        message = await socket.receive()
        told.set_result((message.type, message.data))

    async with connected(script) as connection:
        await connection.close(code)
        await connection.close(1011)
        assert await told == (WSMsgType.CLOSE, code)
        assert isinstance(await connection.receive(), Closed)


# -- pings --


async def test_a_ping_is_given_up_for_the_next_and_each_is_told_once():
    async def script(socket):
        pings = []
        async for message in socket:
            if message.type is WSMsgType.PING:
                pings.append(message.data)
            if len(pings) == 2:
                # The answer to the first is late, the second is answered twice.
                for payload in (pings[0], b"of nobody", pings[1], pings[1]):
                    await socket.pong(payload)
                await socket.send_str("done")

    told = []
    async with connected(script) as connection:
        for name in ("first", "second"):
            await connection.ping(lambda *stamps, name=name: told.append((name, *stamps)))
        assert [(name, answered) for name, _, answered in told] == [("first", None)]
        assert (await connection.receive()).raw == "done"
    (_, first_ns, _), (name, second_ns, answered_ns) = told
    assert name == "second"
    assert first_ns <= second_ns < answered_ns


class _Pings:
    """A WebSocket server that answers pings, pings itself, and then sends a burst."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.ponged: list[bytes] = []

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await socket.ping(b"are you there")
        async for message in socket:
            if message.type is WSMsgType.PING and self.answers:
                await socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self.ponged.append(message.data)
            elif message.type is WSMsgType.TEXT:
                for number in range(5):
                    await socket.send_str(str(number))
        return socket


@pytest.mark.parametrize("answers", [True, False])
async def test_pings_both_ways_and_what_was_waiting(answers):
    clock = MonotonicClock()
    peer = _Pings(answers=answers)
    app = web.Application()
    app.router.add_get("/", peer.serve)
    pongs: list[tuple[int, int | None]] = []
    async with TestServer(app) as server, Transport("http://x.test", None, clock) as transport:
        assert transport.take_backlog() == 0
        await transport.ping(lambda *stamps: pongs.append(stamps))
        assert pongs == []  # there is no connection yet
        connection = await transport.connect(str(server.make_url("/")))
        before = clock.now_ns()
        await transport.ping(lambda *stamps: pongs.append(stamps))
        await connection.send("go")
        # All five are there before the first is read.
        await asyncio.sleep(0.2)
        texts = [(await connection.receive()).raw for _ in range(5)]
        assert texts == list("01234")
        while not peer.ponged:
            await asyncio.sleep(0.01)
        assert peer.ponged == [b"are you there"]
        # Behind the first came the others, its pong, and the ping of the other side.
        assert transport.take_backlog() >= 4
        assert transport.take_backlog() == 0
        await transport.ping(lambda *stamps: pongs.append(stamps))
        await connection.close()
    sent, answered = pongs[0]
    assert before <= sent
    assert (answered is not None and answered > sent) if answers else answered is None


# -- what was waiting --


class Burst:
    """A socket whose frames are there already; a None lets the event loop turn."""

    close_code = None

    def __init__(self, sizes):
        self.waiting = deque()
        for size in sizes:
            self.waiting += [None, *("x" * size)]

    async def receive(self):
        while self.waiting[0] is None:
            self.waiting.popleft()
            # Two turns: whatever was called for in the first has happened in the second.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return SimpleNamespace(type=WSMsgType.TEXT, data=self.waiting.popleft())


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_the_backlog_is_that_of_the_longest_burst(sizes):
    async def read_all():
        connection = Connection(Burst(sizes), MonotonicClock())
        for _ in range(sum(sizes)):
            await connection.receive()
        return connection.take_backlog(), connection.take_backlog()

    assert asyncio.run(read_all()) == (max(sizes) - 1, 0)
