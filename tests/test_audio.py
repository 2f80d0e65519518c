import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.audio import (
    Audio,
    audio_from_array,
    decode,
    encode,
    frame_bytes,
    mix,
    read_audio,
    resample,
    wav_file,
)
from gladia_nb.errors import AudioError

RATE = 16000


def noise(frames: int = 4800, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.9, 0.9, (frames, channels)).astype(np.float32)


def tone(frames: int, rate: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(frames) / rate))[:, np.newaxis]


@pytest.mark.parametrize(
    ("container", "subtype", "rate"),
    [
        ("WAV", "PCM_16", 16000),
        ("WAV", "PCM_U8", 11025),
        ("WAV", "PCM_24", 96000),
        ("WAV", "FLOAT", 22050),
        ("WAV", "DOUBLE", 8000),
        ("WAV", "ULAW", 8000),
        ("FLAC", "PCM_24", 44100),
        ("OGG", "VORBIS", 48000),
        ("OGG", "OPUS", 48000),
        ("MP3", "MPEG_LAYER_III", 44100),
        ("AIFF", "PCM_16", 32000),
    ],
)
def test_reads_what_people_have(tmp_path: Path, container, subtype, rate):
    path = tmp_path / "some.sound"
    source = np.repeat(tone(rate, rate), 2, axis=1)
    soundfile.write(path, source, rate, format=container, subtype=subtype)
    audio = read_audio(path)
    assert (audio.sample_rate, audio.channels, audio.name) == (rate, 2, "some.sound")
    assert audio.duration_s == pytest.approx(1, abs=0.06)
    # Lossy formats are compared by their level, which every one of them keeps.
    assert np.std(audio.samples) == pytest.approx(np.std(source), rel=0.05)


def test_16_bit_files_leave_as_the_bytes_they_hold(tmp_path: Path):
    whole = np.random.default_rng(2).integers(-32768, 32767, 5000).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", whole, RATE, subtype="PCM_16")
    assert encode(read_audio(tmp_path / "a.wav").samples, "wav/pcm", 16) == whole.tobytes()


def test_32_bit_files_too(tmp_path: Path):
    whole = np.random.default_rng(2).integers(-(2**31), 2**31 - 1, 5000).astype(np.int32)
    soundfile.write(tmp_path / "a.wav", whole, RATE, subtype="PCM_32")
    assert encode(read_audio(tmp_path / "a.wav").samples, "wav/pcm", 32) == whole.tobytes()


def write_flac(path: Path) -> Path:
    soundfile.write(path, noise(80_000), RATE)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda d: d / "none.wav", "There is no file"),
        (lambda d: d, "is a directory; name a sound file"),
        (lambda d: (d / "e.wav").write_bytes(b"") or d / "e.wav", "is empty \\(0 bytes\\)"),
        (
            lambda d: (d / "t.wav").write_text("words " * 99) and d / "t.wav",
            "is not a sound file that can be read",
        ),
        (lambda d: cut(write_flac(d / "c.flac")), "damaged or cut off"),
        (
            lambda d: soundfile.write(d / "z.wav", noise(0), RATE) or d / "z.wav",
            "has no samples; there is nothing to send",
        ),
        (
            lambda d: soundfile.write(d / "n.wav", [0, np.nan, 1], RATE, "FLOAT") or d / "n.wav",
            "has 1 samples that are NaN or infinite, the first at frame 1",
        ),
        (lambda d: d / "e.wav" / "x.wav", "There is no file|Not a directory"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, make, sentence):
    with pytest.raises(AudioError, match=sentence) as caught:
        read_audio(make(tmp_path))
    assert "\n" not in str(caught.value)


def test_integer_arrays_have_the_full_scale_of_their_type():
    for values in (
        np.array([-128, 64], np.int8),
        np.array([-(2**15), 2**14], np.int16),
        np.array([-(2**31), 2**30], np.int32),
        np.array([0, 192], np.uint8),
        np.array([-1, 0.5], np.float16),
    ):
        assert audio_from_array(values, RATE).samples.ravel().tolist() == [-1, 0.5]


