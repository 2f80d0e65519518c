"""One WebSocket, between a real client and a handler that does nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import WSMessage, WSMsgType, web

from gladia_nb.server.engines.base import Due, Way
from gladia_nb.server.session import connection as module
from gladia_nb.server.session.connection import Connection
from gladia_nb.server.session.trace import Trace
from gladia_nb.server.settings.faults import Fault, FaultBoard
from tests.support.serving import site_of


@dataclass
class Ends:
    """Both ends of a WebSocket; the server's leaves when the client's block is over."""

    server: Connection
    client: aiohttp.ClientWebSocketResponse
    leaving: asyncio.Event
    #: Messages that were not sent, once it has left.
    unsent: asyncio.Future[list[str]]

    async def left(self) -> list[str]:
        self.leaving.set()
        return await self.unsent


@asynccontextmanager
async def connected(
    *faults: Fault, trace: Trace | None = None, way: Way | None = None, autoping: bool = True
) -> AsyncIterator[Ends]:
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Connection] = loop.create_future()
    unsent: asyncio.Future[list[str]] = loop.create_future()
    leaving = asyncio.Event()

    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False, timeout=1.0, autoping=False)
        await ws.prepare(request)
        found = Connection(ws, request.transport, FaultBoard(faults), trace, way)
        made.set_result(found)
        await leaving.wait()
        unsent.set_result(await found.leave())
        return ws

    app = web.Application()
    app.router.add_get("/", handler)
    async with (
        site_of(app) as url,
        aiohttp.ClientSession() as http,
        http.ws_connect(url, compress=0, autoping=autoping) as client,
    ):
        yield Ends(await made, client, leaving, unsent)
        leaving.set()


async def read(client: aiohttp.ClientWebSocketResponse) -> list[str]:
    return [message.data async for message in client]


async def test_messages_leave_in_order_and_before_the_close() -> None:
    async with connected() as ends:
        for number in range(500):
            ends.server.send(str(number))
        assert ends.server.is_open
        closing = asyncio.create_task(ends.server.close(4000))
        assert await read(ends.client) == [str(number) for number in range(500)]
        await closing
        assert ends.client.close_code == ends.server.close_code == 4000
        assert not ends.server.is_open
        assert await ends.left() == []


async def test_cutting_does_not_wait_and_gives_back_what_was_not_sent() -> None:
    async with connected() as ends:
        ends.server.send("one")
        ends.server.send("two")
        cutting = asyncio.create_task(ends.server.cut(1001))
        got = await read(ends.client)
        await cutting
        assert ends.client.close_code == 1001
        assert [*got, *await ends.left()] == ["one", "two"]


async def test_frames_are_read_and_stamped_until_the_client_goes() -> None:
    async with connected() as ends:
        await ends.client.send_str("text")
        await ends.client.send_bytes(b"bytes")
        await ends.client.send_bytes(b"")
        closing = asyncio.create_task(ends.client.close(code=4321))
        found, stamps = [], [ends.server.received_ns]
        async for message in ends.server.read():
            found.append(message.data)
            stamps.append(ends.server.received_ns)
        assert found == ["text", b"bytes", b""]
        assert stamps == sorted(stamps)
        await closing
        assert ends.server.close_code == 4321
        assert not ends.server.is_open
        ends.server.send("too late")
        assert await ends.left() == ["too late"]


async def received(ends: Ends, *, count: int = 1) -> list[str | bytes]:
    """So many frames that the server reads."""
    found: list[str | bytes] = []
    async for message in ends.server.read():
        found.append(message.data)
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("way", [None, Way()], ids=["nobody asks for the way", "somebody does"])
async def test_pings_of_the_client_are_answered(way: Way | None) -> None:
    async with connected(way=way, autoping=False) as ends:
        await ends.client.ping(b"one")
        await ends.client.pong(b"unasked")
        await ends.client.ping(b"two")
        await ends.client.send_str("text")
        assert await received(ends) == ["text"]
        pongs = []
        while len(pongs) < 2:
            message = await ends.client.receive()
            if message.type is WSMsgType.PONG:
                pongs.append(bytes(message.data))
        assert pongs == [b"one", b"two"]


async def test_the_way_is_measured_while_it_is_read() -> None:
    way, delay_s = Way(), 0.05
    async with connected(way=way, autoping=False) as ends:

        async def answer() -> None:
            """As a client at the end of a long way."""
            for _ in range(5):
                message = await ends.client.receive()
                assert message.type is WSMsgType.PING
                await asyncio.sleep(delay_s)
                await ends.client.pong(message.data)
            await ends.client.send_str("text")

        answering = asyncio.create_task(answer())
        assert await received(ends) == ["text"]
        await answering
        assert way.ns >= delay_s * 1e9


async def test_of_a_client_that_answers_no_ping_the_way_is_not_known() -> None:
    way = Way()
    async with connected(way=way, autoping=False) as ends:
        await ends.client.send_str("text")
        assert await received(ends) == ["text"]
        assert way.ns == 0


async def test_a_connection_that_broke_has_no_code() -> None:
    async with connected() as ends:
        ends.client._response.connection.transport.abort()  # type: ignore[union-attr]
        assert [message async for message in ends.server.read()] == []
        assert ends.server.close_code is None
        assert not ends.server.is_open


async def test_nobody_waits_for_a_slow_client_but_its_own_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With too many messages unsent nothing more is read; once they have left it goes on."""
    monkeypatch.setattr(module, "_FULL", 20)
    async with connected() as ends:
        # More than the system takes for a client that does not read.
        text = "x" * (1 << 16)
        for _ in range(1000):
            ends.server.send(text)
        waiting = asyncio.create_task(ends.server.breathe())
        reading = asyncio.create_task(ends.client.receive())
        assert (await reading).data == text
        assert not waiting.done()
        for _ in range(999):
            assert (await ends.client.receive()).data == text
        await waiting
        await ends.server.breathe()


