"""What the worker does for each session: its file, its secrets, its commands, and its end.

Every event is redacted, appended to the file of the run, and only then told to the other side, so
that a file is never behind what was told.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import GladiaNbError
from gladia_nb.incoming import LiveChunks
from gladia_nb.probe import Vitals
from gladia_nb.receiver import CallbackReceiver
from gladia_nb.record import dump_line, error_event
from gladia_nb.redact import Redactor
from gladia_nb.session import Session
from gladia_nb.sources import ChunkSource
from gladia_nb.stored import end_event
from gladia_nb.transport import Transport

__all__ = ["Job", "SessionJob", "Tell", "Writer"]

#: Tells the other side a line.
Tell = Callable[[bytes], None]


class Writer:
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
        """Write a line, soon."""
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


class Job(ABC):
    """One session with its file; `run` it as a task. Commands may come before it runs.

    Args:
        command: the `start` command; see `runner` and `direct`.
        tell: tells the other side.

    Raises:
        OSError: the file of the run cannot be opened.
    """

    def __init__(self, command: dict[str, Any], tell: Tell) -> None:
        key = command["key"]
        self._redact = Redactor([key] if key else [])
        self._loop = asyncio.get_running_loop()
        self._clock = MonotonicClock()
        # Buffered by nobody: what the system has taken survives the end of this process.
        file = Path(command["path"]).open("ab", buffering=0)  # noqa: SIM115 - its writer closes it
        self._writer = Writer(file, tell, self._file_failed)
        self._transport = Transport(command["base_url"], key, self._clock)
        self._body: dict[str, Any] = command["body"]

    async def run(self) -> None:
        """Carry it out to the end, whatever happens; the end is in the record."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(self._transport)
                await self._carry_out(stack)
        except GladiaNbError as error:
            self._emit({**error_event(error), "ns": self._clock.now_ns()})
            self._emit(end_event(self._clock, "failed"))
        finally:
            await asyncio.to_thread(self._writer.close)

    @abstractmethod
    async def _carry_out(self, stack: contextlib.AsyncExitStack) -> None:
        """The work itself, with an open transport."""

    @abstractmethod
    def command(self, command: dict[str, Any], audio: bytes) -> None:
        """Carry out a command for this session; called on the event loop."""

    @abstractmethod
    def part(self) -> None:
        """The other side is gone: end properly what can be."""

    @abstractmethod
    def abort(self) -> None:
        """End at once."""

    def _emit(self, event: dict[str, Any]) -> None:
        self._writer.write(self._redact(dump_line(event)).encode("ascii"))

    def _file_failed(self, error: OSError) -> None:
        text = f"The run could not be written to its file: {error.strerror or error}."
        event = {"event": "warning", "ns": self._clock.now_ns(), "text": text}
        self._loop.call_soon_threadsafe(self._emit, event)


class SessionJob(Job):
    """A session that this process holds."""

    def __init__(self, command: dict[str, Any], audio: bytes, tell: Tell) -> None:
        super().__init__(command, tell)
        self._vitals = Vitals(self._clock, self._transport, self._emit)
        layout = (command["frame_bytes"], command["sample_rate"])
        chunk_ms = command["chunk_ms"]
        self._live: LiveChunks | None = None
        if (stall_s := command.get("stall_s")) is not None:
            self._live = LiveChunks(
                *layout, self._clock, self._emit, chunk_ms=chunk_ms, stall_s=stall_s
            )
        self._receiver: CallbackReceiver | None = None
        if (listen := command.get("callbacks")) is not None:
            self._receiver = CallbackReceiver(self._deliver, self._clock, **listen)
        self._session = Session(
            self._live or ChunkSource(audio, *layout, chunk_ms=chunk_ms, speed=command["speed"]),
            self._body,
            self._transport,
            self._clock,
            self._emit,
            region=command["region"],
            json_audio=command["json_audio"],
            linger=self._receiver.settle if self._receiver else None,
            secret=self._redact.add_url,
        )

    def command(self, command: dict[str, Any], audio: bytes) -> None:
        """Carry out `stop`, `abort`, and of live audio `feed`, `pause`, `end` and `note`."""
        match command["cmd"]:
            case "stop":
                self._session.stop()
            case "abort":
                self._session.abort()
            case "note":
                self._emit(command["event"])
            case other if self._live is not None:
                self._take(self._live, other, command, audio)

    @staticmethod
    def _take(live: LiveChunks, what: str, command: dict[str, Any], audio: bytes) -> None:
        if what == "feed":
            live.feed(audio, command["captured_ns"], seq=command["seq"])
        elif what == "pause":
            live.pause(command["captured_ns"])
        elif what == "end":
            live.end(command["clipped"])

    def part(self) -> None:
        """Live audio ends here, and its session properly; the rest of a file has nobody to hear."""
        if self._live is not None:
            self._session.stop()
        else:
            self._session.abort()

    def abort(self) -> None:
        """End the session at once."""
        self._session.abort()

    async def _carry_out(self, stack: contextlib.AsyncExitStack) -> None:
        watching = asyncio.create_task(self._vitals.watch())
        stack.callback(watching.cancel)
        if self._receiver is not None:
            await self._listen(self._receiver, stack)
        await self._session.run()

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
        super()._emit(event)
