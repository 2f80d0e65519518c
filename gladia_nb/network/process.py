"""Start and stop the proxy in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import threading
from types import TracebackType
from typing import Self

import msgspec

from gladia_nb.child import child_command, child_environment, disown_child, end_child, first_line
from gladia_nb.errors import ServerError
from gladia_nb.network.control import Answer, Entry, Open
from gladia_nb.network.link import Shape

__all__ = ["Forward", "NetworkProcess", "shared_network", "stop_shared_network"]

_READY_S = 20.0
_STOP_S = 15.0


class NetworkProcess:
    """The process with the proxy, between `start` and `stop`; it ends with this one in any case.

    Attributes:
        port: where it takes control connections, on this machine.
        token: that opens a path.

    Raises:
        ServerError: at `start`, it could not be started.

    Example:
        >>> with NetworkProcess() as process:
        ...     process.alive
        True
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<NetworkProcess, {'running' if self.alive else 'not running'}>"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Number of the process."""
        return None if self._process is None else self._process.pid

    def start(self) -> Self:
        """Start it, and wait until it takes connections."""
        try:
            self._process = process = subprocess.Popen(  # noqa: S603 - this package's own code
                child_command("gladia_nb.network"),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=child_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise ServerError(
                f"The process of the network could not be started: {error.strerror or error}."
            ) from None
        try:
            self.port = self._await_ready(process)
        except BaseException:
            self.stop()
            raise
        return self

    def _await_ready(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdin is not None  # noqa: S101 - a pipe
        # Not as an argument: every user of the machine can read those.
        with contextlib.suppress(OSError):
            process.stdin.write(f"{self.token}\n".encode())
        line = first_line(process, _READY_S)
        if not line:
            raise ServerError("The process of the network did not start.")
        return int(json.loads(line)["port"])

    def stop(self) -> None:
        """End it; sessions that still run over it may end properly first. Can be repeated."""
        process, self._process = self._process, None
        if process is not None:
            end_child(process, _STOP_S)

    def forward(self, shape: Shape, entry: Entry) -> Forward:
        """Listen at a fixed address, for programs that know nothing of the proxy.

        Args:
            shape: of the network.
            entry: where to listen, and where to go from there.

        Raises:
            ServerError: it cannot listen there.
        """
        control = socket.create_connection(("127.0.0.1", self.port), timeout=_READY_S)
        try:
            opening = Open(token=self.token, shape=shape, report=False)
            for told in (opening, entry):
                control.sendall(msgspec.json.encode(told) + b"\n")
            with control.makefile("rb") as answers:
                answer = msgspec.json.decode(answers.readline() or b"{}", type=Answer)
            if answer.port is None:
                why = answer.error or "the process of the network is gone"
                raise ServerError(
                    f"Cannot listen on {entry.host}:{entry.port} ({why}); choose another port, "
                    "or 0 for a free one."
                )
        except BaseException:
            control.close()
            raise
        return Forward(control, entry.host, answer.port)


class Forward:
    """A fixed address with a network behind it. Made by `NetworkProcess.forward`.

    Attributes:
        host: address that it listens on.
        port: likewise.
    """

    def __init__(self, control: socket.socket, host: str, port: int) -> None:
        self._control = control
        self.host = host
        self.port = port

    def close(self) -> None:
        """Listen no more, and break what goes over it."""
        self._control.close()


_shared: NetworkProcess | None = None
_lock = threading.Lock()


def shared_network() -> NetworkProcess:
    """The one of this process, started when it is first needed and kept warm."""
    global _shared  # noqa: PLW0603 - one a process, on purpose
    with _lock:
        if _shared is None or not _shared.alive:
            if _shared is not None:
                _shared.stop()
            _shared = NetworkProcess().start()
        return _shared


def stop_shared_network() -> None:
    """Stop it, if there is one."""
    global _shared  # noqa: PLW0603 - one a process, on purpose
    with _lock:
        if _shared is not None:
            _shared.stop()
            _shared = None


def _after_fork() -> None:
    """In the child of a fork: the process is the parent's, and shall end with the parent."""
    global _shared, _lock
    forked, _shared, _lock = _shared, None, threading.Lock()
    if forked is not None and (process := forked._process) is not None:  # noqa: SLF001 - ours
        disown_child(process)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
