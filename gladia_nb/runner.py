"""Start sessions in the worker process, watch them, and hold what they record.

`transcribe` blocks and returns a `Run`; `start` returns a `Live` handle at once. Both work the same
in a script, in a notebook cell and inside a running event loop: nothing of a session runs in the
calling process but one thread that reads what the worker tells.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import datetime as dt
import importlib.metadata
import json
import logging
import os
import platform
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy.typing as npt

from gladia_nb.audio import Audio
from gladia_nb.clock import Anchor
from gladia_nb.config import SessionConfig
from gladia_nb.errors import (
    BY_NAME,
    ApiError,
    ConfigError,
    GladiaNbError,
    RunFileError,
    SessionError,
    WorkerError,
)
from gladia_nb.protocol import MAX_FRAME_BYTES
from gladia_nb.record import FORMAT, VERSION, dump_line, load_record, new_path
from gladia_nb.reference import Reference, find_reference
from gladia_nb.run import Run
from gladia_nb.sources import Prepared, prepare
from gladia_nb.target import resolve_target

__all__ = ["Live", "shutdown", "start", "transcribe"]

log = logging.getLogger(__name__)

Source = str | Path | Audio | tuple[npt.ArrayLike, int]
Subscriber = Callable[[Mapping[str, Any]], None]

#: Where runs are kept when no path is given.
RUNS_VARIABLE = "GLADIA_NB_RUNS"
#: After an interrupt: how long the service may take to send the rest.
_INTERRUPT_S = 20.0


class Live:
    """A session under way. Made by `start`.

    Every method can be called from any thread, any number of times, also after the end.

    Attributes:
        path: the file in which everything is recorded as it happens.
        duration_s: length of the audio in seconds.
        channels: number of channels that are sent.
    """

    def __init__(self, worker: _Worker, number: int, path: Path, prepared: Prepared) -> None:
        self.path = path
        self.duration_s = prepared.duration_s
        self.channels = prepared.config.channels
        self._rate = prepared.config.sample_rate
        self._worker = worker
        self._number = number
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._subscribers: list[Subscriber] = []
        self._done = threading.Event()
        self._sent_frames = 0
        self._outcome: str | None = None

    # -- commands --

    def stop(self) -> None:
        """Send no more audio; the service finishes what it has, then the session ends."""
        self._worker.send({"cmd": "stop", "session": self._number})

    def abort(self) -> None:
        """End the session at once; what was recorded stays in the run."""
        self._worker.send({"cmd": "abort", "session": self._number})

    # -- what happens --

    @property
    def done(self) -> bool:
        """Whether the session has ended, in whatever way."""
        return self._done.is_set()

    @property
    def sent_s(self) -> float:
        """Seconds of audio that have been sent."""
        return self._sent_frames / self._rate

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until the session has ended; False when `timeout_s` was too short for that."""
        return self._done.wait(timeout_s)

    def result(self, timeout_s: float | None = None) -> Run:
        """Block until the session has ended and return its run.

        Raises:
            TimeoutError: it has not ended within `timeout_s`.
            GladiaNbError: it failed; the error's `run` has what was recorded until then.
        """
        if not self.wait(timeout_s):
            raise TimeoutError(f"The session has not ended within {timeout_s} s.")
        run = Run(load_record(self.path))
        if not run.complete:
            died = WorkerError(
                f"The process that ran the session died ({self._worker.obituary()}). "
                f"What was recorded until then is in {self.path}."
            )
            died.run = run
            raise died
        if run.outcome == "failed":
            raise _error_of(run)
        return run

    def __await__(self) -> Generator[Any, None, Run]:
        return asyncio.to_thread(self.result).__await__()

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with every event, in order: first those that were, then as they come.

        It runs on a thread of the toolkit's own and should only hand over. What it raises is
        logged and does not disturb the session.

        Returns:
            A function that ends the subscription.
        """
        with self._lock:
            for line in self._lines:
                _call(callback, json.loads(line))
            self._subscribers.append(callback)

        def unsubscribe() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Every event, as it comes, until the session has ended. See `gladia_nb.record`."""
        queue: SimpleQueue[Mapping[str, Any]] = SimpleQueue()
        unsubscribe = self.subscribe(queue.put)
        try:
            while True:
                try:
                    yield queue.get(timeout=0.2)
                except Empty:
                    if self.done and queue.empty():
                        return
        finally:
            unsubscribe()

    def __repr__(self) -> str:
        state = self._outcome or ("ended" if self.done else "running")
        return f"Live({state}, {self.sent_s:.1f} of {self.duration_s:.1f} s sent, {self.path})"

    # -- called by the worker's reader --

    def _feed(self, line: bytes) -> None:
        event = json.loads(line)
        kind = event["event"]
        if kind == "chunk":
            self._sent_frames = max(self._sent_frames, event["end_frame"])
        elif kind == "end":
            self._outcome = event["outcome"]
        with self._lock:
            self._lines.append(line)
            for callback in self._subscribers:
                _call(callback, event)
        if kind == "end":
            self._done.set()

    def _orphaned(self) -> None:
        self._done.set()


