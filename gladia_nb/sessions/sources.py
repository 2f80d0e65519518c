"""Where audio comes from, made ready for the wire.

`prepare` turns a file or an array into the very bytes that will be sent, so that every mistake is
found before a session is begun.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import soxr

from gladia_nb.audio import (
    Audio,
    audio_from_array,
    encode,
    frame_bytes,
    mix,
)
from gladia_nb.config import MAX_CHANNELS, SAMPLE_RATES, SessionConfig
from gladia_nb.errors import AudioError
from gladia_nb.sessions.options import DEFAULTS, SendOptions
from gladia_nb.sound_file import BLOCK, AudioFile, Samples, check_duration

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

    That is done in blocks: beside what is sent (`Prepared.data`) it takes some 50 MB, however long
    the source is. Audio of more than three hours is refused before any of it is read.

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
    with _opened(source) as sound:
        given = config.model_fields_set
        rate = config.sample_rate if "sample_rate" in given else nearest_rate(sound.sample_rate)
        channels = config.channels if "channels" in given else sound.channels
        if channels > MAX_CHANNELS:
            raise AudioError(
                f"{sound.name} has {channels} channels and the API takes {MAX_CHANNELS}; "
                "set channels=1 to mix them."
            )
        config = config.replace(sample_rate=rate, channels=channels)
        data, clipped = _encoded(sound, config, round(tail_s * rate))
    if not data:
        raise AudioError(f"{sound.name} is shorter than one sample at {rate} Hz.")
    return Prepared(
        config=config,
        data=data,
        name=sound.name,
        source_rate=sound.sample_rate,
        source_channels=sound.channels,
        clipped=clipped,
    )


class _InMemory:
    """Audio in memory, given out a block at a time, as that of an `AudioFile`."""

    def __init__(self, audio: Audio) -> None:
        check_duration(audio.name, len(audio.samples), audio.sample_rate)
        self.name, self.sample_rate, self.channels = audio.name, audio.sample_rate, audio.channels
        self._samples = audio.samples

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def blocks(self) -> Iterator[Samples]:
        for start in range(0, len(self._samples), BLOCK):
            yield self._samples[start : start + BLOCK]


def _encoded(
    sound: AudioFile | _InMemory, config: SessionConfig, tail_frames: int
) -> tuple[bytes, int]:
    """The bytes that are sent, and how many samples were clipped."""
    target, clipped = io.BytesIO(), 0
    for samples in _converted(sound, config.sample_rate, config.channels):
        clipped += int(np.count_nonzero(np.abs(samples) > 1))
        target.write(encode(samples, config.encoding, config.bit_depth))
    if target.tell():
        check_duration(
            f"{sound.name} with its tail",
            target.tell() // frame_bytes(config.encoding, config.bit_depth, config.channels)
            + tail_frames,
            config.sample_rate,
        )
        for start in range(0, tail_frames, BLOCK):
            silence = np.zeros((min(BLOCK, tail_frames - start), config.channels), np.float32)
            target.write(encode(silence, config.encoding, config.bit_depth))
    return target.getvalue(), clipped


def _converted(sound: AudioFile | _InMemory, rate: int, channels: int) -> Iterator[Samples]:
    """The samples with other channels and at another rate, block by block."""
    resampler: soxr.ResampleStream | None = None
    for block in sound.blocks():
        samples = mix(Audio(block, sound.sample_rate, sound.name), channels).samples
        if rate == sound.sample_rate:
            yield samples
            continue
        # What it makes of the blocks is what it would make of the whole.
        if resampler is None:
            kind = np.dtype("float64" if samples.dtype.itemsize > 4 else "float32")
            resampler = soxr.ResampleStream(
                sound.sample_rate, rate, channels, dtype=str(kind), quality="VHQ"
            )
        yield resampler.resample_chunk(np.ascontiguousarray(samples, kind))
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros((0, channels), kind), last=True)


def _opened(source: object) -> AudioFile | _InMemory:
    if isinstance(source, Audio):
        return _InMemory(source)
    if isinstance(source, (str, Path)):
        return AudioFile(source)
    if isinstance(source, tuple) and len(source) == 2:
        return _InMemory(audio_from_array(source[0], source[1]))
    if isinstance(source, np.ndarray):
        raise AudioError("An array does not say its sample rate; pass (array, sample_rate).")
    raise AudioError(
        "Audio is a path, or a pair (array, sample_rate), not " + type(source).__name__ + "."
    )
