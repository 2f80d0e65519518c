"""An event loop whose time only moves when everybody sleeps, and a service in memory on it.

A session, the source of its audio and the scripted engine run on it unchanged. What takes no time
by the script takes none at all, so that what the metrics say can be compared with the truth to the
nanosecond.
"""

from __future__ import annotations

import asyncio
import json
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

from gladia_nb.api.connection import Closed, Received
from gladia_nb.api.transport import Initiated
from gladia_nb.config import SessionConfig
from gladia_nb.record.event_kinds import EndEvent, RecordEvent
from gladia_nb.record.events import as_mapping
from gladia_nb.record.file import read_lines
from gladia_nb.run import Run
from gladia_nb.server.engines.base import AddOn, Ended, Event, Progress, Speech, Transcript
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.engines.timetable import Timetable
from gladia_nb.server.session.messages import Messages
from gladia_nb.server.settings.options import ServerOptions
from gladia_nb.server.settings.script import Script
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.session import Session
from gladia_nb.worker.vitals import Vitals
from tests.support.stored_events import stored_in

RATE = 16000


class _Selector(selectors.DefaultSelector):
    """Does not wait for files: it moves the time instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everybody waits and nothing is to come")
        if timeout > 0:
            self.now_ns += max(1, round(timeout * 1e9))
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio with virtual time, in nanoseconds from 1000 s."""

    def __init__(self) -> None:
        self.virtual = _Selector()
        self.virtual.now_ns = 1_000_000_000_000
        super().__init__(self.virtual)
        # The loop would run timers early by the resolution of the real clock.
        self._clock_resolution = 1e-10

    def time(self) -> float:
        return self.virtual.now_ns / 1e9


class VirtualClock:
    """The clock of a virtual loop; sabotaged ones are made from it."""

    lead_ns = 0

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        return self._loop.virtual.now_ns

    async def sleep_until(self, deadline_ns: int) -> None:
        while (ahead := deadline_ns - self.now_ns()) > 0:
            await asyncio.sleep(ahead / 1e9)


