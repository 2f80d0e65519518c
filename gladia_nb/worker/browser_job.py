"""A session that a browser holds: its request and its record are here, its WebSocket is there.

The browser gets the URL of the WebSocket and nothing else. It stamps what it sends and receives
with its own clock; what it tells has been mapped to the clock of this machine before it comes here,
and is recorded as if it had happened here.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from gladia_nb.errors import GladiaNbError, SessionError
from gladia_nb.record.event_kinds import ErrorEvent, WarningEvent
from gladia_nb.record.events import end_event, error_event
from gladia_nb.worker.commands import (
    Abort,
    Command,
    Direct,
    Events,
    Failure,
    Finish,
    Note,
    Stop,
    Ticket,
    told_line,
)
from gladia_nb.worker.jobs import Job, Tell, unfit
from gladia_nb.worker.request import request_session
from gladia_nb.worker.result import fetch_result

__all__ = ["RemoteJob"]

#: After a stop the page may be silent for so long: the service's time to finish, and a little more.
_SILENT_S = 75.0
_RESULT_S = 30.0


class RemoteJob(Job):
    """Initiates a session, hands out its URL, and records what the browser tells of it.

    It takes the commands `Events`, `Note`, `Finish`, `Stop` and `Abort`.
    """

    def __init__(self, command: Direct, tell: Tell) -> None:
        super().__init__(command, tell)
        self._tell = tell
        self._region: str | None = command.region
        self._over = asyncio.Event()
        self._outcome = "aborted"
        self._heard = False
        self._stopped = False
        self._last_ns = 0
        self._stop_timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[Any] | None = None

    def command(self, command: Command, audio: bytes) -> None:  # noqa: ARG002 - none comes
        """Carry out a command."""
        match command:
            case Events(events):
                self._heard = True
                self._last_ns = self._clock.now_ns()
                for event in events:
                    self._emit(event)
            case Note(event):
                self._emit(event)
            case Finish(outcome, error):
                self._finish(outcome, None if error is None else self._told(error))
            case Stop():
                self._stop()
            case Abort():
                self.abort()
            case _:
                raise unfit(command)

    def part(self) -> None:
        """Nobody tells any more what the browser does."""
        text = "The notebook went away while a browser held the session; its end was not recorded."
        self._emit(WarningEvent(self._clock.now_ns(), text))
        self.abort()

    def abort(self) -> None:
        """End the record at once."""
        self._over.set()
        if self._running is not None:
            self._running.cancel()

    def fail(self, error: GladiaNbError) -> None:
        """End the record with an error."""
        self._finish("failed", error_event(error, self._clock.now_ns()))

    def _told(self, error: Failure) -> ErrorEvent:
        ns = self._clock.now_ns()
        return ErrorEvent(name=error.name, text=error.text, code=error.code, ns=ns)

    def _finish(self, outcome: str, error: ErrorEvent | None) -> None:
        if self._over.is_set():
            return
        if error is not None:
            self._emit(error)
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
        self.fail(
            SessionError(
                f"The page that held the session told nothing for {_SILENT_S:g} s after the stop."
            )
        )

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
        reply = await request_session(
            self._transport,
            self._body,
            self._region,
            self._clock,
            self._emit,
            secret=self._redact.add_url,
        )
        # Told, and never written: whoever has this URL can speak in the session.
        self._tell(told_line(Ticket(reply.url)))
        return reply.session_id

    def _cancel_timer(self) -> None:
        if self._stop_timer is not None:
            self._stop_timer.cancel()
