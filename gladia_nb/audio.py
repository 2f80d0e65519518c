"""Read, resample, mix, encode and cut audio; positions are whole samples, never rounded seconds.

Sound is held as floating point in [-1, 1], shape `(frames, channels)`. Encoding and decoding of
linear PCM are exact inverses: a 16-bit file that is sent as 16-bit PCM at its own rate leaves as
the very bytes that it holds.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from gladia_nb.errors import AudioError
from gladia_nb.sound_file import BLOCK, MAX_DURATION_S, AudioFile, Samples, as_float

__all__ = [
    "Audio",
    "audio_from_array",
    "decode",
    "encode",
    "frame_bytes",
    "mix",
    "read_audio",
    "resample",
    "wav_file",
]

#: Hertz; what converters of measuring devices reach, and no sound needs.
MAX_SAMPLE_RATE = 100_000_000
_WAV_TAGS = {"wav/pcm": 1, "wav/alaw": 6, "wav/ulaw": 7}


@dataclass(frozen=True, slots=True, repr=False)
class Audio:
    """Sound in memory.

    Attributes:
        samples: floating point, shape `(frames, channels)`, full scale is 1.
        sample_rate: hertz.
        name: where it came from, for people.

    Example:
        >>> Audio(np.zeros((24_000, 1)), 16_000, "silence")
        Audio('silence', 1.5 s, 16000 Hz, 1 channel)
    """

    samples: Samples
    sample_rate: int
    name: str = "array"

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    def __repr__(self) -> str:
        length = f"{self.duration_s:.1f} s, {self.sample_rate} Hz"
        many = "1 channel" if self.channels == 1 else f"{self.channels} channels"
        return f"{type(self).__name__}({self.name!r}, {length}, {many})"


def read_audio(path: str | Path) -> Audio:
    """Read a sound file whole: WAV, FLAC, OGG, MP3 or AIFF, any rate and sample format.

    It takes 4 bytes of memory a sample (8 for formats of more than 24 bits).

    Raises:
        AudioError: no such file, no ordinary file, empty, not a sound file, cut off, without
            samples, with samples that are not numbers, or longer than three hours. The sentence
            says which.
    """
    with AudioFile(path) as file:
        found: list[Samples] = []
        whole: Samples | None = None
        done = 0
        for block in file.blocks():
            if whole is None and file.frames <= MAX_DURATION_S * file.sample_rate:
                # Memory that nobody has written to costs nothing, whatever a header promises.
                whole = np.empty((file.frames, file.channels), block.dtype)
            if whole is not None and done + len(block) <= len(whole):
                whole[done : done + len(block)] = block
            else:
                found.append(block)
            done += len(block)
    samples = np.concatenate(found) if whole is None or found else whole[:done]
    if whole is not None and found:
        samples = np.concatenate([whole[: done - len(samples)], samples])
    return Audio(samples, file.sample_rate, file.name)


def audio_from_array(samples: npt.ArrayLike, sample_rate: int, *, name: str = "array") -> Audio:
    """Sound from numbers.

    Args:
        samples: shape `(frames,)` or `(frames, channels)`; floating point with full scale 1, or
            integers with the full scale of their type (`uint8` has its zero at 128).
        sample_rate: hertz, a positive whole number.
        name: where it came from, for people.

    Raises:
        AudioError: no samples, more than two dimensions, NaN or infinite samples, or a rate that
            is not a positive whole number.

    Example:
        >>> audio_from_array(np.array([0, 16384], np.int16), 8000).samples.tolist()
        [[0.0], [0.5]]
    """
    rate = _rate(sample_rate)
    try:
        array = np.asarray(samples)
    except (ValueError, TypeError):
        raise AudioError(
            f"{name} is ragged: every channel needs the same number of samples, as numbers."
        ) from None
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2:
        raise AudioError(
            f"An array of audio has the shape (frames,) or (frames, channels), not {array.shape}."
        )
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise AudioError(f"{name} has no samples; there is nothing to send.")
    if array.shape[1] > array.shape[0] and array.shape[1] > 64:
        raise AudioError(
            f"The array has {array.shape[1]} channels; the shape is (frames, channels): "
            "transpose it."
        )
    return Audio(as_float(array, name), rate, name)


def _rate(value: object) -> int:
    """A sample rate as a number."""
    whole = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (whole and 0 < value <= MAX_SAMPLE_RATE and int(value) == value):  # type: ignore[operator,call-overload]
        raise AudioError(
            f"The sample rate is a positive whole number of hertz up to {MAX_SAMPLE_RATE}, "
            f"not {value!r}."
        )
    return int(value)  # type: ignore[call-overload,no-any-return]


def resample(audio: Audio, sample_rate: int) -> Audio:
    """The same sound at another rate, by soxr at its very high quality.

    Example:
        >>> resample(audio_from_array(np.zeros(22050), 22050), 16000).samples.shape
        (16000, 1)
    """
    if sample_rate == audio.sample_rate:
        return audio
    samples = soxr.resample(audio.samples, audio.sample_rate, sample_rate, quality="VHQ")
    return Audio(samples, sample_rate, audio.name)


def mix(audio: Audio, channels: int) -> Audio:
    """Keep the channels, mix them down to one (their mean), or copy one to several.

    Raises:
        AudioError: any other number of channels is asked for.
    """
    if channels == audio.channels:
        return audio
    if channels == 1:
        return Audio(audio.samples.mean(axis=1, keepdims=True), audio.sample_rate, audio.name)
    if audio.channels == 1:
        return Audio(np.repeat(audio.samples, channels, axis=1), audio.sample_rate, audio.name)
    raise AudioError(
        f"{audio.name} has {audio.channels} channels and {channels} are asked for; "
        f"ask for {audio.channels} (keep) or 1 (mix)."
    )


def frame_bytes(encoding: str, bit_depth: int, channels: int) -> int:
    """Bytes of one sample frame: one sample of every channel.

    Example:
        >>> frame_bytes("wav/pcm", 24, 2), frame_bytes("wav/ulaw", 8, 1)
        (6, 1)
    """
    return (bit_depth // 8 if encoding == "wav/pcm" else 1) * channels


def encode(samples: Samples, encoding: str, bit_depth: int) -> bytes:
    """Interleaved bytes of samples, little-endian; what is beyond full scale is clipped.

    Linear PCM of 8 bits is unsigned, as in WAV. A-law and mu-law (ITU-T G.711) are made from
    16-bit samples by libsndfile. Beside the bytes themselves it takes 32 MB, however long they are.

    Args:
        samples: shape `(frames, channels)`, full scale 1.
        encoding: `wav/pcm`, `wav/alaw` or `wav/ulaw`.
        bit_depth: 8, 16, 24 or 32.

    Example:
        >>> encode(np.array([[0.0], [0.5], [-1.0], [1.0]]), "wav/pcm", 16).hex()
        '000000400080ff7f'
    """
    target = io.BytesIO()
    for start in range(0, len(samples), BLOCK):
        target.write(_encoded(samples[start : start + BLOCK], encoding, bit_depth))
    return target.getvalue()


def _encoded(samples: Samples, encoding: str, bit_depth: int) -> bytes:
    if encoding != "wav/pcm":
        subtype = "ALAW" if encoding == "wav/alaw" else "ULAW"
        linear = _quantise(samples, 16).astype(np.int16)
        target = io.BytesIO()
        soundfile.write(target, linear, 8000, format="RAW", subtype=subtype)
        return target.getvalue()
    whole = _quantise(samples, bit_depth)
    if bit_depth == 8:
        return (whole + 128).astype(np.uint8).tobytes()
    if bit_depth == 16:
        return whole.astype("<i2").tobytes()
    if bit_depth == 32:
        return whole.astype("<i4").tobytes()
    return whole.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _quantise(samples: Samples, bit_depth: int) -> npt.NDArray[np.int64]:
    full = 1 << (bit_depth - 1)
    exact = samples.astype(np.float64) * full
    return np.clip(np.rint(exact), -full, full - 1).astype(np.int64)


def decode(data: bytes, encoding: str, bit_depth: int, channels: int) -> Samples:
    """Samples of interleaved bytes; the inverse of `encode`.

    Args:
        data: whole sample frames.
        encoding: `wav/pcm`, `wav/alaw` or `wav/ulaw`.
        bit_depth: 8, 16, 24 or 32.
        channels: interleaved channels.

    Returns:
        Shape `(frames, channels)`; float64 for 32 bits, else float32.

    Example:
        >>> decode(bytes.fromhex("000000400080"), "wav/pcm", 16, 1).tolist()
        [[0.0], [0.5], [-1.0]]
    """
    width = frame_bytes(encoding, bit_depth, channels)
    if len(data) % width:
        raise AudioError(
            f"{len(data)} bytes are not whole sample frames of {width} bytes "
            f"({encoding}, {bit_depth} bit, {channels} channels)."
        )
    if not data:
        return np.zeros((0, channels), np.float32)
    flat: Samples
    if encoding != "wav/pcm":
        subtype = "ALAW" if encoding == "wav/alaw" else "ULAW"
        flat, _ = soundfile.read(
            io.BytesIO(data),
            dtype="int16",
            samplerate=8000,
            channels=1,
            format="RAW",
            subtype=subtype,
        )
        flat = flat.astype(np.float32) / 2**15
    elif bit_depth == 8:
        flat = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    elif bit_depth == 16:
        flat = np.frombuffer(data, "<i2").astype(np.float32) / 2**15
    elif bit_depth == 24:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        flat = (padded.view("<i4")[:, 0] >> 8).astype(np.float32) / 2**23
    else:
        flat = np.frombuffer(data, "<i4").astype(np.float64) / 2**31
    return flat.reshape(-1, channels)


def wav_file(data: bytes, encoding: str, bit_depth: int, channels: int, sample_rate: int) -> bytes:
    r"""A WAV file around encoded bytes, which stay as they are.

    Example:
        >>> wav_file(b"\x00\x00", "wav/pcm", 16, 1, 16000)[:4]
        b'RIFF'
    """
    width = frame_bytes(encoding, bit_depth, channels)
    depth = bit_depth if encoding == "wav/pcm" else 8
    tag = _WAV_TAGS[encoding]
    layout = struct.pack("<HHIIHH", tag, channels, sample_rate, sample_rate * width, width, depth)
    if tag != 1:
        layout += struct.pack("<H", 0)  # the size of an empty extension, required beside PCM
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(layout)) + layout
    if tag != 1:
        body += b"fact" + struct.pack("<II", 4, len(data) // width)
    # A size field has 32 bits; a longer recording keeps its data and says "as much as there is".
    size = min(len(data), 0xFFFFFFFF - len(body) - 8)
    body += b"data" + struct.pack("<I", size) + data
    if len(data) % 2:
        body += b"\x00"
    return b"RIFF" + struct.pack("<I", min(len(body), 0xFFFFFFFF)) + body
