from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import AudioError
from gladia_nb.worker.chunks import ChunkSource, chunk_bounds


@given(
    frames=st.integers(0, 200_000),
    rate=st.sampled_from([8000, 16000, 32000, 44100, 48000]),
    chunk_ms=st.sampled_from([1, 7.3, 10, 20, 33.3, 100, 250, 1000]),
)
def test_chunks_cover_everything_once_and_never_drift(frames, rate, chunk_ms):
    bounds = list(chunk_bounds(frames, rate, chunk_ms))
    assert [start for start, _ in bounds] == [0, *(end for _, end in bounds)][: len(bounds)]
    assert (bounds[-1][1] if bounds else 0) == frames
    for k, (start, end) in enumerate(bounds[:-1], 1):
        assert end > start
        exact = Fraction(str(chunk_ms)) * rate * k / 1000
        assert 0 <= exact - end < 1


def test_a_chunk_shorter_than_a_sample():
    with pytest.raises(AudioError, match="shorter than one sample at 8000 Hz"):
        list(chunk_bounds(10, 8000, 0.01))


@pytest.mark.parametrize(
    ("frames", "rate", "chunk_ms", "bounds"),
    [
        (0, 16000, 100, []),
        (1, 16000, 100, [(0, 1)]),
        (1600, 16000, 100, [(0, 1600)]),
        (1601, 16000, 100, [(0, 1600), (1600, 1601)]),
        # 367.5 frames: whole ones, now 367 and now 368.
        (1470, 44100, Fraction(25, 3), [(0, 367), (367, 735), (735, 1102), (1102, 1470)]),
        # 0.1 ms as it is written, and not the double next to it.
        (3, 10000, 0.1, [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_bounds_by_hand(frames, rate, chunk_ms, bounds):
    assert list(chunk_bounds(frames, rate, chunk_ms)) == bounds


@given(st.integers(0, 5000), st.integers(0, 5000), st.sampled_from([1, 7.3, 33.3, 100]))
def test_the_bounds_of_the_beginning_do_not_depend_on_what_follows(frames, more, chunk_ms):
    short = list(chunk_bounds(frames, 16000, chunk_ms))
    assert list(chunk_bounds(frames + more, 16000, chunk_ms))[: len(short)][:-1] == short[:-1]


@given(
    frames=st.integers(1, 50_000),
    rate=st.sampled_from([8000, 16000, 44100]),
    chunk_ms=st.sampled_from([10, 20, 33.3, 100]),
    speed=st.sampled_from([1.0, 2.0, 7.5]),
)
def test_chunks_carry_the_bytes_and_are_due_when_they_were_spoken(frames, rate, chunk_ms, speed):
    data = np.arange(frames, dtype="<i2").tobytes()
    chunks = list(ChunkSource(data, 2, rate, chunk_ms=chunk_ms, speed=speed))
    assert b"".join(chunk.data for chunk in chunks) == data
    assert [chunk.seq for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert len(chunk.data) == 2 * (chunk.end_frame - chunk.start_frame)
        assert abs(chunk.due_ns - chunk.end_frame / rate / speed * 1e9) <= 1


def test_a_source_by_hand():
    source = ChunkSource(bytes(range(12)), 4, 1000, chunk_ms=2, speed=2)
    assert [msgspec.structs.astuple(chunk) for chunk in source] == [
        (0, 0, 2, 1_000_000, bytes(range(8))),
        (1, 2, 3, 1_500_000, bytes(range(8, 12))),
    ]
    assert list(ChunkSource(b"", 2, 16000)) == []


def test_a_source_can_be_read_again_and_its_chunks_cannot_be_changed():
    source = ChunkSource(bytes(6400), 2, 16000)
    first = list(source)
    assert list(source) == first
    with pytest.raises(AttributeError):
        first[0].due_ns = 0


@given(st.integers(0, 10**12), st.sampled_from([8000, 11025, 16000, 44100, 48000]))
def test_when_a_sample_is_due_is_exact_after_any_time(frame, rate):
    due_ns = ChunkSource(b"", 2, rate).due_ns(frame)
    assert 0 <= Fraction(frame * 10**9, rate) - due_ns < 1


def test_a_source_with_chunks_shorter_than_a_sample():
    with pytest.raises(AudioError, match=r"A chunk of 0\.05 ms is shorter than one sample"):
        list(ChunkSource(bytes(100), 2, 16000, chunk_ms=0.05))
