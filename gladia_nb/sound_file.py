"""Sound files, read a block at a time, and what can be wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import soundfile

from gladia_nb.errors import AudioError
from gladia_nb.paths import expanded

__all__ = [
    "BLOCK",
    "FORMATS",
    "MAX_DURATION_S",
    "AudioFile",
    "Samples",
    "as_float",
    "check_duration",
]

Samples = npt.NDArray[np.floating[Any]]

#: Sample formats that float32 cannot hold exactly.
_WIDE = {"PCM_32", "DOUBLE"}
#: Kinds of sound file that can be read; their suffixes are the same in small letters.
FORMATS = ("WAV", "FLAC", "OGG", "MP3", "AIFF")
_SUFFIXES = f"{', '.join(FORMATS[:-1])} and {FORMATS[-1]}"
#: Seconds; the service ends a session after three hours.
MAX_DURATION_S = 3 * 3600
#: Sample frames that are read, converted or encoded at a time.
BLOCK = 1 << 18


class AudioFile:
    """A sound file, read a block at a time; a context manager.

    Nothing is decoded before `blocks` is asked for.

    Args:
        path: of a WAV, FLAC, OGG, MP3 or AIFF file, any rate and sample format.

    Attributes:
        name: of the file, for people.
        sample_rate: hertz.
        channels: number of channels.
        frames: how many its header promises; what is there may be less.

    Raises:
        AudioError: no such file, no ordinary file, empty, not a sound file, or longer than the
            three hours that a session takes.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path = expanded(path, AudioError)
        _check_is_file(path)
        try:
            # As bytes: libsndfile takes any name that the system takes.
            self._file = soundfile.SoundFile(os.fsencode(path))
        except soundfile.LibsndfileError as error:
            raise AudioError(_unreadable(path, error)) from None
        except OSError as error:
            raise AudioError(f"Cannot read {path}: {error.strerror or error}.") from None
        self.name = _shown(path.name)
        self.sample_rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.frames = int(self._file.frames)
        self._is_flac = self._file.format == "FLAC"
        self._dtype = "float64" if self._file.subtype in _WIDE else "float32"
        try:
            check_duration(self.name, self.frames, self.sample_rate)
        except AudioError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def blocks(self) -> Iterator[Samples]:
        """The samples, shape `(frames, channels)` each, until there are no more.

        Raises:
            AudioError: it is damaged, cut off, without samples, has samples that are not numbers,
                or goes on beyond three hours.
        """
        done = 0
        try:
            # A file cut off in the middle fails at the cut: what came before tells how much is
            # there.
            while len(block := self._file.read(BLOCK, dtype=self._dtype, always_2d=True)):
                yield as_float(block, self.name, done)
                done += len(block)
                check_duration(self.name, done, self.sample_rate)
        except soundfile.LibsndfileError as error:
            raise AudioError(_unreadable(self._path, error)) from None
        if self._is_flac and 0 < self.frames != done:
            raise AudioError(
                f"{self._path} is cut off: its header promises "
                f"{self.frames / self.sample_rate:.2f} s of audio, and "
                f"{done / self.sample_rate:.2f} s are there. Copy or export the file again."
            )
        if not done:
            raise AudioError(f"{self.name} has no samples; there is nothing to send.")


def check_duration(name: str, frames: int, sample_rate: int) -> None:
    """See that audio is not longer than a session takes.

    Raises:
        AudioError: it is.

    Example:
        >>> check_duration("a.wav", 16000 * 10801, 16000)
        Traceback (most recent call last):
        ...
        gladia_nb.errors.AudioError: a.wav has 3.0003 h of audio, and a session takes 3 h; cut it.
    """
    # Where nobody knows the length, libsndfile says the largest there is.
    if MAX_DURATION_S * sample_rate < frames < 2**62:
        raise AudioError(
            f"{name} has {frames / sample_rate / 3600:.5g} h of audio, and a session takes "
            f"{MAX_DURATION_S / 3600:g} h; cut it."
        )


def _shown(name: str) -> str:
    r"""A name that can be shown; bytes of it that are no text as escapes.

    Example:
        >>> _shown("caf\udce9.wav")
        'caf\\udce9.wav'
    """
    return name.encode("utf-8", "backslashreplace").decode()


def as_float(array: npt.NDArray[Any], name: str, first: int = 0) -> Samples:
    """Samples as floating point with full scale 1, seen to be finite.

    Args:
        array: of floats, int8, int16, int32 or uint8; the first axis is time.
        name: where they came from, for people.
        first: number of the first frame, for the error.

    Raises:
        AudioError: they are of another type, or NaN or infinite.

    Example:
        >>> as_float(np.array([[0], [255]], np.uint8), "array").tolist()
        [[-1.0], [0.9921875]]
    """
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
        bad = first + int(np.argmin(finite.all(axis=1)))
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
    if not path.is_file():
        raise AudioError(f"{path} is not an ordinary file; name a sound file ({_SUFFIXES}).")
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
