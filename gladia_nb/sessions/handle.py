"""The handle of a session under way: what it tells, and how to end it.

Every event comes from the worker as one line of JSON, which a `Live` hands on and does not keep:
what was told is in the file of the run (`told_lines` says when it is not). A handle holds no
session itself: when this process dies, the worker ends the session and completes its record.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from msgspec import UNSET

from gladia_nb.errors import BY_NAME, ApiError, GladiaNbError, SessionError, WorkerError
from gladia_nb.record.event_kinds import AnyEvent, ChunkEvent, EndEvent, ErrorEvent, WarningEvent
from gladia_nb.record.events import read_event
from gladia_nb.run import Run
from gladia_nb.sessions.sound_keeping import SoundKeeper
from gladia_nb.sessions.subscribers import Subscribers
from gladia_nb.sessions.told_lines import ToldLines
from gladia_nb.sessions.watched import Watched
from gladia_nb.worker.commands import Abort, AnyCommand, Note, Stop

__all__ = ["Live"]

log = logging.getLogger(__name__)

_WHAT = "a live session"


class _Worker(Protocol):
    """The process that runs the session, as far as a handle needs it."""

    def send(self, session: int, command: AnyCommand, audio: bytes = b"") -> None: ...

    def obituary(self) -> str: ...


class Live(Watched):
    """A session under way. Made by `start`.

    Every method can be called from any thread, any number of times, also after the end.

    Args:
        worker: the process that runs it.
        number: its number there.
        path: the file of its run.
        sample_rate: hertz, as sent.
        channels: as sent.
        duration_s: length of the audio; None when it is not known because it is live.
        sound: keeps what is sent, or None.

    Attributes:
        path: the file in which everything is recorded as it happens; it is gone again when no
            session came of it, because the service could not be reached or refused.
        channels: number of channels that are sent.
        sample_rate: hertz, as sent.
        is_live: whether the audio is captured while it is sent, so that its length is not known.
        sound: what keeps the sound beside the run; None where it is left out.
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
        sound: SoundKeeper | None = None,
    ) -> None:
        self._lines = ToldLines(path)
        super().__init__(_WHAT, self._lines.since, sample_rate)
        self.path = path
        self.channels = channels
        self.is_live = duration_s is None
        self.sound = sound
        if sound is not None:
            sound.failed = lambda text: self.note_warnings([text])
        self._duration_s = duration_s
        self._worker = worker
        self._number = number
        self._lock = threading.Lock()
        self._before_stop: list[Callable[[], None]] = []
        self._when_done: list[Callable[[], None]] = []
        self._outcome: str | None = None
        self._error: ErrorEvent | None = None

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds; of live audio what has been sent of it until now."""
        return self.sent_s if self._duration_s is None else self._duration_s

    @property
    def state(self) -> str:
        """`running`, or how it ended: `finished`, `stopped`, `aborted`, `failed`, `incomplete`."""
        return self._outcome or ("incomplete" if self.done else "running")

    @property
    def header(self) -> Mapping[str, Any]:
        """What was asked for: the header of the run.

        Raises:
            RunFileError: its file cannot be read any more.
        """
        return self._lines.header()

    # -- commands --

    def stop(self) -> None:
        """Send no more audio; the service finishes what it has, then the session ends."""
        with self._lock:
            callbacks, self._before_stop = self._before_stop, []
        for callback in callbacks:
            try:
                callback()
            except Exception:
                log.exception("What was to be done before the stop of a session failed")
        self.command(Stop())

    def abort(self) -> None:
        """End the session at once; what was recorded stays in the run."""
        self.command(Abort())

    def command(self, command: AnyCommand, audio: bytes = b"") -> None:
        """Tell the worker something about this session; for parts of the toolkit."""
        if audio and self.sound is not None:
            self.sound.feed(audio)
        self._worker.send(self._number, command, audio)

    def note(self, event: AnyEvent) -> None:
        """Put an event into the run that the worker cannot know, such as a `ClockEvent`."""
        self.command(Note(event))

    def note_warnings(self, texts: Iterable[str]) -> None:
        """Put warnings into the run that were known before it began."""
        for text in texts:
            self.note(WarningEvent(time.perf_counter_ns(), text))

    def before_stop(self, callback: Callable[[], None]) -> None:
        """Call `callback` before a stop is sent; for sources of live audio."""
        with self._lock:
            self._before_stop.append(callback)

    # -- what happens --

    def result(self, timeout_s: float | None = None) -> Run:
        """Block until the session has ended and return its run.

        Where the disk did not take all of it the run is complete nevertheless: it is in memory, its
        `path` is None, and a warning of it says so. Save it elsewhere. The run of an error that
        came before there was a session is in memory alone, too: it leaves no file.

        Raises:
            TimeoutError: it has not ended within `timeout_s`.
            GladiaNbError: it failed; the error's `run` has what was recorded until then.
        """
        if not self.wait(timeout_s):
            raise TimeoutError(f"The session has not ended within {timeout_s} s.")
        if self.sound is not None:
            self.sound.wait()
        run = Run(self._lines.record())
        if self._outcome == "failed":
            raise _error_of(self._error, run)
        if not run.complete:
            died = WorkerError(
                f"The process that ran the session died ({self._worker.obituary()}). "
                f"What was recorded until then is in {self.path}."
            )
            died.run = run
            raise died
        return run

    def __await__(self) -> Generator[Any, None, Run]:
        return self._awaited().__await__()

    async def _awaited(self) -> Run:
        """The result, waited for without a thread: whoever is cancelled leaves nothing behind."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(ended.set)

        leave = self._at_end(wake)
        try:
            await ended.wait()
        finally:
            leave()
        return await asyncio.to_thread(self.result, 0)

    def _at_end(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` once the session has ended; returns a function that takes it back."""
        with self._lock:
            if not self.done:
                self._when_done.append(callback)
                return lambda: self._forget_callback(callback)
        callback()
        return lambda: None

    def _forget_callback(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._when_done:
                self._when_done.remove(callback)

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Every event, as it comes, until the session has ended.

        What kinds there are: `gladia_nb.record.event_kinds`.
        """
        return self._subscribers.follow(self._done.is_set)

    def __repr__(self) -> str:
        of = "" if self.is_live else f" of {self.duration_s:.1f}"
        return f"{type(self).__name__}({self.state}, {self.sent_s:.1f}{of} s sent, {self.path})"

    # -- called by the worker's reader --

    def _feed(self, line: bytes) -> None:
        stored = json.loads(line)
        event = read_event(stored)
        self._lines.take(line, event)
        self._note(event)
        match event:
            case ChunkEvent(end_frame=end_frame) if event.send_end_ns is not None:
                if self.sound is not None:
                    self.sound.sent(end_frame)
            case ErrorEvent() if self._error is None:
                self._error = event
            case EndEvent(outcome=outcome):
                self._outcome = outcome
                if outcome == "failed" and self._lines.withdraw() and self.sound is not None:
                    self.sound.withdraw()
        self._subscribers.publish(stored)
        if isinstance(event, EndEvent):
            self._orphaned()

    def _orphaned(self) -> None:
        """No more will be told."""
        if self.sound is not None:
            self.sound.end()
        with self._lock:
            self._done.set()
            callbacks, self._when_done = self._when_done, []
        for callback in callbacks:
            callback()

    def _disown(self) -> None:
        """In a forked child: locks may be locked by threads that are not here."""
        self._lock, self._done = threading.Lock(), threading.Event()
        self._subscribers = Subscribers(_WHAT, self._lines.since)
        self._when_done = []
        # The file is the parent's, and so is the thread that writes it.
        self.sound = None
        self._orphaned()


def _error_of(told: ErrorEvent | None, run: Run) -> GladiaNbError:
    """The error that ended a session, as it was raised in the worker, with the run."""
    if told is None:
        error: GladiaNbError = SessionError("The session failed and did not say why.")
    else:
        error = _raised(told)
    error.run = run
    return error


def _raised(told: ErrorEvent) -> GladiaNbError:
    kind = BY_NAME.get(told.name, SessionError)
    if issubclass(kind, ApiError):
        return kind(
            told.text,
            status=0 if told.status is UNSET else told.status,
            request_id=None if told.request_id is UNSET else told.request_id,
            validation_errors=None if told.validation_errors is UNSET else told.validation_errors,
        )
    if issubclass(kind, SessionError):
        return kind(told.text, code=None if told.code is UNSET else told.code)
    return kind(told.text)
