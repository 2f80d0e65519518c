"""Start and stop the embedded server in a process of its own."""

from __future__ import annotations

import atexit
import json
import secrets
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from gladia_nb.child import (
    SERVER_CONTROL_VARIABLE,
    SERVER_KEYS_VARIABLE,
    child_command,
    child_environment,
    end_child,
    first_line,
)
from gladia_nb.errors import ServerError
from gladia_nb.server.settings.faults import Fault
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["LocalServer"]

_READY_S = 30.0
#: With an engine that is not built in: a model of one's own may be large.
_MODEL_READY_S = 120.0
_STOP_S = 8.0


class LocalServer:
    """The embedded server, running while a `with` block does, or between `start` and `stop`.

    It listens on this machine only (`127.0.0.1`) unless `host` says otherwise, accepts one random
    key, and ends with the process that started it, however that one ends.

    Args:
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        keys: more API keys to accept.
        any_key: accept every key that is not empty.
        **options: any other field of `ServerOptions`.

    Raises:
        ServerError: at `start`: the port is taken, what the engine needs is not installed, its
            model is missing or broken, an option is unknown, or the server died; the sentence
            says which.

    Example:
        >>> server = LocalServer()
        >>> server
        <LocalServer, not running>
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Sequence[str] = (),
        any_key: bool = False,
        **options: Any,
    ) -> None:
        self._host = host
        self._port = port
        self._control = options.pop("control_token", None) or secrets.token_hex(16)
        self._options = options
        self._key = secrets.token_hex(16)
        self._accepted = "" if any_key else ",".join((self._key, *keys))
        self._url = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    def __repr__(self) -> str:
        return f"<LocalServer at {self._url}>" if self.is_running else "<LocalServer, not running>"

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
    def is_running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        """Base URL, such as `http://127.0.0.1:40001`.

        Raises:
            ServerError: the server has not been started.
        """
        self._running()
        return self._url

    @property
    def key(self) -> str:
        """An API key that this server accepts."""
        return self._key

    @property
    def control_token(self) -> str:
        """What opens the routes for faults, scripts and traces, beside the key."""
        return self._control

    @property
    def pid(self) -> int:
        """Process id of the server.

        Raises:
            ServerError: the server has not been started.
        """
        return self._running().pid

    def start(self) -> Self:
        """Start the server and wait until it can recognise; does nothing when it is running."""
        if self.is_running:
            return self
        self.stop()
        try:
            ServerOptions.from_dict({"host": self._host, "port": self._port, **self._options})
        except ValueError as error:
            raise ServerError(f"The embedded server did not start. {error}.") from None
        self._process = self._launch()
        atexit.register(self.stop)
        try:
            self._url = self._await_ready(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def _launch(self) -> subprocess.Popen[bytes]:
        command = child_command("gladia_nb.server", "--watch-stdin")
        command += ["--host", self._host, "--port", str(self._port)]
        more = {SERVER_KEYS_VARIABLE: self._accepted, SERVER_CONTROL_VARIABLE: self._control}
        # A command line is too short for a script, and can be read by every user of the machine; a
        # file without a name is never left behind.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as options:
            json.dump({name: _plain(name, value) for name, value in self._options.items()}, options)
            options.seek(0)
            command += ["--options-fd", str(options.fileno())]
            # A file, and not a pipe that would have to be read while the server runs.
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
            return subprocess.Popen(  # noqa: S603 - this package, run by its own interpreter
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=child_environment(more),
                pass_fds=(options.fileno(),),
                # Ctrl-C in a terminal is meant for what the user runs, not for the server beside.
                start_new_session=True,
            )

    def wait(self) -> int:
        """Wait until the server ends; returns its exit status.

        Raises:
            ServerError: the server has not been started.
        """
        return self._running().wait()

    def stop(self) -> None:
        """End the server and its processes, and wait until they are gone; can be repeated."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is not None:
            end_child(process, _STOP_S)
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerError("The embedded server is not running; call start() first.")
        return self._process

    def _await_ready(self, process: subprocess.Popen[bytes]) -> str:
        """Read the one line that the server prints; returns its URL."""
        own = self._options.get("engine", "recogniser") in ("recogniser", "scripted")
        patience_s = _READY_S if own else _MODEL_READY_S
        line = first_line(process, patience_s)
        if line is None:
            raise ServerError(
                f"The embedded server was not ready within {patience_s:.0f} s; "
                "the machine may be too busy."
            )
        if not line:
            raise ServerError(self._last_words(process))
        return str(json.loads(line)["url"])

    def _last_words(self, process: subprocess.Popen[bytes]) -> str:
        status = process.wait(_STOP_S)
        assert self._complaints is not None  # noqa: S101 - open while the process lives
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        if status == 2 and lines:
            return f"The embedded server did not start. {lines[-1]}"
        reason = f": {lines[-1]}" if lines else ""
        return f"The embedded server died at its start (exit status {status}){reason}"


def _plain(name: str, value: Any) -> Any:
    """An option as JSON can have it."""
    if name in ("script", "model") and isinstance(value, Path):
        return str(value)
    if name == "replay":
        several = value if isinstance(value, list | tuple) else [value]
        return [str(one) if isinstance(one, Path) else one for one in several]
    if name == "faults":
        several = value if isinstance(value, list | tuple) else [value]
        return [str(Fault.parse(item)) for item in several]
    return value
