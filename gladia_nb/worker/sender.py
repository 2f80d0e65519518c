"""What goes to the service, and when: audio when it is due, what was lost, the stop, keep-alives.

Chunks are handed to the protocol when they are due, whether there is a connection or not: a speaker
does not wait. What cannot be sent stays in the protocol's buffer and leaves as soon as there is a
connection again. Every frame that is sent becomes an event of the record.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from gladia_nb.api.connection import Connection
from gladia_nb.api.protocol import EMPTY, Frame, FrameKind, SessionProtocol
from gladia_nb.clock import Clock
from gladia_nb.record.event_kinds import (
    AudioStartEvent,
    ChunkEvent,
    Emit,
    KeepAliveEvent,
    ProbeEvent,
    StopEvent,
)
from gladia_nb.worker.chunks import Chunk
from gladia_nb.worker.live_chunks import LiveChunks

__all__ = ["Audio", "Sender"]

#: What a session sends: chunks on a schedule from the start of the audio, or as they are captured.
Audio = Iterable[Chunk] | LiveChunks


class Sender:
    """Sends the audio of one session over whichever connection there is.

    Args:
        chunks: the audio.
        protocol: of the session; it decides what is sent next.
        clock: of all stamps.
        emit: called with each event, from the event loop.
        failed: called when the audio fails; no more of it will be sent.

    Attributes:
        cut_short: whether a stop came before the end of the audio.
        sent_ns: when something was last sent, or a connection attached.
    """

    def __init__(
        self,
        chunks: Audio,
        protocol: SessionProtocol,
        clock: Clock,
        emit: Emit,
        *,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.cut_short = False
        self.sent_ns = 0
        self._chunks = chunks
        self._protocol = protocol
        self._clock = clock
        self._emit = emit
        self._failed = failed
        self._connection: Connection | None = None
        self._number = 0
        self._sending = asyncio.Lock()
        self._pacer: asyncio.Task[None] | None = None
        self._sleeps = False
        self._stopped = False
        self._closed = False
        self._schedule: dict[int, tuple[int, int, int]] = {}

    def attach(self, connection: Connection, number: int) -> None:
        """Send over this connection from now on; with the first one the audio begins."""
        self._connection, self._number = connection, number
        if self._pacer is None:
            if isinstance(self._chunks, LiveChunks):
                work = self._follow(self._chunks)
            else:
                work = self._pace(self._chunks, self._begin(self._clock.now_ns()))
            self._pacer = asyncio.create_task(work)
            self._pacer.add_done_callback(self._done)
        self.sent_ns = self._clock.now_ns()

    def detach(self) -> None:
        """The connection is lost; what becomes due is kept."""
        self._connection = None

    def stop(self) -> bool:
        """Send no audio that is not yet spoken; then the stop.

        Returns:
            False when there is none under way that would be worth ending properly.
        """
        self._stopped = True
        if isinstance(self._chunks, LiveChunks):
            # What has been spoken is sent, also what nobody could send until now.
            self.cut_short |= not self._chunks.ended
            self._chunks.end()
            return True
        if self._pacer is None:
            return False
        if self._sleeps:
            self._pacer.cancel()
        return True

    async def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        if self._pacer is not None:
            self._pacer.cancel()
            await asyncio.gather(self._pacer, return_exceptions=True)

    def _begin(self, t0_ns: int) -> int:
        self._emit(AudioStartEvent(t0_ns))
        return t0_ns

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    async def _pace(self, chunks: Iterable[Chunk], t0_ns: int) -> None:
        """Hand over each chunk when it is due, connected or not."""
        for chunk in chunks:
            if self._stopped or not await self._sleep_until(t0_ns + chunk.due_ns):
                self.cut_short = True
                break
            await self._hand_over(chunk, t0_ns + chunk.due_ns)
        self._protocol.finish()
        await self.flush()

    async def _follow(self, chunks: LiveChunks) -> None:
        """Hand over each chunk as soon as its last sample has been captured and has come."""
        begun = False
        while (chunk := await chunks.next()) is not None:
            if not begun:
                begun = True
                self._begin(chunks.t0_ns)
            await self._hand_over(chunk, chunk.due_ns)
        self._protocol.finish()
        await self.flush()

    async def _hand_over(self, chunk: Chunk, due_ns: int) -> None:
        self._schedule[chunk.seq] = (due_ns, chunk.start_frame, chunk.end_frame)
        self._protocol.feed(chunk.seq, chunk.data)
        await self.flush()

    async def _sleep_until(self, deadline_ns: int) -> bool:
        """Sleep; False when `stop` ended the sleep."""
        self._sleeps = True
        try:
            await self._clock.sleep_until(deadline_ns)
        except asyncio.CancelledError:
            if self._closed or not self._stopped:
                raise
            return False
        finally:
            self._sleeps = False
        return True

    async def flush(self) -> None:
        """Send what the protocol wants to be sent, as long as there is a connection."""
        async with self._sending:
            while (connection := self._connection) is not None:
                frame = self._protocol.next_frame()
                if frame is None:
                    return
                start_ns = self._clock.now_ns()
                end_ns = None
                try:
                    end_ns = self.sent_ns = await connection.send(frame.wire)
                except ConnectionError:
                    # The reader sees the same end; the protocol sends the frame again.
                    return
                finally:
                    self._sent(frame, start_ns, end_ns)

    def _sent(self, frame: Frame, start_ns: int, end_ns: int | None) -> None:
        number = self._number
        if frame.kind is not FrameKind.AUDIO:
            kind = ProbeEvent if frame.kind is FrameKind.PROBE else StopEvent
            self._emit(kind(start_ns, end_ns, number))
            return
        due_ns, start_frame, end_frame = self._schedule[frame.seq]
        self._emit(
            ChunkEvent(
                seq=frame.seq,
                start_frame=start_frame,
                end_frame=end_frame,
                start_byte=frame.start_byte,
                end_byte=frame.end_byte,
                due_ns=due_ns,
                send_start_ns=start_ns,
                send_end_ns=end_ns,
                connection=number,
                resend=frame.resend,
            )
        )

    async def keep_alive(self) -> None:
        """Send an empty chunk, so that the service does not take silence for absence."""
        async with self._sending:
            if (connection := self._connection) is None:
                return
            with contextlib.suppress(ConnectionError):
                start_ns = self._clock.now_ns()
                self.sent_ns = await connection.send(EMPTY)
                self._emit(KeepAliveEvent(start_ns, self.sent_ns, self._number))
