import asyncio
import io
import json
from typing import Any

import aiohttp
import pytest
import soundfile
from aiohttp import web

from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.config import SessionConfig
from gladia_nb.errors import SessionError
from gladia_nb.sessions.sources import prepare
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.session import Limits, Session
from tests.support.breaking_network import breaking_network
from tests.support.fake_service import SESSION, TOKEN, FakeService, polite, serve
from tests.support.stored_events import stored_in

AUDIO = bytes(range(256)) * 50  # 0.4 s of 16 kHz, 16 bit
QUICK = Limits(attempts=3, backoff_s=0.01, probe_s=0.1, finish_s=0.4, result_s=0.5)
KEY = "a-key-that-nobody-may-see"


class Running:
    """A session against a fake service, and what it told."""

    def __init__(self, service: FakeService, **options: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self.service = service
        self.body = options.pop("body", {"sample_rate": 16000})
        self.chunk_ms = options.pop("chunk_ms", 20)
        self.speed = options.pop("speed", 10)
        self.options = {"limits": QUICK, **options}
        self.session: Session | None = None
        self.started = asyncio.Event()

    async def run(self) -> "Running":
        clock = MonotonicClock()
        chunks = ChunkSource(AUDIO, 2, 16000, chunk_ms=self.chunk_ms, speed=self.speed)
        async with Transport(self.service.url, KEY, clock) as transport:
            self.session = Session(
                chunks, self.body, transport, clock, stored_in(self.events), **self.options
            )
            self.started.set()
            await asyncio.wait_for(self.session.run(), 20)
        return self

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    @property
    def outcome(self) -> str:
        assert self.events[-1]["event"] == "end"
        return self.events[-1]["outcome"]

    @property
    def error(self) -> dict[str, Any]:
        (error,) = self.of("error")
        return error


async def nothing_left() -> None:
    """No task of a session outlives it."""
    await asyncio.sleep(0.01)
    names = {
        task.get_coro().__qualname__
        for task in asyncio.all_tasks()
        if "Session" in task.get_coro().__qualname__
    }
    assert names == set()


async def test_a_fault_behind_the_last_message_is_told_all_the_same():
    """What fails a session when nothing is waited for any more is not taken for an abort."""
    async with serve(polite) as service:
        running = Running(service)
        stored = running.events

        class Failing(list):
            def append(self, event):
                stored.append(event)
                if event["event"] == "result":
                    running.session.fail(SessionError("There was no room for it."))

        running.events = Failing()
        await running.run()
    assert [event["event"] for event in stored][-3:] == ["result", "error", "end"]
    assert stored[-1]["outcome"] == "failed"
    assert stored[-2]["text"] == "There was no room for it."
    await nothing_left()


@pytest.mark.parametrize("json_audio", [False, True])
async def test_the_plain_course(json_audio):
    async with serve(polite) as service:
        run = await Running(service, json_audio=json_audio, body={"endpointing": 0.3}).run()
    assert run.outcome == "finished"
    assert bytes(service.audio) == AUDIO
    assert service.bodies == [{"endpointing": 0.3}]
    assert service.headers[0]["x-gladia-key"] == KEY
    assert (service.connections, service.stops) == (1, 1)
    kinds = [event["event"] for event in run.events]
    assert kinds[:3] == ["init", "connect", "audio_start"]
    assert kinds[-3:] == ["close", "result", "end"]
    chunks = run.of("chunk")
    assert [c["start_byte"] for c in chunks] == list(range(0, len(AUDIO), 640))
    assert chunks[-1]["end_frame"] * 2 == len(AUDIO)
    t0 = run.of("audio_start")[0]["t0_ns"]
    for chunk in chunks:
        assert chunk["due_ns"] == t0 + chunk["end_frame"] * 1_000_000_000 // 16000 // 10
        assert chunk["due_ns"] <= chunk["send_start_ns"] <= chunk["send_end_ns"]
    assert len(run.of("message")) == len(chunks) + 2
    await nothing_left()


async def test_stamps_are_in_order_of_what_happened():
    async with serve(polite) as service:
        run = await Running(service).run()
    init, connect = run.of("init")[0], run.of("connect")[0]
    stop, close, result = run.of("stop")[0], run.of("close")[0], run.of("result")[0]
    stamps = [
        init["start_ns"],
        init["end_ns"],
        connect["start_ns"],
        connect["end_ns"],
        run.of("audio_start")[0]["t0_ns"],
        run.of("chunk")[0]["send_start_ns"],
        run.of("chunk")[-1]["send_end_ns"],
        stop["send_start_ns"],
        stop["send_end_ns"],
        close["ns"],
        result["start_ns"],
        result["end_ns"],
        run.events[-1]["ns"],
    ]
    assert stamps == sorted(stamps)


async def test_the_token_is_in_no_event():
    async with serve(polite) as service:
        run = await Running(service).run()
    assert TOKEN not in json.dumps(run.events)
    assert KEY not in json.dumps(run.events)
    assert run.of("init")[0]["url"].endswith("token=[redacted]")


@pytest.mark.parametrize("code", [None, 1001, 1011, 4000, 4504])
@pytest.mark.parametrize("answers_probe", [True, False])
async def test_a_lost_connection_loses_and_doubles_nothing(code, answers_probe):
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        if number < 3:
            await service.take(socket, frames=5)
            service.cut(socket) if code is None else await socket.close(code=code)
        else:
            await polite(service, socket, number)

    async with serve(script) as service:
        service.answers_probe = answers_probe
        run = await Running(service).run()
    assert run.outcome == "finished"
    assert bytes(service.audio) == AUDIO
    assert [event["code"] for event in run.of("close")] == [code, code, 1000]
    assert [event["connection"] for event in run.of("connect")] == [1, 2, 3]
    assert service.bodies == [{"sample_rate": 16000}], "initiated once"
    await nothing_left()


async def test_acknowledgements_lost_with_the_connection_are_asked_for():
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        if number == 1:
            await service.take(socket, frames=5, acks=False)
            service.cut(socket)
        else:
            await polite(service, socket, number)

    async with serve(script) as service:
        run = await Running(service).run()
    assert bytes(service.audio) == AUDIO
    assert len(run.of("probe")) == 1
    assert not any(chunk["resend"] and chunk["start_byte"] < 5 * 640 for chunk in run.of("chunk"))


async def test_a_speaker_does_not_wait_for_a_connection():
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        if number == 1:
            await service.take(socket, frames=2)
            service.cut(socket)
        else:
            await asyncio.sleep(0.2)
            await polite(service, socket, number)

    async with serve(script) as service:
        service.handshakes = [101, 503, 503, 101]
        run = await Running(service, speed=1).run()
    assert bytes(service.audio) == AUDIO
    t0 = run.of("audio_start")[0]["t0_ns"]
    for chunk in run.of("chunk"):
        assert chunk["due_ns"] - t0 == chunk["end_frame"] * 1_000_000_000 // 16000
    assert [event["error"] is None for event in run.of("connect")] == [True, False, False, True]


async def test_it_gives_up_after_a_bound():
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        await service.take(socket, frames=1) if number == 1 else None
        service.cut(socket)

    async with serve(script) as service:
        run = await Running(service).run()
    assert run.outcome == "failed"
    assert "3 attempts to resume the session failed" in run.error["text"]
    assert service.connections == 1 + 3
    assert run.of("chunk"), "what was recorded is kept"
    await nothing_left()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4403, "had already ended this session (close code 4403)"),
        (4408, "gave up because no audio came (close code 4408)"),
        (4429, "refused to go on (close code 4429: because)"),
    ],
)
async def test_codes_that_end_a_session(code, words):
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        await service.take(socket, frames=1)
        await socket.close(code=code, message=b"because" if code == 4429 else b"")

    async with serve(script) as service:
        run = await Running(service).run()
    assert (run.outcome, service.connections) == ("failed", 1)
    assert words in run.error["text"]
    assert run.error["code"] == code


