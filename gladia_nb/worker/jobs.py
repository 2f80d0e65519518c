"""What the worker does for each session: its file, its secrets, its commands, and its end.

Every event is redacted, appended to the file of the run, and only then told to the other side, so
that a file is never behind what was told.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

from gladia_nb.api.route import Route
from gladia_nb.api.transport import Transport
from gladia_nb.clock import Clock, MonotonicClock
from gladia_nb.errors import GladiaNbError, SessionError, internal_error
from gladia_nb.keys import Secret
from gladia_nb.network.control import Way
from gladia_nb.paths import mount_point
from gladia_nb.record.event_kinds import EndEvent, RecordEvent, WarningEvent
from gladia_nb.record.events import end_event, error_event, event_line
from gladia_nb.record.redact import Redactor
from gladia_nb.worker.commands import Begin, Command

__all__ = ["GATHER_S", "MAX_WAITING_BYTES", "Job", "Tell", "Writer", "unfit", "unwritable"]

#: What may wait to be written: the disk, or the notebook, is slower than the service for long.
MAX_WAITING_BYTES = 256 << 20
#: Seconds for which lines are gathered. A chunk, its acknowledgement and what else the service says
#: then come within milliseconds: to wake a thread for each would cost more than all else that a
#: session does, and take the interpreter from the event loop just when it stamps the next.
GATHER_S = 0.01
#: Tells the other side a line.
Tell = Callable[[bytes], None]


class Writer:
    """Writes lines from a thread of its own, in order.

    Args:
        file: where to; closed at the end.
        then: called in that thread with each line that has been written.
        on_error: called once in that thread, when writing fails, before the line that could not be
            written is handed on; that and later lines are only handed on.
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
        self._is_closing = False
        # Each is counted by one thread alone.
        self._put = self._done = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Write a line, soon."""
        self._put += len(line)
        self._queue.put(line)

    @property
    def waiting(self) -> int:
        """Bytes that are not yet written."""
        return self._put - self._done

    def close(self, timeout_s: float | None = None) -> None:
        """Write what is left and close the file."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        failed = False
        while lines := self._gathered():
            written = len(lines)
            if not failed:
                written, error = self._write(lines)
                failed = error is not None
            for place, line in enumerate(lines):
                if place == written and error is not None:
                    self._on_error(error)
                self._then(line)
                self._done += len(line)
        with contextlib.suppress(OSError):
            self._file.close()

    def _gathered(self) -> list[bytes]:
        """What waits to be written, and what comes shortly after; nothing at the end."""
        lines: list[bytes] = []
        if self._is_closing or (line := self._queue.get()) is None:
            return lines
        time.sleep(GATHER_S)
        with contextlib.suppress(Empty):
            while line is not None:
                lines.append(line)
                line = self._queue.get_nowait()
            self._is_closing = True
        return lines

    def _write(self, lines: Sequence[bytes]) -> tuple[int, OSError | None]:
        """Write lines; how many of them are whole in the file, and why not all."""
        data = b"".join(lines)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
            self._file.flush()
        except OSError as error:
            # A disk that fills up takes a part of them first, and only then says so.
            ends = itertools.accumulate(map(len, lines))
            return sum(end <= len(data) - len(rest) for end in ends), error
        return len(lines), None


class Job(ABC):
    """One session with its file; `run` it as a task. Commands may come before it runs.

    Args:
        command: that begins it.
        tell: tells the other side.
        clock: of all stamps.
        network: the way to the proxy that all of it takes, or None.

    Raises:
        OSError: the file of the run cannot be opened.
    """

    def __init__(
        self, command: Begin, tell: Tell, clock: Clock | None = None, network: Way | None = None
    ) -> None:
        key = Secret.of(command.key)
        self._redact = Redactor([key.reveal()] if key else [])
        self._redact.add_url(command.base_url)
        self._ended = self._flooded = False
        self._loop = asyncio.get_running_loop()
        self._clock = clock or MonotonicClock()
        # Buffered by nobody: what the system has taken survives the end of this process.
        self._path = Path(command.path)
        file = self._path.open("ab", buffering=0)
        self._tell_line = tell
        self._writer = Writer(file, tell, self._file_failed)
        self._route = None if network is None else Route(network, self._clock, self._emit)
        self._transport = Transport(command.base_url, key, self._clock, route=self._route)
        self._body: dict[str, Any] = command.body

    async def run(self) -> None:
        """Carry it out to the end, whatever happens; the end is in the record."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(self._transport)
                await self._carry_out(stack)
        except GladiaNbError as error:
            self._end_with(error)
        except asyncio.CancelledError:
            if not self._ended:
                self._emit(end_event(self._clock, "aborted"))
            raise
        except Exception as error:  # noqa: BLE001 - without an end somebody would wait for ever
            self._end_with(internal_error(error))
        finally:
            await asyncio.to_thread(self._writer.close)

    def _end_with(self, error: GladiaNbError) -> None:
        if not self._ended:
            self._emit(error_event(error, self._clock.now_ns()))
            self._emit(end_event(self._clock, "failed"))

    @abstractmethod
    async def _carry_out(self, stack: contextlib.AsyncExitStack) -> None:
        """The work itself, with an open transport."""

    @abstractmethod
    def command(self, command: Command, audio: bytes) -> None:
        """Carry out a command for this session; called on the event loop.

        Raises:
            GladiaNbError: it does not fit this session.
        """

    @abstractmethod
    def part(self) -> None:
        """The other side is gone: end properly what can be."""

    @abstractmethod
    def abort(self) -> None:
        """End at once."""

    @abstractmethod
    def fail(self, error: GladiaNbError) -> None:
        """End at once with an error."""

    def _emit(self, event: RecordEvent) -> None:
        self._ended |= isinstance(event, EndEvent)
        # What comes last may be as large as it likes to be: it has a limit of its own.
        behind = self._writer.waiting > MAX_WAITING_BYTES
        self._writer.write(self._redact(event_line(event)).encode("ascii"))
        if behind and not self._flooded:
            self._flooded = True
            size = f"{MAX_WAITING_BYTES >> 20} MiB"
            self.fail(
                SessionError(
                    f"More came from the service than could be written: {size} were waiting. "
                    "What was written until then is in the run."
                )
            )

    def _file_failed(self, error: OSError) -> None:
        # Told at once, on the thread of the writer: what is told behind it is in no file.
        event = WarningEvent(self._clock.now_ns(), unwritable(self._path, error), unwritten=True)
        self._tell_line(self._redact(event_line(event)).encode("ascii"))


def unwritable(path: Path, error: OSError) -> str:
    """What to say of a disk that does not take the rest of a run."""
    disk = mount_point(path)
    return (
        f"The disk at {disk} did not take the rest of {path} ({error.strerror or error}): the run "
        "goes on in memory. Save it elsewhere at its end, with run.save(path)."
    )


def unfit(command: Command) -> SessionError:
    """The error of a command that a session of this kind cannot carry out."""
    name = command.__struct_config__.tag
    return SessionError(f"The process for sessions refused a command: {name!r} does not fit here.")
