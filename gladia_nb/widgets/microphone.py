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
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.resources import files
from queue import Empty, SimpleQueue
from typing import Any

import anywidget
import traitlets

from gladia_nb.audio import Audio
from gladia_nb.config import MAX_CHANNELS, SAMPLE_RATES
from gladia_nb.errors import ConfigError, GladiaNbError
from gladia_nb.lab.page_recording import SERIES, PageClock, Recording, device_event, map_events
from gladia_nb.record.event_kinds import AnyEvent, EndEvent, ErrorEvent, WarningEvent
from gladia_nb.record.events import read_event
from gladia_nb.sessions.browser import DirectLive, start_direct
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.live_audio import LiveAudio
from gladia_nb.sessions.process import get_worker
from gladia_nb.sessions.runner import start
from gladia_nb.worker.commands import Failure

__all__ = ["Microphone"]

log = logging.getLogger(__name__)

#: Seconds between two pings of a page that records.
_PING_S = 2.0
#: A page that says nothing for so many seconds has gone. A kernel of the sixth ipykernel hears
#: nothing while a cell runs, so that this is longer than what is likely.
_GONE_S = 60.0
_GONE = (
    "The page that was recording has gone, or a cell has kept the kernel from hearing it for "
    f"{_GONE_S:g} s. What was recorded until then is kept."
)

Message = tuple[int, Mapping[str, Any], tuple[bytes, ...]]


