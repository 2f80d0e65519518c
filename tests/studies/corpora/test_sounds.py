"""Where sounds are, how parts of them are read, and their digest."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from gladia_nb.audio import Audio, audio_from_array
from gladia_nb.errors import AudioError
from gladia_nb.studies.corpora.sounds import ArraySound, CutSound, FileSound, digest, sound_of

RATE = 8000
NOISE = np.random.default_rng(1).integers(-30000, 30000, (800, 2), dtype=np.int16)


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "ogg"])
def test_a_part_of_a_file_is_that_part_of_its_samples(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, NOISE, RATE)
    whole = FileSound(path)
    samples = whole.read().samples
    part = whole.part(100, 700).part(50, 250)
    assert whole.layout() == (800, RATE, 2)
    assert part.layout() == (200, RATE, 2)
    assert part.read().samples.tolist() == samples[150:350].tolist()
    assert pickle.loads(pickle.dumps(part)) == part


def test_a_part_behind_the_end_is_told(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, NOISE, RATE)
    with pytest.raises(AudioError, match="no samples"):
        FileSound(path, 900, 1000).read()


@pytest.mark.parametrize(
    "call", [lambda s: s.layout(), lambda s: s.read(), lambda s: s.part(5, 9).read()]
)
def test_what_is_no_sound_is_told(tmp_path, call):
    path = tmp_path / "a.wav"
    path.write_text("hello")
    with pytest.raises(AudioError, match="not a sound file"):
        call(FileSound(path))


def test_arrays():
    sound = ArraySound(audio_from_array(NOISE, RATE))
    assert sound.layout() == (800, RATE, 2)
    assert sound.part(10, 20).read().samples.tolist() == (NOISE[10:20] / 32768).tolist()


def test_cuts_load_their_sound_with_channels_first():
    cut = SimpleNamespace(
        id="c", sampling_rate=RATE, duration=0.1, num_channels=2, load_audio=lambda: NOISE.T
    )
    sound = CutSound(cut)
    assert sound.layout() == (800, RATE, 2)
    assert sound.part(100, 300).part(0, 50).layout().frames == 50
    assert sound.part(100, 300).read().samples.tolist() == (NOISE[100:300] / 32768).tolist()


def test_each_form_of_audio_in_a_row(tmp_path):
    soundfile.write(tmp_path / "a.wav", NOISE, RATE)
    whole = (NOISE / 32768).tolist()
    hugging = {"array": (NOISE / 32768).T, "sampling_rate": RATE, "path": "a.wav"}
    for audio in (
        "a.wav",
        tmp_path / "a.wav",
        (NOISE, RATE),
        audio_from_array(NOISE, RATE),
        hugging,
        {"array": NOISE / 32768, "sampling_rate": RATE},
        {"path": "a.wav"},
    ):
        assert sound_of(audio, tmp_path).read().samples.tolist() == whole


@pytest.mark.parametrize(
    ("audio", "sentence"),
    [
        ("none.wav", "there is no sound file"),
        (3, "it is int"),
        ({"bytes": b""}, "it is dict"),
        (NOISE, "it is ndarray"),
        ((NOISE, 0), "positive whole number"),
    ],
)
def test_what_is_no_audio(tmp_path, audio, sentence):
    with pytest.raises(AudioError, match=sentence):
        sound_of(audio, tmp_path)


def test_the_digest_is_of_the_sound_and_not_of_how_it_is_kept(tmp_path):
    found = {digest(audio_from_array(NOISE, RATE)), digest(audio_from_array(NOISE / 32768, RATE))}
    for name, subtype in (("a.wav", "PCM_16"), ("b.flac", "PCM_24"), ("c.wav", "DOUBLE")):
        soundfile.write(tmp_path / name, NOISE / 32768, RATE, subtype=subtype)
        found.add(digest(FileSound(tmp_path / name).read()))
    assert len(found) == 1


def test_the_digest_tells_sounds_apart():
    changed = NOISE.copy()
    changed[-1, 0] += 1
    sounds = [
        audio_from_array(NOISE, RATE),
        audio_from_array(NOISE, 16000),
        audio_from_array(NOISE.reshape(-1, 1), RATE),
        audio_from_array(changed, RATE),
    ]
    assert len({digest(sound) for sound in sounds}) == 4
    assert digest(Audio(np.zeros((3, 1)), 8000)) == digest(Audio(-np.zeros((3, 1)), 8000))


def test_the_digest_of_many_samples_is_that_of_all():
    long = Audio(np.arange(600_000, dtype=np.float32)[:, np.newaxis] / 1e6, 8000)
    cut = Audio(long.samples[:-1], 8000)
    assert digest(long) != digest(cut)
    assert digest(long) == digest(Audio(long.samples.astype(np.float64), 8000))
