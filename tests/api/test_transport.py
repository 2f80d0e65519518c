import pytest

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
