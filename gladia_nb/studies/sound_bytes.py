"""Sound as bytes that another machine can read: compressed, and the same to the last bit."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from gladia_nb.audio import Audio
from gladia_nb.errors import AudioError
from gladia_nb.sound_file import Samples
from gladia_nb.studies.corpora.sounds import digest

__all__ = ["PackedSound"]

#: Bits of the whole numbers that FLAC is tried with; what has no such form is sent as it is.
_DEPTHS = (16, 24)
#: Limits of the format.
_FLAC_RATE = 655_350
_FLAC_CHANNELS = 8


class PackedSound:
    """A sound on its way to another machine, which has no disk in common with this one.

    It is FLAC where that holds every sample exactly, and the bare samples where it does not. Its
    repr is short: what shows a task shows its arguments.

    Args:
        audio: the sound.

    Attributes:
        sha256: of the samples; see `gladia_nb.studies.corpora.sounds.digest`.

    Example:
        >>> packed = PackedSound(Audio(np.zeros((16000, 1), np.float32), 16000, "silence"))
        >>> packed
        PackedSound('silence', 1.0 s)
        >>> packed.open().samples.shape
        (16000, 1)
    """

    def __init__(self, audio: Audio) -> None:
        self._name = audio.name
        self._rate = audio.sample_rate
        self._shape = audio.samples.shape
        self._type = audio.samples.dtype.str
        self.sha256 = digest(audio)
        flac = _flac(audio)
        self._is_flac = flac is not None
        self._bytes = np.ascontiguousarray(audio.samples).tobytes() if flac is None else flac

    @property
    def size(self) -> int:
        """Bytes that are sent."""
        return len(self._bytes)

    def open(self) -> Audio:
        """The sound.

        Raises:
            AudioError: it is not what was packed.
        """
        samples = self._samples()
        audio = Audio(samples, self._rate, self._name)
        if digest(audio) != self.sha256:
            raise AudioError(
                f"{self._name} was damaged on its way to this machine; run the study again."
            )
        return audio

    def _samples(self) -> Samples:
        kind = np.dtype(self._type)
        if not self._is_flac:
            return np.frombuffer(self._bytes, kind).reshape(self._shape)
        name = "float64" if kind.itemsize > 4 else "float32"
        samples: Samples
        samples, _ = soundfile.read(io.BytesIO(self._bytes), dtype=name, always_2d=True)
        return samples

    def __repr__(self) -> str:
        return f"PackedSound({self._name!r}, {self._shape[0] / self._rate:.1f} s)"


def _flac(audio: Audio) -> bytes | None:
    """The sound as FLAC; None where that would change a sample."""
    if audio.sample_rate > _FLAC_RATE or audio.channels > _FLAC_CHANNELS:
        return None
    for depth in _DEPTHS:
        full = 1 << (depth - 1)
        scaled = audio.samples.astype(np.float64) * full
        whole = np.rint(scaled)
        if not (np.array_equal(whole, scaled) and _within(whole, full)):
            continue
        # libsndfile takes the uppermost bits.
        integers = whole.astype(np.int32) << (32 - depth)
        target = io.BytesIO()
        soundfile.write(target, integers, audio.sample_rate, format="FLAC", subtype=f"PCM_{depth}")
        return target.getvalue()
    return None


def _within(whole: Samples, full: int) -> bool:
    return whole.size > 0 and whole.min() >= -full and whole.max() < full
