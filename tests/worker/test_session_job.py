"""A session that the worker holds, on this event loop, and then by hand in a process."""

import asyncio
import json
import socket

import aiohttp
import pytest

from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import SessionError
from gladia_nb.record.event_kinds import AudioStartEvent, WarningEvent
from gladia_nb.record.file import load_record
from gladia_nb.worker.commands import (
    Abort,
    Callbacks,
    End,
    Events,
    Feed,
    Finish,
    Note,
    Pause,
    Start,
    Stop,
)
from gladia_nb.worker.session_job import SessionJob
from tests.support.fake_service import TOKEN, polite, serve
from tests.support.job_records import Told, new_record
from tests.support.worker_by_hand import start

KEY = "a-key-that-nobody-may-see"
#: 0.2 s
AUDIO = bytes(range(256)) * 25
STAMPS = ("ns", "start_ns", "end_ns", "t0_ns", "due_ns", "send_start_ns", "send_end_ns", "recv_ns")
LIVE = {"stall_s": 30.0, "speed": 1.0}


def command_for(service, path, **changes):
    fields = {
        "path": new_record(path),
        "base_url": service.url,
        "key": KEY,
        "region": None,
        "body": {"sample_rate": 16000},
        "frame_bytes": 2,
        "sample_rate": 16000,
        "chunk_ms": 20,
        "speed": 10.0,
        "json_audio": False,
        **changes,
    }
    return Start(**fields)


def job_for(service, path, audio=AUDIO, **changes):
    told = Told()
    return SessionJob(command_for(service, path, **changes), audio, told), told


# -- the whole course --


@pytest.mark.parametrize("json_audio", [False, True])
async def test_a_file_is_sent_and_what_is_told_is_its_record(tmp_path, json_audio):
    async with serve(polite) as service:
        job, told = job_for(service, tmp_path / "a.run", json_audio=json_audio, speed=1.0)
        await job.run()
    assert bytes(service.audio) == AUDIO
    assert service.bodies == [{"sample_rate": 16000}]
    record = load_record(tmp_path / "a.run")
    assert [dict(event) for event in record.events] == told.events
    assert record.outcome == "finished"
    assert told.kinds[-2:] == ["vitals", "end"], "the end comes last, also behind the vitals"
    assert told.kinds.count("end") == 1


async def test_all_stamps_are_of_the_clock_that_it_is_given(tmp_path):
    ahead_ns = 10**17

    class Ahead(MonotonicClock):
        def now_ns(self):
            return super().now_ns() + ahead_ns

        async def sleep_until(self, deadline_ns):
            await super().sleep_until(deadline_ns - ahead_ns)

    async with serve(polite) as service:
        told = Told()
        job = SessionJob(command_for(service, tmp_path / "a.run"), AUDIO, told, Ahead())
        await job.run()
    assert bytes(service.audio) == AUDIO
    assert told.kinds[-1] == "end"
    stamps = [ns for event in told.events for name, ns in event.items() if name in STAMPS]
    assert len(stamps) > 20
    assert min(stamps) >= ahead_ns


async def test_neither_the_key_nor_the_token_is_written_or_told(tmp_path):
    async with serve(polite) as service:
        job, told = job_for(service, tmp_path / "a.run")
        job.command(Note(WarningEvent(1, f"somebody said {KEY}")), b"")
        await job.run()
    assert service.headers[0]["x-gladia-key"] == KEY
    for text in (json.dumps(told.events), (tmp_path / "a.run").read_text()):
        assert KEY not in text
        assert TOKEN not in text
        assert "somebody said [redacted]" in text


async def test_a_service_that_refuses_is_an_error_in_the_record(tmp_path):
    async with serve(polite) as service:
        service.init_status, service.init_body = 401, '{"message":"no"}'
        job, told = job_for(service, tmp_path / "a.run")
        await job.run()
    assert told.kinds == ["error", "end"]
    assert told.events[0]["name"] == "AuthenticationError"
    assert load_record(tmp_path / "a.run").outcome == "failed"


