"""Writes the sound of a run while it is sent, so that nothing of it is lost whoever is killed."""

from __future__ import annotations

import contextlib
import os
from io import FileIO
from pathlib import Path

import numpy as np
import soundfile

from gladia_nb.audio import Audio, encode
from gladia_nb.drafts import draft_folder
from gladia_nb.errors import RunFileError
from gladia_nb.record.file import Record
from gladia_nb.record.folders import REST_SUFFIX
from gladia_nb.record.sound import PLACE, WAV_HEAD, Wire, mark_of, wav_head, wav_tail
from gladia_nb.sound_file import BLOCK

__all__ = ["SoundWriter", "write_sound"]

#: Sample frames that the encoder and the file library may hold back; a FLAC block has 4096.
_HELD = 4 * 4096
#: Bytes of the rest from which on what the FLAC file has for sure is dropped from it.
_LONGEST_REST = 1 << 20


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
            self._raw.write(wav_head(wire, None))
            return
        self._flac = soundfile.SoundFile(
            number, "w", wire.sample_rate, wire.channels, wire.subtype, format="FLAC"
        )
        self._flac.comment = mark
        self._raw = self._rest_path.open("wb", buffering=0)
        self._raw.write(PLACE.pack(0))

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
        kept = self._rest_path.read_bytes()[PLACE.size + behind :]
        new = self._rest_path.with_name(self._rest_path.name + "-new")
        file = new.open("wb", buffering=0)
        _write_all(file, PLACE.pack(first) + kept)
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

    def disown(self) -> None:
        """In a forked child: the file is the parent's, and nothing here may finish it."""
        if self._flac is not None:
            # What is not open is not closed by whoever clears up.
            self._flac._file = None  # noqa: SLF001 - there is no other way

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
        tail = b"\0" * (size % 2) + wav_tail(self._mark)
        self._raw.truncate(WAV_HEAD + size)
        self._raw.seek(WAV_HEAD + size)
        _write_all(self._raw, tail)
        self._raw.seek(0)
        self._raw.write(wav_head(self._wire, size, len(tail)))


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
    try:
        with draft_folder(run.parent) as folder:
            writer = SoundWriter(folder / "new", wire, mark_of(record.header))
            with contextlib.closing(writer):
                for start in range(0, len(sound.samples), BLOCK):
                    samples = sound.samples[start : start + BLOCK]
                    writer.set_down(encode(samples, wire.encoding, wire.bit_depth))
                    writer.commit(start + len(samples))
            writer.path.replace(place)
    except OSError as error:
        raise RunFileError(
            f"Cannot write {place}: {error.strerror or error}. Choose another place."
        ) from None


def _write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
