"""Whatever a service does, a session ends within bounds: with a named error, or finished."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from gladia_nb.api.client import GladiaClient
from gladia_nb.api.transport import Retry, Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import BY_NAME, GladiaNbError
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.session import Limits, Session
from tests.support.fake_service import TOKEN
from tests.support.hostile_service import MISBEHAVIOURS
from tests.support.raw_service import Misbehaviour, hostile
from tests.support.stored_events import stored_in

KEY = "a-key-that-nobody-may-see"
#: As in earnest, only shorter.
LIMITS = Limits(
    attempts=2,
    openings=2,
    connections=6,
    backoff_s=0.01,
    apart_s=0.01,
    probe_s=0.05,
    finish_s=0.4,
    ending_s=0.6,
    result_s=0.2,
)
RETRY = Retry(attempts=2, first_s=0.01)
#: Far above what any of them takes; what hangs meets it.
BOUND_S = 60


async def session_with(url: str, limits: Limits = LIMITS) -> list[dict[str, Any]]:
    clock = MonotonicClock()
    events: list[dict[str, Any]] = []
    async with Transport(url, KEY, clock, timeout_s=1, retry=RETRY) as transport:
        session = Session(
            ChunkSource(bytes(3200), 2, 16000, chunk_ms=20, speed=10),
            {},
            transport,
            clock,
            stored_in(events),
            limits=limits,
        )
        await asyncio.wait_for(session.run(), BOUND_S)
    return events


@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_a_session_ends_with_a_named_error_or_finished(name):
    expected = MISBEHAVIOURS[name]
    async with hostile(expected) as service:
        # 16 MiB take their time on a machine that is busy, and are no silence.
        large = (
            msgspec.structs.replace(LIMITS, finish_s=20, ending_s=40)
            if "MiB" in expected.words
            else LIMITS
        )
        events = await session_with(service.url, large)
    assert events[-1]["event"] == "end"
    errors = [event for event in events if event["event"] == "error"]
    assert events[-1]["outcome"] == expected.outcome, errors
    assert [error["name"] for error in errors] == ([expected.error] if expected.error else [])
    warnings = [event for event in events if event["event"] == "warning"]
    said = " ".join(event["text"] for event in errors or warnings)
    assert expected.words in said
    assert all(len(event["text"]) < 700 for event in (*errors, *warnings))
    assert service.counts.get("live", 0) <= expected.connections
    kept = json.dumps(events)
    assert KEY not in kept
    assert TOKEN not in kept


@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_by_hand_it_raises_nothing_but_named_errors(name):
    async def by_hand(url: str) -> None:
        client = GladiaClient(KEY, url=url, retry=RETRY)
        client._transport._timeout_s = 1
        async with client:
            made = await client.init({})
            async with await client.connect(made) as live:
                await live.send(bytes(640))
                await live.stop()
                count = 0
                async for _ in live.messages():
                    count += 1
                    if count > 20:
                        break
            await client.get(made.session_id)

    async with hostile(MISBEHAVIOURS[name]) as service:
        # A service that goes silent is waited for: how long, a program by hand decides.
        bound_s = 1 if name == "goes silent" else BOUND_S
        try:
            await asyncio.wait_for(by_hand(service.url), bound_s)
        except TimeoutError:
            assert name == "goes silent"
        except (GladiaNbError, ConnectionError) as error:
            assert type(error).__name__ in {*BY_NAME, "ConnectionError"}
            assert KEY not in str(error)
            assert TOKEN not in str(error)


async def test_the_key_goes_nowhere_else():
    """Neither through a redirect nor with the WebSocket, whatever the service says."""
    async with hostile(MISBEHAVIOURS["a web server"]) as other:

        def lead_there(request):
            return request.answer(307, location=f"{other.url}/v2/live")

        for kind in ("post", "live", "get"):
            behaviour = Misbehaviour(**{kind: lead_there})
            async with hostile(behaviour) as service:
                await session_with(service.url)
                with_key = [h for _, h in service.seen if "x-gladia-key" in h]
                assert all("upgrade" not in headers for headers in with_key)
        assert other.seen == []
