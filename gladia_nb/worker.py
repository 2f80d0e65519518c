"""The process that runs sessions: `python -m gladia_nb.worker`, started by `runner`.

A session that shares a process with a notebook is late whenever the notebook computes; here it has
an interpreter of its own. Commands come as lines of JSON on standard input, events leave as lines
on standard output, and every event is first appended to the file of its run. Threads do the reading
and writing, so that a full pipe or a slow disk never holds up the stopwatch.

Commands: `start` (followed by the bytes of its audio), `stop`, `abort`. When standard input ends,
because the notebook is gone however it went, sessions are closed and the process ends.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from gladia_nb.clock import MonotonicClock
from gladia_nb.record import dump_line
from gladia_nb.redact import Redactor
from gladia_nb.session import Session, end_event
from gladia_nb.sources import ChunkSource
from gladia_nb.transport import Transport

__all__ = ["main"]


class _Writer:
    """Writes lines from a thread of its own, in order."""

    def __init__(self, file: BinaryIO, on_error: Callable[[OSError], None]) -> None:
        self._file = file
        self._on_error = on_error
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        self._queue.put(line)

    def close(self, timeout_s: float | None = None) -> None:
        """Write what is left and close the file."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        failed = False
        while (line := self._queue.get()) is not None:
            if failed:
                continue
            try:
                self._file.write(line)
                self._file.flush()
            except OSError as error:
                failed = True
                self._on_error(error)
        if not failed:
            self._file.close()


class _Host:
    """Owns the sessions of this process."""

    def __init__(self, out: BinaryIO) -> None:
        self._loop = asyncio.get_running_loop()
        self._out = _Writer(out, lambda _: None)
        self._sessions: dict[int, Session] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._gone = asyncio.Event()

    def tell(self, number: int, line: str) -> None:
        self._out.write(f"{number} {line}".encode("ascii"))

    def command(self, command: dict[str, Any], audio: bytes) -> None:
        """Carry out one command; called on the event loop."""
        number = command["session"]
        if command["cmd"] == "start":
            task = asyncio.create_task(self._run(number, command, audio))
            self._tasks[number] = task
            task.add_done_callback(lambda _: self._tasks.pop(number, None))
        elif (session := self._sessions.get(number)) is not None:
            session.stop() if command["cmd"] == "stop" else session.abort()
        elif command["cmd"] in ("stop", "abort") and number in self._tasks:
            self._tasks[number].cancel()

    async def _run(self, number: int, command: dict[str, Any], audio: bytes) -> None:
        key = command["key"]
        redact = Redactor([key] if key else [])
        clock = MonotonicClock()
        ends: list[str] = []

        def emit(event: dict[str, Any]) -> None:
            line = redact(dump_line(event))
            writer.write(line.encode("ascii"))
            if event["event"] == "end":
                # Whoever hears of the end may read the file at once: it has to be whole then.
                ends.append(line)
            else:
                self.tell(number, line)

        def file_failed(error: OSError) -> None:
            text = f"The run could not be written to its file: {error.strerror or error}."
            event = {"event": "warning", "ns": clock.now_ns(), "text": text}
            self._loop.call_soon_threadsafe(emit, event)

        # Buffered by nobody: what the system has taken survives the end of this process.
        file = Path(command["path"]).open("ab", buffering=0)  # noqa: SIM115, ASYNC230 - local file
        writer = _Writer(file, file_failed)
        chunks = ChunkSource(
            audio,
            command["frame_bytes"],
            command["sample_rate"],
            chunk_ms=command["chunk_ms"],
            speed=command["speed"],
        )
        try:
            async with Transport(command["base_url"], key, clock) as transport:
                session = Session(
                    chunks,
                    command["body"],
                    transport,
                    clock,
                    emit,
                    region=command["region"],
                    json_audio=command["json_audio"],
                    secret=redact.add_url,
                )
                self._sessions[number] = session
                await session.run()
        finally:
            self._sessions.pop(number, None)
            if not ends:
                emit(end_event(clock, "aborted"))
            await asyncio.to_thread(writer.close)
            self.tell(number, ends[0])

    def leave(self) -> None:
        """The other side is gone."""
        self._gone.set()

    async def serve(self) -> None:
        """Until the other side is gone; then close what is open, within a bound."""
        self.tell(0, dump_line({"event": "ready", "pid": os.getpid()}))
        await self._gone.wait()
        for session in list(self._sessions.values()):
            session.abort()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=4)
        self._out.close(0.2)


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