@pytest.mark.parametrize(
    ("samples", "rate", "sentence"),
    [
        (np.zeros((2, 2, 2)), RATE, "the shape \\(frames,\\) or \\(frames, channels\\)"),
        (np.zeros((2, 1000)), RATE, "transpose it"),
        (np.zeros(0), RATE, "no samples"),
        (np.zeros(9), 0, "positive whole number"),
        (np.zeros(9), 16000.5, "positive whole number"),
        (np.zeros(9, complex), RATE, "floats, int8, int16, int32 or uint8, not complex128"),
        (np.array([0, np.inf]), RATE, "NaN or infinite"),
        ([[0.0, 1.0], [0.0]], RATE, "is ragged"),
        ([object()], RATE, "floats, int8"),
        (np.zeros(5), float("nan"), "positive whole number of hertz"),
        (np.zeros(5), float("inf"), "positive whole number of hertz"),
        (np.zeros(5), 1e15, "positive whole number of hertz up to"),
        (np.zeros(5), 10**400, "positive whole number of hertz up to"),
        (np.zeros(5), "16000", "positive whole number of hertz"),
        (np.zeros(5), None, "positive whole number of hertz"),
        (np.zeros(5), 1j, "positive whole number of hertz"),
    ],
)
def test_arrays_that_are_no_sound(samples, rate, sentence):
    with pytest.raises(AudioError, match=sentence):
        audio_from_array(samples, rate)


def test_resampling_keeps_a_tone_and_the_length():
    audio = resample(Audio(tone(44100, 44100), 44100), 16000)
    assert audio.samples.shape == (16000, 1)
    expected = tone(16000, 16000)
    assert np.abs(audio.samples[500:-500] - expected[500:-500]).max() < 1e-4
    assert resample(audio, 16000) is audio


def test_mixing():
    stereo = Audio(np.array([[1.0, 0.0], [0.5, 0.5]]), RATE)
    assert mix(stereo, 2) is stereo
    assert mix(stereo, 1).samples.tolist() == [[0.5], [0.5]]
    assert mix(mix(stereo, 1), 3).samples.tolist() == [[0.5] * 3, [0.5] * 3]
    with pytest.raises(AudioError, match="has 2 channels and 3 are asked for"):
        mix(stereo, 3)


@pytest.mark.parametrize(
    ("encoding", "depth", "expected"),
    [
        ("wav/pcm", 8, "80ff0040"),
        ("wav/pcm", 16, "0000ff7f008000c0"),
        ("wav/pcm", 24, "000000ffff7f0000800000c0"),
        ("wav/pcm", 32, "00000000ffffff7f00000080000000c0"),
        # G.711's own tables; -0.5 lies on the border of two steps, where both codes are right.
        ("wav/ulaw", 8, "ff8000"),
        ("wav/alaw", 8, "d5aa2a"),
    ],
)
def test_known_bytes(encoding, depth, expected):
    samples = np.array([[0.0], [1.0], [-1.0], [-0.5]])
    if encoding != "wav/pcm":
        samples = samples[:3]
    assert encode(samples, encoding, depth).hex() == expected


def test_beyond_full_scale_is_clipped():
    assert encode(np.array([[2.0], [-2.0]]), "wav/pcm", 16).hex() == "ff7f0080"


FORMATS = [("wav/pcm", 8), ("wav/pcm", 16), ("wav/pcm", 24), ("wav/pcm", 32)]


@pytest.mark.parametrize(("encoding", "depth"), FORMATS)
@given(data=st.binary(min_size=24, max_size=240).map(lambda b: b[: len(b) // 24 * 24]))
def test_linear_pcm_survives_decoding_and_encoding(encoding, depth, data):
    assert encode(decode(data, encoding, depth, 2), encoding, depth) == data


@pytest.mark.parametrize("encoding", ["wav/alaw", "wav/ulaw"])
def test_every_companded_code_survives(encoding):
    codes = bytes(range(256))
    again = encode(decode(codes, encoding, 8, 1), encoding, 8)
    # The mu-law has two codes for zero.
    different = [code for code, back in zip(codes, again, strict=True) if code != back]
    assert different == ([0x7F] if encoding == "wav/ulaw" else [])


def test_half_a_frame_cannot_be_decoded():
    with pytest.raises(AudioError, match="not whole sample frames of 4 bytes"):
        decode(b"123", "wav/pcm", 16, 2)
    assert decode(b"", "wav/pcm", 16, 2).shape == (0, 2)


@pytest.mark.parametrize(("encoding", "depth"), [*FORMATS, ("wav/alaw", 8), ("wav/ulaw", 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_wav_file_around_bytes_is_read_by_others(encoding, depth, channels):
    data = encode(noise(101, channels), encoding, depth)
    samples, rate = soundfile.read(
        io.BytesIO(wav_file(data, encoding, depth, channels, 8000)), always_2d=True
    )
    assert rate == 8000
    np.testing.assert_allclose(samples, decode(data, encoding, depth, channels), atol=1e-7)
    assert frame_bytes(encoding, depth, channels) * 101 == len(data)
