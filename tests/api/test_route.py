"""The way over the proxy: what it is for the client, TLS and names included."""

import asyncio
import contextlib
import ssl

import pytest
import trustme
from aiohttp import web

from gladia_nb.api import transport as module
from gladia_nb.api.connection import Closed, Received
from gladia_nb.api.route import Route
from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import SessionError, UnreachableError
from gladia_nb.network.control import Way
from gladia_nb.network.link import Shape
from gladia_nb.network.proxy import Proxy
from tests.support.fake_service import SESSION, polite, serve

CLOCK = MonotonicClock()


@contextlib.asynccontextmanager
async def routed(url, shape=None, emit=lambda _: None, token="token"):
    proxy = Proxy("token")
    way = Way(await proxy.start(), token, shape or Shape(seed=0))
    try:
        async with Transport(url, None, CLOCK, route=Route(way, CLOCK, emit)) as transport:
            yield transport
    finally:
        await proxy.close(5)


async def test_a_whole_session_goes_over_it_and_is_told():
    told = []
    shape = Shape(seed=0, delay_ms=20)
    async with serve(polite) as service, routed(service.url, shape, told.append) as transport:
        made = await transport.init({"channels": 1})
        connection = await transport.connect(made.url)
        before = CLOCK.now_ns()
        await connection.send(b"\0\0")
        reply = await connection.receive()
        assert isinstance(reply, Received)
        assert reply.recv_ns - before >= 40e6, "there and back"
        await connection.send('{"type":"stop_recording"}')
        # To its end: a connection that nobody closes is one that Python complains about, some day.
        while not isinstance(await connection.receive(), Closed):
            pass
        await transport.get(SESSION)
        await transport._route.settle()
    assert service.headers[0]["Host"] == service.url.removeprefix("http://")
    for pieces in ([p for e in told for p in e.up], [p for e in told for p in e.down]):
        assert len(pieces) >= 4
        assert all(left - came >= 20e6 for came, left, _ in pieces)


@contextlib.asynccontextmanager
async def encrypted(authority, name):
    """A service with a certificate for a name; what name each client asked for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    asked = []
    context.sni_callback = lambda _, asked_for, __: asked.append(asked_for)

    async def init(request):
        host = request.host
        return web.json_response({"id": "x", "url": f"wss://{host}/v2/live?token=1"}, status=201)

    async def live(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("hello")
        return socket

    app = web.Application()
    app.router.add_post("/v2/live", init)
    app.router.add_get("/v2/live", live)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


@pytest.fixture
def authority(monkeypatch):
    """An authority whom the client trusts, and nobody else."""
    made = trustme.CA()
    trusting = ssl.create_default_context()
    made.configure_trust(trusting)
    usual = module.RouteConnector

    class Trusting(usual):
        def _get_ssl_context(self, req):
            return trusting if req.is_ssl() else None

    monkeypatch.setattr(module, "RouteConnector", Trusting)
    return made


async def test_tls_goes_through_from_end_to_end(authority):
    async with encrypted(authority, "localhost") as (port, asked):
        told = []
        async with routed(f"https://localhost:{port}", None, told.append) as transport:
            made = await transport.init({})
            connection = await transport.connect(made.url)
            reply = await connection.receive()
            assert reply.raw == "hello"
            await connection.close()
            await transport._route.settle()
    assert set(asked) == {"localhost"}
    assert sum(size for event in told for *_, size in event.down) > 1000


async def test_a_certificate_for_another_name_is_refused(authority):
    async with (
        encrypted(authority, "another.example") as (port, _),
        routed(f"https://localhost:{port}") as transport,
    ):
        with pytest.raises(UnreachableError, match="certificate is not trusted"):
            await transport.init({})


async def test_an_authority_whom_nobody_trusts_is_refused(authority):
    async with (
        encrypted(trustme.CA(), "localhost") as (port, _),
        routed(f"https://localhost:{port}") as transport,
    ):
        with pytest.raises(UnreachableError, match="certificate is not trusted"):
            await transport.init({})


async def test_there_is_no_such_service():
    async with routed("http://127.0.0.1:9") as transport:
        with pytest.raises(UnreachableError):
            await transport.init({})


async def test_the_proxy_is_gone():
    route = Route(Way(9, "token", Shape(seed=0)), CLOCK)
    with pytest.raises(SessionError, match="network is gone"):
        await route.open()
    await route.close()
    async with serve(polite) as service, routed(service.url, token="wrong") as transport:
        with pytest.raises(UnreachableError):
            await transport.init({})
        await transport._route.settle()


async def test_one_entry_for_one_place():
    async with serve(polite) as service, routed(service.url) as transport:
        place = (("127.0.0.1", 9),)
        ports = await asyncio.gather(*(transport._route.entry(place) for _ in range(3)))
        assert len(set(ports)) == 1
        assert ports[0] != await transport._route.entry((("127.0.0.1", 10),))
