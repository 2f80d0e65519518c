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
import contextlib
import functools
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
from gladia_nb.errors import GladiaNbError, RunFileError
from gladia_nb.receiver import CallbackReceiver
from gladia_nb.record import dump_line
from gladia_nb.redact import Redactor
from gladia_nb.session import Session, end_event
from gladia_nb.sources import ChunkSource
from gladia_nb.transport import Transport
from gladia_nb.vitals import Vitals

__all__ = ["main"]


class _Writer:
    """Writes lines from a thread of its own, in order.

    Args:
        file: where to; closed at the end.
        then: called in that thread with each line that has been written.
        on_error: called once, when writing fails; later lines are only handed on.
    """

    def __init__(
        self,
        file: BinaryIO,
        then: Callable[[bytes], None] = lambda _: None,
        on_error: Callable[[OSError], None] = lambda _: None,
    ) -> None:
        self._file = file
        self._then = then
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
            if not failed:
                try:
                    self._file.write(line)
                    self._file.flush()
                except OSError as error:
                    failed = True
                    self._on_error(error)
            self._then(line)
        with contextlib.suppress(OSError):
            self._file.close()


class _Job:
    """One session with its file. Commands may come before it runs."""

    def __init__(
        self, command: dict[str, Any], audio: bytes, tell: Callable[[bytes], None]
    ) -> None:
        key = command["key"]
        self._redact = Redactor([key] if key else [])
        self._loop = asyncio.get_running_loop()
        self._clock = MonotonicClock()
        # Buffered by nobody: what the system has taken survives the end of this process. And
        # nobody hears of an event before that, so that a file is never behind what was told.
        file = Path(command["path"]).open("ab", buffering=0)  # noqa: SIM115 - its writer closes it
        self._writer = _Writer(file, tell, self._file_failed)
        self._transport = Transport(command["base_url"], key, self._clock)
        self._vitals = Vitals(self._clock, self._transport, self._emit)
        chunks = ChunkSource(
            audio,
            command["frame_bytes"],
            command["sample_rate"],
            chunk_ms=command["chunk_ms"],
            speed=command["speed"],
        )
        self._body: dict[str, Any] = command["body"]
        self._receiver: CallbackReceiver | None = None
        if (listen := command.get("callbacks")) is not None:
            self._receiver = CallbackReceiver(self._deliver, self._clock, **listen)
        self.session = Session(
            chunks,
            self._body,
            self._transport,
            self._clock,
            self._emit,
            region=command["region"],
            json_audio=command["json_audio"],
            linger=self._receiver.settle if self._receiver else None,
            secret=self._redact.add_url,
        )

    async def run(self) -> None:
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(self._transport)
                watching = asyncio.create_task(self._vitals.watch())
                stack.callback(watching.cancel)
                if self._receiver is not None:
                    await self._listen(self._receiver, stack)
                await self.session.run()
        except GladiaNbError as error:
            self._emit({**_error_event(error), "ns": self._clock.now_ns()})
            self._emit(end_event(self._clock, "failed"))
        finally:
            await asyncio.to_thread(self._writer.close)

    async def _listen(self, receiver: CallbackReceiver, stack: contextlib.AsyncExitStack) -> None:
        await stack.enter_async_context(receiver)
        flags = dict(self._body.get("callback_config") or {})
        self._body |= {"callback": True, "callback_config": {**flags, "url": receiver.url}}

    def _deliver(self, stamp: int, text: str) -> None:
        self._emit({"event": "message", "recv_ns": stamp, "via": "callback", "raw": text})

    def _emit(self, event: dict[str, Any]) -> None:
        if event["event"] == "end":
            # The end comes last.
            self._vitals.finish()
        self._writer.write(self._redact(dump_line(event)).encode("ascii"))

    def _file_failed(self, error: OSError) -> None:
        text = f"The run could not be written to its file: {error.strerror or error}."
        event = {"event": "warning", "ns": self._clock.now_ns(), "text": text}
        self._loop.call_soon_threadsafe(self._emit, event)


class _Host:
    """Owns the sessions of this process."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = _Writer(out)
        self._sessions: dict[int, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Event()

    def tell(self, number: int, line: bytes) -> None:
        self._out.write(b"%d %s" % (number, line))

    def command(self, command: dict[str, Any], audio: bytes) -> None:
        """Carry out one command; called on the event loop."""
        number = command["session"]
        session = self._sessions.get(number)
        if command["cmd"] == "start":
            tell = functools.partial(self.tell, number)
            try:
                job = _Job(command, audio, tell)
            except OSError as error:
                tell(dump_line(_error_event(_unwritable(error))).encode("ascii"))
                tell(dump_line({"event": "end", "outcome": "failed"}).encode("ascii"))
                return
            self._sessions[number] = job.session
            task = asyncio.create_task(job.run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(lambda _: self._sessions.pop(number, None))
        elif session is not None:
            session.stop() if command["cmd"] == "stop" else session.abort()

    def leave(self) -> None:
        """The other side is gone."""
        self._gone.set()

    async def serve(self) -> None:
        """Until the other side is gone; then close what is open, within a bound."""
        self.tell(0, dump_line({"event": "ready", "pid": os.getpid()}).encode("ascii"))
        await self._gone.wait()
        for session in list(self._sessions.values()):
            session.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=4)
        self._out.close(0.2)


def _unwritable(error: OSError) -> GladiaNbError:
    return RunFileError(f"The file of the run has gone: {error.strerror or error}.")


def _error_event(error: GladiaNbError) -> dict[str, Any]:
    return {"event": "error", "name": type(error).__name__, "text": str(error)}


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