async def test_ended_while_away_after_the_stop_is_an_end():
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        if number == 1:
            await service.take(socket)
            service.cut(socket)
        else:
            await socket.close(code=4403)

    async with serve(script) as service:
        run = await Running(service).run()
    assert run.outcome == "finished"
    assert "only in the stored result" in run.of("warning")[0]["text"]


async def test_an_early_end_is_noticed():
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        await service.take(socket, frames=2)
        await socket.close(code=1000)

    async with serve(script) as service:
        run = await Running(service).run()
    assert run.outcome == "finished"
    assert run.of("warning")[0]["text"] == (
        "The service ended the session before all audio had been sent."
    )


async def test_a_silent_service_is_given_up():
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        await service.take(socket)
        await socket.receive()

    async with serve(script) as service:
        run = await Running(service).run()
    assert run.outcome == "failed"
    assert "silent for 0.4 s after the stop" in run.error["text"]
    await nothing_left()


async def test_stop_sends_what_was_spoken_and_ends_properly():
    async with serve(polite) as service:
        running = Running(service, speed=0.2)
        task = asyncio.create_task(running.run())
        await running.started.wait()
        while len(running.of("chunk")) < 3:
            await asyncio.sleep(0.01)
        running.session.stop()
        run = await task
    assert run.outcome == "stopped"
    assert service.stops == 1
    assert bytes(service.audio) == AUDIO[: len(service.audio)]
    assert 3 * 640 <= len(service.audio) < len(AUDIO)
    assert run.of("result")


@pytest.mark.parametrize("when", ["connect", "streaming"])
async def test_abort_ends_at_once_and_keeps_the_record(when):
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        await service.take(socket)
        await asyncio.sleep(5)

    async with serve(script) as service:
        running = Running(service, speed=0.2)
        task = asyncio.create_task(running.run())
        await running.started.wait()
        if when == "streaming":
            while len(running.of("chunk")) < 2:
                await asyncio.sleep(0.01)
        running.session.abort()
        run = await asyncio.wait_for(task, 4)
    assert run.outcome == "aborted"
    assert bool(run.of("chunk")) == (when == "streaming")
    await nothing_left()


