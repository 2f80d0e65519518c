"""Owns the sessions of the worker's process: commands come in, events go out.

A session that shares a process with a notebook is late whenever the notebook computes; here it has
an interpreter of its own. Commands come as frames on standard input, events leave as lines of JSON
on standard output, and every event is first appended to the file of its run. Threads do the reading
and writing, so that a full pipe or a slow disk never holds up the stopwatch.

What commands there are stands in `gladia_nb.worker.commands`. One that cannot be understood fails
the session that it names and ends nothing else. When standard input ends, because the notebook is
gone however it went, or is damaged, sessions are ended and the process too.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import GladiaNbError, RunFileError, SessionError, internal_error
from gladia_nb.record.events import end_event, error_event, event_line
from gladia_nb.worker.browser_job import RemoteJob
from gladia_nb.worker.commands import (
    Direct,
    Order,
    Ready,
    Refusal,
    Start,
    decode_order,
    told_line,
)
from gladia_nb.worker.jobs import Job, Writer
from gladia_nb.worker.pipe import DamagedPipeError, read_frame
from gladia_nb.worker.session_job import SessionJob

__all__ = ["serve"]

#: After the other side is gone: how long live sessions may take to end properly.
_PARTING_S = 4.0
#: While a module is loaded beside the event loop: how long the loading may keep the interpreter.
_POLITE_S = 0.0002


class _Host:
    """Owns the sessions of this process."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = Writer(out)
        self._clock: MonotonicClock = MonotonicClock()
        self._jobs: dict[int, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Event()

    def tell(self, number: int, line: bytes) -> None:
        self._out.write(b"%d %s" % (number, line))

    def command(self, order: Order | Refusal, audio: bytes) -> None:
        """Carry out one order; called on the event loop."""
        if isinstance(order, Refusal):
            self._refuse(order)
            return
        job = self._jobs.get(order.session)
        if job is not None:
            try:
                job.command(order.command, audio)
            except GladiaNbError as error:
                job.fail(error)
            except Exception as error:  # noqa: BLE001 - it is one session's, and ends no other
                job.fail(internal_error(error))
        elif isinstance(order.command, Start | Direct):
            self._begin(order.session, order.command, audio)

    def _refuse(self, refusal: Refusal) -> None:
        if refusal.session is None:
            # Nobody waits for it; the caller keeps the last lines of this for its obituary.
            sys.stderr.write(f"{refusal.why}\n")
        elif refusal.session in self._jobs:
            self._jobs[refusal.session].fail(SessionError(refusal.why))
        else:
            self._fail(refusal.session, SessionError(refusal.why))

    def _fail(self, number: int, error: GladiaNbError) -> None:
        """Tell of a session that could not even begin."""
        clock = MonotonicClock()
        for event in (error_event(error, clock.now_ns()), end_event(clock, "failed")):
            self.tell(number, event_line(event).encode("ascii"))

    def _begin(self, number: int, command: Start | Direct, audio: bytes) -> None:
        tell = functools.partial(self.tell, number)
        job: Job
        try:
            if isinstance(command, Start):
                job = SessionJob(command, audio, tell, self._clock)
            else:
                job = RemoteJob(command, tell)
        except OSError as error:
            self._fail(number, _unwritable(error))
            return
        except GladiaNbError as error:
            self._fail(number, error)
            return
        except Exception as error:  # noqa: BLE001 - whoever waits for this session is told
            self._fail(number, internal_error(error))
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
        self.tell(0, told_line(Ready(os.getpid())))
        # Only now: whoever has started this process waits for that line.
        from gladia_nb.worker.punctual_clock import worker_clock

        async with worker_clock() as self._clock:
            await self._until_gone()

    async def _until_gone(self) -> None:
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
        while (frame := read_frame(source)) is not None:
            order = decode_order(frame[0])
            _load_receiver(order)
            post(host.command, order, frame[1])
    except DamagedPipeError as error:
        # The caller keeps the last lines of this for its obituary.
        sys.stderr.write(f"the commands from the notebook were damaged: {error}\n")
    finally:
        post(host.leave)


def _load_receiver(order: Order | Refusal) -> None:
    """The server for callbacks is loaded when one is asked for: here, and not on the event loop."""
    command = order.command if isinstance(order, Order) else None
    if not isinstance(command, Start) or command.callbacks is None:
        return
    usual_s = sys.getswitchinterval()
    # Another session may be running: the event loop shall get its turn at once meanwhile.
    sys.setswitchinterval(_POLITE_S)
    try:
        importlib.import_module("gladia_nb.api.callbacks")
    finally:
        sys.setswitchinterval(usual_s)


async def serve(source: BinaryIO, out: BinaryIO) -> None:
    """Carry out what comes from `source`, and tell `out`, until `source` ends."""
    host = _Host(out)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_read_commands, args=(host, loop, source), daemon=True).start()
    await host.serve()