# -- commands that come before it runs --


@pytest.mark.parametrize("command", [Stop(), Abort()])
async def test_what_is_ended_before_it_runs_asks_for_nothing(tmp_path, command):
    async with serve(polite) as service:
        job, told = job_for(service, tmp_path / "a.run")
        job.command(command, b"")
        job.command(command, b"")
        await job.run()
    assert service.bodies == []
    assert [(event["event"], event["outcome"]) for event in told.events] == [("end", "aborted")]


async def test_the_first_error_before_it_runs_is_the_one_that_is_told(tmp_path):
    async with serve(polite) as service:
        job, told = job_for(service, tmp_path / "a.run")
        job.fail(SessionError("It was no order."))
        job.fail(SessionError("Nor was this."))
        await job.run()
    assert service.bodies == []
    assert told.kinds == ["error", "end"]
    assert told.events[0]["text"] == "It was no order."


async def test_live_audio_that_comes_before_it_runs_is_sent(tmp_path):
    async with serve(polite) as service:
        job, told = job_for(service, tmp_path / "a.run", b"", **LIVE)
        job.command(Note(AudioStartEvent(5)), b"")
        job.command(Feed(10**9, 0), AUDIO[:1000])
        job.command(Feed(2 * 10**9, 1), AUDIO[1000:])
        job.command(End(3), b"")
        await job.run()
    assert bytes(service.audio) == AUDIO
    assert told.events[0] == {"event": "audio_start", "t0_ns": 5}
    (end,) = [event for event in told.events if event["event"] == "audio_end"]
    assert (end["frames"], end["clipped"]) == (len(AUDIO) // 2, 3)
    assert load_record(tmp_path / "a.run").outcome == "finished"


# -- commands that do not fit --


@pytest.mark.parametrize(
    ("kind", "commands"),
    [
        ({}, [Feed(1, None), Pause(1), End(0), Events([]), Finish("finished")]),
        (LIVE, [Events([]), Finish("finished")]),
    ],
    ids=["file", "live"],
)
async def test_what_does_not_fit_is_refused_by_name(tmp_path, kind, commands):
    async with serve(polite) as service:
        job, _ = job_for(service, tmp_path / "a.run", **kind)
        again = command_for(service, tmp_path / "b.run")
        for command in [*commands, again]:
            with pytest.raises(SessionError, match=f"'{command.__struct_config__.tag}' does not"):
                job.command(command, b"")
        job.abort()
        await job.run()


# -- the other side is gone --


@pytest.mark.parametrize(
    ("kind", "outcome", "stops"), [({}, "aborted", 0), (LIVE, "stopped", 1)], ids=["file", "live"]
)
async def test_the_other_side_is_gone(tmp_path, kind, outcome, stops):
    async with serve(polite) as service:
        # A minute of a file, of which nobody would hear the rest.
        audio = b"" if kind else bytes(60 * 32000)
        job, told = job_for(service, tmp_path / "a.run", audio, **{"speed": 1.0, **kind})
        running = asyncio.create_task(job.run())
        if kind:
            job.command(Feed(10**9, None), AUDIO)
        await told.until("chunk")
        job.part()
        await running
        assert service.stops == stops
    record = load_record(tmp_path / "a.run")
    assert record.outcome == outcome
    assert bool(record.of("result")) == (outcome == "stopped")


# -- callbacks --

SAID = '{"id":"s","event":"live.transcript","payload":{"n":1}}'
END = '{"id":"s","event":"live.end_session","payload":{}}'


async def calling_back(service, socket, number):
    """Take everything; call back, and then end."""
    await service.take(socket)
    url = service.bodies[0]["callback_config"]["url"]
    async with aiohttp.ClientSession() as http:
        for text in (SAID, END):
            async with http.post(url, data=text) as reply:
                assert reply.status == 200
    await service.say(socket, "end_session")
    await socket.close(code=1000)


async def test_callbacks_are_asked_for_and_recorded(tmp_path):
    flags = {"receive_partial_transcripts": True, "url": "http://elsewhere.test"}
    async with serve(calling_back) as service:
        job, _ = job_for(
            service,
            tmp_path / "a.run",
            callbacks=Callbacks(),
            body={"sample_rate": 16000, "callback_config": flags},
        )
        await job.run()
    (body,) = service.bodies
    assert body["callback"] is True
    assert body["callback_config"]["receive_partial_transcripts"] is True
    assert body["callback_config"]["url"].startswith("http://127.0.0.1:")
    record = load_record(tmp_path / "a.run")
    assert record.outcome == "finished"
    back = [event for event in record.of("message") if event["via"] == "callback"]
    assert [event["raw"] for event in back] == [SAID, END]
    assert all("connection" not in event for event in back)


async def test_where_nothing_can_listen_there_is_no_session(tmp_path):
    async with serve(polite) as service:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            where = Callbacks(port=taken.getsockname()[1])
            job, told = job_for(service, tmp_path / "a.run", callbacks=where)
            await job.run()
    assert service.bodies == []
    assert told.kinds == ["error", "end"]
    assert "Cannot listen for callbacks" in told.events[0]["text"]


# -- as a process --


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_commands(hand, local_server, tmp_path, command):
    hand.send(bytes(320_000), **start(tmp_path / "a.run", local_server, speed=1))
    hand.until("chunk")
    hand.send(cmd=command, session=1)
    hand.send(cmd=command, session=1)
    hand.send(cmd=command, session=99)
    end = hand.until("end")[-1][1]
    assert end["outcome"] == {"stop": "stopped", "abort": "aborted"}[command]
    hand.send(cmd=command, session=1)


def test_an_abort_right_behind_the_start_is_not_lost(hand, local_server, tmp_path):
    hand.send(bytes(3200), **start(tmp_path / "a.run", local_server))
    hand.send(cmd="abort", session=1)
    assert hand.until("end")[-1][1]["outcome"] == "aborted"
    assert load_record(tmp_path / "a.run").outcome == "aborted"


def test_live_audio_by_hand(hand, local_server, tmp_path):
    hand.send(**start(tmp_path / "a.run", local_server, stall_s=5.0, speed=1))
    hand.send(bytes(3000), cmd="feed", session=1, captured_ns=10**9, seq=0)
    hand.send(cmd="pause", session=1, captured_ns=10**9)
    hand.send(bytes(3400), cmd="feed", session=1, captured_ns=4 * 10**9, seq=1)
    hand.send(cmd="note", session=1, event={"event": "device", "ns": 1, "label": "by hand"})
    hand.send(cmd="end", session=1, clipped=0)
    told = [event for _, event in hand.until("end")]
    assert told[-1]["outcome"] == "finished"
    chunks = [event for event in told if event["event"] == "chunk"]
    assert [(c["start_frame"], c["end_frame"]) for c in chunks] == [
        (0, 1500),
        (1500, 1600),
        (1600, 3200),
    ]
    assert [c["due_ns"] for c in chunks] == [10**9, 3_900_000_000, 4 * 10**9]
    kinds = [event["event"] for event in told]
    assert {"gap", "gap_end", "audio_end", "device"} <= set(kinds)


def test_live_audio_ends_properly_with_its_input(hand, local_server, tmp_path):
    hand.send(**start(tmp_path / "a.run", local_server, stall_s=5.0, speed=1))
    hand.send(bytes(6400), cmd="feed", session=1, captured_ns=10**9, seq=0)
    hand.until("chunk")
    hand.process.stdin.close()
    assert hand.process.wait(10) == 0
    record = load_record(tmp_path / "a.run")
    assert record.outcome == "stopped"
    assert record.of("result")
    assert hand.process.stderr.read() == b""