def _front_end() -> str:
    """The module of the page; what it uses comes before it."""
    folder = files(__package__).joinpath("static", "microphone")
    names = ("worklet.js", "link.js", "view.js", "microphone.js")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


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
        captured_rate: hertz at which the browser records; 0 before it has.
        take: the last finished take, sample for sample what was streamed, or None.
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

    _esm = _front_end()
    _css = (
        files(__package__)
        .joinpath("static", "microphone", "microphone.css")
        .read_text(encoding="utf-8")
    )

    state = traitlets.Enum(("idle", "asking", "live", "paused", "error"), "idle").tag(sync=True)
    mode = traitlets.Enum(("take", "stream", "direct"), "take").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    sample_rate = traitlets.Int(16000).tag(sync=True)
    channels = traitlets.Int(1).tag(sync=True)
    chunk_ms = traitlets.Float(100.0).tag(sync=True)

    _recording: Recording | None = None
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
        if mode not in ("take", "stream", "direct"):
            raise ConfigError(f"mode must be 'take', 'stream' or 'direct' (got {mode!r}).")
        super().__init__(
            sample_rate=sample_rate, channels=channels, chunk_ms=chunk_ms, mode=mode, **options
        )
        self.take: Audio | None = None
        self.captured_rate = 0
        self.launch: Callable[[LiveAudio], Live] = start
        self.launch_direct: Callable[[], DirectLive] = self._start_direct
        self._callbacks: list[Callable[[dict[str, Any]], None]] = []
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._lock = threading.Lock()
        self._clocks: dict[str, PageClock] = {}
        self._page = ""
        self._handle: Live | None = None
        self._early: list[AnyEvent] = []
        self._done: Mapping[str, Any] | None = None
        self._heard_ns = self._pinged_ns = 0
        # The registry of callbacks outlives the widget, which it shall not keep alive.
        me = weakref.ref(self)

        def receive(_: object, content: Any, buffers: Any) -> None:
            mic = me()
            if mic is not None and isinstance(content, Mapping):
                mic._post(content, buffers)  # noqa: SLF001 - its own callback

        self.on_msg(receive)

    # -- for users --

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
        if self._recording is not None:
            self.stop()
            self._post({"kind": "gone", "page": self._page}, ())
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)
        super().close()

    def _start_direct(self) -> DirectLive:
        return start_direct(
            sample_rate=self.captured_rate, channels=self.channels, chunk_ms=self.chunk_ms
        )

    # -- handing over --

    def _post(self, content: Mapping[str, Any], buffers: Any) -> None:
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
                    if self._recording is None and self._inbox.empty():
                        self._thread = None
                        return
                self._guard(self._tick)
            else:
                self._guard(partial(self._hear, stamp, content, buffers))

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            log.exception("The microphone failed")
            self._fail(f"The recording failed: {error}")

    def _tell(self, kind: str, **fields: Any) -> None:
        for callback in list(self._callbacks):
            try:
                callback({"kind": kind, **fields})
            except Exception:
                log.exception("A callback of the microphone failed")

    # -- what a page says; on the thread that works --

    def _hear(self, stamp: int, content: Mapping[str, Any], buffers: tuple[bytes, ...]) -> None:
        kind, page = content.get("kind"), str(content.get("page", ""))
        if page == self._page:
            self._heard_ns = stamp
        if kind in ("hello", "asking"):
            self._clocks.setdefault(page, PageClock()).left = SERIES
            self._ping(page)
            if kind == "asking" and content["mode"] != "take":
                # The process for sessions takes a moment to start; the device does too.
                self._spawn(self._warm)
        elif kind == "pong":
            self._ponged(page, content, stamp)
        elif kind == "start":
            self._begin(page, content, stamp)
        elif kind == "error":
            # Without a recording: the device could not even be opened.
            self._tell("error", code=content["code"], text=content["text"])
        elif kind == "launched":
            self._launched(content)
        elif kind == "ticket":
            self._hand_out(content)
        elif kind == "over":
            self._session_over(content)
        elif kind == "gone" and page == self._page:
            self._page_gone()
        elif self._recording is not None and content.get("run") == self._recording.number:
            self._hear_recording(self._recording, kind, content, buffers, stamp)
        self._tick()

    def _hear_recording(
        self,
        recording: Recording,
        kind: Any,
        content: Mapping[str, Any],
        buffers: tuple[bytes, ...],
        stamp: int,
    ) -> None:
        match kind:
            case "piece":
                recording.piece(content["seq"], buffers[0], content["captured_ms"], stamp)
            case "paused":
                recording.paused()
                self._tell("paused")
            case "resumed":
                self._tell("resumed")
            case "end":
                recording.end(0 if recording.mode == "direct" else content["pieces"], stamp)
            case "notice":
                self._note(WarningEvent(stamp, content["text"]))
                self._tell("notice", code=content["code"], text=content["text"])
            case "events":
                self._events(recording, content["events"])
            case "done":
                self._done = content
            case "copy":
                recording.copy(buffers[0])
            case "copied":
                recording.copied()
                self._finish(recording)

    def _tick(self) -> None:
        recording, now = self._recording, time.perf_counter_ns()
        if recording is None:
            return
        recording.advance(now)
        if now - self._pinged_ns > _PING_S * 1e9:
            self._ping(self._page)
        if recording.mode != "direct" and recording.complete:
            self._finish(recording)
        elif now - self._heard_ns > _GONE_S * 1e9:
            self._page_gone()
            self._fail(_GONE)

    # -- clocks --

    def _ping(self, page: str) -> None:
        clock = self._clocks.setdefault(page, PageClock())
        self._pinged_ns = now = time.perf_counter_ns()
        self._say({"kind": "ping", "page": page, "number": clock.ping(now)})

    def _ponged(self, page: str, content: Mapping[str, Any], stamp: int) -> None:
        clock = self._clocks.get(page)
        if clock is None:
            return
        changed = clock.pong(content["number"], content["at_ms"], stamp)
        if clock.left:
            self._ping(page)
        recording = self._recording
        if changed is not None and recording is not None and recording.clock is clock:
            self._note(clock.event(stamp))
            self._events(recording)

    def _note(self, event: AnyEvent) -> None:
        if self._recording is None:
            return
        if self._recording.mode != "direct":
            self._recording.live.note(event)
        elif isinstance(self._handle, DirectLive):
            self._handle.note(event)

    # -- a recording --

    def _begin(self, page: str, content: Mapping[str, Any], stamp: int) -> None:
        if self._recording is not None:
            # A page that was reloaded begins anew; what the old one recorded ends here.
            self._page_gone()
        clock = self._clocks.setdefault(page, PageClock())
        self._page, self._heard_ns = page, stamp
        self._handle, self._done = None, None
        self._early = []
        self.captured_rate = round(content["rate"])
        recording = Recording(
            content["run"], content["mode"], self.captured_rate, content["channels"], clock
        )
        self._recording = recording
        self._ping(page)
        self._early.append(device_event(stamp, content["rate"], content["device"]))
        if clock.offset is not None:
            self._early.append(clock.event(stamp))
        if recording.mode == "stream":
            for event in self._early:
                recording.live.note(event)
            launch: Callable[[], Live] = partial(self.launch, recording.live)
        elif recording.mode == "direct":
            launch = self.launch_direct
        else:
            self._tell("started", live=None)
            return
        self._spawn(partial(self._launch, launch, recording.number))

    def _spawn(self, target: Callable[[], None]) -> None:
        threading.Thread(target=target, name="gladia_nb launch", daemon=True).start()

    @staticmethod
    def _warm() -> None:
        # What is wrong is said when a session is started.
        with contextlib.suppress(GladiaNbError):
            get_worker()

    def _launch(self, launch: Callable[[], Live], run: int) -> None:
        """On a thread of its own: begin a session, and wait for its URL where a page needs it."""
        try:
            live = launch()
        except Exception as error:
            if not isinstance(error, GladiaNbError):
                log.exception("The session of the microphone could not be started")
            self._post({"kind": "launched", "run": run, "error": str(error)}, ())
            return
        self._post({"kind": "launched", "run": run, "live": live}, ())
        if isinstance(live, DirectLive):
            with contextlib.suppress(GladiaNbError, TimeoutError):
                # Without a URL the session is over, which is told in its own way.
                url = live.ticket(60)
                self._post({"kind": "ticket", "run": run, "live": live, "url": url}, ())

    def _launched(self, content: Mapping[str, Any]) -> None:
        recording, run = self._recording, content["run"]
        if recording is None or recording.number != run:
            if "live" in content:
                content["live"].abort()
            return
        if "error" in content:
            self._fail(content["error"])
            return
        live: Live = content["live"]
        self._handle = live
        live.subscribe(partial(self._on_session, run))
        if isinstance(live, DirectLive):
            live.before_stop(self.stop)
            for event in self._early:
                live.note(event)
            self._events(recording)
        self._tell("started", live=live)

    def _on_session(self, run: int, event: Mapping[str, Any]) -> None:
        """An event of the session; on the thread that reads them."""
        match read_event(event):
            case ErrorEvent(text=text):
                self._post({"kind": "over", "run": run, "text": text}, ())
            case EndEvent(outcome=outcome):
                self._post({"kind": "over", "run": run, "outcome": outcome}, ())

    def _session_over(self, content: Mapping[str, Any]) -> None:
        recording = self._recording
        if recording is None or recording.number != content["run"]:
            return
        if "text" in content:
            self._fail(content["text"])
        elif not recording.ended and content["outcome"] != "failed":
            # Stopped or aborted from Python, or ended by the service.
            self.stop()
            if content["outcome"] == "aborted":
                self._say({"kind": "failed", "run": recording.number, "text": "Aborted."})

    def _hand_out(self, content: Mapping[str, Any]) -> None:
        recording, live = self._recording, content["live"]
        if recording is None or recording.number != content["run"]:
            return
        have = (recording.live.sample_rate, recording.live.channels)
        if have != (live.sample_rate, live.channels):
            live.abort()
            self._fail(
                f"The browser records {have[1]} channels at {have[0]} Hz and the session expects "
                f"{live.channels} at {live.sample_rate} Hz. Choose the same for both, or "
                "transcribe through the kernel, which resamples."
            )
            return
        # A message and never a trait: nothing keeps it, and no notebook is saved with it.
        self._say(
            {
                "kind": "direct",
                "page": self._page,
                "run": recording.number,
                "url": content["url"],
                "acknowledged": live.acknowledged,
            }
        )

    def _events(self, recording: Recording, events: Iterable[Mapping[str, Any]] = ()) -> None:
        """Record what the page did; it waits for a handle and for a clock that is mapped."""
        recording.waiting.extend(events)
        if isinstance(self._handle, DirectLive) and recording.clock.settled:
            self._record(self._handle, recording)

    @staticmethod
    def _record(live: DirectLive, recording: Recording) -> None:
        if recording.clock.offset is not None:
            live.record(map_events(recording.waiting, recording.clock))
        elif recording.waiting:
            text = f"{len(recording.waiting)} events of the page could not be dated and are lost."
            live.note(WarningEvent(time.perf_counter_ns(), text))
        recording.waiting.clear()

    def _finish(self, recording: Recording) -> None:
        """Everything of a recording is here."""
        self._recording = None
        recording.live.close()
        live = self._handle
        if recording.mode == "direct" and isinstance(live, DirectLive):
            self._record(live, recording)
            done = self._done or {"outcome": "aborted", "error": None}
            error = done["error"]
            live.finish(done["outcome"], None if error is None else Failure(**error))
        take = recording.take()
        if take is not None:
            self.take = take
            self._tell("take", take=take)
        self._tell("stopped")

    def _page_gone(self) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        recording.cut(time.perf_counter_ns())
        recording.live.close()
        if isinstance(self._handle, DirectLive):
            self._record(self._handle, recording)
            text = "The page that held the session was closed or reloaded."
            self._handle.finish("failed", Failure("SessionError", text))
        if (take := recording.take()) is not None:
            self.take = take
            self._tell("take", take=take)
        self._tell("stopped")
        self.state = "idle"

    def _fail(self, text: str) -> None:
        self._tell("error", code="session", text=text)
        run = None if self._recording is None else self._recording.number
        self._say({"kind": "failed", "page": self._page, "run": run, "text": text})

    def _say(self, content: dict[str, Any]) -> None:
        # A page that has gone is found by its silence.
        with contextlib.suppress(OSError, RuntimeError):
            self.send(content)
