"""Callbacks and webhooks: what is posted, in which order, and what a bad receiver changes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from gladia_nb.config import SessionConfig
from gladia_nb.server import LocalServer, ServerOptions
from gladia_nb.server.session.courier import Courier
from tests.support.processes import UNKILLED_S
from tests.support.server_helpers import ALL, client_of, read, speech, stop


@dataclass
class Receiver:
    """Takes what is posted, and answers as it is told."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    delay_s: float = 0.0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        self.headers.append(request.headers)
        self.arrived.set()
        await asyncio.sleep(self.delay_s)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[str]:
        return [body["event"] for body in self.bodies]

    async def until(self, event: str) -> None:
        async with asyncio.timeout(10):
            while event not in self.events:
                self.arrived.clear()
                await self.arrived.wait()

    async def count(self, number: int) -> None:
        async with asyncio.timeout(10):
            while len(self.bodies) < number:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    receiver.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/in"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def config(receiver: Receiver, **flags: bool) -> dict[str, Any]:
    return {
        "endpointing": 0.3,
        "callback": True,
        "callback_config": {"url": receiver.url, **flags},
    }


async def test_the_defaults(local_server: LocalServer) -> None:
    async with receiving() as receiver, client_of(local_server) as client:
        talk = await client.init(**config(receiver))
        await receiver.until("live.start_session")
        async with client.connect(talk) as ws:
            await ws.send_bytes(speech(3.2))
            await stop(ws)
            await read(ws, talk)
        await receiver.until("live.end_session")
    assert receiver.events == [
        "live.start_session",
        "live.start_recording",
        *["live.transcript"] * len(talk.texts()),
        "live.end_recording",
        "live.post_transcript",
        "live.post_final_transcript",
        "live.end_session",
    ]
    assert all(set(body) == {"id", "event", "payload"} for body in receiver.bodies)
    assert {body["id"] for body in receiver.bodies} == {talk.id}
    for body in receiver.bodies:
        assert body["event"] == f"live.{body['payload']['type']}"
        assert body["payload"]["session_id"] == talk.id
    posted = [body["payload"] for body in receiver.bodies]
    assert [m for m in posted if m["type"] == "transcript"] == talk.of("transcript")
    assert {headers["Content-Type"] for headers in receiver.headers} == {"application/json"}


async def test_all_flags_post_what_the_socket_says_in_its_order(local_server: LocalServer) -> None:
    async with receiving() as receiver, client_of(local_server) as client:
        talk = await client.talk(
            speech(3.2),
            **config(receiver, **ALL),
            messages_config=ALL,
            realtime_processing={"sentiment_analysis": True},
        )
        await receiver.until("live.end_session")
    assert receiver.events[0] == "live.start_session"
    assert [body["payload"] for body in receiver.bodies[1:]] == talk.messages
    assert {"audio_chunk", "stop_recording", "sentiment_analysis"} <= set(talk.kinds)


async def test_no_flags_post_nothing(local_server: LocalServer) -> None:
    async with receiving() as receiver, client_of(local_server) as client:
        await client.talk(speech(1.2), **config(receiver, **dict.fromkeys(ALL, False)))
        off = {**config(receiver, **ALL), "callback": False}
        await client.talk(speech(1.2), **off)
        await asyncio.sleep(0.2)
    assert receiver.bodies == []


@pytest.mark.parametrize(
    ("callback_config", "sentence"),
    [
        ({"url": "ftp://x"}, "callback_config.url must"),
        ({"url": ""}, "callback_config.url must"),
        ({"url": 3}, "callback_config.url must"),
        ({"url": "http://x", "receive_errors": "yes"}, "callback_config.receive_errors must"),
    ],
)
async def test_a_wrong_callback_is_named(
    local_server: LocalServer, callback_config: Any, sentence: str
) -> None:
    async with client_of(local_server) as client:
        body = {"callback": True, "callback_config": callback_config}
        async with client.http.post(f"{client.base}/v2/live", json=body) as response:
            answer = await response.json()
    assert response.status == 400
    assert answer["validation_errors"][0].startswith(sentence)