def _call(callback: Subscriber, event: Mapping[str, Any]) -> None:
    try:
        callback(event)
    except Exception:
        log.exception("A subscriber of a live session failed")


class _Worker:
    """The process, and the thread that reads from it."""

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
        # The folder of this very package is added last and the current folder not at all, so that
        # a file of the user's named like a module does not end up in the worker.
        home = str(Path(__file__).resolve().parent.parent)
        code = f"import sys; sys.path.append({home!r}); from gladia_nb.worker import main; main()"
        environment = {k: v for k, v in os.environ.items() if k != "GLADIA_API_KEY"}
        try:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerError(
                f"The process for sessions could not be started: {error.strerror or error}."
            ) from None

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def launch(self, command: dict[str, Any], audio: bytes, path: Path, prepared: Prepared) -> Live:
        with self._lock:
            number = self._next
            self._next += 1
            live = Live(self, number, path, prepared)
            self._live[number] = live
        self.send({**command, "cmd": "start", "session": number}, audio)
        return live

    def send(self, command: Mapping[str, Any], audio: bytes = b"") -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            return
        with self._lock:
            try:
                line = json.dumps({**command, "audio_bytes": len(audio)}).encode()
                stdin.write(line + b"\n" + audio)
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


_worker: _Worker | None = None
_worker_lock = threading.Lock()


def _get_worker() -> _Worker:
    """The one worker of this process, started when it is first needed and kept warm."""
    global _worker  # noqa: PLW0603 - one a process, on purpose
    with _worker_lock:
        if _worker is None or not _worker.alive:
            if _worker is not None:
                _worker.close()
            _worker = _Worker()
        return _worker


def shutdown() -> None:
    """End the worker process, and any session in it. It starts again when it is needed."""
    global _worker  # noqa: PLW0603 - one a process, on purpose
    with _worker_lock:
        if _worker is not None:
            _worker.close()
            _worker = None


atexit.register(shutdown)


