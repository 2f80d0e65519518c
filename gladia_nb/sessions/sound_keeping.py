"""Keeps what a session sends beside its run, while it sends it, on a thread of its own.

All of that happens in the caller's process, which has the bytes anyway: the process with the
stopwatch neither encodes nor writes any of it. Of audio that is known beforehand the file takes
what the events say was sent; of live audio what is fed. What comes is only put in a queue, so that
neither the thread that reads events nor the one that captures waits for a disk.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from gladia_nb.audio import Audio
from gladia_nb.errors import RunFileError
from gladia_nb.paths import mount_point
from gladia_nb.record.file import read_header
from gladia_nb.record.folders import sound_files
from gladia_nb.record.sound import Wire, mark_of, read_sound
from gladia_nb.record.sound_writing import SoundWriter
from gladia_nb.sound_file import Samples

__all__ = ["SoundKeeper", "keeping"]

log = logging.getLogger(__name__)

#: When the interpreter ends: how long the files may take to be whole.
_PARTING_S = 5.0
#: Seconds of audio that are set down ahead of what was sent: a process that is busy, and then
#: killed, has not heard what was sent last.
_AHEAD_S = 10

_everyone: weakref.WeakSet[SoundKeeper] = weakref.WeakSet()


@contextlib.contextmanager
def keeping(run: Path, data: bytes | None, *, wanted: bool = True) -> Iterator[SoundKeeper | None]:
    """Begin to keep the sound of a run whose file has its header, and give it up on an error.

    Inside, a session is begun with it; only behind it that can be told what the disk did not take.

    Args:
        run: its path.
        data: as for `SoundKeeper`.
        wanted: whether it is to be kept at all.

    Raises:
        RunFileError: the file cannot be made.
    """
    if not wanted:
        yield None
        return
    try:
        with run.open("rb") as file:
            header, _ = read_header(iter([file.readline()]), run)
        keeper = SoundKeeper(run, header, data)
    except OSError as error:
        raise RunFileError(
            f"Cannot keep the sound beside {run}: {error.strerror or error}. Name another place, "
            "or leave the sound out with audio=False."
        ) from None
    try:
        keeper.begin()
        yield keeper
    except BaseException:
        keeper.end()
        raise
    keeper.tell()


class SoundKeeper:
    """Keeps the sound of one session, from `begin` on.

    Args:
        run: path of the run.
        header: of the run, for whose sound it is.
        data: all that will be sent, where that is known; None for live audio, which is fed.

    Attributes:
        failed: called once, with a sentence, when the disk takes no more: on the thread that
            writes, or by `tell`.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, run: Path, header: Mapping[str, Any], data: bytes | None) -> None:
        self._run = run
        self._wire = Wire.of(header["config"])
        self._mark = mark_of(header)
        self._writer = SoundWriter(run, self._wire, self._mark)
        self._data = data
        # Sample frames that have been set down.
        self._there = 0
        self.failed: Callable[[str], None] = lambda _: None
        self._is_heard = False
        self._untold: str | None = None
        self._telling = threading.Lock()
        # What the disk did not take.
        self._unwritten: bytearray | None = None
        self._queue: SimpleQueue[bytes | int | threading.Event | None] = SimpleQueue()
        self._over = threading.Event()
        self._withdrawing = False
        self._withdrawn: Samples | None = None
        # What was fed to a session that was over already, as one that is refused at once may be.
        self._late = bytearray()
        self._late_lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="gladia_nb sound", daemon=True)

    def begin(self) -> None:
        """Begin to write what is put in the queue, on the thread."""
        _everyone.add(self)
        self._thread.start()

    def tell(self) -> None:
        """From now on somebody listens: what went wrong until now is told, and all else."""
        with self._telling:
            self._is_heard = True
            untold, self._untold = self._untold, None
        if untold is not None:
            self.failed(untold)

    def feed(self, data: bytes) -> None:
        """More live audio, as it goes over the wire; behind the end it is kept in memory alone."""
        self._queue.put(data)

    def sent(self, end_frame: int) -> None:
        """All frames before this one have been sent."""
        if self._data is not None:
            self._queue.put(end_frame)

    def end(self) -> None:
        """The session is over. Repeatable."""
        self._queue.put(None)

    def withdraw(self) -> None:
        """No session came of it, and there is no run: what was fed is in memory alone."""
        self._withdrawing = True
        self.end()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the file is whole; False when `timeout_s` was too short for that."""
        return self._over.wait(timeout_s)

    def so_far(self, name: str) -> Audio | None:
        """Everything that has been fed or sent until now; None for nothing.

        Raises:
            AudioError: it cannot be read.
        """
        if threading.current_thread() is not self._thread:
            done = threading.Event()
            self._queue.put(done)
            while not done.wait(0.05) and not self._over.is_set():
                pass
        found = self._found(name)
        return found if found is not None and len(found.samples) else None

    def _found(self, name: str) -> Audio | None:
        if self._withdrawn is not None:
            found: Audio | None = Audio(self._withdrawn, self._wire.sample_rate, name)
        else:
            most = None if self._unwritten is None else self._writer.frames
            found = read_sound(self._run, self._wire, self._mark, name, most)
        if more := bytes(self._unwritten or b"") + self._came_late():
            rest = self._wire.decode(more)
            samples = rest if found is None else np.concatenate([found.samples, rest])
            found = Audio(samples, self._wire.sample_rate, name)
        return found

    def _came_late(self) -> bytes:
        """What was fed behind the end: the thread that writes does not hear it any more."""
        if not self._over.is_set():
            return b""
        with self._late_lock, contextlib.suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, bytes):
                    self._late += item
        return bytes(self._late)

    # -- the thread --

    def _work(self) -> None:
        try:
            self._set_down(0)
            while (item := self._queue.get()) is not None:
                match item:
                    case bytes():
                        self._keep(item)
                    case int():
                        self._keep_sent(item)
                    case threading.Event():
                        item.set()
            # Also behind a disk that refused: what it took is whole then.
            self._carry_out(self._writer.close)
            if self._withdrawing:
                self._take_away()
        except Exception:
            log.exception("The sound of %s could not be kept", self._run)
        finally:
            self._data = None
            self._over.set()

    def _take_away(self) -> None:
        found = self.so_far("")
        self._withdrawn = np.zeros((0, self._wire.channels)) if found is None else found.samples
        for path in sound_files(self._run):
            path.unlink()

    def _keep(self, data: bytes) -> None:
        """Live audio: all of it belongs to the file."""
        if self._unwritten is None:
            self._there += len(data) // self._wire.frame_bytes
            self._attempt(partial(self._writer.set_down, data))
            self._attempt(partial(self._writer.commit, self._there))
        if self._unwritten is not None:
            self._unwritten += data

    def _keep_sent(self, end_frame: int) -> None:
        if self._unwritten is None:
            self._set_down(end_frame)
            self._attempt(partial(self._writer.commit, end_frame))

    def _set_down(self, sent: int) -> None:
        """Of audio that is known: what was sent, and what will be sent soon."""
        if self._data is None:
            return
        width = self._wire.frame_bytes
        until = min(sent + _AHEAD_S * self._wire.sample_rate, len(self._data) // width)
        if until > self._there:
            data = self._data[self._there * width : until * width]
            self._there = until
            self._attempt(partial(self._writer.set_down, data))

    def _attempt(self, step: Callable[[], None]) -> None:
        """Do something on the disk, until it refuses once."""
        if self._unwritten is None:
            self._carry_out(step)

    def _carry_out(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            if self._unwritten is not None:
                return
            self._unwritten = bytearray()
            at_s = self._writer.frames / self._wire.sample_rate
            place = mount_point(self._writer.path)
            sentence = (
                f"The disk at {place} did not take the sound of the run behind {at_s:.1f} s "
                f"({error.strerror or error}); make room there. The run itself goes on."
            )
            with self._telling:
                if not self._is_heard:
                    self._untold = sentence
                    return
            self.failed(sentence)

    def disown(self) -> None:
        """In a forked child: the file and the thread that writes it are the parent's."""
        self._writer.disown()
        self._late_lock = threading.Lock()
        self._over = threading.Event()
        self._over.set()


def _after_fork() -> None:
    for keeper in list(_everyone):
        keeper.disown()
    _everyone.clear()


def _finish_all() -> None:
    """Sessions have been ended: their files are made whole."""
    until = time.monotonic() + _PARTING_S
    for keeper in list(_everyone):
        # One whose session never was has not been told.
        keeper.end()
        keeper.wait(max(0.0, until - time.monotonic()))


atexit.register(_finish_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
