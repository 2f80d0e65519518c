"""Watches one session, or the replay of one, for the Lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Any, Literal

from gladia_nb.lab.live_state import LiveState
from gladia_nb.lab.replay import Replay
from gladia_nb.lab.snapshot import ENDS, Phase, Snapshot
from gladia_nb.record.file import Event
from gladia_nb.sessions.handle import Live

__all__ = ["Watcher"]

Mode = Literal["idle", "live", "replay"]

_SERIES_EVERY = 3


class Watcher:
    """What the live view shows.

    `watch` may be called from one thread and `views` from another; subscribers only hand over.

    Attributes:
        handle: what is watched, or was last.
        mode: `idle` before anything was, else what it is.
    """

    def __init__(self) -> None:
        self.handle: Live | Replay | None = None
        self.mode: Mode = "idle"
        self._title = ""
        self._speed = 1.0
        self._state: LiveState | None = None
        self._queue: SimpleQueue[Event] = SimpleQueue()
        self._unsubscribe: Callable[[], None] = _nothing
        self._turn = 0
        self._count = 0

    @property
    def is_running(self) -> bool:
        """Whether what is watched has not ended."""
        return self.handle is not None and not self.handle.done

    @property
    def is_live(self) -> bool:
        """Whether a session is under way; a replay is none."""
        return self.mode == "live" and self.is_running

    def abort(self) -> None:
        """End what is watched at once, if there is anything."""
        if self.handle is not None:
            self.handle.abort()

    def watch(self, handle: Live | Replay, title: str, speed: float) -> None:
        """From now on watch this one."""
        self._unsubscribe()
        replayed = isinstance(handle, Replay)
        header = handle.run.record.header if isinstance(handle, Replay) else handle.header
        live = not isinstance(handle, Replay) and handle.is_live
        queue: SimpleQueue[Event] = SimpleQueue()
        self._state = LiveState.of_header(header, live=live)
        self._queue = queue
        self._title, self._speed = title, speed
        self.mode = "replay" if replayed else "live"
        self.handle = handle
        self._count += 1
        self._unsubscribe = handle.subscribe(queue.put)

    def views(self) -> dict[str, Any]:
        """What changed, as plain data by topic: `live`, `lines`, and now and then `series`."""
        state, queue, handle = self._state, self._queue, self.handle
        if state is None or handle is None:
            return {"live": {"mode": "idle", "running": False}, "lines": [], "series": {}}
        ended = handle.done
        count = 0
        try:
            while True:
                state.feed(queue.get_nowait())
                count += 1
        except Empty:
            pass
        snapshot = state.snapshot()
        self._turn += 1
        views: dict[str, Any] = {
            "live": self._live(snapshot, running=not ended),
            "lines": [
                {"number": li.number, "channel": li.channel, "start": li.start_s, "text": li.text}
                for li in snapshot.lines
            ],
        }
        if ended or self._turn % _SERIES_EVERY == 0:
            views["series"] = _rounded(snapshot.series)
        return views

    def _live(self, snapshot: Snapshot, *, running: bool) -> dict[str, Any]:
        duration = snapshot.duration_s
        left = None if duration is None else max(0.0, duration - snapshot.sent_s) / self._speed
        names = ("partials", "finals", "chunks", "messages", "connections", "unplaced", "note")
        channels = 1 if self.handle is None else self.handle.channels
        path = self.handle.run.path if isinstance(self.handle, Replay) else None
        if isinstance(self.handle, Live):
            path = self.handle.path
        phase, whole = self._ended_as(snapshot.phase, running=running)
        return {
            "session": self._count,
            "mode": self.mode,
            "running": running,
            "title": self._title,
            "path": "" if path is None else str(path),
            "phase": phase,
            "whole": whole,
            "duration": duration,
            "left": None if left is None else round(left, 1),
            "sent": round(snapshot.sent_s, 2),
            "acknowledged": round(snapshot.acknowledged_s, 2),
            "elapsed": round(snapshot.elapsed_s, 1),
            "behind_ms": _whole(snapshot.behind_ms),
            "channels": channels,
            "open": [{"channel": o.channel, "words": o.words} for o in snapshot.open],
            "partial_ms": _whole(snapshot.partial_ms),
            "final_ms": _whole(snapshot.final_ms),
            "health": {"level": snapshot.health.level, "text": snapshot.health.text},
            **{name: getattr(snapshot, name) for name in names},
        }

    def _ended_as(
        self, phase: Phase, *, running: bool
    ) -> tuple[Phase | Literal["incomplete"], bool]:
        """The phase to show, and whether all of the run is seen.

        Of a replay that is stopped, or of a record that is cut off, nothing tells the end.
        """
        if running or phase in ENDS:
            return phase, not running
        if isinstance(self.handle, Replay) and self.handle.was_stopped:
            return "stopped", False
        return "incomplete", True


def _rounded(series: Mapping[str, tuple[tuple[float, float], ...]]) -> dict[str, Any]:
    return {
        name: [(round(x, 2), round(y, 2)) for x, y in points] for name, points in series.items()
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _nothing() -> None:
    pass
