from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.audio import Audio, decode
from gladia_nb.config import SessionConfig
from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.sessions.sources import nearest_rate, prepare


@given(st.integers(1, 400_000))
def test_the_nearest_rate_loses_nothing_that_can_be_kept(rate):
    found = nearest_rate(rate)
    assert found >= min(rate, 48000)
    assert all(other >= found for other in (8000, 16000, 32000, 44100, 48000) if other >= rate)


@pytest.mark.parametrize(
    ("rate", "channels", "fields", "expected"),
    [
        (44100, 2, {}, (44100, 2)),
        (22050, 1, {}, (32000, 1)),
        (96000, 1, {}, (48000, 1)),
        (44100, 2, {"sample_rate": 16000}, (16000, 2)),
        (8000, 2, {"channels": 1}, (8000, 1)),
    ],
)
def test_what_the_configuration_leaves_open_follows_the_source(rate, channels, fields, expected):
    ready = prepare((np.zeros((rate, channels)), rate), SessionConfig(**fields))
    assert (ready.config.sample_rate, ready.config.channels) == expected
    assert ready.duration_s == pytest.approx(1, abs=1e-3)
    assert ready.describe()["source_rate"] == rate


def test_bytes_of_a_file_are_its_own(tmp_path: Path):
    whole = np.random.default_rng(0).integers(-32768, 32767, (1000, 2)).astype(np.int16)
    soundfile.write(tmp_path / "a.flac", whole, 16000)
    ready = prepare(tmp_path / "a.flac")
    assert ready.data == whole.tobytes()
    assert (ready.name, ready.frames, ready.clipped) == ("a.flac", 1000, 0)


def test_a_tail_is_silence():
    ready = prepare((np.full(1600, 0.5), 16000), tail_s=0.25)
    samples = decode(ready.data, "wav/pcm", 16, 1)
    assert ready.frames == 1600 + 4000
    assert not samples[1600:].any()
    assert (samples[:1600] == 0.5).all()
    with pytest.raises(ConfigError, match="tail_s must be between"):
        prepare((np.zeros(9), 16000), tail_s=-1)


def test_clipping_is_counted():
    assert prepare((np.array([0.0, 1.5, -2.0]), 16000)).clipped == 2


def test_companded():
    ready = prepare((np.zeros(800), 8000), SessionConfig(encoding="wav/ulaw"))
    assert ready.data == b"\xff" * 800
    assert ready.frame_bytes == 1


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (np.zeros(5), "does not say its sample rate; pass \\(array, sample_rate\\)"),
        (42, "a path, or a pair \\(array, sample_rate\\), not int"),
        ((np.zeros((100, 9)), 16000), "9 channels and the API takes 8; set channels=1"),
        ((np.zeros(1), 400_000), "shorter than one sample"),
    ],
)
def test_sources_that_cannot_be_sent(source, sentence):
    with pytest.raises(AudioError, match=sentence):
        prepare(source)


def test_an_audio_is_a_source():
    assert prepare(Audio(np.zeros((10, 1)), 16000, "x")).name == "x"
