import asyncio

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from gladia_nb.api.connection import Closed, Received
from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from tests.support.fake_service import SESSION, TOKEN, polite, serve


async def test_what_goes_over_the_wire_and_what_is_stamped():
    clock = MonotonicClock()
    async with serve(polite) as service, Transport(service.url, "the-key-1234", clock) as transport:
        made = await transport.init({"channels": 1}, region="eu-west")
        assert (made.session_id, made.status) == (SESSION, 201)
        assert transport.phases["connect_ms"] > 0
        assert TOKEN not in repr(made)
        assert "the-key-1234" not in repr(transport)
        before = clock.now_ns()
        connection = await transport.connect(made.url)
        sent = await connection.send(b"\0\0")
        reply = await connection.receive()
        assert isinstance(reply, Received)
        assert before < sent <= reply.recv_ns < clock.now_ns()
        await connection.send('{"type":"stop_recording"}')
        frames = [await connection.receive() for _ in range(3)]
        assert isinstance(frames[-1], Closed)
        assert (frames[-1].code, frames[-1].reason) == (1000, "")
        with pytest.raises(ConnectionError):
            await connection.send(b"\0\0")
        assert await transport.get(SESSION)
    assert service.headers[0]["x-gladia-key"] == "the-key-1234"


async def test_it_is_used_with_async_with():
    with pytest.raises(RuntimeError, match="async with"):
        await Transport("http://127.0.0.1:9", None, MonotonicClock()).get("x")


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
