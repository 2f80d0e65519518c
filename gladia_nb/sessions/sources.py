"""Where audio comes from, made ready for the wire.

`prepare` turns a file or an array into the very bytes that will be sent, so that every mistake is
found before a session is begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gladia_nb.audio import (
    Audio,
    audio_from_array,
    encode,
    frame_bytes,
    mix,
    read_audio,
    resample,
)
from gladia_nb.config import MAX_CHANNELS, SAMPLE_RATES, SessionConfig
from gladia_nb.errors import AudioError
from gladia_nb.sessions.options import DEFAULTS, SendOptions

__all__ = ["Prepared", "nearest_rate", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Audio as it will be sent, with a configuration that tells the truth about it.

    Attributes:
        config: the configuration with rate, channels, encoding and depth of `data`.
        data: encoded bytes, interleaved.
        name: where it came from, for people.
        source_rate: hertz, before resampling.
        source_channels: before mixing.
        clipped: samples beyond full scale, which were clipped.
        is_live: whether the audio is still to come; `data` is empty then.
    """

    config: SessionConfig
    data: bytes
    name: str
    source_rate: int
    source_channels: int
    clipped: int
    is_live: bool = False

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample frame."""
        return frame_bytes(self.config.encoding, self.config.bit_depth, self.config.channels)

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return len(self.data) // self.frame_bytes

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.config.sample_rate

    def describe(self) -> dict[str, Any]:
        """What a run's header says of its audio; of live audio only what is known beforehand."""
        return {
            "name": self.name,
            "duration_s": None if self.is_live else self.duration_s,
            "frames": None if self.is_live else self.frames,
            "source_rate": self.source_rate,
            "source_channels": self.source_channels,
            "clipped": None if self.is_live else self.clipped,
        }


def nearest_rate(rate: int) -> int:
    """The lowest rate of the API that loses nothing of `rate`, else its highest.

    Example:
        >>> nearest_rate(22050), nearest_rate(16000), nearest_rate(96000)
        (32000, 16000, 48000)
    """
    return min((allowed for allowed in SAMPLE_RATES if allowed >= rate), default=SAMPLE_RATES[-1])


def prepare(
    source: str | Path | Audio | tuple[npt.ArrayLike, int],
    config: SessionConfig | None = None,
    *,
    tail_s: float = DEFAULTS.tail_s,
) -> Prepared:
    """Read, resample, mix and encode; what the configuration leaves open follows the source.

    Args:
        source: a path, an `Audio`, or an array of samples with its rate.
        config: its rate and channels are kept when they were set; otherwise the rate becomes the
            source's own (or the next rate that the API allows) and all channels are kept.
        tail_s: seconds of silence to send after the audio, so that the last utterance is ended by
            the service's own endpointing instead of by the stop.

    Raises:
        AudioError: the source cannot be used.
        ConfigError: the source does not fit the configuration.
    """
    config = config or SessionConfig()
    tail_s = SendOptions(tail_s=tail_s).tail_s
    audio = _load(source)
    given = config.model_fields_set
    rate = config.sample_rate if "sample_rate" in given else nearest_rate(audio.sample_rate)
    channels = config.channels if "channels" in given else audio.channels
    if channels > MAX_CHANNELS:
        raise AudioError(
            f"{audio.name} has {channels} channels and the API takes {MAX_CHANNELS}; "
            "set channels=1 to mix them."
        )
    ready = resample(mix(audio, channels), rate)
    samples = ready.samples
    if tail_s:
        silence = np.zeros((round(tail_s * rate), channels), samples.dtype)
        samples = np.concatenate([samples, silence])
    if not len(samples):
        raise AudioError(f"{audio.name} is shorter than one sample at {rate} Hz.")
    return Prepared(
        config=config.replace(sample_rate=rate, channels=channels),
        data=encode(samples, config.encoding, config.bit_depth),
        name=audio.name,
        source_rate=audio.sample_rate,
        source_channels=audio.channels,
        clipped=int(np.count_nonzero(np.abs(samples) > 1)),
    )


def _load(source: object) -> Audio:
    if isinstance(source, Audio):
        return source
    if isinstance(source, (str, Path)):
        return read_audio(source)
    if isinstance(source, tuple) and len(source) == 2:
        return audio_from_array(source[0], source[1])
    if isinstance(source, np.ndarray):
        raise AudioError("An array does not say its sample rate; pass (array, sample_rate).")
    raise AudioError(
        "Audio is a path, or a pair (array, sample_rate), not " + type(source).__name__ + "."
    )
