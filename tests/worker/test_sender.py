"""The sender over a connection in memory; whole sessions are in test_session."""

import asyncio

import pytest

from gladia_nb.api.protocol import SessionProtocol
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.live_chunks import LiveChunks
from gladia_nb.worker.sender import Sender
from tests.support.stored_events import stored_in
from tests.support.virtual_time import VirtualClock, run_virtual


class Wire:
    def __init__(self, clock):
        self.clock = clock
        self.sent = []
        self.broken = False

    async def send(self, wire):
        if self.broken:
            raise ConnectionError
        self.sent.append((self.clock.now_ns(), wire))
        return self.clock.now_ns()


def make(chunks=None):
    clock = VirtualClock(asyncio.get_running_loop())
    events, protocol, failures = [], SessionProtocol(), []
    protocol.initiated()
    protocol.opened()
    chunks = chunks(clock, stored_in(events)) if callable(chunks) else chunks
    sender = Sender(chunks, protocol, clock, stored_in(events), failed=failures.append)
    return sender, Wire(clock), events, failures, clock


def live(clock, emit):
    return LiveChunks(2, 1000, clock, emit, chunk_ms=100)


def test_scheduled_audio_leaves_when_it_is_due():
    async def work():
        sender, wire, events, _, clock = make(ChunkSource(bytes(600), 2, 1000))
        begun = clock.now_ns()
        sender.attach(wire, 1)
        await asyncio.sleep(1)
        await sender.close()
        return begun, wire.sent, events, sender.cut_short

    begun, sent, events, cut_short = run_virtual(work())
    assert [at - begun for at, _ in sent] == [100_000_000, 200_000_000, 300_000_000, 300_000_000]
    assert [event["event"] for event in events] == ["audio_start", *["chunk"] * 3, "stop"]
    assert not cut_short


@pytest.mark.parametrize("when", ["before", "while"])
def test_stop(when):
    async def work():
        sender, wire, events, _, _ = make(ChunkSource(bytes(600), 2, 1000))
        if when == "before":
            return sender.stop(), events
        sender.attach(wire, 1)
        await asyncio.sleep(0.15)
        worth = sender.stop()
        await asyncio.sleep(1)
        assert sender.cut_short
        await sender.close()
        return worth, events

    worth, events = run_virtual(work())
    kinds = [event["event"] for event in events]
    assert (worth, kinds) == ((True, ["audio_start", "chunk", "stop"]), (False, []))[
        when == "before"
    ]


def test_live_audio_leaves_at_once_and_a_stop_sends_the_rest():
    async def work():
        sender, wire, events, _, clock = make(live)
        chunks = sender._chunks
        now = clock.now_ns()
        chunks.feed(bytes(500), now)
        sender.attach(wire, 1)
        await asyncio.sleep(0.01)
        assert sender.stop()
        await asyncio.sleep(0.01)
        await sender.close()
        return now, wire.sent, events, sender.cut_short

    now, sent, events, cut_short = run_virtual(work())
    assert cut_short
    assert [len(wire) for _, wire in sent[:-1]] == [200, 200, 100]
    (start,) = [event for event in events if event["event"] == "audio_start"]
    assert start["t0_ns"] == now - 250_000_000
    due = [event["due_ns"] - now for event in events if event["event"] == "chunk"]
    assert due == [-150_000_000, -50_000_000, 0]


def test_what_cannot_be_sent_is_kept():
    async def work():
        sender, wire, events, _, clock = make(ChunkSource(bytes(600), 2, 1000))
        wire.broken = True
        sender.attach(wire, 1)
        await asyncio.sleep(0.12)
        sender.detach()
        await asyncio.sleep(0.5)
        sender._protocol.closed(1006)
        sender._protocol.opened()
        sender._protocol.probe_unanswered()
        again = Wire(clock)
        sender.attach(again, 2)
        await sender.flush()
        await sender.close()
        return again.sent, events

    sent, events = run_virtual(work())
    assert b"".join(wire for _, wire in sent[:-1]) == bytes(600)
    chunks = [event for event in events if event["event"] == "chunk"]
    assert [(c["seq"], c["connection"], c["resend"]) for c in chunks] == [
        (0, 1, False),
        (0, 2, True),
        (1, 2, False),
        (2, 2, False),
    ]
    assert chunks[0]["send_end_ns"] is None


def test_a_source_that_fails_is_told():
    def broken():
        raise OSError("gone")
        yield

    async def work():
        sender, wire, _, failures, _ = make(broken())
        sender.attach(wire, 1)
        await asyncio.sleep(0.01)
        await sender.close()
        return failures

    (failure,) = run_virtual(work())
    assert str(failure) == "gone"


def test_keep_alive_is_an_empty_chunk_and_needs_a_connection():
    async def work():
        sender, wire, events, _, _ = make(ChunkSource(b"", 2, 1000))
        await sender.keep_alive()
        sender.attach(wire, 1)
        await sender.keep_alive()
        await sender.close()
        return wire.sent, events

    sent, events = run_virtual(work())
    assert '"chunk":""' in sent[0][1]
    assert [event["event"] for event in events if event["event"] == "keep_alive"] == ["keep_alive"]
