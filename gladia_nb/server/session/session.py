"""One live session: from its configuration to its result, over any number of connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from aiohttp import WSMsgType, web

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import (
    AddOn,
    Due,
    Ended,
    Engine,
    EngineError,
    Event,
    NeedsWay,
    Progress,
    Recorded,
    Speech,
    Stream,
    Transcript,
)
from gladia_nb.server.engines.spelling import Spelling
from gladia_nb.server.session.add_ons import AddOns
from gladia_nb.server.session.client_frames import Audio, BadAudio, Stop, read_text
from gladia_nb.server.session.connection import Connection
from gladia_nb.server.session.courier import Courier
from gladia_nb.server.session.intake import Intake
from gladia_nb.server.session.messages import FLAGS, Messages, timestamp, utterance
from gladia_nb.server.session.recordings import (
    flag_of,
    job_as_recorded,
    key_of,
    retold,
)
from gladia_nb.server.session.results import Outcome, Status, seconds_between
from gladia_nb.server.session.trace import Trace
from gladia_nb.server.settings.faults import FaultBoard
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["Session", "Status"]

_log = logging.getLogger(__name__)


class Session:
    """A session, its audio, its messages and its result.

    A session outlives its connections: any close but 1000 leaves it waiting for the next one, for
    `idle_timeout_s` at most. A second connection while one is open replaces it; the first is
    closed with 1001, a code at which no client comes back, so that two clients cannot take the
    session from each other for ever.

    Args:
        config: of the session.
        engine: recognises the audio.
        options: of the server.
        courier: takes what is posted to callbacks and webhooks.
        faults: what is to go wrong on purpose.
        key: API key that made the session, and may ask for its result.
        when_over: called once the session has ended.

    Attributes:
        id: public name of the session.
        token: opens its WebSocket; whoever has it needs no key.
        status: where it is in its life.
        made_at: when it was made, by `time.monotonic`.
        post_session_metadata: what the client has added with `PATCH`.
        trace: what was received and sent when, if the server keeps that.
    """

    def __init__(
        self,
        config: SessionConfig,
        *,
        engine: Engine,
        options: ServerOptions,
        courier: Courier,
        faults: FaultBoard,
        key: str,
        when_over: Callable[[Session], None],
    ) -> None:
        self.id = str(uuid.uuid4())
        self.token = str(uuid.uuid4())
        self.status = Status.QUEUED
        self.key = key
        self.config = config
        self.post_session_metadata: dict[str, Any] = {}
        self.intake = Intake(config)
        self.made_at = time.monotonic()
        self.created_at = timestamp(time.time() + options.clock_offset_s)
        self.trace = Trace(self.id) if options.trace else None
        self._faults = faults
        self._received_ns = 0
        self._due: Due | None = None
        self._engine = engine
        self._options = options
        self._when_over = when_over
        self._messages = Messages(self.id, options)
        self._wants = config.messages_config.model_dump()
        self._post = courier.post(config, self.id)
        self._spelling = Spelling.of(config)
        self._add_ons = AddOns(config, self._messages, engine.supplies)
        self._outcome = Outcome(config, self._add_ons)
        self._missed: list[str] = []
        self._streams: list[Stream] = []
        self._positions = [0.0] * config.channels
        self._pending = config.channels
        self._all_ended = asyncio.Event()
        self._problem: str | None = None
        # Of a recording that has been played to its end.
        self._played: Ended | None = None
        self._recorded_id = ""
        self._way = engine.way if isinstance(engine, NeedsWay) else None
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self._began = math.nan
        self._last_input = math.nan
        self._last_speech = math.nan
        self._is_stopping = False
        self._completed_at: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._watcher: asyncio.Task[None] | None = None
        kind = "start_session"
        self._post.message(kind, FLAGS[kind], self._messages.lifecycle(kind))

    def __repr__(self) -> str:
        return f"<Session {self.id} {self.status}>"

    @property
    def is_over(self) -> bool:
        """Whether everything has been said."""
        return self.status in (Status.DONE, Status.ERROR)

    @property
    def custom_metadata(self) -> dict[str, Any] | None:
        """What the client has named the session by."""
        return self.config.custom_metadata

    # -- the connection -----------------------------------------------------------------------

    async def serve(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        """Talk to a client until it goes, or the session ends.

        Args:
            ws: the WebSocket, open.
            request: that it came from.
        """
        if self.is_over:
            await ws.close(code=self._options.ended_code)
            return
        connection = Connection(ws, request.transport, self._faults, self.trace, self._way)
        replaced, self._connection = self._connection, connection
        if replaced is not None:
            self._spawn(replaced.close(1001))
        for text in self._missed if self._options.replay_missed else ():
            connection.send(text)
        self._missed = []
        self._last_input = time.monotonic()
        try:
            async with self._opening:
                if self.status is Status.QUEUED:
                    await self._begin()
            await self._read(connection)
        except EngineError as error:
            self._fail(str(error))
            await connection.close(1011)
        finally:
            self._missed += await connection.leave()
        if self._connection is connection:
            self._connection = None
            if connection.close_code == 1000:
                self._stop()

    async def _begin(self) -> None:
        for channel in range(self.config.channels):
            report = self._reporter(channel)
            self._streams.append(await self._engine.open(self.config, channel, report))
        self.status = Status.PROCESSING
        self._began = self._last_speech = time.monotonic()
        self._watcher = self._spawn(self._watch())
        if "start_recording" in self._engine.supplies:
            return
        if self._options.start_session_on_socket:
            self._to_socket(FLAGS["start_session"], self._messages.lifecycle("start_session"))
        self._emit("start_recording", self._messages.lifecycle("start_recording"))

    def _reporter(self, channel: int) -> Callable[[Event], None]:
        def report(event: Event) -> None:
            self._due = getattr(event, "due", None)
            self._on_event(channel, event)
            self._due = None

        return report

    async def _read(self, connection: Connection) -> None:
        async for message in connection.read():
            if self._connection is not connection:
                return
            if not connection.is_open and self._wants["receive_acknowledgments"]:
                # No acknowledgement of this frame can arrive, so that the client will send it
                # again when it is back: taking it now would double it.
                return
            self._last_input = time.monotonic()
            self._received_ns = connection.received_ns
            if message.type is WSMsgType.BINARY:
                self._take(message.data)
            elif message.type is WSMsgType.TEXT:
                self._on_text(message.data)
            await connection.breathe()

    def _on_text(self, text: str) -> None:
        asked = read_text(text)
        if isinstance(asked, Stop):
            self._on_stop()
        elif isinstance(asked, Audio):
            self._take(asked.data)
        elif isinstance(asked, BadAudio):
            self._refuse_audio(asked.why)

    async def _watch(self) -> None:
        """End the session when nothing comes any more, is said, or when it has lasted too long."""
        options = self._options
        limit = self._began + options.session_limit_s
        patience_s = options.silence_timeout_s or math.inf
        while not self._is_stopping:
            idle, silent = self._last_input + options.idle_timeout_s, self._last_speech + patience_s
            due = min(idle, silent, limit)
            ahead = due - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
            elif due == limit:
                self._stop(options.session_limit_code)
            else:
                self._part(options.idle_code if due == idle else options.silence_code)

    def _part(self, code: int) -> None:
        """Close the connection at once, and finish without it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._spawn(connection.close(code))
        self._stop()

    # -- what comes in ------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        if data and self._is_stopping:
            self._refuse_audio("the recording has been stopped")
            return
        if not data and not self._options.acknowledge_empty:
            return
        first = self.intake.received
        audio = self.intake.push(data)
        last = self.intake.received
        times = (self.intake.time_of(first), self.intake.time_of(last))
        self._emit("audio_chunk", self._messages.audio_chunk((first, last), times))
        if self.trace is not None:
            self.trace.received(self._received_ns, len(data), first, last)
        self._recognise(audio)

    def _recognise(self, audio: bytes) -> None:
        if audio:
            for stream, data in zip(self._streams, self.intake.split(audio), strict=True):
                stream.feed(data, self._received_ns)

    def _refuse_audio(self, why: str) -> None:
        self._emit("audio_chunk", self._messages.audio_chunk(None, (0, 0), why))

    def _on_stop(self) -> None:
        if self._is_stopping:
            why = "the recording has been stopped already"
            self._emit("stop_recording", self._messages.stop_recording(None, 0, why))
            return
        duration = self.intake.duration
        left = max(0.0, duration - min(self._positions))
        self._emit("stop_recording", self._messages.stop_recording(duration, left))
        self._stop()

    def _stop(self, code: int = 1000) -> None:
        if not self._is_stopping and not self.is_over:
            self._is_stopping = True
            self._spawn(self._finish(code))

    # -- what comes from the engine -----------------------------------------------------------

    def _on_event(self, channel: int, event: Event) -> None:
        if isinstance(event, Speech | Transcript | Recorded):
            self._last_speech = time.monotonic()
        if isinstance(event, Progress):
            self._positions[channel] = event.position
        elif isinstance(event, Speech):
            kind = "speech_start" if event.began else "speech_end"
            self._emit(kind, self._messages.speech(kind, event.time, channel))
        elif isinstance(event, Transcript):
            self._on_transcript(channel, event)
        elif isinstance(event, AddOn):
            said = self._outcome.finals.get((channel, event.utterance))
            if said is not None:
                name = self._messages.utterance_id(event.utterance, channel)
                self._emit_all(self._add_ons.from_engine(event, name, said))
        elif isinstance(event, Recorded):
            self._on_recorded(event)
        else:
            self._on_end(event)

    def _on_end(self, event: Ended) -> None:
        self._pending -= 1
        if event.problem is not None:
            self._fail(event.problem)
        if event.code is not None:
            self._played = event
            self._stop(event.code)
        if self._pending == 0:
            self._all_ended.set()

    def _on_recorded(self, event: Recorded) -> None:
        """Say what was recorded; what it tells of the whole is noted, for those who stop early."""
        text, flag = retold(event, self.id, self._messages.now()), flag_of(event)
        self._recorded_id = event.session_id
        if event.via == "callback":
            self._post.as_recorded(event.kind, flag, text)
            return
        if event.via == "both" and flag is not None:
            self._emit(event.kind, text, flag)
        else:
            self._to_socket(flag, text)
        if event.is_final and event.data is not None:
            self._outcome.finals[key_of(event.data)] = event.data["utterance"]
        self._add_ons.heard(event.kind, event.data, event.error)

    def _on_transcript(self, channel: int, transcript: Transcript) -> None:
        transcript = replace(transcript, words=self._spelling.apply(transcript.words))
        kind = "final" if transcript.is_final else "partial"
        text = self._messages.transcript(transcript, channel)
        self._emit("transcript", text, flag=f"receive_{kind}_transcripts")
        if not transcript.is_final:
            return
        said = utterance(transcript, channel)
        self._outcome.finals[channel, transcript.utterance] = said
        name = self._messages.utterance_id(transcript.utterance, channel)
        self._emit_all(self._add_ons.after_final(name, said, transcript.words))

    def _fail(self, problem: str) -> None:
        if self._problem is None:
            _log.error("session %s: %s", self.id, problem)
            self._problem = problem
        self._stop(1011)

    # -- the end ------------------------------------------------------------------------------

    async def _finish(self, code: int) -> None:
        """Recognise what is left, say the last words and close."""
        self._recognise(self.intake.finish())
        for stream in self._streams:
            stream.finish()
        if self._problem is None:
            try:
                async with asyncio.timeout(self._options.finish_timeout_s):
                    await self._all_ended.wait()
            except TimeoutError:
                self._problem = "The recogniser did not finish in time."
                code = 1011
        for stream in self._streams:
            stream.abort()
        if self._watcher is not None:
            self._watcher.cancel()
        completed_at = self._messages.now()
        self._say_last(seconds_between(self.created_at, completed_at))
        self.status = Status.DONE if self._problem is None else Status.ERROR
        self._completed_at = completed_at
        self._when_over(self)
        if self._connection is not None:
            await self._connection.close((self._played and self._played.code) or code)

    def _say_last(self, took: float) -> None:
        messages, duration = self._messages, self.intake.duration
        self._outcome.complete(duration, took)
        if self._played is not None:
            return
        self._emit("end_recording", messages.end_recording(duration))
        text = self._outcome.transcription()
        self._emit("post_transcript", messages.post("post_transcript", text))
        self._emit_all(self._add_ons.summarise(text))
        final = self._outcome.post_final()
        self._emit("post_final_transcript", messages.post("post_final_transcript", final))
        self._emit("end_session", messages.lifecycle("end_session"))

    def _emit(self, kind: str, text: str, flag: str = "") -> None:
        """Send, post and keep a message, as far as flags ask for it."""
        flag = flag or FLAGS[kind]
        self._post.message(kind, flag, text)
        self._to_socket(flag, text)

    def _emit_all(self, said: list[tuple[str, str]]) -> None:
        for kind, text in said:
            self._emit(kind, text)

    def _to_socket(self, flag: str | None, text: str) -> None:
        if flag is not None and not self._wants[flag]:
            return
        self._outcome.sent.append(text)
        if self._connection is not None:
            self._connection.send(text, self._due)
        else:
            self._missed.append(text)

    async def close(self) -> None:
        """The server is going away: leave the client and the engine at once."""
        self._is_stopping = True
        for stream in self._streams:
            stream.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._connection is not None:
            with contextlib.suppress(ConnectionError):
                await self._connection.cut(1001)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- the result ---------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """The body of `GET /v2/live/:id`."""
        job = self._outcome.job(
            self.id,
            self.intake,
            status=str(self.status),
            created_at=self.created_at,
            completed_at=self._completed_at,
            error_code=500 if self.status is Status.ERROR else None,
            post_session_metadata=self.post_session_metadata,
        )
        if self.is_over and self._played is not None and self._played.result is not None:
            return job_as_recorded(self._played.result, self._recorded_id, job)
        return job
