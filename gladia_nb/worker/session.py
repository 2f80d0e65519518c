"""One session, from the POST to the stored result, as one coroutine that tells what happens.

A session opens connections, one after the other while they are lost, reads what the service says,
and leaves what is sent to its `Sender`. Every step becomes an event of the record, see `record`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec
from msgspec import UNSET

from gladia_nb.api.connection import Closed, Connection, Received
from gladia_nb.api.protocol import QUIET, CloseOutcome, SessionProtocol, State
from gladia_nb.api.transport import Transport
from gladia_nb.clock import Clock
from gladia_nb.errors import (
    ApiError,
    GladiaNbError,
    SessionError,
    UnreachableError,
    internal_error,
)
from gladia_nb.record.event_kinds import (
    CloseEvent,
    ConnectEvent,
    Emit,
    MessageEvent,
    RetryEvent,
    WarningEvent,
)
from gladia_nb.record.events import end_event, error_event
from gladia_nb.record.redact import redact_url
from gladia_nb.worker import sentences
from gladia_nb.worker.request import request_session
from gladia_nb.worker.result import fetch_result
from gladia_nb.worker.sender import Audio, Sender

__all__ = ["Limits", "Session"]


class Limits(msgspec.Struct, frozen=True):
    """Bounds of what a session waits for, in seconds.

    Attributes:
        attempts: reconnections in a row that bring no progress before the session gives up:
            no audio that was not acknowledged before, and no new final.
        openings: attempts to open the first connection of all.
        connections: in one session at most, whatever they bring.
        backoff_s: wait before the second attempt, at most; it doubles from there. The first,
            after a connection that had brought progress, is immediate.
        backoff_cap_s: longest wait.
        apart_s: the least time from the beginning of one connection to that of the next.
        probe_s: how long to wait for the answer to an empty chunk after a reconnection.
        finish_s: after the stop, how long the service may be silent before it is given up.
        ending_s: after the stop, how long the service may go on when it is not silent.
        result_s: how long to ask for the stored result.
        keep_alive_s: after so long without audio an empty chunk is sent, because the service
            drops a session that sends nothing for about 30 s.
        long_s: after so long it is said that the service ends a session at 3 h.
    """

    attempts: int = 8
    openings: int = 3
    connections: int = 200
    backoff_s: float = 0.3
    backoff_cap_s: float = 5.0
    apart_s: float = 0.24
    probe_s: float = 1.0
    finish_s: float = 60.0
    ending_s: float = 900.0
    result_s: float = 30.0
    keep_alive_s: float = 20.0
    long_s: float = 10_200.0


class Session:
    """One live session.

    Args:
        chunks: the audio, in order: with its schedule, or live.
        body: of `POST /v2/live`.
        transport: an open transport.
        clock: the clock of all stamps.
        emit: called with each event, in order, from the event loop; it must not block.
        region: `eu-west`, `us-west` or None.
        json_audio: send audio as base64 in JSON.
        limits: bounds of waiting.
        linger: awaited once the conversation is over, before the end is told: what else may come.
        secret: called with the URL of the WebSocket before anything is emitted, so that its token
            can be kept out of the record.
    """

    def __init__(
        self,
        chunks: Audio,
        body: dict[str, Any],
        transport: Transport,
        clock: Clock,
        emit: Emit,
        *,
        region: str | None = None,
        json_audio: bool = False,
        limits: Limits | None = None,
        linger: Callable[[], Awaitable[object]] | None = None,
        secret: Callable[[str], None] = lambda _: None,
    ) -> None:
        flags = body.get("messages_config") or {}
        self._acknowledged = bool(flags.get("receive_acknowledgments", True))
        self._protocol = SessionProtocol(json_audio=json_audio, acknowledged=self._acknowledged)
        self._sender = Sender(chunks, self._protocol, clock, emit, failed=self._source_failed)
        self._body = body
        self._transport = transport
        self._clock = clock
        self._emit = emit
        self._region = region
        self._limits = limits or Limits()
        self._linger = linger
        self._secret = secret
        self._session_id: str | None = None
        self._open: Connection | None = None
        self._open_ns = 0
        self._number = 0
        self._aborted = False
        self._given_up: str | None = None
        self._connect_ns = 0
        self._stop_ns = 0
        self._why = ""
        self._was_quiet = False
        self._main: asyncio.Task[Any] | None = None
        self._fault: GladiaNbError | None = None
        self._helpers: set[asyncio.Task[None]] = set()
        self._last_ns = 0
        self._long = False

    # -- commands, from the event loop's thread --

    def stop(self) -> None:
        """Send no more audio, ask for the rest of the messages, end properly."""
        if not self._sender.stop():
            # There is no audio under way yet and nothing worth waiting for.
            self.abort()

    def abort(self) -> None:
        """Close the connection and end at once; what was recorded stays."""
        self._aborted = True
        if self._main is not None:
            self._main.cancel()

    def fail(self, error: GladiaNbError) -> None:
        """End at once with an error; what was recorded stays."""
        self._fault = self._fault or error
        if self._main is not None:
            self._main.cancel()

    # -- the coroutine --

    async def run(self) -> None:
        """Run to the end. Errors end in the record, not in an exception."""
        self._main = asyncio.current_task()
        outcome = "finished"
        try:
            if self._aborted or self._fault is not None:
                raise asyncio.CancelledError
            await self._init()
            try:
                await self._converse()
            finally:
                for text, count in self._protocol.problems.items():
                    self._warn(sentences.CONTRADICTION.format(problem=text, count=count))
            assert self._session_id is not None  # noqa: S101 - it has been initiated
            await fetch_result(
                self._transport, self._session_id, self._clock, self._emit, self._limits.result_s
            )
            if self._linger is not None:
                await self._linger()
            if self._sender.cut_short:
                outcome = "stopped"
        except asyncio.CancelledError:
            outcome = self._broken_off()
        except GladiaNbError as error:
            outcome = "failed"
            self._emit_error(error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours may not lose the record
            outcome = "failed"
            self._emit_error(internal_error(error))
        finally:
            try:
                await self._put_away()
                # What cancelled it while nothing was waited for reaches it here, or its caller.
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                # It came when all was said, and is no less meant.
                outcome = self._broken_off()
                await self._put_away()
            self._emit(end_event(self._clock, outcome))

    def _broken_off(self) -> str:
        """How a session ends that was cancelled: by a wish, or by a fault, which is told."""
        if self._fault is None:
            return "aborted"
        self._emit_error(self._fault)
        return "failed"

    async def _put_away(self) -> None:
        await self._sender.close()
        if (connection := self._open) is not None:
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                # 1000 lets the service finish by itself what it has.
                await asyncio.wait_for(connection.close(1000), 2)

    def _emit_error(self, error: GladiaNbError) -> None:
        event = error_event(error, self._clock.now_ns())
        self._emit(msgspec.structs.replace(event, text=redact_url(event.text)))

    def _warn(self, text: str) -> None:
        self._emit(WarningEvent(self._clock.now_ns(), text))

    async def _init(self) -> None:
        reply = await request_session(
            self._transport,
            self._body,
            self._region,
            self._clock,
            self._emit,
            secret=self._secret,
        )
        self._session_id, self._url = reply.session_id, reply.url
        self._protocol.initiated()

    async def _converse(self) -> None:
        """Connections, one after the other, until the service is done."""
        limits, fruitless = self._limits, 0
        while True:
            connection = await self._connect()
            if connection is not None:
                progress = await self._one_connection(connection)
                if progress is None:
                    return
                if progress:
                    fruitless = 0
            fruitless += 1
            if not self._open_ns and fruitless >= limits.openings:
                raise SessionError(sentences.NOT_OPENED.format(why=self._why))
            if fruitless > limits.attempts:
                text = sentences.NOT_RESUMED.format(attempts=limits.attempts, why=self._why)
                raise SessionError(text)
            if self._number >= limits.connections:
                text = sentences.TOO_OFTEN.format(connections=self._number, why=self._why)
                raise SessionError(text)
            await self._back_off(fruitless)

    async def _back_off(self, attempt: int) -> None:
        longest = min(self._limits.backoff_s * 2 ** (attempt - 2), self._limits.backoff_cap_s)
        # Half fixed, half random: many clients that lost one server shall not come back at once.
        wait = 0.0 if attempt == 1 else longest * random.uniform(0.5, 1)  # noqa: S311
        # A service that lets go at once is not asked again at once.
        age = (self._clock.now_ns() - self._connect_ns) / 1e9
        wait = max(wait, self._limits.apart_s - age)
        self._emit(RetryEvent(self._clock.now_ns(), attempt, wait))
        await asyncio.sleep(wait)

    async def _connect(self) -> Connection | None:
        """Open the WebSocket; None when that failed in a way that another attempt may mend."""
        first = self._number == 0
        self._number += 1
        start_ns, said = self._clock.now_ns(), None
        self._connect_ns = start_ns
        connection: Connection | None = None
        try:
            connection = await self._transport.connect(self._url)
        except (UnreachableError, ApiError) as error:
            said = str(error)
            self._why = said.rstrip(".")
            # A refusal of the very first handshake is an answer; later ones may be passing.
            refused = isinstance(error, ApiError) and error.status < 500
            lasting = isinstance(error, UnreachableError) and error.lasting
            if (first and refused) or (not self._open_ns and lasting):
                raise
        finally:
            end_ns, phases = self._clock.now_ns(), self._transport.phases
            self._emit(
                ConnectEvent(
                    connection=self._number,
                    start_ns=start_ns,
                    error=said,
                    end_ns=end_ns,
                    dns_ms=phases.get("dns_ms", UNSET),
                    connect_ms=phases.get("connect_ms", UNSET),
                )
            )
        return connection

    async def _one_connection(self, connection: Connection) -> bool | None:
        """Send and receive until the connection ends.

        Returns:
            None when the session is over, else whether the connection brought it further.
        """
        number, before = self._number, self._protocol.progress
        self._open = connection
        self._protocol.opened()
        self._sender.attach(connection, number)
        self._last_ns = self._clock.now_ns()
        self._open_ns = self._open_ns or self._last_ns
        self._help(self._sender.flush())
        self._help(self._watch(connection))
        if self._protocol.state is State.RESUMING:
            self._help(self._give_up_probe())
        try:
            while isinstance(item := await connection.receive(), Received):
                self._receive(item, number)
        finally:
            self._sender.detach()
            await self._dismiss_helpers()
        return self._after(item, number, self._protocol.progress > before)

    def _help(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the reader for as long as the connection lasts."""
        task = asyncio.create_task(work)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    async def _dismiss_helpers(self) -> None:
        helpers = list(self._helpers)
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)

    def _receive(self, item: Received, number: int) -> None:
        """Record a message."""
        raw = item.raw
        self._last_ns = item.recv_ns
        resuming = self._protocol.state is State.RESUMING
        message = self._protocol.receive(raw)
        self._emit(
            MessageEvent(
                recv_ns=item.recv_ns,
                connection=number,
                via="websocket",
                raw=message.raw,
                binary=True if isinstance(raw, bytes) else UNSET,
            )
        )
        if resuming and self._protocol.state is not State.RESUMING:
            self._help(self._sender.flush())

    def _after(self, closed: Closed, number: int, progress: bool) -> bool | None:
        outcome = self._protocol.closed(closed.code)
        self._emit(CloseEvent(closed.ns, number, closed.code, closed.reason, outcome.value))
        if self._given_up is not None:
            raise SessionError(self._given_up)
        if closed.fault:
            raise SessionError(sentences.UNFIT.format(fault=closed.fault), code=closed.code)
        if outcome is CloseOutcome.RETRY:
            self._why = _how(closed)
            return self._after_quiet(closed, progress) if closed.code == QUIET else progress
        if outcome is CloseOutcome.FINISHED:
            if not self._protocol.stop_sent:
                self._warn(sentences.ENDED_EARLY)
            return None
        if outcome is CloseOutcome.ALREADY_ENDED and self._protocol.stop_sent:
            self._warn(sentences.ENDED_MEANWHILE)
            return None
        said = f": {closed.reason}" if closed.reason else ""
        what = sentences.WHY_CLOSED[outcome]
        text = sentences.CLOSED.format(what=what, code=closed.code, said=said)
        raise SessionError(text, code=closed.code)

    def _after_quiet(self, closed: Closed, progress: bool) -> bool | None:
        """The service had nothing to transcribe: said once; the end where all has been sent."""
        if not self._was_quiet:
            self._was_quiet = True
            self._warn(sentences.QUIET)
        if self._protocol.stop_sent and not self._protocol.buffer.unacknowledged:
            return None
        # A speaker may pause for long. Only a service that says so at once is given up.
        return progress or closed.ns - self._connect_ns > self._limits.keep_alive_s * 1e9

    # -- beside the reader --

    def _source_failed(self, error: BaseException) -> None:
        self.fail(internal_error(error))

    async def _give_up_probe(self) -> None:
        await asyncio.sleep(self._limits.probe_s)
        if self._protocol.state is State.RESUMING:
            self._protocol.probe_unanswered()
            self._warn(sentences.UNANSWERED)
            await self._sender.flush()

    async def _watch(self, connection: Connection) -> None:
        """What time alone decides: silence of either side, and the length of the session."""
        limits = self._limits
        while True:
            await asyncio.sleep(min(1.0, limits.finish_s / 4, limits.keep_alive_s / 4))
            now = self._clock.now_ns()
            if self._protocol.state is State.STOPPING:
                self._given_up = self._unfinished(now)
                if self._given_up is not None:
                    await connection.close(1000)
                    return
            elif (
                self._protocol.state is State.STREAMING
                and now - self._sender.sent_ns > limits.keep_alive_s * 1e9
            ):
                await self._sender.keep_alive()
            if not self._long and now - self._open_ns > limits.long_s * 1e9:
                self._long = True
                self._warn(sentences.LONG.format(hours=f"{limits.long_s / 3600:.2g}"))

    def _unfinished(self, now: int) -> str | None:
        """Why a service that has been asked to finish is given up, or None."""
        limits = self._limits
        self._stop_ns = self._stop_ns or now
        if now - self._last_ns > limits.finish_s * 1e9:
            return sentences.SILENT.format(seconds=f"{limits.finish_s:g}")
        if now - self._stop_ns > limits.ending_s * 1e9:
            return sentences.UNENDING.format(seconds=f"{limits.ending_s:g}")
        return None


def _how(closed: Closed) -> str:
    """How a connection ended, inside a sentence."""
    if closed.code is None:
        return "no close frame"
    said = f": {closed.reason}" if closed.reason else ""
    return f"close code {closed.code}{said}"
