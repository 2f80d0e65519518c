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
import shutil
import struct
import tempfile
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from gladia_nb.audio import Audio, decode, encode, frame_bytes, wav_file
from gladia_nb.errors import AudioError, RunFileError
from gladia_nb.record.file import Record
from gladia_nb.record.folders import REST_SUFFIX, SOUND_SUFFIXES
from gladia_nb.sound_file import BLOCK, MAX_DURATION_S, Samples

__all__ = [
    "SoundWriter",
    "Wire",
    "kept_sound",
    "mark_of",
    "read_sound",
    "sent_frames",
    "write_sound",
]

#: Sample frames that the encoder and the file library may hold back; a FLAC block has 4096.
_HELD = 4 * 4096
#: Sample frames that are read at a time; those of a block that is damaged are lost together.
_BLOCK = 4096
#: Seconds; the service ends a session after three hours, and a little more may have been sent.
_LONGEST_S = MAX_DURATION_S + 600
#: Bytes of the rest from which on what the FLAC file has for sure is dropped from it.
_LONGEST_REST = 1 << 20
#: In front of the rest: the number of its first sample frame.
_PLACE = struct.Struct("<Q")
#: In front of the samples of a WAV file: RIFF and its kind, `fmt `, and the head of `data`.
_WAV_HEAD = 44
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


# -- writing --


class SoundWriter:
    """Writes the sound of a run while it is sent.

    Bytes are first set down, then committed: what is set down survives whoever is killed, what is
    committed is in the file when it is closed.

    Args:
        run: path of the run.
        wire: how its bytes are to be read.
        mark: of the run; see `mark_of`.

    Attributes:
        path: of the file.
        frames: sample frames that have been committed.

    Raises:
        OSError: the file exists, or cannot be made.
    """

    def __init__(self, run: Path, wire: Wire, mark: str) -> None:
        self.path = wire.path(run)
        self.frames = 0
        self._wire = wire
        self._mark = mark
        self._waiting = bytearray()
        self._rest_path = self.path.with_name(self.path.name + REST_SUFFIX)
        # Of its own: a file that is there is somebody's.
        number = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self._flac: soundfile.SoundFile | None = None
        # What is set down: beside a FLAC file the rest, else the file itself.
        self._raw: FileIO
        self._first = 0
        if wire.suffix == ".wav":
            self._raw = FileIO(number, "w")
            # A length that nobody knows yet is "as much as there is".
            self._raw.write(_wav_head(wire, None))
            return
        self._flac = soundfile.SoundFile(
            number, "w", wire.sample_rate, wire.channels, wire.subtype, format="FLAC"
        )
        self._flac.comment = mark
        self._raw = self._rest_path.open("wb", buffering=0)
        self._raw.write(_PLACE.pack(0))

    def set_down(self, data: bytes) -> None:
        """The next bytes of the wire.

        Raises:
            OSError: the disk does not take them.
        """
        if self._flac is not None:
            self._waiting += data
            width = self._wire.frame_bytes
            if (self.frames - _HELD - self._first) * width > _LONGEST_REST:
                self._shorten_rest()
        _write_all(self._raw, data)

    def commit(self, frames: int) -> None:
        """As many sample frames of what was set down belong to the file, from the first on.

        Raises:
            OSError: the disk does not take them.
        """
        more = frames - self.frames
        if more <= 0:
            return
        if self._flac is not None:
            size = more * self._wire.frame_bytes
            samples = self._wire.decode(bytes(self._waiting[:size]))
            del self._waiting[:size]
            # From 32 bits libsndfile takes the upper ones, which are all there are.
            whole = np.rint(samples.astype(np.float64) * 2**31).astype(np.int32)
            try:
                self._flac.write(whole)
            except soundfile.LibsndfileError as error:
                raise OSError(None, str(error.error_string)) from None
        self.frames = frames

    def _shorten_rest(self) -> None:
        """Drop what the FLAC file has for sure; whoever is killed meanwhile has the old rest."""
        first = self.frames - _HELD
        behind = (first - self._first) * self._wire.frame_bytes
        kept = self._rest_path.read_bytes()[_PLACE.size + behind :]
        new = self._rest_path.with_name(self._rest_path.name + "-new")
        file = new.open("wb", buffering=0)
        _write_all(file, _PLACE.pack(first) + kept)
        new.replace(self._rest_path)
        self._raw.close()
        self._raw, self._first = file, first

    def close(self) -> None:
        """No more will come: the file is whole. One without samples is not kept. Repeatable.

        Raises:
            OSError: the disk does not take it; what was set down stays.
        """
        if self._raw.closed:
            return
        with self._raw:
            if self._flac is None:
                self._close_wav()
            else:
                self._close_flac()
        if self.frames == 0:
            self.path.unlink(missing_ok=True)

    def _close_flac(self) -> None:
        assert self._flac is not None  # noqa: S101 - asked by the caller
        try:
            self._flac.close()
            there = int(soundfile.info(os.fsencode(self.path)).frames) if self.frames else 0
        except soundfile.LibsndfileError as error:
            raise OSError(None, str(error.error_string)) from None
        if there == self.frames:
            self._rest_path.unlink(missing_ok=True)

    def _close_wav(self) -> None:
        size = self.frames * self._wire.frame_bytes
        tail = b"\0" * (size % 2) + _wav_tail(self._mark)
        self._raw.truncate(_WAV_HEAD + size)
        self._raw.seek(_WAV_HEAD + size)
        _write_all(self._raw, tail)
        self._raw.seek(0)
        self._raw.write(_wav_head(self._wire, size, len(tail)))


