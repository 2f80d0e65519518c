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
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from gladia_nb.errors import AudioError

__all__ = [
    "FORMATS",
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

Samples = npt.NDArray[np.floating[Any]]

#: Sample formats that float32 cannot hold exactly.
_WIDE = {"PCM_32", "DOUBLE"}
#: Kinds of sound file that can be read; their suffixes are the same in small letters.
FORMATS = ("WAV", "FLAC", "OGG", "MP3", "AIFF")
_SUFFIXES = f"{', '.join(FORMATS[:-1])} and {FORMATS[-1]}"
_BLOCK = 1 << 20
_WAV_TAGS = {"wav/pcm": 1, "wav/alaw": 6, "wav/ulaw": 7}


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound in memory.

    Attributes:
        samples: floating point, shape `(frames, channels)`, full scale is 1.
        sample_rate: hertz.
        name: where it came from, for people.
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


def read_audio(path: str | Path) -> Audio:
    """Read a sound file whole: WAV, FLAC, OGG, MP3 or AIFF, any rate and sample format.

    Raises:
        AudioError: no such file, a directory, empty, not a sound file, cut off, without samples,
            or with samples that are not numbers. The sentence says which.
    """
    path = Path(path).expanduser()
    _check_is_file(path)
    try:
        with soundfile.SoundFile(path) as file:
            promised, subtype = file.frames, file.subtype
            rate, kind = file.samplerate, f"{file.format}/{file.subtype}"
            blocks = []
            # In blocks, because a file cut off in the middle fails at the cut: what came before
            # tells how much is there.
            while True:
                block = file.read(
                    _BLOCK, dtype="float64" if subtype in _WIDE else "float32", always_2d=True
                )
                if not len(block):
                    break
                blocks.append(block)
    except soundfile.LibsndfileError as error:
        raise AudioError(_unreadable(path, error)) from None
    except OSError as error:
        raise AudioError(f"Cannot read {path}: {error.strerror or error}.") from None
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    if kind.startswith("FLAC") and 0 < promised != len(samples):
        raise AudioError(
            f"{path} is cut off: its header promises {promised / rate:.2f} s of audio, and "
            f"{len(samples) / rate:.2f} s are there. Copy or export the file again."
        )
    return audio_from_array(samples, rate, name=path.name)


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
    array = np.asarray(samples)
    if isinstance(sample_rate, bool) or int(sample_rate) != sample_rate or sample_rate <= 0:
        raise AudioError(
            f"The sample rate is a positive whole number of hertz, not {sample_rate!r}."
        )
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
    return Audio(_as_float(array, name), int(sample_rate), name)


def _as_float(array: npt.NDArray[Any], name: str) -> Samples:
    if array.dtype == np.uint8:
        return (array.astype(np.float32) - 128) / 128
    if array.dtype in (np.int8, np.int16):
        return array.astype(np.float32) / -float(np.iinfo(array.dtype).min)
    if array.dtype == np.int32:
        return array.astype(np.float64) / 2**31
    if array.dtype.kind != "f":
        raise AudioError(
            f"Audio samples are floats, int8, int16, int32 or uint8, not {array.dtype}."
        )
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    finite = np.isfinite(array)
    if not finite.all():
        bad = int(np.argmin(finite.all(axis=1)))
        count = int(array.size - np.count_nonzero(finite))
        raise AudioError(
            f"{name} has {count} samples that are NaN or infinite, the first at frame {bad}; "
            "replace them, for instance with numpy.nan_to_num."
        )
    return array


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise AudioError(f"{path} is a directory; name a sound file ({_SUFFIXES}).")
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise AudioError(f"There is no file {path}.") from None
    except OSError as error:
        raise AudioError(f"Cannot read {path}: {error.strerror or error}.") from None
    if size == 0:
        raise AudioError(f"{path} is empty (0 bytes).")
    try:
        path.open("rb").close()
    except OSError as error:
        raise AudioError(f"Cannot read {path}: {error.strerror or error}.") from None


def _unreadable(path: Path, error: soundfile.LibsndfileError) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start in (b"RIFF", b"fLaC", b"OggS", b"FORM"):
        return f"{path} is damaged or cut off and cannot be decoded ({error.error_string})."
    return (
        f"{path} is not a sound file that can be read ({_SUFFIXES} are); "
        "its name does not matter, its content does."
    )


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
    16-bit samples by libsndfile.

    Args:
        samples: shape `(frames, channels)`, full scale 1.
        encoding: `wav/pcm`, `wav/alaw` or `wav/ulaw`.
        bit_depth: 8, 16, 24 or 32.

    Example:
        >>> encode(np.array([[0.0], [0.5], [-1.0], [1.0]]), "wav/pcm", 16).hex()
        '000000400080ff7f'
    """
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
