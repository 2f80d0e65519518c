"""The proxy on the event loop of the test: real sockets, no time measured but lower bounds."""

import asyncio
import contextlib
import os
import socket
import struct

import msgspec
import pytest

from gladia_nb.network.control import Answer, Entry, Flush, Open
from gladia_nb.network.link import Shape
from gladia_nb.network.proxy import MOST_HELD, Proxy

TOKEN = "the-token"
NOTHING = Shape(seed=0)


class Control:
    """A control connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.up, self.down, self.resets = [], [], []

    def tell(self, what):
        self.writer.write(msgspec.json.encode(what) + b"\n")

    async def ask(self, what):
        self.tell(what)
        while line := await self.reader.readline():
            answer = msgspec.json.decode(line, type=Answer)
            self.up += answer.up
            self.down += answer.down
            self.resets += answer.resets
            if answer.port is not None or answer.error or answer.flushed:
                return answer
        return None


@contextlib.asynccontextmanager
async def controlled(shape=NOTHING, token=TOKEN, **options):
    proxy = Proxy(TOKEN)
    reader, writer = await asyncio.open_connection("127.0.0.1", await proxy.start())
    control = Control(reader, writer)
    control.tell(Open(token=token, shape=shape, **options))
    try:
        yield control
    finally:
        writer.close()
        await proxy.close(5)


@contextlib.asynccontextmanager
async def service(handle):
    """A TCP server; yields its address."""
    handlers = []

    async def kept(reader, writer):
        handlers.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(kept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


async def echo(reader, writer):
    while data := await reader.read(5000):
        writer.write(data)
        await writer.drain()


@contextlib.asynccontextmanager
async def connected(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def entry_of(control, *addresses):
    answer = await control.ask(Entry(to=[tuple(address) for address in addresses]))
    async with connected(answer.port) as both:
        yield both


@pytest.mark.parametrize(
    "shape", [NOTHING, Shape(seed=1, delay_ms=20, jitter_ms=10, bandwidth_kbps=20_000)]
)
async def test_what_goes_in_comes_out_and_is_told(shape):
    sent = os.urandom(100_000)
    async with (
        service(echo) as address,
        controlled(shape) as control,
        entry_of(control, address) as (reader, writer),
    ):
        writer.write(sent)
        writer.write_eof()
        assert await reader.read() == sent
        writer.close()
        await control.ask(Flush())
    for pieces in (control.up, control.down):
        assert sum(size for *_, size in pieces) == len(sent)
        least = (shape.delay_ms - shape.jitter_ms) * 1e6
        assert all(left - came >= least for came, left, _ in pieces)
        assert [left for _, left, _ in pieces] == sorted(left for _, left, _ in pieces)


async def test_the_end_of_one_direction_leaves_the_other_open():
    async def count(reader, writer):
        writer.write(b"%d" % len(await reader.read()))

    async with (
        service(count) as address,
        controlled(Shape(seed=1, delay_ms=10)) as control,
        entry_of(control, address) as (reader, writer),
    ):
        writer.write(b"abc")
        writer.write_eof()
        assert await reader.read() == b"3"


async def test_who_reads_nothing_is_not_read_for_without_end():
    over = asyncio.Event()

    async def deaf(reader, writer):
        writer.transport.pause_reading()
        await over.wait()

    async with (
        service(deaf) as address,
        controlled() as control,
        entry_of(control, address) as (_, writer),
    ):
        taken = 0
        with contextlib.suppress(TimeoutError):
            while taken < 64 << 20:
                writer.write(bytes(MOST_HELD))
                await asyncio.wait_for(writer.drain(), 0.5)
                taken += MOST_HELD
        over.set()
    # What the sockets of both connections hold, and the proxy: far from all.
    assert taken < 40 << 20


async def test_resets_break_both_sides_and_are_told():
    async with service(echo) as address, controlled(Shape(seed=2, reset_every_s=0.2)) as control:
        for _ in range(3):
            async with entry_of(control, address) as (reader, _):
                with pytest.raises(ConnectionResetError):
                    await reader.read()
        await control.ask(Flush())
    assert len(control.resets) == 3


async def test_a_reset_of_the_service_arrives():
    async def rude(reader, writer):
        await reader.read(1)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with (
        service(rude) as address,
        controlled(Shape(seed=0, delay_ms=10)) as control,
        entry_of(control, address) as (reader, writer),
    ):
        writer.write(b"a")
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_the_first_address_that_answers_is_taken():
    async with service(echo) as gone:
        pass
    async with service(echo) as address, controlled() as control:
        async with entry_of(control, gone, address) as (reader, writer):
            writer.write(b"here")
            assert await reader.readexactly(4) == b"here"
        async with entry_of(control, gone) as (reader, _):
            with pytest.raises(ConnectionResetError):
                await reader.read()


async def test_a_port_that_is_taken_is_said():
    async with service(echo) as address, controlled() as control:
        answer = await control.ask(Entry(to=[tuple(address)], port=address[1]))
        assert (answer.port, "in use" in answer.error) == (None, True)


@pytest.mark.parametrize("line", [b"rubbish\n", b'{"cmd":"open"}\n', b"x" * 100_000 + b"\n"])
async def test_strangers_get_nothing(line):
    async with controlled(token="another") as control:
        assert await control.reader.read() == b""
        proxy = Proxy(TOKEN)
        async with connected(await proxy.start()) as (reader, writer):
            with contextlib.suppress(ConnectionError):
                writer.write(line)
                assert await reader.read() == b""
        await proxy.close(5)


async def test_all_ends_with_the_control_connection():
    async with service(echo) as address, contextlib.AsyncExitStack() as stack:
        async with controlled() as control:
            reader, writer = await stack.enter_async_context(entry_of(control, address))
            writer.write(b"a")
            await reader.readexactly(1)
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_nothing_is_told_to_whom_it_is_no_news():
    async with (
        service(echo) as address,
        controlled(report=False) as control,
        entry_of(control, address) as (reader, writer),
    ):
        writer.write(b"a")
        await reader.readexactly(1)
        await control.ask(Flush())
    assert control.up == control.down == []
