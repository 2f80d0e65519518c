import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gladia_nb.errors import AudioError
from gladia_nb.sound_file import AudioFile, as_float, check_duration

RATE = 16000


def test_blocks_are_the_samples(tmp_path, monkeypatch):
    whole = np.random.default_rng(1).integers(-32768, 32767, (2500, 2)).astype(np.int16)
    soundfile.write(tmp_path / "a.flac", whole, RATE)
    monkeypatch.setattr("gladia_nb.sound_file.BLOCK", 1000)
    with AudioFile(tmp_path / "a.flac") as file:
        assert (file.name, file.sample_rate, file.channels) == ("a.flac", RATE, 2)
        assert file.frames == 2500
        blocks = list(file.blocks())
    assert [len(block) for block in blocks] == [1000, 1000, 500]
    assert (np.concatenate(blocks) * 2**15 == whole).all()


def test_the_frame_of_a_sample_that_is_no_number_is_named(tmp_path, monkeypatch):
    samples = np.zeros(2500, np.float32)
    samples[1234] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    monkeypatch.setattr("gladia_nb.sound_file.BLOCK", 1000)
    with (
        pytest.raises(AudioError, match="the first at frame 1234"),
        AudioFile(tmp_path / "a.wav") as file,
    ):
        list(file.blocks())


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, Path.touch])
def test_what_is_no_file_with_sound_is_refused_at_once(tmp_path, make):
    make(tmp_path / "a.wav")
    with pytest.raises(AudioError, match=r"not an ordinary file|is a directory|is empty"):
        AudioFile(tmp_path / "a.wav")


def test_a_name_that_is_no_text_can_be_shown(tmp_path):
    path = tmp_path / "caf\udce9.wav"
    soundfile.write(tmp_path / "a.wav", np.zeros(10), RATE)
    (tmp_path / "a.wav").rename(path)
    with AudioFile(path) as file:
        assert file.name == "caf\\udce9.wav"


def test_three_hours_and_no_more():
    check_duration("a", 10_800 * RATE, RATE)
    # Where nobody knows the length, libsndfile says the largest there is.
    check_duration("a", 2**63 - 1, RATE)
    with pytest.raises(AudioError, match=r"3.0001 h of audio, and a session takes 3 h"):
        check_duration("a", 10_800 * RATE + 5000, RATE)


def test_whole_numbers_have_the_full_scale_of_their_type():
    for kind, low in ((np.uint8, 0), (np.int8, -128), (np.int16, -(2**15)), (np.int32, -(2**31))):
        assert as_float(np.array([[low]], kind), "x").tolist() == [[-1.0]]
    with pytest.raises(AudioError, match="not complex128"):
        as_float(np.array([[1j]]), "x")
