"""The worker process: started when it is first needed, spoken to, and ended with this one."""

from __future__ import annotations

import atexit
import contextlib
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from gladia_nb.child import child_command, child_environment
from gladia_nb.errors import WorkerError
from gladia_nb.sessions.handle import Live
from gladia_nb.worker.commands import AnyCommand, Direct, Start, encode_order

__all__ = ["WorkerProcess", "get_worker", "shutdown"]

HandleT = TypeVar("HandleT", bound=Live)


class WorkerProcess:
    """The process, and the threads that read from it; one serves every session of this process.

    Raises:
        WorkerError: it could not be started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: dict[int, Live] = {}
        self._next = 1
        self._stderr: deque[str] = deque(maxlen=20)
        self._process = self._spawn()
        self._threads = [
            threading.Thread(target=target, daemon=True, name=f"gladia_nb {name}")
            for name, target in (("events", self._read), ("stderr", self._read_stderr))
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _spawn() -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                child_command("gladia_nb.worker"),
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

    def launch(
        self,
        command: Start | Direct,
        audio: bytes,
        make: Callable[[WorkerProcess, int], HandleT],
    ) -> HandleT:
        """Begin a session.

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
        self.send(number, command, audio)
        return live

    def send(self, session: int, command: AnyCommand, audio: bytes = b"") -> None:
        """Send a command with the bytes that belong to it; nothing happens when it has died."""
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            return
        order = encode_order(session, command, audio)
        with self._lock:
            try:
                stdin.write(order)
                stdin.flush()
            except (OSError, ValueError):
                # It has died; the reading thread tells those who wait.
                return

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - it is a pipe
        for line in stdout:
            number, _, event = line.partition(b" ")
            live = self._live.get(int(number))
            if live is not None:
                live._feed(event)  # noqa: SLF001 - its other half
                if live.done:
                    self._live.pop(int(number), None)
        self._process.wait()
        for live in list(self._live.values()):
            live._orphaned()  # noqa: SLF001 - its other half
        self._live.clear()

    def _read_stderr(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None  # noqa: S101 - it is a pipe
        for line in stderr:
            self._stderr.append(line.decode(errors="replace").rstrip())

    def obituary(self) -> str:
        """How the process ended, in words."""
        code = self._process.poll()
        if code is None:
            return "it is still running"
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"{how}: {self._stderr[-1]}" if self._stderr else how

    def close(self) -> None:
        """Close open sessions and end the process."""
        process = self._process
        with contextlib.suppress(OSError, ValueError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


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
    """End the worker process, and any session in it. It starts again when it is needed."""
    global _worker  # noqa: PLW0603 - one a process, on purpose
    with _worker_lock:
        if _worker is not None:
            _worker.close()
            _worker = None


atexit.register(shutdown)
