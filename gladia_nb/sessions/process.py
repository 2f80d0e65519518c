"""The worker process: started when it is first needed, spoken to, and ended with this one."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import TypeVar

from gladia_nb.child import child_command, child_environment, disown_child, wait_or_kill
from gladia_nb.errors import WorkerError
from gladia_nb.network.process import stop_shared_network
from gladia_nb.sessions.handle import Live
from gladia_nb.worker.commands import Abort, AnyCommand, Direct, Start, encode_order
from gladia_nb.worker.pipe import pack_frame

__all__ = ["WorkerProcess", "get_worker", "shutdown"]

log = logging.getLogger(__name__)

#: Bytes that are read or written at once.
_PIECE = 1 << 18
#: How long the process may take to end its sessions properly, and itself.
_PARTING_S = 8.0

HandleT = TypeVar("HandleT", bound=Live)


class WorkerProcess:
    """The process, and the threads that write to it and read from it; one serves every session.

    A command is only put in a queue where it is given, so that nothing can stop it halfway: neither
    an interrupt, which the system delivers to the main thread, nor a pipe that takes no more.

    Raises:
        WorkerError: it could not be started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: dict[int, Live] = {}
        self._next = 1
        self._stderr: deque[str] = deque(maxlen=20)
        self._forked = False
        self._outbox: SimpleQueue[tuple[bytes, bytes] | None] = SimpleQueue()
        self._process = self._spawn()
        self._threads = [
            threading.Thread(target=target, daemon=True, name=f"gladia_nb {name}")
            for name, target in (
                ("commands", self._write),
                ("events", self._read),
                ("stderr", self._read_stderr),
            )
        ]
        for thread in self._threads:
            thread.start()
        _everyone.add(self)

    @staticmethod
    def _spawn() -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                child_command("gladia_nb.worker"),
                # Nothing is buffered here: a buffer has a lock, which a fork could leave locked.
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=child_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerError(
                f"The process for sessions could not be started: {error.strerror or error}."
            ) from None

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @contextlib.contextmanager
    def launch(
        self,
        command: Start | Direct,
        audio: bytes,
        make: Callable[[WorkerProcess, int], HandleT],
    ) -> Iterator[HandleT]:
        """Begin a session, and hand it over inside: whatever goes wrong there ends it.

        Whoever is interrupted before that gets no handle, and nobody could end the session.

        Args:
            command: what the worker needs to know.
            audio: all of it, or none when it comes later.
            make: makes the handle, from this process and the session's number.
        """
        with self._lock:
            number = self._next
            self._next += 1
        live = make(self, number)
        self._live[number] = live
        sent = False
        try:
            self.send(number, command, audio)
            sent = True
            yield live
        except BaseException:
            if not sent:
                self._live.pop(number, None)
            self.send(number, Abort())
            raise

    def send(self, session: int, command: AnyCommand, audio: bytes = b"") -> None:
        """Send a command with the bytes that belong to it; nothing happens when it has died.

        Returns at once; commands are written in the order in which they were given.

        Raises:
            TypeError: the command holds what JSON has no form for.
        """
        self._outbox.put((encode_order(session, command), bytes(audio)))

    # -- threads --

    def _write(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - it is a pipe
        broken = False
        while (item := self._outbox.get()) is not None:
            try:
                for piece in () if broken else pack_frame(*item):
                    _write_all(stdin.fileno(), piece)
            except (OSError, ValueError):
                # It has died; the thread that reads tells those who wait.
                broken = True
        with contextlib.suppress(OSError):
            stdin.close()

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - it is a pipe
        try:
            for line in _lines(stdout.fileno()):
                self._take(line)
        finally:
            # Whatever comes here: somebody may be waiting for the end of a session.
            self._outbox.put(None)
            wait_or_kill(self._process, _PARTING_S)
            for live in list(self._live.values()):
                live._orphaned()  # noqa: SLF001 - its other half
            self._live.clear()

    def _take(self, line: bytes) -> None:
        number, _, event = line.partition(b" ")
        live = self._live.get(int(number)) if number.isdigit() else None
        if live is None:
            return
        try:
            live._feed(event)  # noqa: SLF001 - its other half
        except Exception:
            log.exception("What the process for sessions told cannot be understood")
            live._orphaned()  # noqa: SLF001 - its other half
        if live.done:
            self._live.pop(int(number), None)

    def _read_stderr(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None  # noqa: S101 - it is a pipe
        for line in _lines(stderr.fileno()):
            self._stderr.append(line.decode(errors="replace").rstrip())

    # -- the end --

    def obituary(self) -> str:
        """How the process ended, in words."""
        if self._forked:
            return "it belongs to the process from which this one was forked"
        code = self._process.poll()
        if code is None:
            return "it is still running"
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"{how}: {self._stderr[-1]}" if self._stderr else how

    def close(self) -> None:
        """Close open sessions and end the process."""
        process = self._process
        self._outbox.put(None)
        wait_or_kill(process, _PARTING_S)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def disown(self) -> None:
        """In a forked child: the process is the parent's, and its sessions are told there."""
        self._forked = True
        disown_child(self._process)
        for live in list(self._live.values()):
            live._disown()  # noqa: SLF001 - its other half
        self._live.clear()


def _write_all(number: int, data: bytes) -> None:
    """Write to a pipe until all of it is written."""
    view = memoryview(data)
    while view:
        view = view[os.write(number, view[:_PIECE]) :]


def _lines(number: int) -> Iterator[bytes]:
    """Lines from a pipe, as they come, until it ends; what is no whole line is left."""
    rest: list[bytes] = []
    while True:
        try:
            piece = os.read(number, _PIECE)
        except OSError:
            return
        if not piece:
            return
        *lines, last = piece.split(b"\n")
        for line in lines:
            yield b"".join((*rest, line, b"\n"))
            rest = []
        if last:
            rest.append(last)


_everyone: weakref.WeakSet[WorkerProcess] = weakref.WeakSet()
_worker: WorkerProcess | None = None
_worker_lock = threading.Lock()


def get_worker() -> WorkerProcess:
    """The one worker of this process, started when it is first needed and kept warm."""
    global _worker  # noqa: PLW0603 - one a process, on purpose
    with _worker_lock:
        if _worker is None or not _worker.alive:
            if _worker is not None:
                _worker.close()
            _worker = WorkerProcess()
        return _worker


def shutdown() -> None:
    """End the worker process, and any session in it. It starts again when it is needed.

    The proxy that makes networks ends with it.
    """
    global _worker  # noqa: PLW0603 - one a process, on purpose
    with _worker_lock:
        if _worker is not None:
            _worker.close()
            _worker = None
    # Sessions have ended properly by now, over it.
    stop_shared_network()


def _after_fork() -> None:
    """In the child of a fork: its threads are not here, and its pipes are the parent's."""
    global _worker, _worker_lock
    _worker, _worker_lock = None, threading.Lock()
    for worker in list(_everyone):
        worker.disown()


atexit.register(shutdown)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
