import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb import audio, sound_file
from gladia_nb.audio import Audio, decode, encode, mix, read_audio, resample
from gladia_nb.config import SessionConfig
from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.sessions import sources
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


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_give_the_bytes_of_the_whole(tmp_path, monkeypatch, rate, channels):
    whole = np.random.default_rng(3).normal(0, 0.2, (50_000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", whole, 44100, subtype="FLOAT")
    config = SessionConfig(sample_rate=rate, channels=channels, bit_depth=24)
    expected = encode(resample(mix(Audio(whole, 44100), channels), rate).samples, "wav/pcm", 24)
    for module in (sources, sound_file, audio):
        monkeypatch.setattr(module, "BLOCK", 1000)
    assert prepare(tmp_path / "a.wav", config).data == expected
    assert prepare((whole, 44100), config).data == expected


def test_more_than_three_hours_are_refused_before_anything_is_read(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(8000, np.int16), 8000)
    with path.open("r+b") as file:
        # Nothing is written: what is not there is zeros.
        file.truncate(44 + 2 * 8000 * 10_801)
        for at, size in ((4, 36 + 2 * 8000 * 10_801), (40, 2 * 8000 * 10_801)):
            file.seek(at)
            file.write(size.to_bytes(4, "little"))
    for read in (prepare, read_audio):
        with pytest.raises(AudioError, match=r"long.wav has 3\.0003 h of audio, .* takes 3 h"):
            read(path)
    with pytest.raises(AudioError, match="3 h; cut it"):
        prepare((np.zeros(1000 * 10_801, np.int8), 1000))
    with pytest.raises(AudioError, match="with its tail has"):
        prepare((np.zeros(8000 * 10_800, np.int8), 8000), tail_s=0.5)


def test_a_sound_takes_little_more_memory_than_what_is_sent(tmp_path):
    """Peak of a process that makes ready a file of 46 MB, against one that makes ready nothing."""
    path = tmp_path / "a.wav"
    with soundfile.SoundFile(path, "w", 48000, 2, subtype="PCM_16") as file:
        for _ in range(24):
            file.write(np.zeros((480_000, 2), np.int16) + 5)
    code = (
        "import resource, sys\n"
        "from gladia_nb.config import SessionConfig\n"
        "from gladia_nb.sessions.sources import prepare\n"
        "prepare(sys.argv[2], SessionConfig(sample_rate=16000))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "prepare(sys.argv[1], SessionConfig(sample_rate=44100), tail_s=1)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    soundfile.write(tmp_path / "small.wav", np.zeros(8000, np.int16), 8000)
    command = [sys.executable, "-c", code, path, tmp_path / "small.wav"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) * 1024 < 3 * path.stat().st_size


def test_an_audio_is_a_source():
    assert prepare(Audio(np.zeros((10, 1)), 16000, "x")).name == "x"
