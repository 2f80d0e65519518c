"""Serves until it is told to stop, and says in one sentence why it cannot."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gladia_nb.server.bounded_log import BoundedHandler
from gladia_nb.server.engines.base import EngineError
from gladia_nb.server.engines.decoding_child import DecodingChild
from gladia_nb.server.engines.finding import make_engine
from gladia_nb.server.http.app import Server
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["serve"]


def serve(
    values: Mapping[str, Any], *, watch: bool = False, child: DecodingChild | None = None
) -> int:
    """Run the server in this process until it is told to stop.

    Prints one line of JSON with its URL when it is ready.

    Args:
        values: fields of `ServerOptions`, `host` and `port` among them.
        watch: stop when the standard input ends, too.
        child: the process of the recogniser, where it has been started already.

    Returns:
        The exit status: 0 after a signal or the end of the watched input, 2 when the server could
        not be started; one sentence on the standard error says why.
    """
    logging.basicConfig(
        level=logging.WARNING, format="%(name)s: %(message)s", handlers=[BoundedHandler()]
    )
    try:
        asyncio.run(_run(ServerOptions.from_dict(values), child, watch=watch))
    except (ValueError, OSError, EngineError) as error:
        sys.stderr.write(f"{_sentence(error, values['host'], values['port'])}\n")
        return 2
    return 0


def _sentence(error: Exception, host: str, port: int) -> str:
    if isinstance(error, OSError) and (error.errno or 0) < 0:  # of the resolver
        return f"There is no host {host}."
    if isinstance(error, OSError):
        place = f"{host}:{port}"
        reasons = {
            errno.EADDRINUSE: f"Port {port} is in use; choose another, or 0 for a free one.",
            errno.EACCES: f"Port {port} is not allowed to you; choose one above 1023.",
            errno.EADDRNOTAVAIL: f"This machine has no address {host}.",
        }
        return reasons.get(error.errno or 0, f"Cannot listen on {place} ({error}).")
    if isinstance(error, ValueError):
        return f"{error}."
    return str(error)


async def _run(options: ServerOptions, child: DecodingChild | None, *, watch: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if watch:
        threading.Thread(target=_watch_input, args=(loop, stop), daemon=True).start()
    # First of all, so that a port in use is known before the model is loaded.
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.create_server((options.host, options.port), family=family) as listening:
        app = Server(make_engine(options, child), options).application()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        try:
            await runner.setup()
            await web.SockSite(runner, listening).start()
            # What was made until now stays: looking through it for garbage takes 50 ms and more,
            # for which no message would be acknowledged.
            gc.collect()
            gc.freeze()
            host, port = listening.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            sys.stdout.write(json.dumps({"url": f"http://{shown}:{port}"}) + "\n")
            sys.stdout.flush()
            await stop.wait()
        finally:
            await runner.cleanup()


def _watch_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not through sys.stdin: its lock would be held while the interpreter shuts down.
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)
