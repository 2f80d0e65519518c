"""A session is asked for in one way, whoever holds its WebSocket."""

from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.worker.request import request_session
from tests.support.fake_service import SESSION, TOKEN, polite, serve


async def test_the_answer_is_recorded_without_its_token():
    clock, events, secrets = MonotonicClock(), [], []

    def secret(url):
        assert not events, "what is to be kept out is known before anything is told"
        secrets.append(url)

    async with serve(polite) as service, Transport(service.url, "the-key-1234", clock) as transport:
        reply = await request_session(
            transport, {"channels": 1}, "eu-west", clock, events.append, secret=secret
        )
    assert reply.session_id == SESSION
    assert secrets == [reply.url]
    assert TOKEN in reply.url
    (event,) = events
    assert (event.session_id, event.status) == (SESSION, 201)
    assert event.start_ns < event.end_ns
    assert TOKEN not in event.url
