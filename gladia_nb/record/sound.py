"""The sound of a run: a file beside it, with its name, that holds sample for sample what was sent.

It is FLAC, `NAME.run.flac` beside `NAME.run`: as exact as the bytes of the wire once these are
decoded, which is 8, 16 or 24 bits a sample, and 16 for A-law and mu-law. FLAC of libsndfile ends at
24 bits: 32-bit PCM is kept as WAV, `NAME.run.wav`.

A FLAC encoder holds back up to a block of samples. So what it may not have written yet lies beside
it as bytes, `NAME.run.flac.rest`, until the file is closed: when the process that writes is killed
nothing of what was sent is lost. A mark in the file says of which run it is; that of another one is
not taken for its own.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from gladia_nb.audio import Audio, decode, frame_bytes, wav_file
from gladia_nb.errors import AudioError
from gladia_nb.record.file import Record
from gladia_nb.record.folders import REST_SUFFIX, SOUND_SUFFIXES
from gladia_nb.sound_file import MAX_DURATION_S, Samples

__all__ = [
    "PLACE",
    "WAV_HEAD",
    "Wire",
    "kept_sound",
    "mark_of",
    "read_sound",
    "sent_frames",
    "wav_head",
    "wav_tail",
]

#: Sample frames that are read at a time; those of a block that is damaged are lost together.
_BLOCK = 4096
#: Seconds; the service ends a session after three hours, and a little more may have been sent.
_LONGEST_S = MAX_DURATION_S + 600
#: In front of the rest: the number of its first sample frame.
PLACE = struct.Struct("<Q")
#: In front of the samples of a WAV file: RIFF and its kind, `fmt `, and the head of `data`.
WAV_HEAD = 44
_SUBTYPES = {8: "PCM_S8", 16: "PCM_16", 24: "PCM_24"}


class Wire(NamedTuple):
    """How samples are written as bytes.

    Attributes:
        encoding: `wav/pcm`, `wav/alaw` or `wav/ulaw`.
        bit_depth: 8, 16, 24 or 32.
        channels: interleaved.
        sample_rate: hertz.
    """

    encoding: str
    bit_depth: int
    channels: int
    sample_rate: int

    @classmethod
    def of(cls, config: Any) -> Wire:
        """That of a configuration: a mapping, with the defaults of the API where it is silent."""
        return cls(
            str(config.get("encoding", "wav/pcm")),
            int(config.get("bit_depth", 16)),
            int(config.get("channels", 1)),
            int(config["sample_rate"]),
        )

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample frame."""
        return frame_bytes(self.encoding, self.bit_depth, self.channels)

    @property
    def suffix(self) -> str:
        """What stands behind the name of the run.

        Example:
            >>> Wire("wav/ulaw", 8, 1, 8000).suffix, Wire("wav/pcm", 32, 1, 8000).suffix
            ('.flac', '.wav')
        """
        return SOUND_SUFFIXES[self._is_wide]

    @property
    def subtype(self) -> str:
        """That of the FLAC file."""
        return _SUBTYPES[self.bit_depth if self.encoding == "wav/pcm" else 16]

    @property
    def _is_wide(self) -> bool:
        return self.encoding == "wav/pcm" and self.bit_depth > 24

    def path(self, run: Path) -> Path:
        """Where the sound of a run is kept."""
        return run.with_name(run.name + self.suffix)

    def decode(self, data: bytes) -> Samples:
        """Samples of whole frames; what is behind them is left."""
        whole = len(data) - len(data) % self.frame_bytes
        return decode(data[:whole], self.encoding, self.bit_depth, self.channels)


def mark_of(header: Any) -> str:
    """What the sound of a run says of whose it is: the clocks at its beginning.

    Example:
        >>> mark_of({"anchor": [5, 1_780_000_000, 100]})
        'gladia_nb run 1780000000-5'
    """
    mono, wall = header["anchor"][:2]
    return f"gladia_nb run {wall}-{mono}"


def sent_frames(record: Record) -> int:
    """Sample frames that were sent, by the record."""
    ends = (
        int(event["end_frame"])
        for event in record.of("chunk")
        if event.get("send_end_ns") is not None
    )
    return max(ends, default=0)


def wav_head(wire: Wire, size: int | None, behind: int = 0) -> bytes:
    """The beginning of a WAV file, up to its samples."""
    head = bytearray(wav_file(b"", *wire))
    most = 0xFFFFFFFF
    struct.pack_into("<I", head, 4, most if size is None else min(36 + size + behind, most))
    struct.pack_into("<I", head, 40, most if size is None else min(size, most))
    return bytes(head)


def wav_tail(mark: str) -> bytes:
    """A comment, as WAV has it."""
    text = mark.encode("ascii") + b"\0"
    text += b"\0" * (len(text) % 2)
    comment = b"INFOICMT" + struct.pack("<I", len(text)) + text
    return b"LIST" + struct.pack("<I", len(comment)) + comment


