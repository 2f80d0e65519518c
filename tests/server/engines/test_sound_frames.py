"""From bytes to frames: nothing is lost, and chunks leave no trace."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb import audio
from gladia_nb.server.engines.sound_frames import FRAME_S, RATE, SoundFrames, level_db, seconds_of


def frames(data: bytes, cuts: list[int], rate: int = RATE) -> np.ndarray:
    taken = SoundFrames("wav/pcm", 16, rate)
    bounds = [0, *sorted(2 * min(cut, len(data) // 2) for cut in cuts), len(data)]
    found = []
    for start, end in pairwise(bounds):
        found += list(taken.feed(data[start:end]))
    found += list(taken.finish())
    assert all(frame.shape == (160,) and frame.dtype == np.int16 for frame in found)
    return np.concatenate(found) if found else np.zeros(0, np.int16)


@given(st.lists(st.integers(0, 700), max_size=5), st.integers(0, 700))
def test_samples_come_through_unchanged_and_the_last_frame_is_filled(
    cuts: list[int], count: int
) -> None:
    samples = np.arange(count, dtype=np.int16)
    found = frames(samples.tobytes(), cuts)
    assert len(found) % 160 == 0
    assert len(found) - count < 160
    assert np.array_equal(found[:count], samples)
    assert not found[count:].any()


@given(st.lists(st.integers(0, 1500), max_size=3), st.sampled_from([8000, 44100, 48000]))
def test_another_rate_is_converted_alike_in_any_chunks(cuts: list[int], rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 300 * np.arange(rate // 10) / rate)
    data = audio.encode(tone[:, None].astype(np.float32), "wav/pcm", 16)
    found = frames(data, cuts, rate)
    assert np.array_equal(found, frames(data, [], rate))
    assert len(found) == pytest.approx(RATE // 10, abs=160)


def test_levels_by_hand() -> None:
    assert level_db(np.zeros(160, np.int16)) == -np.inf
    assert level_db(np.full(160, -(2**15), np.int16)) == 0
    assert level_db(np.full(160, 2**14, np.int16)) == pytest.approx(-6.02, abs=0.01)


@given(st.integers(0, 10_000_000))
def test_seconds_are_whole_frames(frame: int) -> None:
    assert round(seconds_of(frame) / FRAME_S) == frame
