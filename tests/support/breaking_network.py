"""A network that breaks, for tests of what comes after."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any


@contextlib.asynccontextmanager
async def breaking_network(url: str, every: int, times: int) -> Any:
    """A TCP proxy that resets a connection after so many bytes to the server, so often."""
    host, port = url.removeprefix("http://").split(":")
    left = times
    ends: list[Any] = []
    handlers: list[asyncio.Task[None]] = []

    async def pump(source: Any, sink: Any, both: list[Any], counts: bool) -> None:
        nonlocal left
        passed = 0
        with contextlib.suppress(ConnectionError):
            while data := await source.read(1000):
                passed += len(data)
                if counts and left and passed > every:
                    left -= 1
                    for end in both:
                        end.transport.abort()
                    return
                sink.write(data)
                await sink.drain()
        sink.close()

    async def handle(reader: Any, writer: Any) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        both = [writer, back]
        ends.extend(both)
        handlers.append(asyncio.current_task())
        await asyncio.gather(pump(reader, back, both, True), pump(there, writer, both, False))

    proxy = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield "http://{}:{}".format(*proxy.sockets[0].getsockname()), lambda: times - left
    finally:
        proxy.close()
        for end in ends:
            end.transport.abort()
        await asyncio.gather(*handlers)
