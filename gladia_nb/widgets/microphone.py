"""A microphone in the browser, with two ways to the service.

*Through the kernel*: pieces of audio come here, and a session of the worker sends them. *From the
browser*: the page gets the URL of the WebSocket, never the key, and holds the session by itself,
with a stopwatch that no busy kernel, notebook server or hub stands before. Both end in the same
`Run`.

Callbacks of the widget only hand over: a thread of its own, which lives as long as there is
something to do, works through what the page says.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import anywidget
import traitlets

from gladia_nb.audio import Audio
from gladia_nb.config import MAX_CHANNELS, SAMPLE_RATES
from gladia_nb.errors import ConfigError
from gladia_nb.sessions.browser import DirectLive, start_direct
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.live_audio import LiveAudio
from gladia_nb.sessions.runner import start
from gladia_nb.widgets.assets import MICROPHONE
from gladia_nb.widgets.recorder import Desk, Recorder
from gladia_nb.widgets.rules import MODES, microphone_rules

__all__ = ["Microphone"]

log = logging.getLogger(__name__)

Message = tuple[int, Mapping[str, Any], tuple[bytes, ...]]


class Microphone(anywidget.AnyWidget):
    """Record in the browser: a take, or a session while it is spoken.

    Args:
        sample_rate: hertz, 8000, 16000, 32000, 44100 or 48000. A browser that cannot record at
            that rate records at its own, and the kernel resamples.
        channels: 1 or more.
        chunk_ms: milliseconds of audio in each piece.
        mode: `take`, `stream` (through the kernel) or `direct` (from the browser).

    Attributes:
        state: `idle`, `asking`, `live`, `paused` or `error`.
        message: the sentence that the page shows.
        launch: begins a session when the user starts in the mode `stream`; called with the
            `LiveAudio`, on a thread of its own. `gladia_nb.start` by default.
        launch_direct: the same for the mode `direct`; `gladia_nb.start_direct` by default.

    Raises:
        ConfigError: the rate, the channels or the pieces cannot be.

    Example:
        >>> mic = Microphone(sample_rate=16000)
        >>> mic.state, mic.take
        ('idle', None)
        >>> mic.close()
    """

    _esm = MICROPHONE.esm()
    _css = MICROPHONE.css()

    state = traitlets.Enum(("idle", "asking", "live", "paused", "error"), "idle").tag(sync=True)
    mode = traitlets.Enum(tuple(MODES), "take").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    sample_rate = traitlets.Int(16000).tag(sync=True)
    channels = traitlets.Int(1).tag(sync=True)
    chunk_ms = traitlets.Float(100.0).tag(sync=True)
    rules = traitlets.Dict().tag(sync=True)

    _recorder: Recorder
    _thread: threading.Thread | None = None

    def __init__(
        self,
        sample_rate: int = 16000,
        channels: int = 1,
        chunk_ms: float = 100,
        *,
        mode: str = "take",
        **options: Any,
    ) -> None:
        if sample_rate not in SAMPLE_RATES:
            known = ", ".join(map(str, SAMPLE_RATES))
            raise ConfigError(f"sample_rate must be one of {known} (got {sample_rate!r}).")
        if not isinstance(channels, int) or not 1 <= channels <= MAX_CHANNELS:
            raise ConfigError(f"channels must be from 1 to {MAX_CHANNELS} (got {channels!r}).")
        if not isinstance(chunk_ms, (int, float)) or not 10 <= chunk_ms <= 2000:
            raise ConfigError(f"chunk_ms must be between 10 and 2000 (got {chunk_ms!r}).")
        if mode not in MODES:
            raise ConfigError(f"mode must be 'take', 'stream' or 'direct' (got {mode!r}).")
        super().__init__(
            sample_rate=sample_rate,
            channels=channels,
            chunk_ms=chunk_ms,
            mode=mode,
            rules=microphone_rules(),
            **options,
        )
        self.launch: Callable[[LiveAudio], Live] = start
        self.launch_direct: Callable[[], DirectLive] = self._start_direct
        self._callbacks: list[Callable[[dict[str, Any]], None]] = []
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._lock = threading.Lock()
        self._recorder = Recorder(self._desk())
        # The registry of callbacks outlives the widget, which it shall not keep alive.
        me = weakref.ref(self)

        def receive(_: object, content: Any, buffers: Any) -> None:
            mic = me()
            if mic is not None and isinstance(content, Mapping):
                mic._post(content, buffers)  # noqa: SLF001 - its own callback

        self.on_msg(receive)

    def _desk(self) -> Desk:
        # Looked up when they are called: whoever owns the widget may replace what launches.
        return Desk(
            say=self._say,
            tell=self._tell,
            post=self._post,
            stop=self.stop,
            idle=partial(setattr, self, "state", "idle"),
            launch=lambda audio: self.launch(audio),  # noqa: PLW0108 - as it is then
            launch_direct=lambda: self.launch_direct(),  # noqa: PLW0108
        )

    # -- for users --

    @property
    def take(self) -> Audio | None:
        """The last finished take, sample for sample what was streamed, or None."""
        return self._recorder.take

    @property
    def captured_rate(self) -> int:
        """Hertz at which the browser records; 0 before it has."""
        return self._recorder.captured_rate

    def on_event(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Call `callback` with what happens, on a thread of the toolkit's own.

        Each event is a dict with a `kind`: `take` (with `take`), `started` (with `live`, the
        handle), `paused`, `resumed`, `stopped`, `notice` (with `text`) or `error` (with `text` and
        `code`).
        """
        self._callbacks.append(callback)

    def stop(self) -> None:
        """End the recording; what comes of it is told by an event. Repeatable."""
        self.send({"kind": "stop"})

    def close(self) -> None:
        """End the recording, if there is one, and remove the widget."""
        # One that was refused its options has none.
        recorder = self.__dict__.get("_recorder")
        if recorder is not None and recorder.recording is not None:
            self.stop()
            self._post({"kind": "gone", "page": recorder.page})
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)
        super().close()

    def _start_direct(self) -> DirectLive:
        return start_direct(
            sample_rate=self.captured_rate, channels=self.channels, chunk_ms=self.chunk_ms
        )

    # -- handing over --

    def _post(self, content: Mapping[str, Any], buffers: Any = ()) -> None:
        """From any thread: stamp a message and leave it to the thread that works."""
        stamp = time.perf_counter_ns()
        self._inbox.put((stamp, content, tuple(bytes(buffer) for buffer in buffers or ())))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="gladia_nb microphone", daemon=True
                )
                self._thread.start()

    def _work(self) -> None:
        """Work through messages until there is no recording and nothing to come."""
        while True:
            try:
                stamp, content, buffers = self._inbox.get(timeout=0.2)
            except Empty:
                with self._lock:
                    if self._recorder.recording is None and self._inbox.empty():
                        self._thread = None
                        return
                self._guard(self._recorder.tick)
            else:
                self._guard(partial(self._recorder.hear, stamp, content, buffers))

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            log.exception("The microphone failed")
            self._recorder.fail(f"The recording failed: {error}")

    def _tell(self, kind: str, **fields: Any) -> None:
        for callback in list(self._callbacks):
            try:
                callback({"kind": kind, **fields})
            except Exception:
                log.exception("A callback of the microphone failed")

    def _say(self, content: dict[str, Any]) -> None:
        # A page that has gone is found by its silence.
        with contextlib.suppress(OSError, RuntimeError):
            self.send(content)
