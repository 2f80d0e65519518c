"""Whatever the package writes, it reads: every event of real sessions, and every kind of event."""

import json
import time

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.record.event_kinds import (
    KINDS,
    AudioStartEvent,
    ClockEvent,
    DeviceEvent,
    WarningEvent,
)
from gladia_nb.record.events import as_mapping, event_line, read_event
from gladia_nb.record.file import FORMAT, VERSION, dump_line, read_lines
from gladia_nb.server import LocalServer
from gladia_nb.sessions.browser import start_direct
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.commands import Failure
from gladia_nb.worker.session import Limits, Session
from tests.support.fake_service import FakeService, polite, serve
from tests.support.scripted_helpers import RATE, SCRIPT, make_sound


@pytest.fixture(scope="module")
def server():
    with LocalServer(engine="scripted", script=SCRIPT, faults="drop:at_byte=40000") as server:
        yield server


def resumed(server, tmp_path):
    """A file, a connection that is lost, callbacks, and a network between."""
    make_sound(tmp_path / "a.wav")
    return gn.transcribe(
        tmp_path / "a.wav", server=server, callbacks=True, network={"delay_ms": 5}, progress=False
    )


def spoken(server, tmp_path):
    """Live audio that pauses, stalls, and loses pieces."""
    audio = gn.LiveAudio(stall_s=0.2)
    audio.note(DeviceEvent(ns=1, sample_rate=RATE, label="a test"))
    live = gn.start(audio, server=server)
    stalled = []
    live.subscribe(lambda event: stalled.append(event) if event.get("why") == "stalled" else None)
    audio.feed(np.zeros(1600), seq=0)
    audio.pause()
    audio.feed(np.zeros(1600), seq=1)
    audio.note(ClockEvent(2, "a test", 0.5, 0.25, 3))
    while not stalled and not live.done:
        time.sleep(0.01)
    audio.feed(np.zeros(1600), seq=2)
    audio.feed(np.zeros(1600), seq=5)
    audio.close()
    return live.result(60)


def refused(server, tmp_path):
    """A session that fails."""
    with pytest.raises(gn.AuthenticationError) as caught:
        gn.transcribe(
            (np.zeros(1600), RATE), url=server.url, key="wrong-wrong-wrong", progress=False
        )
    return caught.value.run


def directed(server, tmp_path):
    """A session that a page holds, and loses."""
    live = start_direct(server=server)
    live.ticket(20)
    live.record([AudioStartEvent(1), WarningEvent(2, "Odd.")])
    live.finish("failed", Failure("SessionError", "Lost.", 4400))
    with pytest.raises(gn.SessionError, match="Lost") as caught:
        live.result(60)
    return caught.value.run


COURSES = {
    resumed: "init connect audio_start chunk message close retry stop ping vitals result end "
    "network",
    spoken: "gap gap_end audio_end device clock warning",
    refused: "error end",
    directed: "init audio_start warning error end",
}


@pytest.mark.parametrize("course", COURSES)
def test_every_event_of_a_session_is_read_by_its_reader(server, tmp_path, course):
    run = course(server, tmp_path)
    found = set()
    for stored in run.record.events:
        event = read_event(stored)
        assert event is not None, stored
        assert as_mapping(event) == stored
        found.add(stored["event"])
    assert set(COURSES[course].split()) <= found <= set(KINDS)
    # A session that never was leaves no file; what is known of it can be saved.
    path = run.path or run.save(tmp_path / "saved.run")
    lines = path.read_bytes().splitlines(keepends=True)[1:]
    assert [event_line(read_event(json.loads(line))).encode() for line in lines] == lines
    if course is resumed:
        assert {event["via"] for event in run.record.of("message")} == {"websocket", "callback"}


async def test_and_what_only_a_service_in_need_brings_about():
    """Empty chunks: in a long silence, and to ask what a lost connection had brought."""

    async def script(service: FakeService, socket, number: int) -> None:
        if number == 1:
            await service.take(socket, frames=1, acks=False)
            service.cut(socket)
        else:
            await polite(service, socket, number)

    events, clock = [], MonotonicClock()
    chunks = ChunkSource(bytes(12800), 2, RATE, chunk_ms=200, speed=0.5)
    async with serve(script) as service, Transport(service.url, "k" * 9, clock) as transport:
        limits = Limits(keep_alive_s=0.1)
        await Session(chunks, {}, transport, clock, events.append, limits=limits).run()
    header = dump_line({"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}})
    record = read_lines([line.encode() for line in (header, *map(event_line, events))])
    assert [read_event(stored) for stored in record.events] == events
    assert record.of("keep_alive")
    assert record.of("probe")


def test_the_courses_have_every_kind():
    told = {kind for kinds in COURSES.values() for kind in kinds.split()}
    assert told | {"keep_alive", "probe"} == set(KINDS)
