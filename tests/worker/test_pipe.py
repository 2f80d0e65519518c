"""What is written into the pipe comes out of it, or is known not to."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.worker.pipe import DamagedPipeError, pack_frame, read_frame
from tests.support.fuzzing import fuzzed

FRAMES = st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), max_size=5)


def packed(frames):
    return b"".join(piece for frame in frames for piece in pack_frame(*frame))


def read(data):
    """Every frame, and whether damage was found."""
    source, found = io.BytesIO(data), []
    try:
        while (frame := read_frame(source)) is not None:
            found.append(frame)
    except DamagedPipeError:
        return found, True
    return found, False


@given(FRAMES)
def test_frames_come_as_they_were_written(frames):
    assert read(packed(frames)) == (frames, False)


@given(FRAMES, st.data())
def test_what_is_cut_off_is_the_end(frames, data):
    whole = packed(frames)
    found, damaged = read(whole[: data.draw(st.integers(0, len(whole)))])
    assert not damaged
    assert found == frames[: len(found)]


@fuzzed
@given(FRAMES.filter(bool), st.data())
def test_bytes_that_are_missing_in_the_middle_are_noticed(frames, data):
    """What is behind them is never taken for what it is not."""
    whole = packed(frames)
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, len(whole)))
    found, _ = read(whole[:start] + whole[end:])
    # What is left out can be whole frames, or run from a place in one to the same in another.
    assert all(frame in frames for frame in found)


@fuzzed
@given(FRAMES.filter(bool), st.data())
def test_a_byte_that_was_changed_is_noticed(frames, data):
    whole = bytearray(packed(frames))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    found, damaged = read(bytes(whole))
    assert damaged
    assert found == frames[: len(found)]


@fuzzed
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data):
    read(data)


def test_a_frame_can_be_empty():
    assert read(packed([(b"", b"")])) == ([(b"", b"")], False)


@pytest.mark.parametrize("size", [1 << 16, 1 << 20])
def test_long_ones_are_not_copied(size):
    audio = bytes(size)
    assert any(piece is audio for piece in pack_frame(b"line", audio))
