"""`python -m gladia_nb.network`: the proxy in this process, until its standard input ends.

The first line of standard input is the token; it prints one line of JSON with its port.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import selectors
import signal
import sys
import threading

from gladia_nb.network.proxy import Proxy

__all__ = ["main"]

#: Once whoever started it is gone: how long sessions may go on that end properly meanwhile.
_PARTING_S = 10.0


def main() -> None:
    """Serve until standard input ends."""
    # Ctrl-C in a terminal reaches every process of the group; whoever started this decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    token = sys.stdin.buffer.readline().decode().strip()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_run(token))
    # The thread that watches sits in a read that nothing interrupts.
    os._exit(0)


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def _run(token: str) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def watch() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(over.set)

    proxy = Proxy(token)
    port = await proxy.start()
    threading.Thread(target=watch, daemon=True).start()
    gc.collect()
    gc.freeze()
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    await over.wait()
    await proxy.close(_PARTING_S)


if __name__ == "__main__":
    main()
