"""Sound in pieces for a page: whole, in order, exact."""

import io

import numpy as np
import pytest
import soundfile

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError
from gladia_nb.reporting.sound import piece_bounds, sound_file, sound_pieces


def noise(seconds, rate, channels, depth=16):
    full = 1 << (depth - 1)
    whole = np.random.default_rng(2).integers(-full, full, (round(seconds * rate), channels))
    return Audio(whole / full, rate)


def read(piece):
    samples, rate = soundfile.read(io.BytesIO(piece.data), always_2d=True)
    return samples, rate


@pytest.mark.parametrize(("rate", "channels", "depth"), [(8000, 1, 16), (16000, 2, 24)])
def test_pieces_hold_every_sample(rate, channels, depth):
    audio = noise(70.5, rate, channels, depth)
    pieces = sound_pieces(audio)
    assert [piece.start_s for piece in pieces] == [0, 30, 60]
    assert [piece.until_s for piece in pieces] == [30, 60, 70.5]
    for piece in pieces:
        samples, found = read(piece)
        assert found == rate
        first = round(piece.start_s * rate)
        # And some more, so that no word lies on a seam.
        until = min(round((piece.until_s + 3) * rate), len(audio.samples))
        assert np.array_equal(samples, audio.samples[first:until])


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_piece_by_itself_is_the_same_file(channels):
    audio = noise(61.5, 8000, channels)
    bounds = piece_bounds(len(audio.samples), 8000)
    alone = [sound_file(Audio(audio.samples[first:end], 8000)) for first, _, end in bounds]
    assert alone == [piece.data for piece in sound_pieces(audio)]
    assert [first for first, *_ in bounds[1:]] == [until for _, until, _ in bounds[:-1]]
    assert piece_bounds(0, 8000) == []


def test_full_scale_is_not_turned_over():
    samples, _ = read(sound_pieces(Audio(np.array([[1.0], [-1.0], [1.5]]), 8000))[0])
    assert samples.ravel().tolist() == [1 - 2**-23, -1, 1 - 2**-23]


@pytest.mark.parametrize("rate", [16000, 44100])
def test_opus_is_smaller_and_as_long(rate):
    audio = noise(2, rate, 1)
    (small,), (exact,) = sound_pieces(audio, "opus"), sound_pieces(audio)
    assert len(small.data) < len(exact.data) / 2
    samples, found = read(small)
    assert len(samples) / found == pytest.approx(2, abs=0.02)


def test_many_channels_are_mixed_and_nothing_is_nothing():
    samples, _ = read(sound_pieces(noise(0.1, 8000, 4))[0])
    assert samples.shape[1] == 1
    assert sound_pieces(Audio(np.zeros((0, 1)), 8000)) == []


def test_there_are_two_formats():
    with pytest.raises(ConfigError, match="flac or opus, or False for none"):
        sound_pieces(noise(0.1, 8000, 1), "mp3")
