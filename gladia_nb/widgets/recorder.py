"""What a page that records says, step by step, until there is a take or a run.

One `Recorder` belongs to one microphone and knows no widget: messages of pages come in by `hear`,
what is to be said to pages and to the user goes out through its `Desk`. All of it happens on one
thread; what takes long has a thread of its own and posts its result back.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gladia_nb.audio import Audio
from gladia_nb.errors import GladiaNbError
from gladia_nb.lab.page_recording import SERIES, PageClock, Recording, device_event, map_events
from gladia_nb.record.event_kinds import (
    AnyEvent,
    EndEvent,
    ErrorEvent,
    GapEvent,
    StopEvent,
    WarningEvent,
)
from gladia_nb.record.events import read_event
from gladia_nb.sessions.browser import DirectLive
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.live_audio import LiveAudio
from gladia_nb.sessions.process import get_worker
from gladia_nb.worker.commands import Failure

__all__ = ["Desk", "Recorder"]

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


@dataclass(frozen=True, slots=True)
class Desk:
    """What a recorder needs of its microphone.

    Attributes:
        say: a message to the pages.
        tell: an event for the user's callbacks: its kind, and its fields by name.
        post: from any thread, something to hear later.
        stop: ask the page to end the recording.
        idle: nobody records any more.
        launch: begin a session with live audio.
        launch_direct: begin a session that the page will hold.
    """

    say: Callable[[dict[str, Any]], None]
    tell: Callable[..., None]
    post: Callable[[Mapping[str, Any]], None]
    stop: Callable[[], None]
    idle: Callable[[], None]
    launch: Callable[[LiveAudio], Live]
    launch_direct: Callable[[], DirectLive]


class Recorder:
    """The kernel's part of a recording.

    Attributes:
        recording: the one that is under way, or None.
        page: the page that records, or was the last to.
        captured_rate: hertz at which the browser records; 0 before it has.
        take: the last finished take, or None.
    """

    def __init__(self, desk: Desk) -> None:
        self.recording: Recording | None = None
        self.page = ""
        self.captured_rate = 0
        self.take: Audio | None = None
        self._desk = desk
        self._clocks: dict[str, PageClock] = {}
        self._handle: Live | None = None
        self._early: list[AnyEvent] = []
        self._done: Mapping[str, Any] | None = None
        self._heard_ns = self._pinged_ns = 0

    # -- what a page says --

    def hear(self, stamp: int, content: Mapping[str, Any], buffers: tuple[bytes, ...]) -> None:
        """Act on a message.

        Args:
            stamp: when it came, nanoseconds of this machine's clock.
            content: of the message: its `kind`, the `page` and more.
            buffers: audio that came with it.
        """
        kind, page = content.get("kind"), str(content.get("page", ""))
        if page == self.page:
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
            self._desk.tell("error", code=content["code"], text=content["text"])
        elif kind == "launched":
            self._launched(content)
        elif kind == "ticket":
            self._hand_out(content)
        elif kind == "stopping":
            self._session_stopping(content)
        elif kind == "over":
            self._session_over(content)
        elif kind == "gone" and page == self.page:
            self._page_gone()
        elif self.recording is not None and content.get("run") == self.recording.number:
            self._hear_recording(self.recording, kind, content, buffers, stamp)
        self.tick()

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
                seq, left_out = content["seq"], content.get("left_out", 0)
                captured_ms = content["captured_ms"]
                recording.piece(seq, buffers[0], captured_ms, stamp, left_out=left_out)
            case "paused":
                recording.paused()
                self._desk.tell("paused")
            case "resumed":
                self._desk.tell("resumed")
            case "end":
                recording.end(0 if recording.mode == "direct" else content["pieces"], stamp)
            case "notice":
                self._note(WarningEvent(stamp, content["text"]))
                self._desk.tell("notice", code=content["code"], text=content["text"])
            case "zeros":
                self._note(self._hole(recording, content, stamp))
            case "events":
                # The sound first: a record never tells of more than there is.
                if buffers:
                    self._keep(recording, recording.sound.part(content["sound_at"], buffers[0]))
                self._events(recording, content["events"])
            case "done":
                self._done = content
            case "handed_over":
                recording.sound.end(content["sound_bytes"], stamp)

    def _hole(self, recording: Recording, content: Mapping[str, Any], stamp: int) -> GapEvent:
        """Zeros inside the sound; frames are of the capture there, of what is sent here."""
        clock, sent = recording.clock, self._handle
        ns = stamp if clock.offset is None else clock.to_ns(content["at_ms"])
        ratio = 1.0 if sent is None else sent.sample_rate / recording.live.sample_rate
        at, frames = (round(content[name] * ratio) for name in ("at_frame", "frames"))
        return GapEvent(ns=ns, why="zeros", at_frame=at, frames=frames)

    def tick(self) -> None:
        """What time alone decides: pieces that never come, pings, a page that has gone."""
        recording, now = self.recording, time.perf_counter_ns()
        if recording is None:
            return
        recording.advance(now)
        if now - self._pinged_ns > _PING_S * 1e9:
            self._ping(self.page)
        direct = recording.mode == "direct"
        if recording.sound.complete(now) if direct else recording.complete:
            self._finish(recording)
        elif now - self._heard_ns > _GONE_S * 1e9:
            self._page_gone()
            self.fail(_GONE)

    # -- clocks --

    def _ping(self, page: str) -> None:
        clock = self._clocks.setdefault(page, PageClock())
        self._pinged_ns = now = time.perf_counter_ns()
        self._desk.say({"kind": "ping", "page": page, "number": clock.ping(now)})

    def _ponged(self, page: str, content: Mapping[str, Any], stamp: int) -> None:
        clock = self._clocks.get(page)
        if clock is None:
            return
        changed = clock.pong(content["number"], content["at_ms"], stamp)
        if clock.left:
            self._ping(page)
        recording = self.recording
        if changed is not None and recording is not None and recording.clock is clock:
            self._note(clock.event(stamp))
            self._events(recording)

    def _note(self, event: AnyEvent) -> None:
        if self.recording is None:
            return
        if self.recording.mode != "direct":
            self.recording.live.note(event)
        elif isinstance(self._handle, DirectLive):
            self._handle.note(event)

    # -- a recording --

    def _begin(self, page: str, content: Mapping[str, Any], stamp: int) -> None:
        if self.recording is not None:
            # A page that was reloaded begins anew; what the old one recorded ends here.
            self._page_gone()
        clock = self._clocks.setdefault(page, PageClock())
        self.page, self._heard_ns = page, stamp
        self._handle, self._done = None, None
        self._early = []
        self.captured_rate = round(content["rate"])
        recording = Recording(
            content["run"], content["mode"], self.captured_rate, content["channels"], clock
        )
        self.recording = recording
        self._ping(page)
        self._early.append(device_event(stamp, content["rate"], content["device"]))
        if clock.offset is not None:
            self._early.append(clock.event(stamp))
        if recording.mode == "stream":
            for event in self._early:
                recording.live.note(event)
            launch: Callable[[], Live] = partial(self._desk.launch, recording.live)
        elif recording.mode == "direct":
            launch = self._desk.launch_direct
        else:
            self._desk.tell("started", live=None)
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
            self._desk.post({"kind": "launched", "run": run, "error": str(error)})
            return
        self._desk.post({"kind": "launched", "run": run, "live": live})
        if isinstance(live, DirectLive):
            with contextlib.suppress(GladiaNbError, TimeoutError):
                # Without a URL the session is over, which is told in its own way.
                url = live.ticket(60)
                self._desk.post({"kind": "ticket", "run": run, "live": live, "url": url})

    def _launched(self, content: Mapping[str, Any]) -> None:
        recording, run = self.recording, content["run"]
        if recording is None or recording.number != run:
            if "live" in content:
                content["live"].abort()
            return
        if "error" in content:
            self.fail(content["error"])
            return
        live: Live = content["live"]
        self._handle = live
        live.subscribe(partial(self._on_session, run))
        # Whoever stops the session, and wherever: what is spoken from then on goes nowhere.
        live.before_stop(lambda: self._desk.post({"kind": "stopping", "run": run}))
        if isinstance(live, DirectLive):
            for event in self._early:
                live.note(event)
            self._events(recording)
        self._desk.tell("started", live=live)

    def _on_session(self, run: int, event: Mapping[str, Any]) -> None:
        """An event of the session; on the thread that reads them."""
        match read_event(event):
            case StopEvent():
                # It may have been stopped before anybody could ask to be told beforehand.
                self._desk.post({"kind": "stopping", "run": run})
            case ErrorEvent(text=text):
                self._desk.post({"kind": "over", "run": run, "text": text})
            case EndEvent(outcome=outcome):
                self._desk.post({"kind": "over", "run": run, "outcome": outcome})

    def _session_stopping(self, content: Mapping[str, Any]) -> None:
        recording = self.recording
        if recording is not None and recording.number == content["run"] and not recording.ended:
            self._desk.stop()

    def _session_over(self, content: Mapping[str, Any]) -> None:
        recording = self.recording
        if recording is None or recording.number != content["run"]:
            return
        if "text" in content:
            self.fail(content["text"])
        elif not recording.ended and content["outcome"] != "failed":
            # Stopped or aborted from Python, or ended by the service.
            self._desk.stop()
            if content["outcome"] == "aborted":
                self._desk.say({"kind": "failed", "run": recording.number, "text": "Aborted."})

    def _hand_out(self, content: Mapping[str, Any]) -> None:
        recording, live = self.recording, content["live"]
        if recording is None or recording.number != content["run"]:
            return
        have = (recording.live.sample_rate, recording.live.channels)
        if have != (live.sample_rate, live.channels):
            live.abort()
            self.fail(
                f"The browser records {have[1]} channels at {have[0]} Hz and the session expects "
                f"{live.channels} at {live.sample_rate} Hz. Choose the same for both, or "
                "transcribe through the kernel, which resamples."
            )
            return
        # A message and never a trait: nothing keeps it, and no notebook is saved with it.
        self._desk.say(
            {
                "kind": "direct",
                "page": self.page,
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

    def _keep(self, recording: Recording, data: bytes) -> None:
        """Sound of a session that the page holds: beside its run, else in memory for the take."""
        live = self._handle
        if isinstance(live, DirectLive) and live.sound is not None:
            live.keep(data)
        else:
            recording.live.feed(np.frombuffer(data, "<i2").reshape(-1, recording.live.channels))

    @staticmethod
    def _say_missing(live: DirectLive, recording: Recording) -> None:
        if frames := recording.sound.missing:
            text = (
                f"{frames / recording.live.sample_rate:.2f} s of the sound did not come from the "
                "page: what is kept of it ends there."
            )
            live.note(WarningEvent(time.perf_counter_ns(), text))

    def _take(self, recording: Recording) -> None:
        """The recording is over: what there is of it becomes the take."""
        live = self._handle
        if recording.mode == "direct" and isinstance(live, DirectLive) and live.sound is not None:
            take = live.sound.so_far(recording.live.name)
        else:
            take = recording.take()
        if take is not None:
            self.take = take
            self._desk.tell("take", take=take)

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
        self.recording = None
        recording.live.close()
        live = self._handle
        if recording.mode == "direct" and isinstance(live, DirectLive):
            self._record(live, recording)
            done = self._done or {"outcome": "aborted", "error": None}
            error = done["error"]
            self._say_missing(live, recording)
            live.finish(done["outcome"], None if error is None else Failure(**error))
        self._take(recording)
        self._desk.tell("stopped")

    def _page_gone(self) -> None:
        recording, self.recording = self.recording, None
        if recording is None:
            return
        recording.cut(time.perf_counter_ns())
        recording.live.close()
        if isinstance(self._handle, DirectLive):
            self._record(self._handle, recording)
            text = "The page that held the session was closed or reloaded."
            self._say_missing(self._handle, recording)
            self._handle.finish("failed", Failure("SessionError", text))
        self._take(recording)
        self._desk.tell("stopped")
        self._desk.idle()

    def fail(self, text: str) -> None:
        """Say that something went wrong, to the user's callbacks and on the page."""
        self._desk.tell("error", code="session", text=text)
        run = None if self.recording is None else self.recording.number
        self._desk.say({"kind": "failed", "page": self.page, "run": run, "text": text})
