"""The sound of a session in a page, whatever the order in which it comes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.lab.page_sound import PageSound


@given(st.data(), st.sampled_from([1, 2, 4]), st.integers(0, 60))
def test_the_parts_are_put_in_order(data, frame_bytes, frames):
    whole = bytes(k % 251 for k in range(frames * frame_bytes))
    cuts = data.draw(st.sets(st.integers(1, max(1, frames - 1)), max_size=8))
    bounds = sorted({0, frames, *(cut for cut in cuts if cut < frames)})
    parts = [
        (a * frame_bytes, whole[a * frame_bytes : b * frame_bytes]) for a, b in pairwise(bounds)
    ]
    sound, found = PageSound(frame_bytes), b""
    for at, part in data.draw(st.permutations(parts)):
        assert not (sound.size == len(whole) and whole)
        found += sound.part(at, part)
        assert found == whole[: len(found)]
        assert sound.size == len(found)
    assert found == whole
    assert sound.missing == 0
    sound.end(len(whole), 5)
    assert sound.complete(5)


def test_what_comes_twice_is_there_once():
    sound = PageSound(2)
    assert sound.part(0, b"abcd") == b"abcd"
    assert sound.part(0, b"abcd") == b""
    assert sound.part(2, b"cd") == b""
    assert sound.part(4, b"ef") == b"ef"
    assert sound.missing == 0


def test_a_part_that_never_comes_is_waited_for_ten_seconds():
    sound = PageSound(2)
    sound.part(0, b"ab")
    sound.part(6, b"gh")
    assert not sound.complete(10**18)
    sound.end(8, 10**9)
    assert not sound.complete(11 * 10**9)
    assert sound.complete(11 * 10**9 + 1)
    assert sound.missing == 3
    # The end itself is missing.
    short = PageSound(2)
    short.end(8, 0)
    assert (short.missing, short.complete(0)) == (4, False)


@pytest.mark.parametrize(("at", "data"), [(-2, b"ab"), (1, b"ab"), (0, b"abc")])
def test_what_is_no_frame_is_refused(at, data):
    with pytest.raises(ValueError, match="no sample frames"):
        PageSound(2).part(at, data)