def start(
    source: Source,
    config: SessionConfig | None = None,
    *,
    path: str | Path | None = None,
    chunk_ms: float = 100,
    speed: float = 1.0,
    tail_s: float = 0.0,
    json_audio: bool = False,
    callbacks: bool | Mapping[str, Any] = False,
    reference: Reference = None,
    key: str | None = None,
    url: str | None = None,
    region: str | None = None,
    server: Any = None,
    **fields: Any,
) -> Live:
    """Begin a live session and return at once.

    Args:
        source: a sound file, an `Audio`, or `(array, sample_rate)`.
        config: the configuration; without `messages_config` every message is asked for.
        path: the file of the run; by default a new one in `runs/` (or `GLADIA_NB_RUNS`).
        chunk_ms: milliseconds of audio in each chunk.
        speed: 1 is real time; recorded with the run when it is not.
        tail_s: seconds of silence after the audio.
        json_audio: send audio as base64 in JSON instead of binary frames.
        callbacks: also receive callbacks, stamped like the rest: True for a service on this
            machine, or `{"host", "port", "public_url"}` where the service reaches it elsewhere.
        reference: the words really spoken, with their times: a path, a list of dicts, or a
            DataFrame; by default `NAME.words.json` beside the sound file, if there is one; False
            for none.
        key: API key; by default `GLADIA_API_KEY`. Without one the embedded server is used.
        url: base URL of the service; by default `GLADIA_API_URL`, else Gladia's.
        region: `eu-west` or `us-west`.
        server: a `LocalServer` to use.
        **fields: fields of `SessionConfig` that differ from `config`.

    Raises:
        AudioError, ConfigError: nothing was sent; the sentence says what to mend.
        RunFileError: the run cannot be written.
        ServerError: the embedded server did not start.
        WorkerError: the process for sessions did not start.
    """
    config = (config or SessionConfig()).replace(**fields)
    options = _check_options(chunk_ms, speed, region)
    prepared = prepare(source, config.measuring(), tail_s=tail_s)
    _check_chunk(prepared, chunk_ms, json_audio)
    words = find_reference(source, reference)
    if words and prepared.config.channels == 1:
        # Channels that were mixed into one are heard on it.
        words = [{**word, "channel": 0} for word in words]
    target = resolve_target(key=key, url=url, server=server)
    options |= {"json_audio": json_audio, "tail_s": tail_s, "target": target.label}
    options["callbacks"] = callbacks is not False
    run_path = _create_file(path, prepared, options, words)
    command = {
        "path": str(run_path),
        "base_url": target.url,
        "key": target.key,
        "region": region,
        "body": prepared.config.to_body(),
        "frame_bytes": prepared.frame_bytes,
        "sample_rate": prepared.config.sample_rate,
        "chunk_ms": chunk_ms,
        "speed": speed,
        "json_audio": json_audio,
        "callbacks": _check_callbacks(callbacks),
    }
    return _get_worker().launch(command, prepared.data, run_path, prepared)


def transcribe(
    source: Source, config: SessionConfig | None = None, *, progress: bool = True, **options: Any
) -> Run:
    """Run a live session to its end and return everything that was recorded.

    Blocks, with a progress bar. An interrupt (Ctrl-C, or the notebook's stop button) stops the
    session properly and returns what was recorded; a second one gives up at once.

    Args:
        source: a sound file, an `Audio`, or `(array, sample_rate)`.
        config: the configuration.
        progress: show a progress bar (never where standard error is not a terminal).
        **options: as for `start`.

    Raises:
        GladiaNbError: as for `start`; and when the session failed, with the error's `run`.
    """
    live = start(source, config, **options)
    return wait_for(live, progress=progress)


def wait_for(live: Live, *, progress: bool = True) -> Run:
    """Wait for a session as `transcribe` does, with progress bar and interrupts."""
    try:
        with _bar(live) if progress else contextlib.nullcontext() as bar:
            while not live.wait(0.1):
                if bar is not None:
                    bar.update(round(live.sent_s, 1) - bar.n)
            if bar is not None:
                bar.update(round(live.sent_s, 1) - bar.n)
    except KeyboardInterrupt:
        live.stop()
        try:
            if not live.wait(_INTERRUPT_S):
                live.abort()
                live.wait(5)
        except KeyboardInterrupt:
            live.abort()
            live.wait(5)
            raise
    return live.result(timeout_s=5)


def _bar(live: Live) -> Any:
    total = round(live.duration_s, 1)
    shape = "{desc} {percentage:3.0f}%|{bar}| {n:.1f} of {total:.1f} s  [{elapsed}<{remaining}]"
    if "ipykernel" in sys.modules:
        from tqdm.notebook import tqdm

        # The notebook's bar is a widget; its text has no room for a bar of characters.
        return tqdm(total=total, desc=live.path.stem, unit="s", leave=False)
    from tqdm import tqdm

    return tqdm(total=total, desc=live.path.stem, bar_format=shape, disable=None, leave=False)


