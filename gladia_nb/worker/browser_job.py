"""A session that a browser holds: its request and its record are here, its WebSocket is there.

The browser gets the URL of the WebSocket and nothing else. It stamps what it sends and receives
with its own clock; what it tells has been mapped to the clock of this machine before it comes here,
and is recorded as if it had happened here.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from gladia_nb.errors import SessionError
from gladia_nb.record.events import error_event
from gladia_nb.record.file import dump_line
from gladia_nb.record.redact import redact_url
from gladia_nb.worker.jobs import Job, Tell
from gladia_nb.worker.result import end_event, fetch_result

__all__ = ["RemoteJob"]

#: After a stop the page may be silent for so long: the service's time to finish, and a little more.
_SILENT_S = 75.0
_RESULT_S = 30.0


class RemoteJob(Job):
    """Initiates a session, hands out its URL, and records what the browser tells of it.

    Commands: `events` with a list of events; `finish` with an `outcome` and perhaps an `error`
    (`name`, `text`, `code`), when the browser is done; `note`, `stop`, `abort`.
    """

    def __init__(self, command: dict[str, Any], tell: Tell) -> None:
        super().__init__(command, tell)
        self._tell = tell
        self._region: str | None = command["region"]
        self._over = asyncio.Event()
        self._outcome = "aborted"
        self._heard = False
        self._stopped = False
        self._last_ns = 0
        self._stop_timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[Any] | None = None

    def command(self, command: dict[str, Any], audio: bytes) -> None:  # noqa: ARG002 - none comes
        """Carry out a command."""
        match command["cmd"]:
            case "events":
                self._heard = True
                self._last_ns = self._clock.now_ns()
                for event in command["events"]:
                    self._emit(event)
            case "note":
                self._emit(command["event"])
            case "finish":
                self._finish(command["outcome"], command.get("error"))
            case "stop":
                self._stop()
            case "abort":
                self.abort()

    def part(self) -> None:
        """Nobody tells any more what the browser does."""
        text = "The notebook went away while a browser held the session; its end was not recorded."
        self._emit({"event": "warning", "ns": self._clock.now_ns(), "text": text})
        self.abort()

    def abort(self) -> None:
        """End the record at once."""
        self._over.set()
        if self._running is not None:
            self._running.cancel()

    def _finish(self, outcome: str, error: dict[str, Any] | None) -> None:
        if self._over.is_set():
            return
        if error is not None:
            self._emit({"event": "error", "ns": self._clock.now_ns(), **error})
        self._outcome = "stopped" if outcome == "finished" and self._stopped else outcome
        self._over.set()

    def _stop(self) -> None:
        self._stopped = True
        if not self._heard:
            self.abort()
        elif self._stop_timer is None:
            self._stop_timer = self._loop.call_later(_SILENT_S, self._give_up)

    def _give_up(self) -> None:
        silent_s = (self._clock.now_ns() - self._last_ns) / 1e9
        if silent_s < _SILENT_S:
            self._stop_timer = self._loop.call_later(_SILENT_S - silent_s, self._give_up)
            return
        error = SessionError(
            f"The page that held the session told nothing for {_SILENT_S:g} s after the stop."
        )
        self._finish("failed", error_event(error))

    async def _carry_out(self, stack: contextlib.AsyncExitStack) -> None:
        self._running = asyncio.current_task()
        stack.callback(self._cancel_timer)
        try:
            session_id = await self._initiate()
            await self._over.wait()
            if self._outcome in ("finished", "stopped"):
                await fetch_result(self._transport, session_id, self._clock, self._emit, _RESULT_S)
        except asyncio.CancelledError:
            # An abort; what was recorded stays.
            self._outcome = "aborted"
        self._emit(end_event(self._clock, self._outcome))

    async def _initiate(self) -> str:
        if self._over.is_set():
            raise asyncio.CancelledError
        start_ns = self._clock.now_ns()
        reply = await self._transport.init(self._body, region=self._region)
        end_ns = self._clock.now_ns()
        self._redact.add_url(reply.url)
        self._emit(
            {
                "event": "init",
                "start_ns": start_ns,
                "end_ns": end_ns,
                "status": reply.status,
                "session_id": reply.session_id,
                "created_at": reply.created_at,
                "url": redact_url(reply.url),
                **self._transport.phases,
            }
        )
        # Told, and never written: whoever has this URL can speak in the session.
        ticket = {"event": "ticket", "url": reply.url}
        self._tell(dump_line(ticket).encode("ascii"))
        return reply.session_id

    def _cancel_timer(self) -> None:
        if self._stop_timer is not None:
            self._stop_timer.cancel()
