"""A session that the worker holds: its audio, its callbacks, its vitals."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from gladia_nb.api.callbacks import CallbackReceiver
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.jobs import Job, Tell
from gladia_nb.worker.live_chunks import LiveChunks
from gladia_nb.worker.session import Session
from gladia_nb.worker.vitals import Vitals

__all__ = ["SessionJob"]


class SessionJob(Job):
    """A session that this process holds."""

    def __init__(self, command: dict[str, Any], audio: bytes, tell: Tell) -> None:
        super().__init__(command, tell)
        self._vitals = Vitals(self._clock, self._transport, self._emit)
        layout = (command["frame_bytes"], command["sample_rate"])
        chunk_ms = command["chunk_ms"]
        self._live: LiveChunks | None = None
        if (stall_s := command.get("stall_s")) is not None:
            self._live = LiveChunks(
                *layout, self._clock, self._emit, chunk_ms=chunk_ms, stall_s=stall_s
            )
        self._receiver: CallbackReceiver | None = None
        if (listen := command.get("callbacks")) is not None:
            self._receiver = CallbackReceiver(self._deliver, self._clock, **listen)
        self._session = Session(
            self._live or ChunkSource(audio, *layout, chunk_ms=chunk_ms, speed=command["speed"]),
            self._body,
            self._transport,
            self._clock,
            self._emit,
            region=command["region"],
            json_audio=command["json_audio"],
            linger=self._receiver.settle if self._receiver else None,
            secret=self._redact.add_url,
        )

    def command(self, command: dict[str, Any], audio: bytes) -> None:
        """Carry out `stop`, `abort`, and of live audio `feed`, `pause`, `end` and `note`."""
        match command["cmd"]:
            case "stop":
                self._session.stop()
            case "abort":
                self._session.abort()
            case "note":
                self._emit(command["event"])
            case other if self._live is not None:
                self._take(self._live, other, command, audio)

    @staticmethod
    def _take(live: LiveChunks, what: str, command: dict[str, Any], audio: bytes) -> None:
        if what == "feed":
            live.feed(audio, command["captured_ns"], seq=command["seq"])
        elif what == "pause":
            live.pause(command["captured_ns"])
        elif what == "end":
            live.end(command["clipped"])

    def part(self) -> None:
        """Live audio ends here, and its session properly; the rest of a file has nobody to hear."""
        if self._live is not None:
            self._session.stop()
        else:
            self._session.abort()

    def abort(self) -> None:
        """End the session at once."""
        self._session.abort()

    async def _carry_out(self, stack: contextlib.AsyncExitStack) -> None:
        watching = asyncio.create_task(self._vitals.watch())
        stack.callback(watching.cancel)
        if self._receiver is not None:
            await self._listen(self._receiver, stack)
        await self._session.run()

    async def _listen(self, receiver: CallbackReceiver, stack: contextlib.AsyncExitStack) -> None:
        await stack.enter_async_context(receiver)
        flags = dict(self._body.get("callback_config") or {})
        self._body |= {"callback": True, "callback_config": {**flags, "url": receiver.url}}

    def _deliver(self, stamp: int, text: str) -> None:
        self._emit({"event": "message", "recv_ns": stamp, "via": "callback", "raw": text})

    def _emit(self, event: dict[str, Any]) -> None:
        if event["event"] == "end":
            # The end comes last.
            self._vitals.finish()
        super()._emit(event)
