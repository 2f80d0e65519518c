"""A session that the worker holds: its audio, its callbacks, its vitals."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Protocol

from gladia_nb.clock import Clock
from gladia_nb.errors import GladiaNbError
from gladia_nb.record.event_kinds import EndEvent, MessageEvent, RecordEvent, WarningEvent
from gladia_nb.worker import sentences
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.commands import Abort, Command, End, Feed, Note, Pause, Start, Stop
from gladia_nb.worker.jobs import Job, Tell, unfit
from gladia_nb.worker.live_chunks import LiveChunks
from gladia_nb.worker.session import Session
from gladia_nb.worker.vitals import Vitals

__all__ = ["SessionJob"]


class _Receiver(Protocol):
    """What takes callbacks, as far as a job needs it."""

    url: str
    refused: int

    async def __aenter__(self) -> Any: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    async def settle(self) -> bool: ...


class SessionJob(Job):
    """A session that this process holds."""

    def __init__(
        self, command: Start, audio: bytes, tell: Tell, clock: Clock | None = None
    ) -> None:
        self._held_back: EndEvent | None = None
        self._settled = command.network is None
        super().__init__(command, tell, clock, command.network)
        self._vitals = Vitals(self._clock, self._transport, self._emit)
        layout, chunk_ms = (command.frame_bytes, command.sample_rate), command.chunk_ms
        self._live: LiveChunks | None = None
        if command.stall_s is not None:
            self._live = LiveChunks(
                *layout, self._clock, self._emit, chunk_ms=chunk_ms, stall_s=command.stall_s
            )
        self._receiver: _Receiver | None = None
        if (where := command.callbacks) is not None:
            # It brings a whole HTTP server; whoever read the command has loaded it.
            from gladia_nb.api.callbacks import CallbackReceiver

            self._receiver = CallbackReceiver(
                self._deliver,
                self._clock,
                host=where.host,
                port=where.port,
                public_url=where.public_url,
            )
        self._session = Session(
            self._live or ChunkSource(audio, *layout, chunk_ms=chunk_ms, speed=command.speed),
            self._body,
            self._transport,
            self._clock,
            self._emit,
            region=command.region,
            json_audio=command.json_audio,
            linger=self._receiver.settle if self._receiver else None,
            secret=self._redact.add_url,
        )

    def command(self, command: Command, audio: bytes) -> None:
        """Carry out `Stop`, `Abort`, `Note`, and of live audio `Feed`, `Pause` and `End`."""
        match command:
            case Stop():
                self._session.stop()
            case Abort():
                self._session.abort()
            case Note(event):
                self._emit(event)
            case _ if self._live is not None:
                self._take(self._live, command, audio)
            case _:
                raise unfit(command)

    @staticmethod
    def _take(live: LiveChunks, command: Command, audio: bytes) -> None:
        match command:
            case Feed(captured_ns, seq, dated):
                live.feed(audio, captured_ns, seq=seq, dated=dated)
            case Pause(captured_ns):
                live.pause(captured_ns)
            case End(clipped):
                live.end(clipped)
            case _:
                raise unfit(command)

    def part(self) -> None:
        """Live audio ends here, and its session properly; the rest of a file has nobody to hear."""
        if self._live is not None:
            self._session.stop()
        else:
            self._session.abort()

    def abort(self) -> None:
        """End the session at once."""
        self._session.abort()

    def fail(self, error: GladiaNbError) -> None:
        """End the session at once with an error."""
        self._session.fail(error)

    async def _carry_out(self, stack: contextlib.AsyncExitStack) -> None:
        watching = asyncio.create_task(self._vitals.watch())
        stack.callback(watching.cancel)
        if self._receiver is not None:
            await self._listen(self._receiver, stack)
        await self._session.run()
        await self._settle()

    async def _settle(self) -> None:
        """The end comes last: before it what the network did until then."""
        if self._route is not None:
            await self._route.settle()
        self._settled = True
        if self._held_back is not None:
            super()._emit(self._held_back)

    async def _listen(self, receiver: _Receiver, stack: contextlib.AsyncExitStack) -> None:
        await stack.enter_async_context(receiver)
        flags = dict(self._body.get("callback_config") or {})
        self._body |= {"callback": True, "callback_config": {**flags, "url": receiver.url}}

    def _deliver(self, stamp: int, text: str) -> None:
        self._emit(MessageEvent(recv_ns=stamp, via="callback", raw=text))

    def _emit(self, event: RecordEvent) -> None:
        if isinstance(event, EndEvent):
            # The end comes last.
            if self._receiver is not None and (count := self._receiver.refused):
                text = sentences.OVERFLOW.format(count=count)
                super()._emit(WarningEvent(self._clock.now_ns(), text))
            self._vitals.finish()
            if not self._settled:
                self._held_back = event
                return
        super()._emit(event)
