"""Where the sound of an item is, and how it is read when it is asked for; all can be pickled."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import soundfile

from gladia_nb.audio import Audio, audio_from_array, read_audio
from gladia_nb.errors import AudioError

__all__ = ["ArraySound", "CutSound", "FileSound", "Layout", "Sound", "digest", "sound_of"]

#: What can be read from the middle, to the sample.
_SEEKABLE = (".wav", ".flac", ".aiff", ".aif")
_BLOCK = 1 << 18


class Layout(NamedTuple):
    """How much sound there is."""

    frames: int
    sample_rate: int
    channels: int


class Sound(Protocol):
    """A sound that is not read yet."""

    def layout(self) -> Layout:
        """How much there is, without reading it all."""

    def read(self) -> Audio:
        """The sound itself."""

    def part(self, start_frame: int, end_frame: int) -> Sound:
        """The sound from a frame on, up to another (exclusive)."""


@dataclass(frozen=True, slots=True)
class FileSound:
    """A sound file, or a part of one.

    Attributes:
        path: of the file.
        start_frame: of the part.
        end_frame: exclusive; None for the end of the file.
    """

    path: Path
    start_frame: int = 0
    end_frame: int | None = None

    def layout(self) -> Layout:
        """How much there is, as the header of the file says.

        Raises:
            AudioError: it is no sound file that can be read.
        """
        try:
            info = soundfile.info(self.path)
        except (OSError, soundfile.LibsndfileError):
            audio = read_audio(self.path)  # which says what is wrong with it
            frames, rate, channels = len(audio.samples), audio.sample_rate, audio.channels
        else:
            frames, rate, channels = info.frames, info.samplerate, info.channels
        end = frames if self.end_frame is None else min(self.end_frame, frames)
        return Layout(max(end - self.start_frame, 0), rate, channels)

    def read(self) -> Audio:
        """The sound of the part.

        Raises:
            AudioError: the file cannot be read, or the part is behind its end.
        """
        if not self.start_frame and self.end_frame is None:
            return read_audio(self.path)
        if self.path.suffix.lower() in _SEEKABLE:
            return self._sought()
        audio = read_audio(self.path)
        samples = audio.samples[self.start_frame : self.end_frame]
        return audio_from_array(samples, audio.sample_rate, name=self.path.name)

    def _sought(self) -> Audio:
        try:
            with soundfile.SoundFile(self.path) as file:
                kind = "float64" if file.subtype in ("PCM_32", "DOUBLE") else "float32"
                file.seek(min(self.start_frame, file.frames))
                end = file.frames if self.end_frame is None else self.end_frame
                samples = file.read(max(end - self.start_frame, 0), dtype=kind, always_2d=True)
                rate = file.samplerate
        except (OSError, soundfile.LibsndfileError) as error:
            read_audio(self.path)  # which says what is wrong with it
            raise AudioError(f"Cannot read a part of {self.path}: {error}.") from None
        return audio_from_array(samples, rate, name=self.path.name)

    def part(self, start_frame: int, end_frame: int) -> FileSound:
        """The sound from a frame of the part on, up to another (exclusive)."""
        return FileSound(self.path, self.start_frame + start_frame, self.start_frame + end_frame)


@dataclass(frozen=True, slots=True, eq=False)
class ArraySound:
    """A sound that is in memory."""

    audio: Audio = field(repr=False)

    def layout(self) -> Layout:
        """How much there is."""
        return Layout(len(self.audio.samples), self.audio.sample_rate, self.audio.channels)

    def read(self) -> Audio:
        """The sound."""
        return self.audio

    def part(self, start_frame: int, end_frame: int) -> ArraySound:
        """The sound from a frame on, up to another (exclusive)."""
        samples = self.audio.samples[start_frame:end_frame]
        return ArraySound(dataclasses.replace(self.audio, samples=samples))


@dataclass(frozen=True, slots=True, eq=False)
class CutSound:
    """The sound of a cut of Lhotse, which loads it, or a part of one.

    Attributes:
        cut: has `load_audio`, `sampling_rate` and `duration`.
        start_frame: of the part.
        end_frame: exclusive; None for the end of the cut.
    """

    cut: Any
    start_frame: int = 0
    end_frame: int | None = None

    def layout(self) -> Layout:
        """How much there is, as the cut says."""
        rate = int(self.cut.sampling_rate)
        frames = round(float(self.cut.duration) * rate)
        end = frames if self.end_frame is None else self.end_frame
        return Layout(end - self.start_frame, rate, int(getattr(self.cut, "num_channels", 1) or 1))

    def read(self) -> Audio:
        """The sound; Lhotse gives it with its channels first.

        Raises:
            AudioError: there are no samples.
        """
        samples = np.atleast_2d(np.asarray(self.cut.load_audio())).T
        rate = int(self.cut.sampling_rate)
        kept = samples[self.start_frame : self.end_frame]
        return audio_from_array(kept, rate, name=str(self.cut.id))

    def part(self, start_frame: int, end_frame: int) -> CutSound:
        """The sound from a frame of the part on, up to another (exclusive)."""
        first = self.start_frame
        return CutSound(self.cut, first + start_frame, first + end_frame)


def sound_of(audio: Any, folder: Path) -> Sound:
    """The sound of a row: a path, `(array, rate)`, an `Audio`, or `array` and `sampling_rate`.

    Args:
        audio: what the row has; of arrays with two dimensions `(frames, channels)` in a pair,
            channels first in a mapping, as Hugging Face datasets give them.
        folder: where relative paths begin.

    Raises:
        AudioError: it is none of these, or there is no such file.
    """
    if isinstance(audio, Audio):
        return ArraySound(audio)
    if isinstance(audio, (str, Path)):
        path = folder / Path(audio).expanduser()
        if not path.is_file():
            raise AudioError(f"there is no sound file {path}.")
        return FileSound(path)
    if isinstance(audio, tuple) and len(audio) == 2:
        return ArraySound(audio_from_array(audio[0], audio[1]))
    try:
        samples, rate = np.asarray(audio["array"]), audio["sampling_rate"]
    except (KeyError, TypeError, IndexError):
        if isinstance(audio, Mapping) and isinstance(audio.get("path"), str):
            return sound_of(audio["path"], folder)
        raise AudioError(
            "its audio is a path, (array, rate), or has array and sampling_rate; "
            f"it is {type(audio).__name__}."
        ) from None
    if samples.ndim == 2 and samples.shape[0] < samples.shape[1]:
        samples = samples.T
    return ArraySound(audio_from_array(samples, rate))


def digest(audio: Audio) -> str:
    """SHA-256 of a sound: of its rate, its channels and the values of its samples.

    It is the same for the same sound whatever it is called and however it is stored without loss:
    WAV or FLAC, 16-bit integers or floating point.

    Example:
        >>> digest(Audio(np.zeros((2, 1)), 8000))[:12]
        'ddeba48d9b22'
    """
    total = hashlib.sha256(f"{audio.sample_rate} {audio.channels}\n".encode())
    for begin in range(0, len(audio.samples), _BLOCK):
        # Adding 0 makes one zero of the two that floating point has.
        block = audio.samples[begin : begin + _BLOCK].astype("<f8") + 0.0
        total.update(block.tobytes())
    return total.hexdigest()