def _check_options(chunk_ms: float, speed: float, region: str | None) -> dict[str, Any]:
    for name, value, low, high in (("chunk_ms", chunk_ms, 1, 10_000), ("speed", speed, 0.1, 100)):
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            raise ConfigError(f"{name} must be between {low:g} and {high:g} (got {value!r}).")
    if region not in (None, "eu-west", "us-west"):
        raise ConfigError(f"region must be 'eu-west' or 'us-west' (got {region!r}).")
    return {"chunk_ms": chunk_ms, "speed": speed, "region": region}


_CALLBACK_OPTIONS: Mapping[str, type] = {"host": str, "port": int, "public_url": str}


def _check_callbacks(callbacks: bool | Mapping[str, Any]) -> dict[str, Any] | None:
    if isinstance(callbacks, bool):
        return {} if callbacks else None
    for name, value in callbacks.items():
        kind = _CALLBACK_OPTIONS.get(name)
        if kind is None:
            known = ", ".join(_CALLBACK_OPTIONS)
            raise ConfigError(f"callbacks has {known}; {name!r} is not known.")
        out_of_range = isinstance(value, int) and not 0 <= value <= 65535
        if not isinstance(value, kind) or out_of_range:
            what = "a port from 0 to 65535" if kind is int else "a string"
            raise ConfigError(f"callbacks: {name} must be {what} (got {value!r}).")
    return dict(callbacks)


def _check_chunk(prepared: Prepared, chunk_ms: float, json_audio: bool) -> None:
    size = chunk_ms / 1000 * prepared.config.sample_rate * prepared.frame_bytes
    if size * (4 / 3 if json_audio else 1) > MAX_FRAME_BYTES - 100:
        raise ConfigError(
            f"A chunk of {chunk_ms:g} ms has {size / 1e6:.1f} MB here and the service takes 1 MiB "
            "a frame; choose a shorter chunk_ms."
        )


def _create_file(
    path: str | Path | None,
    prepared: Prepared,
    options: dict[str, Any],
    words: list[dict[str, Any]] | None,
) -> Path:
    """Make the file of the run with its header, before anything is sent."""
    if path is None:
        now = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
        stem = re.sub(r"[^\w.-]+", "_", Path(prepared.name).stem)[:60] or "audio"
        path = new_path(Path(os.environ.get(RUNS_VARIABLE) or "runs"), f"{now}-{stem}")
    path = Path(path).expanduser().absolute()
    anchor = Anchor.take()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "anchor": [anchor.mono_ns, anchor.wall_ns, anchor.width_ns],
        "config": prepared.config.to_body(),
        "audio": prepared.describe(),
        "options": options,
        "reference": words,
        "versions": _versions(),
    }
    try:
        with path.open("x", encoding="ascii", newline="\n") as file:
            file.write(dump_line(header))
    except FileExistsError:
        raise RunFileError(f"{path} exists already; a run is never overwritten.") from None
    except OSError as error:
        raise RunFileError(
            f"Cannot write the run to {path}: {error.strerror or error}. Name another place."
        ) from None
    return path


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    for name in ("gladia-nb", "aiohttp", "numpy", "pandas", "soxr"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _error_of(run: Run) -> GladiaNbError:
    """The error that ended a session, as it was raised in the worker, with the run."""
    error: GladiaNbError = SessionError("The session failed and did not say why.")
    for event in run.record.of("error")[:1]:
        kind, text = BY_NAME.get(event["name"], SessionError), str(event["text"])
        if issubclass(kind, ApiError):
            fields = {name: event[name] for name in ("status", "request_id", "validation_errors")}
            error = kind(text, **fields)
        elif issubclass(kind, SessionError):
            error = kind(text, code=event.get("code"))
        else:
            error = kind(text)
    error.run = run
    return error
