"""A service whose every move a test decides, over a real socket in the test's own loop."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "7a0c7c0e-64a5-49c5-8f7f-0c2f6b6f1a77"
SESSION = "0b9e6a54-2f0e-4f33-9d3a-6a7c1f5b1e10"

Script = Callable[["FakeService", web.WebSocketResponse, int], Awaitable[None]]


class FakeService:
    """Collects what arrives; `script(service, socket, number)` runs each connection."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.url = ""
        self.audio = bytearray()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.stops = 0
        self.init_status = 201
        self.init_body: Any = None
        self.handshakes: list[int] = []
        self.results: list[Any] = []
        self.answers_probe = True

    async def init(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.json())
        self.audio.clear()
        if self.init_body is not None:
            return web.Response(status=self.init_status, text=self.init_body)
        url = f"ws://{request.host}/v2/live?token={TOKEN}"
        return web.json_response({"id": SESSION, "created_at": "now", "url": url}, status=201)

    async def live(self, request: web.Request) -> web.StreamResponse:
        assert request.query["token"] == TOKEN
        assert "x-gladia-key" not in request.headers
        self.connections += 1
        if self.handshakes and (status := self.handshakes.pop(0)) != 101:
            return web.Response(status=status)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await self.script(self, socket, self.connections)
        return socket

    async def get(self, request: web.Request) -> web.Response:
        answer = self.results.pop(0) if len(self.results) > 1 else (self.results or ["done"])[0]
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.json_response({"id": SESSION, "status": answer})

    async def say(self, socket: web.WebSocketResponse, kind: str, **fields: Any) -> None:
        await socket.send_str(json.dumps({"type": kind, "session_id": SESSION, **fields}))

    async def take(
        self, socket: web.WebSocketResponse, *, frames: int | None = None, acks: bool = True
    ) -> bool:
        """Take `frames` frames of audio, or all until the stop; True when the stop came."""
        while frames is None or frames > 0:
            message = await socket.receive()
            if message.type is WSMsgType.BINARY:
                data = message.data
            elif message.type is WSMsgType.TEXT:
                body = json.loads(message.data)
                if body["type"] == "stop_recording":
                    self.stops += 1
                    return True
                data = base64.b64decode(body["data"]["chunk"])
                if not data and not self.answers_probe:
                    continue
            else:
                return False
            start = len(self.audio)
            self.audio += data
            if data and frames is not None:
                frames -= 1
            if acks:
                span = {"byte_range": [start, len(self.audio)]}
                await self.say(socket, "audio_chunk", acknowledged=True, error=None, data=span)
        return False

    @staticmethod
    def cut(socket: web.WebSocketResponse) -> None:
        """End the connection without a close frame."""
        transport = socket._req.transport
        assert transport is not None
        transport.abort()


@asynccontextmanager
async def serve(script: Script) -> AsyncIterator[FakeService]:
    service = FakeService(script)
    app = web.Application()
    app.router.add_post("/v2/live", service.init)
    app.router.add_get("/v2/live", service.live)
    app.router.add_get("/v2/live/{id}", service.get)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    service.url = f"http://{host}:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)


async def polite(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
    """Take everything, say one final, end as a service does."""
    if await service.take(socket):
        await service.say(socket, "stop_recording", acknowledged=True, error=None, data=None)
        await service.say(socket, "end_session")
        await socket.close(code=1000)