# -- reading --


def kept_sound(record: Record, first: int = 0, frames: int | None = None) -> Audio | None:
    """What was sent, from the file beside a run; None where none was kept.

    Args:
        record: of the run.
        first: number of the first sample frame that is wanted; what lies before it is not read.
        frames: how many at most; None for all that were sent.

    Raises:
        AudioError: what is there cannot be read.
    """
    if record.path is None:
        return None
    wire = Wire.of(record.header["config"])
    name = str(record.header["audio"]["name"])
    sent = sent_frames(record) - first
    most = sent if frames is None else min(sent, frames)
    if most <= 0:
        return None
    return read_sound(record.path, wire, mark_of(record.header), name, most, first=first)


def read_sound(
    run: Path, wire: Wire, mark: str, name: str, frames: int | None = None, *, first: int = 0
) -> Audio | None:
    """The sound of a run, also while it is written, and when whoever wrote it was killed.

    Args:
        run: path of the run.
        wire: how its bytes were written.
        mark: of the run.
        name: of the sound, for people.
        frames: how many sample frames at most; None for all that there are.
        first: number of the first of them.

    Returns:
        None where there is no such file, or it is of another run.

    Raises:
        AudioError: it cannot be read, or is longer than a session.
    """
    path = wire.path(run)
    if not path.is_file():
        return None
    most = _LONGEST_S * wire.sample_rate
    frames = most - first if frames is None else frames
    if first + frames > most:
        hours = (first + frames) / wire.sample_rate / 3600
        raise AudioError(
            f"The run says that {hours:.3g} h of audio were sent, and "
            f"no session is longer than {MAX_DURATION_S / 3600:g} h: {path} is not read."
        )
    samples = _read_wav if wire.suffix == ".wav" else _read_flac
    try:
        found = samples(path, wire, mark, frames, first)
    except OSError as error:
        raise AudioError(f"Cannot read {path}: {error.strerror or error}.") from None
    return None if found is None else Audio(found[:frames], wire.sample_rate, name)


def _read_flac(path: Path, wire: Wire, mark: str, frames: int, first: int) -> Samples | None:
    blocks: list[Samples] = []
    done = 0
    rest = _rest_of(path, wire)
    for block in _blocks(path, wire, mark, first, begun=rest is not None):
        if block is None:
            return None
        blocks.append(block)
        done += len(block)
        if done >= frames:
            break
    if rest is not None and done < frames:
        begin, samples = rest
        if begin <= first + done < begin + len(samples):
            blocks.append(samples[first + done - begin :])
    return np.concatenate(blocks) if blocks else np.zeros((0, wire.channels), np.float32)


def _blocks(
    path: Path, wire: Wire, mark: str, first: int, *, begun: bool
) -> Iterator[Samples | None]:
    """Blocks of a FLAC file from a frame on, as far as it goes; None where it is of another run."""
    try:
        file = soundfile.SoundFile(os.fsencode(path))
    except soundfile.LibsndfileError as error:
        if begun:
            # All that there is lies in the rest.
            return
        raise AudioError(
            f"{path} is damaged and cannot be decoded ({error.error_string})."
        ) from None
    with file:
        of = (file.format, file.samplerate, file.channels, file.comment)
        if of != ("FLAC", wire.sample_rate, wire.channels, mark):
            yield None
            return
        with contextlib.suppress(soundfile.LibsndfileError):
            # To a frame that the file does not have nothing leads: there is no block then.
            if first:
                file.seek(first)
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                yield block


def _rest_of(path: Path, wire: Wire) -> tuple[int, Samples] | None:
    """The number of the first frame of the rest, and its samples."""
    try:
        data = path.with_name(path.name + REST_SUFFIX).read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < PLACE.size:
        return None
    return PLACE.unpack_from(data)[0], wire.decode(data[PLACE.size :])


def _read_wav(
    path: Path, wire: Wire, mark: str, frames: int, first: int
) -> npt.NDArray[Any] | None:
    with path.open("rb") as file:
        head = file.read(WAV_HEAD)
        if head[:4] != b"RIFF" or head[8:40] != wav_head(wire, None)[8:40]:
            return None
        size = struct.unpack_from("<I", head, 40)[0]
        known = size < 0xFFFFFFFF
        skipped, wanted = first * wire.frame_bytes, frames * wire.frame_bytes
        file.seek(WAV_HEAD + skipped)
        data = file.read(min(wanted, max(0, size - skipped)) if known else wanted)
        if known:
            file.seek(WAV_HEAD + size + size % 2)
            if mark.encode("ascii") not in file.read(1024):
                return None
    return wire.decode(data)