def run_virtual(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class MemoryService:
    """The service, without a network: what is sent arrives `up_ns` later, and back `down_ns`.

    Attributes:
        truth: of each message that the script says: when it was due, its position, and its event.
        phases: what a transport tells of connecting.
    """

    def __init__(
        self,
        script: dict[str, Any],
        config: SessionConfig,
        clock: VirtualClock,
        *,
        up_ns: int = 0,
        down_ns: int = 0,
    ) -> None:
        self.phases: dict[str, float] = {}
        self.truth: list[tuple[int, float, Event]] = []
        self.stamps = clock
        self._clock = clock
        self._up_ns, self._down_ns = up_ns, down_ns
        self._config = config
        self._engine = ScriptedEngine(Script.load(script), Timetable(clock))
        self._messages = Messages("virtual", ServerOptions(), lambda: clock.now_ns() / 1e9)
        self._inbox: asyncio.Queue[str | int] = asyncio.Queue()
        self._outgoing = Timetable(clock)
        self._incoming = Timetable(clock)
        self._bytes = 0

    # -- as a transport --

    async def init(self, body: dict[str, Any], *, region: str | None = None) -> Initiated:
        assert body["sample_rate"] == RATE
        assert region is None
        self._stream = await self._engine.open(self._config, 0, self._report)
        return Initiated("virtual", None, "ws://memory/?token=t")

    async def connect(self, url: str) -> MemoryService:
        return self

    async def get(self, session_id: str) -> str:
        return json.dumps({"id": session_id, "status": "done"})

    async def ping(self, on_pong: Callable[[int, int | None], None]) -> None:
        sent = self._clock.now_ns()
        self._later(lambda: on_pong(sent, self._clock.now_ns()))

    def take_backlog(self) -> int:
        return 0

    # -- as a connection --

    async def send(self, wire: bytes | str) -> int:
        self._incoming.at(self._clock.now_ns() + self._up_ns, lambda: self._take(wire))
        return self.stamps.now_ns()

    async def receive(self) -> Received | Closed:
        item = await self._inbox.get()
        # As at a socket: stamped when it is read.
        now = self.stamps.now_ns()
        return Closed(now, item, "") if isinstance(item, int) else Received(now, item)

    async def close(self, code: int = 1000) -> None:
        self._inbox.put_nowait(code)

    # -- the service --

    def _take(self, wire: bytes | str) -> None:
        if isinstance(wire, str):
            assert json.loads(wire)["type"] == "stop_recording"
            self._stream.finish()
            return
        first, self._bytes = self._bytes, self._bytes + len(wire)
        times = (first / 2 / RATE, self._bytes / 2 / RATE)
        self._say(self._messages.audio_chunk((first, self._bytes), times))
        self._stream.feed(wire, self._clock.now_ns())

    def _report(self, event: Event) -> None:
        if isinstance(event, Ended):
            self._later(lambda: self._inbox.put_nowait(1000))
        if isinstance(event, Progress | AddOn | Ended):
            return
        assert event.due is not None
        self.truth.append((event.due.ns, event.due.position, event))
        if isinstance(event, Speech):
            kind = "speech_start" if event.began else "speech_end"
            self._say(self._messages.speech(kind, event.time, 0))
        else:
            self._say(self._messages.transcript(event, 0))

    def _say(self, text: str) -> None:
        self._later(lambda: self._inbox.put_nowait(text))

    def _later(self, call: Any) -> None:
        self._outgoing.at(self._clock.now_ns() + self._down_ns, call)


def virtual_run(
    script: dict[str, Any],
    *,
    duration_s: float = 6.0,
    chunk_ms: float = 100,
    reference: list[dict[str, Any]] | None = None,
    up_ns: int = 0,
    down_ns: int = 0,
    source: type[ChunkSource] = ChunkSource,
    stamps: type[VirtualClock] = VirtualClock,
    beside: Callable[[VirtualLoop], Coroutine[Any, Any, None]] | None = None,
    **fields: Any,
) -> tuple[Run, list[tuple[int, float, Transcript | Speech]]]:
    """A session in virtual time; returns the run and the truth.

    Args:
        script: of the engine.
        duration_s: of the audio, which is silence: the script says what is heard.
        chunk_ms: of a chunk.
        reference: words that were really spoken, for the run's header.
        up_ns: how long what is sent takes.
        down_ns: how long what is received takes.
        source: deals out the chunks.
        stamps: the clock of the session; the service keeps its own.
        beside: what else goes on in the event loop.
        **fields: of the configuration.
    """
    config = SessionConfig(
        sample_rate=RATE, messages_config={"receive_partial_transcripts": True}, **fields
    )

    async def work() -> tuple[list[dict[str, Any]], list[Any]]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock = VirtualClock(loop)
        service = MemoryService(script, config, clock, up_ns=up_ns, down_ns=down_ns)
        audio = bytes(2 * round(duration_s * RATE))
        events: list[dict[str, Any]] = []
        chunks = source(audio, 2, RATE, chunk_ms=chunk_ms)
        session_clock = service.stamps = stamps(loop)
        vitals = Vitals(session_clock, service, stored_in(events), witness=clock.now_ns)  # type: ignore[arg-type]

        def emit(event: RecordEvent) -> None:
            if isinstance(event, EndEvent):
                vitals.finish()
            events.append(as_mapping(event))

        tasks = [asyncio.create_task(vitals.watch())]
        if beside is not None:
            tasks.append(asyncio.create_task(beside(loop)))
        await Session(chunks, config.to_body(), service, session_clock, emit).run()  # type: ignore[arg-type]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return events, service.truth

    events, truth = run_virtual(work())
    header = _header(config, duration_s, chunk_ms, reference)
    lines = [json.dumps(line).encode() + b"\n" for line in (header, *events)]
    return Run(read_lines(lines)), truth


def _header(
    config: SessionConfig,
    duration_s: float,
    chunk_ms: float,
    reference: list[dict[str, Any]] | None,
) -> dict[str, Any]:
    return {
        "format": "gladia_nb.run",
        "version": 1,
        "anchor": [0, 0, 0],
        "config": config.to_body() | {"sample_rate": RATE},
        "audio": {
            "name": "virtual",
            "duration_s": duration_s,
            "frames": round(duration_s * RATE),
            "source_rate": RATE,
            "source_channels": 1,
            "clipped": 0,
        },
        "options": {"target": "memory", "speed": 1.0, "chunk_ms": chunk_ms},
        "reference": reference,
        "versions": {},
    }
