import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import AudioError
from gladia_nb.worker.chunks import chunk_bounds
from gladia_nb.worker.live_chunks import LiveChunks
from tests.support.stored_events import stored_in
from tests.support.virtual_time import VirtualClock, run_virtual

RATE = 16000
SECOND = 1_000_000_000


class StillClock:
    def now_ns(self) -> int:
        return 7

    async def sleep_until(self, deadline_ns: int) -> None:
        raise AssertionError("nobody sleeps here")


def make(**options):
    events = []
    return LiveChunks(2, RATE, StillClock(), stored_in(events), **options), events


async def rest(live):
    found = []
    while (chunk := await live.next()) is not None:
        found.append(chunk)
    return found


@given(
    st.lists(st.integers(0, 3000), max_size=12),
    st.sampled_from([10, 33.3, 50, 100, 0.5]),
)
async def test_pieces_of_any_length_become_the_chunks_of_a_file(lengths, chunk_ms):
    live, events = make(chunk_ms=chunk_ms)
    whole = bytes(range(256)) * 300
    at = 0
    for length in lengths:
        # On a clock that began at 5 s, each sample is captured in its turn.
        captured = 5 * SECOND + (at + length) * SECOND // RATE
        live.feed(whole[2 * at : 2 * (at + length)], captured)
        at += length
    live.end()
    chunks = await rest(live)
    assert [(c.start_frame, c.end_frame) for c in chunks] == list(chunk_bounds(at, RATE, chunk_ms))
    assert b"".join(c.data for c in chunks) == whole[: 2 * at]
    assert [c.seq for c in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert abs(chunk.due_ns - 5 * SECOND - chunk.end_frame * SECOND // RATE) <= 2
    assert events == [{"event": "audio_end", "ns": 7, "frames": at, "clipped": None}]
    if at:
        assert abs(live.t0_ns - 5 * SECOND) <= 2


async def test_a_pause_ends_a_chunk_and_is_marked():
    live, events = make()
    live.feed(bytes(2 * 800), SECOND)
    live.pause(SECOND)
    live.pause(SECOND)
    live.feed(bytes(2 * 1600), 3 * SECOND)
    live.end(clipped=4)
    chunks = await rest(live)
    assert [(c.start_frame, c.end_frame) for c in chunks] == [(0, 800), (800, 1600), (1600, 2400)]
    assert [c.due_ns for c in chunks] == [SECOND, 3 * SECOND - SECOND // 20, 3 * SECOND]
    assert [(e["event"], e.get("why"), e.get("at_frame")) for e in events] == [
        ("gap", "paused", 800),
        ("gap_end", "paused", 800),
        ("audio_end", None, None),
    ]
    assert events[-1]["clipped"] == 4


async def test_a_number_that_never_comes_is_a_gap_of_known_length():
    live, events = make()
    live.feed(bytes(2 * 1000), SECOND, seq=4)
    live.feed(bytes(2 * 1000), SECOND + 3000 * SECOND // RATE, seq=7)
    live.end()
    chunks = await rest(live)
    assert [c.end_frame for c in chunks] == [1000, 1600, 2000]
    gap, warning = events[:2]
    assert (gap["why"], gap["pieces"], gap["frames"], gap["at_frame"]) == ("lost", 2, 2000, 1000)
    assert "2 pieces of live audio, about 0.12 s, never came" in warning["text"]


@pytest.mark.parametrize(
    ("options", "least_ms"),
    [({}, 20), ({"dated": False}, 250), ({"seq": 1}, 250)],
    ids=["dated", "by arrival", "numbered"],
)
async def test_a_hole_inside_a_chunk_splits_it_and_is_told(options, least_ms):
    for missing_ms in (least_ms - 1, least_ms, 400):
        live, events = make(chunk_ms=100)
        first = {**options, "seq": 0} if "seq" in options else options
        live.feed(bytes(2 * 800), 5 * SECOND, **first)
        live.feed(bytes(2 * 2400), 5 * SECOND + (150 + missing_ms) * 1_000_000, **options)
        live.end()
        chunks = await rest(live)
        if missing_ms < least_ms:
            assert [c.end_frame for c in chunks] == [1600, 3200]
            assert [e["event"] for e in events] == ["audio_end"]
            continue
        # Every sample before the hole keeps its moment, and so does every one behind it.
        assert [c.end_frame for c in chunks] == [800, 1600, 3200]
        assert [c.due_ns - 5 * SECOND for c in chunks] == [
            0,
            (missing_ms + 50) * 1_000_000,
            (missing_ms + 150) * 1_000_000,
        ]
        gap, warning, _ = events
        assert (gap["event"], gap["why"], gap["at_frame"]) == ("gap", "hole", 800)
        assert gap["frames"] == missing_ms * 16
        assert f"About {missing_ms / 1000:.2f} s of live audio are missing" in warning["text"]


async def test_pieces_that_overlap_or_follow_a_pause_are_no_hole():
    live, events = make(chunk_ms=100)
    live.feed(bytes(2 * 800), 5 * SECOND)
    live.feed(bytes(2 * 800), 5 * SECOND + 20_000_000)
    live.pause()
    live.feed(bytes(2 * 800), 9 * SECOND)
    live.end()
    assert [c.end_frame for c in await rest(live)] == [1600, 2400]
    assert [e.get("why") for e in events] == ["paused", "paused", None]


def test_silence_that_nobody_asked_for_is_told_once_and_flushes():
    events = []

    async def work():
        clock = VirtualClock(asyncio.get_running_loop())
        live = LiveChunks(2, RATE, clock, stored_in(events), stall_s=2)
        waiting = asyncio.create_task(rest(live))
        await asyncio.sleep(30)
        live.feed(bytes(2 * 800), clock.now_ns())
        await asyncio.sleep(60)
        live.feed(bytes(2 * 800), clock.now_ns())
        await asyncio.sleep(1)
        live.end()
        return await waiting

    chunks = run_virtual(work())
    assert [c.end_frame for c in chunks] == [800, 1600]
    assert [(e["event"], e.get("why")) for e in events] == [
        ("gap", "stalled"),
        ("warning", None),
        ("gap_end", "stalled"),
        ("audio_end", None),
    ]
    gap, _, resumed, _ = events
    assert gap["ns"] - chunks[0].due_ns == 2 * SECOND
    assert resumed["ns"] - chunks[0].due_ns == 60 * SECOND
    assert "No audio has come for 2 s" in events[1]["text"]


def test_a_pause_is_no_stall():
    events = []

    async def work():
        clock = VirtualClock(asyncio.get_running_loop())
        live = LiveChunks(2, RATE, clock, stored_in(events))
        waiting = asyncio.create_task(rest(live))
        live.feed(bytes(2 * 800), clock.now_ns())
        live.pause()
        await asyncio.sleep(600)
        live.end()
        return await waiting

    assert len(run_virtual(work())) == 1
    assert [e["event"] for e in events] == ["gap", "audio_end"]


async def test_what_comes_after_the_end_is_left_out():
    live, events = make()
    live.end()
    live.end()
    live.feed(bytes(2), 1)
    live.pause()
    assert await live.next() is None
    assert len(events) == 1


async def test_bad_pieces():
    live, _ = make()
    with pytest.raises(AudioError, match="3 bytes are not whole frames of 2 bytes"):
        live.feed(bytes(3), 1)
    with pytest.raises(AudioError, match="shorter than one sample"):
        make(chunk_ms=0.01)
