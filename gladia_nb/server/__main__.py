"""`python -m gladia_nb.server`: the embedded server in this process, until it is told to stop."""

from __future__ import annotations

import argparse
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
from typing import Any

from aiohttp import web

from gladia_nb.child import SERVER_CONTROL_VARIABLE, SERVER_KEYS_VARIABLE
from gladia_nb.server.bounded_log import BoundedHandler
from gladia_nb.server.engines.base import EngineError
from gladia_nb.server.engines.finding import make_engine
from gladia_nb.server.http.app import Server
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the server.

    Prints one line of JSON with its URL when it is ready.

    Returns:
        The exit status: 0 after a signal or the end of the watched input, 2 when the server could
        not be started; one sentence on the standard error says why.
    """
    parsed = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING, format="%(name)s: %(message)s", handlers=[BoundedHandler()]
    )
    keys = os.environ.pop(SERVER_KEYS_VARIABLE, "")
    control = os.environ.pop(SERVER_CONTROL_VARIABLE, "")
    try:
        values = dict(_assignment(text) for text in parsed.set)
        if parsed.options_fd is not None:
            with open(parsed.options_fd, encoding="utf-8") as file:  # noqa: PTH123 - it has no path
                values |= json.load(file)
        options = ServerOptions.from_dict(
            {
                **values,
                **({"faults": parsed.fault} if parsed.fault else {}),
                "host": parsed.host,
                "port": parsed.port,
                **({"keys": keys.split(",")} if keys else {}),
                **({"control_token": control} if control else {}),
            }
        )
        asyncio.run(_run(options, watch=parsed.watch_stdin))
    except (ValueError, OSError, EngineError) as error:
        sys.stderr.write(f"{_sentence(error, parsed)}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gladia_nb.server",
        description="Gladia-compatible live speech-to-text server with a recogniser of its own.",
        epilog=(
            f"Keys to accept are read from {SERVER_KEYS_VARIABLE}; without it all are accepted. "
            f"The token that opens the controls is read from {SERVER_CONTROL_VARIABLE}; "
            "without it they are closed."
        ),
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another option of ServerOptions, its value in JSON; can be repeated",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND:NAME=VALUE,...",
        help="what is to go wrong, such as drop:at_byte=40000,times=2; can be repeated",
    )
    parser.add_argument(
        "--options-fd",
        type=int,
        metavar="N",
        help="a file descriptor to read more options from, a JSON object",
    )
    parser.add_argument(
        "--watch-stdin", action="store_true", help="stop when the standard input ends"
    )
    return parser


def _assignment(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        raise ValueError(f"the value of --set {name} must be JSON (got {value!r})") from None


def _sentence(error: Exception, parsed: argparse.Namespace) -> str:
    if isinstance(error, OSError) and (error.errno or 0) < 0:  # of the resolver
        return f"There is no host {parsed.host}."
    if isinstance(error, OSError):
        place = f"{parsed.host}:{parsed.port}"
        reasons = {
            errno.EADDRINUSE: f"Port {parsed.port} is in use; choose another, or 0 for a free one.",
            errno.EACCES: f"Port {parsed.port} is not allowed to you; choose one above 1023.",
            errno.EADDRNOTAVAIL: f"This machine has no address {parsed.host}.",
        }
        return reasons.get(error.errno or 0, f"Cannot listen on {place} ({error}).")
    if isinstance(error, ValueError):
        return f"{error}."
    return str(error)


async def _run(options: ServerOptions, *, watch: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if watch:
        threading.Thread(target=_watch_input, args=(loop, stop), daemon=True).start()
    # First of all, so that a port in use is known before the model is loaded.
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.create_server((options.host, options.port), family=family) as listening:
        app = Server(make_engine(options), options).application()
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


if __name__ == "__main__":
    sys.exit(main())
