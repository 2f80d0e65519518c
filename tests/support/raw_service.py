"""A service that speaks HTTP and WebSocket by hand, so that no library keeps it from anything.

It listens on a real socket in the test's own loop. What it does is in `hostile_service`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_service import SESSION, TOKEN

__all__ = ["Act", "HostileService", "Misbehaviour", "Request", "header", "hostile", "made"]

_ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Request:
    """One request, with its connection.

    Attributes:
        method, target, headers, body: of the request; names of headers in lower case.
        number: of this kind of request, from 1.
        audio: bytes of it that came over a WebSocket.
    """

    def __init__(self, service: HostileService, reader: Any, writer: Any) -> None:
        self.service = service
        self.reader, self.writer = reader, writer
        self.method = self.target = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.number = self.audio = 0

    async def read(self) -> bool:
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        self.method, self.target, _ = first.split(" ", 2)
        pairs = (line.split(":", 1) for line in lines)
        self.headers = {name.strip().lower(): value.strip() for name, value in pairs}
        self.body = await self.reader.readexactly(int(self.headers.get("content-length", 0)))
        return True

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: int, body: bytes | str = b"", **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        names = {"content-length": str(len(data)), "connection": "close"}
        names |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in names.items())
        await self.raw(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + data)

    async def endless(self, status: int, piece: bytes) -> None:
        """A body that never ends, as fast as it is taken."""
        await self.raw(f"HTTP/1.1 {status} X\r\nconnection: close\r\n\r\n".encode())
        while True:
            await self.raw(piece)

    # -- WebSocket --

    async def accept(self) -> None:
        key = self.headers["sec-websocket-key"] + _ACCEPT
        proof = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        await self.raw(
            b"HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            + f"sec-websocket-accept: {proof}\r\n\r\n".encode()
        )

    async def frame(self, data: bytes, opcode: int = 1, *, first: int = 0x80) -> None:
        await self.raw(header(len(data), opcode, first=first) + data)

    async def say(self, kind: str, **fields: Any) -> None:
        await self.frame(json.dumps({"type": kind, "session_id": SESSION, **fields}).encode())

    async def close(self, code: int, reason: bytes = b"") -> None:
        await self.frame(struct.pack(">H", code) + reason, 8)

    async def hear(self) -> tuple[int, bytes]:
        """Opcode and data of the next frame of the client."""
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        mask = await self.reader.readexactly(4)
        data = await self.reader.readexactly(size)
        return first & 0xF, bytes(byte ^ mask[k % 4] for k, byte in enumerate(data))

    async def until_stop(self) -> None:
        while True:
            opcode, data = await self.hear()
            if opcode == 8 or (opcode == 1 and b"stop_recording" in data):
                return
            self.audio += len(data) if opcode == 2 else 0


def header(size: int, opcode: int = 1, *, first: int = 0x80) -> bytes:
    """Of a frame; `first` has the bits beside the opcode."""
    if size < 126:
        return bytes([first | opcode, size])
    if size < 1 << 16:
        return bytes([first | opcode, 126]) + size.to_bytes(2, "big")
    return bytes([first | opcode, 127]) + size.to_bytes(8, "big")


Act = Callable[[Request], Awaitable[None]]


async def polite_post(request: Request) -> None:
    await request.answer(201, made(request.service))


def made(service: HostileService, **changes: Any) -> str:
    url = f"ws{service.url.removeprefix('http')}/v2/live?token={TOKEN}"
    return json.dumps({"id": SESSION, "created_at": "now", "url": url, **changes})


async def polite_live(request: Request) -> None:
    await request.accept()
    await request.until_stop()
    await request.close(1000)


async def polite_get(request: Request) -> None:
    await request.answer(200, json.dumps({"id": SESSION, "status": "done"}))


@dataclass(frozen=True)
class Misbehaviour:
    """What the service does, and what comes of it.

    Attributes:
        post, live, get: what it does with a request to begin, a WebSocket, one for the result.
        outcome: of the session.
        error: name of the error, or none.
        words: in the error, else in a warning.
        connections: that a session tries at most.
    """

    post: Act = polite_post
    live: Act = polite_live
    get: Act = polite_get
    outcome: str = "failed"
    error: str = "ApiError"
    words: str = ""
    connections: int = 1


@dataclass
class HostileService:
    """Serves; collects the headers of each request, by its target."""

    misbehaviour: Misbehaviour
    url: str = ""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list, repr=False)
    counts: dict[str, int] = field(default_factory=dict)

    async def handle(self, reader: Any, writer: Any) -> None:
        request = Request(self, reader, writer)
        try:
            await request.read()
            self.seen.append((request.target, request.headers))
            kind = "post" if request.method == "POST" else "get"
            if "upgrade" in request.headers:
                kind = "live"
            request.number = self.counts[kind] = self.counts.get(kind, 0) + 1
            await getattr(self.misbehaviour, kind)(request)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has gone, as it may
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()


@contextlib.asynccontextmanager
async def hostile(misbehaviour: Misbehaviour) -> AsyncIterator[HostileService]:
    service = HostileService(misbehaviour)
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: Any, writer: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await service.handle(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    service.url = "http://{}:{}".format(*server.sockets[0].getsockname())
    try:
        yield service
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