@pytest.mark.parametrize(
    ("status", "body", "name", "words"),
    [
        (401, '{"message":"gladia user not found"}', "AuthenticationError", "Set GLADIA_API_KEY"),
        (
            400,
            '{"message":"x","request_id":"G-1","validation_errors":["channels must be 1"]}',
            "ApiError",
            "answered 400: channels must be 1, request G-1",
        ),
        (429, '{"message":"slow down"}', "LimitError", "Too many sessions"),
        (500, "oops", "ApiError", "answered 500 (Internal Server Error): oops"),
        (200, "<html>", "ApiError", "is this a live speech-to-text service?"),
    ],
)
async def test_a_refused_start(status, body, name, words):
    async with serve(polite) as service:
        service.init_status, service.init_body = status, body
        run = await Running(service).run()
    assert run.outcome == "failed"
    assert run.error["name"] == name
    assert words in run.error["text"]
    assert service.connections == 0


async def test_nobody_there():
    async with serve(polite) as service:
        url = service.url
    service.url = url
    run = await Running(service).run()
    assert run.error["name"] == "UnreachableError"
    assert run.error["text"].startswith(f"Cannot reach {url} (")


async def test_a_refused_handshake():
    async with serve(polite) as service:
        service.handshakes = [403]
        run = await Running(service).run()
    assert "refused the WebSocket with status 403" in run.error["text"]


async def test_the_result_is_awaited_and_its_absence_is_a_warning():
    async with serve(polite) as service:
        service.results = ["processing", 503, "done"]
        run = await Running(service).run()
        assert json.loads(run.of("result")[0]["raw"]) == {"id": SESSION, "status": "done"}
        service.results = ["processing"]
        late = await Running(service).run()
        assert "had not finished the stored result" in late.of("warning")[0]["text"]
        service.results = [404]
        gone = await Running(service).run()
        assert "could not be fetched" in gone.of("warning")[0]["text"]
    assert [r.outcome for r in (run, late, gone)] == ["finished"] * 3


async def test_strange_frames_are_kept_and_hurt_nobody():
    strange = ["not JSON", '{"type":5}', '{"type":"novelty","data":null}', "[]", '{"data":"x"}']

    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        for text in strange:
            await socket.send_str(text)
        await socket.send_bytes(b"\xff\x00")
        await polite(service, socket, number)

    async with serve(script) as service:
        run = await Running(service).run()
    assert run.outcome == "finished"
    raw = [event["raw"] for event in run.of("message")]
    assert [text for text in raw if text in strange] == strange
    (binary,) = [event for event in run.of("message") if event.get("binary")]
    assert binary["raw"].encode("utf-8", "surrogateescape") == b"\xff\x00"


async def test_a_silent_source_keeps_the_session_alive_and_a_long_one_is_told():
    async with serve(polite) as service:
        limits = Limits(keep_alive_s=0.1, long_s=0.2)
        run = await Running(service, limits=limits, chunk_ms=400, speed=0.5).run()
    assert run.outcome == "finished"
    assert bytes(service.audio) == AUDIO
    assert 3 <= len(run.of("keep_alive")) <= 8
    assert [event["text"] for event in run.of("warning")] == [
        "The session has lasted 5.6e-05 h; the service ends sessions after 3 h."
    ]


async def test_without_acknowledgements():
    async def script(service: FakeService, socket: web.WebSocketResponse, number: int) -> None:
        if await service.take(socket, acks=False):
            await socket.close(code=1000)

    async with serve(script) as service:
        body = {"messages_config": {"receive_acknowledgments": False}}
        run = await Running(service, body=body).run()
    assert run.outcome == "finished"
    assert bytes(service.audio) == AUDIO


async def test_the_embedded_server_and_a_network_that_breaks(local_server, clip):
    """What the server kept is byte for byte what was spoken, and the words are all there."""
    ready = prepare(clip, SessionConfig(endpointing=0.3))
    clock = MonotonicClock()
    events: list[dict[str, Any]] = []
    async with breaking_network(local_server.url, 40_000, 3) as (url, _):
        chunks = ChunkSource(ready.data, 2, 16000, chunk_ms=50, speed=6)
        async with Transport(url, local_server.key, clock) as transport:
            await Session(chunks, ready.config.to_body(), transport, clock, stored_in(events)).run()
    assert [event["event"] for event in events].count("close") == 4
    assert events[-1]["outcome"] == "finished", events[-3:]
    session_id = events[0]["session_id"]
    async with (
        aiohttp.ClientSession(headers={"x-gladia-key": local_server.key}) as http,
        http.get(f"{local_server.url}/v2/live/{session_id}/file") as reply,
    ):
        samples, _ = soundfile.read(io.BytesIO(await reply.read()), dtype="int16")
    assert samples.tobytes() == ready.data
    result = json.loads(events[-2]["raw"])["result"]
    assert "nice to see you again" in result["transcription"]["full_transcript"]
