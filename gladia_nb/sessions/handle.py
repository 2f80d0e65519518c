"""The handle of a session under way: what it tells, and how to end it.

Every event comes from the worker as one line of JSON, which a `Live` keeps and hands on. It holds
no session itself: when this process dies, the worker ends the session and completes its record.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from gladia_nb.errors import BY_NAME, ApiError, GladiaNbError, SessionError, WorkerError
from gladia_nb.record.file import load_record
from gladia_nb.run import Run

__all__ = ["Live", "Subscriber"]

log = logging.getLogger(__name__)

Subscriber = Callable[[Mapping[str, Any]], None]


class _Worker(Protocol):
    """The process that runs the session, as far as a handle needs it."""

    def send(self, command: Mapping[str, Any], audio: bytes = b"") -> None: ...

    def obituary(self) -> str: ...


class Live:
    """A session under way. Made by `start`.

    Every method can be called from any thread, any number of times, also after the end.

    Args:
        worker: the process that runs it.
        number: its number there.
        path: the file of its run.
        sample_rate: hertz, as sent.
        channels: as sent.
        duration_s: length of the audio; None when it is not known because it is live.

    Attributes:
        path: the file in which everything is recorded as it happens.
        channels: number of channels that are sent.
        sample_rate: hertz, as sent.
        is_live: whether the audio is captured while it is sent, so that its length is not known.
    """

    def __init__(
        self,
        worker: _Worker,
        number: int,
        path: Path,
        *,
        sample_rate: int,
        channels: int,
        duration_s: float | None = None,
    ) -> None:
        self.path = path
        self.channels = channels
        self.sample_rate = sample_rate
        self.is_live = duration_s is None
        self._duration_s = duration_s
        self._worker = worker
        self._number = number
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._subscribers: list[Subscriber] = []
        self._before_stop: list[Callable[[], None]] = []
        self._done = threading.Event()
        self._sent_frames = 0
        self._outcome: str | None = None

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds; of live audio what has been sent of it until now."""
        return self.sent_s if self._duration_s is None else self._duration_s

    @property
    def state(self) -> str:
        """`running`, or how it ended: `finished`, `stopped`, `aborted`, `failed`, `incomplete`."""
        return self._outcome or ("incomplete" if self.done else "running")

    # -- commands --

    def stop(self) -> None:
        """Send no more audio; the service finishes what it has, then the session ends."""
        with self._lock:
            callbacks, self._before_stop = self._before_stop, []
        for callback in callbacks:
            callback()
        self.command({"cmd": "stop"})

    def abort(self) -> None:
        """End the session at once; what was recorded stays in the run."""
        self.command({"cmd": "abort"})

    def command(self, command: Mapping[str, Any], audio: bytes = b"") -> None:
        """Tell the worker something about this session; for parts of the toolkit."""
        self._worker.send({**command, "session": self._number}, audio)

    def before_stop(self, callback: Callable[[], None]) -> None:
        """Call `callback` before a stop is sent; for sources of live audio."""
        with self._lock:
            self._before_stop.append(callback)

    # -- what happens --

    @property
    def done(self) -> bool:
        """Whether the session has ended, in whatever way."""
        return self._done.is_set()

    @property
    def sent_s(self) -> float:
        """Seconds of audio that have been sent."""
        return self._sent_frames / self.sample_rate

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
        """Every event, as it comes, until the session has ended. See `gladia_nb.record.file`."""
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
        of = "" if self.is_live else f" of {self.duration_s:.1f}"
        return f"{type(self).__name__}({self.state}, {self.sent_s:.1f}{of} s sent, {self.path})"

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
