"""The process that runs sessions: `python -m gladia_nb.worker`, started by `runner`."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys

__all__ = ["main"]


def main() -> None:
    """Serve commands from standard input until it ends."""
    # Ctrl-C in a terminal reaches every process of the group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    # Nothing else may write into the stream of events.
    os.dup2(2, 1)
    # What is loaded now lives as long as the process: the collector looks neither while it is
    # loaded nor later.
    gc.disable()
    from gladia_nb.worker.host import serve

    gc.freeze()
    gc.enable()
    asyncio.run(serve(source, out))
    # The reading thread sits in a read that nothing interrupts; there is nothing left to tidy.
    os._exit(0)


if __name__ == "__main__":
    main()