@pytest.mark.parametrize("callback_config", [None, {}])
async def test_callbacks_without_an_address_go_nowhere(
    local_server: LocalServer, callback_config: Any
) -> None:
    """The API's schema asks for no address."""
    async with client_of(local_server) as client:
        talk = await client.talk(b"", callback=True, callback_config=callback_config)
        body = await client.get(talk)
    assert (talk.close_code, body["status"]) == (1000, "done")


async def test_a_receiver_that_fails_is_tried_again_in_order() -> None:
    with LocalServer(callback_backoff_s=0.02, callback_attempts=3) as server:
        async with receiving() as receiver, client_of(server) as client:
            # Three failures lose the first message, two delay the second, 410 loses the third.
            receiver.statuses = [500, 503, 429, 408, 500, 200, 410]
            await client.talk(speech(1.2), **config(receiver))
            await receiver.until("live.end_session")
    assert receiver.events[:8] == [
        *["live.start_session"] * 3,
        *["live.start_recording"] * 3,
        "live.transcript",
        "live.end_recording",
    ]


async def test_a_slow_receiver_holds_up_nothing() -> None:
    with LocalServer(callback_timeout_s=0.3, callback_attempts=1) as server:
        async with receiving() as receiver, client_of(server) as client:
            receiver.delay_s = 60
            began = time.monotonic()
            talk = await client.talk(speech(1.2), **config(receiver))
            assert talk.close_code == 1000
            await receiver.count(3)
            assert time.monotonic() - began > 0.6
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < UNKILLED_S


async def test_a_receiver_that_is_not_there() -> None:
    with LocalServer(callback_backoff_s=5.0) as server:
        async with receiving() as receiver, client_of(server) as client:
            gone = config(receiver)
        async with client_of(server) as client:
            talk = await client.talk(speech(1.2), **gone)
            assert talk.close_code == 1000
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < UNKILLED_S


async def test_webhooks_of_every_session() -> None:
    async with receiving() as receiver, receiving() as other:
        with LocalServer(webhook_url=receiver.url) as server:
            async with client_of(server) as client:
                talk = await client.talk(speech(1.2))
                await receiver.until("live.end_session")
                other.statuses = [500] * 5
                second = await client.talk(speech(1.2), **config(other))
                await receiver.count(8)
    names = ("start_session", "start_recording", "end_recording", "end_session")
    assert receiver.bodies == [
        {"event": f"live.{name}", "payload": {"id": job}}
        for job in (talk.id, second.id)
        for name in names
    ]


async def test_what_is_under_way_at_the_end_arrives() -> None:
    async with receiving() as receiver:
        with LocalServer() as server:
            async with client_of(server) as client:
                await client.talk(speech(1.2), **config(receiver))
            receiver.delay_s = 0.05
            await asyncio.to_thread(server.stop)
        assert receiver.events[-1] == "live.end_session"


async def test_a_queue_has_an_end(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setattr("gladia_nb.server.session.courier._MOST_WAITING", 2)
    options = ServerOptions(callback_attempts=1, callback_timeout_s=5)
    async with receiving() as receiver:
        courier = Courier(options)
        asked = SessionConfig.from_dict(config(receiver, receive_speech_events=True))
        post = courier.post(asked, "job")
        for number in range(5):
            post.message("speech_start", "receive_speech_events", json.dumps(number))
        await receiver.count(2)
        await courier.close()
        await courier.close()
    assert [body["payload"] for body in receiver.bodies] == [0, 1]
    assert [r.getMessage() for r in caplog.records] == [
        "callbacks of job: too many messages wait; one is lost"
    ] * 3


async def test_an_address_that_cannot_be_asked() -> None:
    courier = Courier(ServerOptions(callback_attempts=1))
    assert await courier.deliver("http://[::1", "{}") != ""
    assert await courier.deliver("http://nowhere.invalid/", "{}") != ""
    await courier.close()
