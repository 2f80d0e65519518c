"""The process that runs sessions: `python -m gladia_nb.worker`, started by `runner`.

A session that shares a process with a notebook is late whenever the notebook computes; here it has
an interpreter of its own. Commands come as lines of JSON on standard input, events leave as lines
on standard output, and every event is first appended to the file of its run. Threads do the reading
and writing, so that a full pipe or a slow disk never holds up the stopwatch.

Commands: `start` (followed by the bytes of its audio) and `direct` begin a session; `stop` and
`abort` end it; `feed` (followed by bytes), `pause`, `end` and `note` are for live audio; `events`
and `finish` for a session that a browser holds. When standard input ends, because the notebook is
gone however it went, sessions are ended and the process too.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

from gladia_nb.errors import GladiaNbError, RunFileError
from gladia_nb.record.events import error_event
from gladia_nb.record.file import dump_line
from gladia_nb.worker.browser_job import RemoteJob
from gladia_nb.worker.jobs import Job, Writer
from gladia_nb.worker.session_job import SessionJob

__all__ = ["main"]

#: After the other side is gone: how long live sessions may take to end properly.
_PARTING_S = 4.0


class _Host:
    """Owns the sessions of this process."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = Writer(out)
        self._jobs: dict[int, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Event()

    def tell(self, number: int, line: bytes) -> None:
        self._out.write(b"%d %s" % (number, line))

    def command(self, command: dict[str, Any], audio: bytes) -> None:
        """Carry out one command; called on the event loop."""
        number = command["session"]
        job = self._jobs.get(number)
        if job is not None:
            job.command(command, audio)
        elif command["cmd"] in ("start", "direct"):
            self._start(number, command, audio)

    def _start(self, number: int, command: dict[str, Any], audio: bytes) -> None:
        tell = functools.partial(self.tell, number)
        job: Job
        try:
            if command["cmd"] == "direct":
                job = RemoteJob(command, tell)
            else:
                job = SessionJob(command, audio, tell)
        except OSError as error:
            tell(dump_line(error_event(_unwritable(error))).encode("ascii"))
            tell(dump_line({"event": "end", "outcome": "failed"}).encode("ascii"))
            return
        self._jobs[number] = job
        task = asyncio.create_task(job.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._jobs.pop(number, None))

    def leave(self) -> None:
        """The other side is gone."""
        self._gone.set()

    async def serve(self) -> None:
        """Until the other side is gone; then close what is open, within a bound."""
        self.tell(0, dump_line({"event": "ready", "pid": os.getpid()}).encode("ascii"))
        await self._gone.wait()
        for job in list(self._jobs.values()):
            job.part()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_PARTING_S)
        for job in list(self._jobs.values()):
            job.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=3)
        self._out.close(0.2)


def _unwritable(error: OSError) -> GladiaNbError:
    return RunFileError(f"The file of the run has gone: {error.strerror or error}.")


def _read_commands(host: _Host, loop: asyncio.AbstractEventLoop, source: BinaryIO) -> None:
    """Read commands until the end; runs in a thread."""

    def post(what: Callable[..., None], *args: object) -> None:
        try:
            loop.call_soon_threadsafe(what, *args)
        except RuntimeError:
            return  # the loop is closed: this process is ending

    try:
        while line := source.readline():
            command = json.loads(line)
            audio = source.read(command.get("audio_bytes", 0))
            post(host.command, command, audio)
    finally:
        post(host.leave)


async def _serve(source: BinaryIO, out: BinaryIO) -> None:
    host = _Host(out)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_read_commands, args=(host, loop, source), daemon=True).start()
    await host.serve()


def main() -> None:
    """Serve commands from standard input until it ends."""
    # Ctrl-C in a terminal reaches every process of the group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    # Nothing else may write into the stream of events.
    os.dup2(2, 1)
    # What is loaded now lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    asyncio.run(_serve(source, out))
    # The reading thread sits in a read that nothing interrupts; there is nothing left to tidy.
    os._exit(0)


if __name__ == "__main__":
    main()
