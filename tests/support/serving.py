"""The embedded server in this process, with any engine, and a client that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from gladia_nb.server.engines.base import Engine
from gladia_nb.server.http.app import Server
from gladia_nb.server.settings.options import ServerOptions
from tests.support.server_helpers import Client


@asynccontextmanager
async def site_of(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on a free port; gives its URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(engine: Engine, options: ServerOptions | None = None) -> AsyncIterator[Client]:
    """The whole service with this engine; every key is accepted."""
    app = Server(engine, options or ServerOptions()).application()
    async with (
        site_of(app) as url,
        aiohttp.ClientSession(headers={"x-gladia-key": "any"}) as http,
    ):
        yield Client(http, url)