async def test_it_breathes_on_when_the_client_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FULL", 0)
    async with connected() as ends:
        ends.client._response.connection.transport.abort()  # type: ignore[union-attr]
        assert [message async for message in ends.server.read()] == []
        ends.server.send("kept")
        await ends.server.breathe()
        assert await ends.left() == ["kept"]


async def test_a_fault_closes_it_with_its_code() -> None:
    async with connected(Fault("close", code=4444, at_byte=4)) as ends:
        await ends.client.send_bytes(b"ab")
        await ends.client.send_str('{"type":"audio_chunk","data":{"chunk":"AAA="}}')
        found = [message async for message in ends.server.read()]
        assert len(found) == 2, "the frame that completes it is taken"
        assert await read(ends.client) == []
        assert ends.client.close_code == ends.server.close_code == 4444
        assert await ends.left() == []


async def test_a_fault_changes_what_is_said() -> None:
    async with connected(Fault("null_data", type="x"), Fault("duplicate_acks")) as ends:
        for text in ('{"type":"x","data":1}', '{"type":"audio_chunk"}', '{"type":"x","data":1}'):
            ends.server.send(text)
        closing = asyncio.create_task(ends.server.close(1000))
        got = [json.loads(text) for text in await read(ends.client)]
        await closing
        ack = {"type": "audio_chunk"}
        assert got == [{"type": "x", "data": None}, ack, ack, {"type": "x", "data": 1}]


async def test_the_trace_knows_both_ends_and_each_message() -> None:
    trace = Trace("s")
    due = Due(7, 0.5, 3)
    async with connected(trace=trace) as ends:
        ends.server.send('{"type":"x"}', due)
        ends.server.send('{"type":"y"}')
        closing = asyncio.create_task(ends.server.close(1000))
        await read(ends.client)
        await closing
        await ends.left()
    told = json.loads(trace.as_json())
    assert [(item["event"], item["code"]) for item in told["connections"]] == [
        ("open", None),
        ("close", 1000),
    ]
    assert [(item["type"], item.get("due_ns")) for item in told["sent"]] == [("x", 7), ("y", None)]
    opened, closed = (item["ns"] for item in told["connections"])
    for item in told["sent"]:
        assert opened <= item["before_ns"] <= item["after_ns"] <= closed


@pytest.mark.parametrize(
    ("kind", "data", "length"),
    [
        (WSMsgType.BINARY, b"abc", 3),
        (WSMsgType.TEXT, '{"type":"audio_chunk","data":{"chunk":"AAA="}}', 2),
        (WSMsgType.TEXT, '{"type":"audio_chunk","data":{"chunk":"*"}}', 0),
        (WSMsgType.TEXT, '{"type":"stop_recording"}', 0),
        (WSMsgType.TEXT, "hello", 0),
    ],
)
def test_how_much_audio_a_frame_brings(kind: WSMsgType, data: str | bytes, length: int) -> None:
    assert module._audio_bytes(WSMessage(kind, data, None)) == length


def frame(opcode: int, data: bytes) -> bytes:
    """A short frame of a client, masked with zeros."""
    assert len(data) < 126
    return bytes([0x80 | opcode, 0x80 | len(data)]) + bytes(4) + data


@asynccontextmanager
async def reading(
    timeout_s: float,
) -> AsyncIterator[tuple[Connection, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection whose handler reads, and a client that does nothing by itself."""
    made: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False, timeout=timeout_s, autoping=False)
        await ws.prepare(request)
        found = Connection(ws, request.transport, FaultBoard(()))
        made.set_result(found)
        async for _ in found.read():
            pass
        await found.leave()
        return ws

    app = web.Application()
    app.router.add_get("/", handler)
    async with site_of(app) as url:
        host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        try:
            yield await made, reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


LAST = b"\x81\x0alast words\x88\x02" + (1000).to_bytes(2, "big")


async def test_the_connection_stays_until_the_client_has_closed_it_too() -> None:
    async with reading(30) as (server, reader, writer):
        server.send("last words")
        closing = asyncio.create_task(server.close(1000))
        assert await reader.readexactly(len(LAST)) == LAST
        # What is on its way meanwhile resets nothing.
        for _ in range(3):
            writer.write(frame(2, b"audio"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.05)
        assert not closing.done()
        writer.write(frame(8, (1000).to_bytes(2, "big")))
        assert await reader.read() == b""
        await closing
        assert server.close_code == 1000


async def test_a_client_that_does_not_close_is_left_after_a_while() -> None:
    async with reading(0.1) as (server, reader, _):
        await server.cut(4000)
        assert await reader.read() == b"\x88\x02" + (4000).to_bytes(2, "big")
        assert server.close_code == 4000


async def test_who_is_cancelled_while_it_reads_is_cancelled() -> None:
    async with connected() as ends:
        reader = asyncio.create_task(anext(aiter(ends.server.read())))
        await asyncio.sleep(0.01)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await ends.server.cut(1001)
        assert ends.server.close_code == 1001