def write_sound(run: Path, record: Record, sound: Audio) -> None:
    """Write the sound of a run beside a copy of it.

    The file is there when it is whole; one that was there before stays until then.

    Args:
        run: path of the copy.
        record: of the run.
        sound: what was sent.

    Raises:
        RunFileError: it cannot be written.
    """
    wire = Wire.of(record.header["config"])
    place = wire.path(run)
    if record.path is not None and place.exists() and place.samefile(wire.path(record.path)):
        return
    folder = Path(tempfile.mkdtemp(prefix=".writing-", dir=run.parent))
    try:
        writer = SoundWriter(folder / "new", wire, mark_of(record.header))
        try:
            for start in range(0, len(sound.samples), BLOCK):
                samples = sound.samples[start : start + BLOCK]
                writer.set_down(encode(samples, wire.encoding, wire.bit_depth))
                writer.commit(start + len(samples))
        finally:
            writer.close()
        writer.path.replace(place)
    except OSError as error:
        raise RunFileError(
            f"Cannot write {place}: {error.strerror or error}. Choose another place."
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _wav_head(wire: Wire, size: int | None, behind: int = 0) -> bytes:
    """The beginning of a WAV file, up to its samples."""
    head = bytearray(wav_file(b"", *wire))
    most = 0xFFFFFFFF
    struct.pack_into("<I", head, 4, most if size is None else min(36 + size + behind, most))
    struct.pack_into("<I", head, 40, most if size is None else min(size, most))
    return bytes(head)


def _wav_tail(mark: str) -> bytes:
    """A comment, as WAV has it."""
    text = mark.encode("ascii") + b"\0"
    text += b"\0" * (len(text) % 2)
    comment = b"INFOICMT" + struct.pack("<I", len(text)) + text
    return b"LIST" + struct.pack("<I", len(comment)) + comment


# -- reading --


def kept_sound(record: Record) -> Audio | None:
    """What was sent, from the file beside a run; None where none was kept.

    Raises:
        AudioError: what is there cannot be read.
    """
    if record.path is None:
        return None
    wire = Wire.of(record.header["config"])
    name = str(record.header["audio"]["name"])
    frames = sent_frames(record)
    return read_sound(record.path, wire, mark_of(record.header), name, frames) if frames else None


def read_sound(
    run: Path, wire: Wire, mark: str, name: str, frames: int | None = None
) -> Audio | None:
    """The sound of a run, also while it is written, and when whoever wrote it was killed.

    Args:
        run: path of the run.
        wire: how its bytes were written.
        mark: of the run.
        name: of the sound, for people.
        frames: how many sample frames at most; None for all that there are.

    Returns:
        None where there is no such file, or it is of another run.

    Raises:
        AudioError: it cannot be read, or is longer than a session.
    """
    path = wire.path(run)
    if not path.is_file():
        return None
    most = _LONGEST_S * wire.sample_rate
    frames = most if frames is None else frames
    if frames > most:
        raise AudioError(
            f"The run says that {frames / wire.sample_rate / 3600:.3g} h of audio were sent, and "
            f"no session is longer than {MAX_DURATION_S / 3600:g} h: {path} is not read."
        )
    samples = _read_wav if wire.suffix == ".wav" else _read_flac
    try:
        found = samples(path, wire, mark, frames)
    except OSError as error:
        raise AudioError(f"Cannot read {path}: {error.strerror or error}.") from None
    return None if found is None else Audio(found[:frames], wire.sample_rate, name)


def _read_flac(path: Path, wire: Wire, mark: str, frames: int) -> Samples | None:
    blocks: list[Samples] = []
    done = 0
    rest = _rest_of(path, wire)
    for block in _blocks(path, wire, mark, begun=rest is not None):
        if block is None:
            return None
        blocks.append(block)
        done += len(block)
        if done >= frames:
            break
    if rest is not None and done < frames:
        first, samples = rest
        if first <= done < first + len(samples):
            blocks.append(samples[done - first :])
    return np.concatenate(blocks) if blocks else np.zeros((0, wire.channels), np.float32)


def _blocks(path: Path, wire: Wire, mark: str, *, begun: bool) -> Iterator[Samples | None]:
    """Blocks of a FLAC file as far as it goes; None where it is of another run."""
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
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                yield block


def _rest_of(path: Path, wire: Wire) -> tuple[int, Samples] | None:
    """The number of the first frame of the rest, and its samples."""
    try:
        data = path.with_name(path.name + REST_SUFFIX).read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < _PLACE.size:
        return None
    return _PLACE.unpack_from(data)[0], wire.decode(data[_PLACE.size :])


def _read_wav(path: Path, wire: Wire, mark: str, frames: int) -> npt.NDArray[Any] | None:
    with path.open("rb") as file:
        head = file.read(_WAV_HEAD)
        if head[:4] != b"RIFF" or head[8:40] != _wav_head(wire, None)[8:40]:
            return None
        size = struct.unpack_from("<I", head, 40)[0]
        known = size < 0xFFFFFFFF
        wanted = frames * wire.frame_bytes
        data = file.read(min(wanted, size) if known else wanted)
        if known:
            file.seek(_WAV_HEAD + size + size % 2)
            if mark.encode("ascii") not in file.read(1024):
                return None
    return wire.decode(data)
