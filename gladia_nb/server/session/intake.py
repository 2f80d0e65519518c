"""Received bytes of a session: their numbering, an optional WAV header, and whole sample frames."""

from __future__ import annotations

import struct

import numpy as np

from gladia_nb import audio
from gladia_nb.config import SessionConfig

__all__ = ["Intake"]

#: A header that has not ended after so many bytes is no header.
_LONGEST_HEADER = 1 << 16


class Intake:
    """Takes the bytes of a session as they come, whatever their boundaries are.

    Bytes are numbered over the whole session, a header included, because clients count what they
    send. A sample frame that is cut by the end of a chunk waits for its rest.

    Attributes:
        received: bytes so far.
    """

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._width = audio.frame_bytes(config.encoding, config.bit_depth, config.channels)
        self._audio: list[bytes] | None = []
        self._waiting = b""
        self._header: int | None = None
        self._frames = 0
        self.received = 0

    def push(self, data: bytes) -> bytes:
        """Take bytes; returns the sample frames that are complete with them."""
        self.received += len(data)
        data = self._waiting + data
        self._waiting = b""
        if self._header is None:
            self._header = _header_length(data)
            if self._header is None:
                self._waiting = data
                return b""
            data = data[self._header :]
        whole = len(data) - len(data) % self._width
        self._waiting = data[whole:]
        data = data[:whole]
        self._frames += whole // self._width
        if self._audio is not None and data:
            self._audio.append(data)
        return data

    def finish(self) -> bytes:
        """No more bytes will come; returns what was held back as a possible header."""
        if self._header is not None:
            return b""
        self._header = 0
        waiting, self._waiting = self._waiting, b""
        self.received -= len(waiting)
        return self.push(waiting)

    @property
    def duration(self) -> float:
        """Seconds of audio, in whole sample frames."""
        return self._frames / self._config.sample_rate

    @property
    def kept_bytes(self) -> int:
        """Bytes of audio that are kept."""
        return 0 if self._audio is None else self._frames * self._width

    def time_of(self, byte: int) -> float:
        """Seconds of audio before the byte of this number."""
        if self._header is None:
            return 0.0
        inside = max(0, byte - self._header)
        return inside / self._width / self._config.sample_rate

    def forget(self) -> None:
        """Give up the audio; the numbers stay."""
        self._audio = None

    def wav(self) -> bytes | None:
        """All audio as a WAV file; None when there is none or it is not kept any more."""
        if not self._audio:
            return None
        config = self._config
        return audio.wav_file(
            b"".join(self._audio),
            config.encoding,
            config.bit_depth,
            config.channels,
            config.sample_rate,
        )

    def split(self, data: bytes) -> list[bytes]:
        """The bytes of each channel by itself."""
        channels = self._config.channels
        if channels == 1:
            return [data]
        table = np.frombuffer(data, np.uint8).reshape(-1, channels, self._width // channels)
        return [table[:, channel].tobytes() for channel in range(channels)]


def _header_length(data: bytes) -> int | None:
    """Length of a WAV header at the start of `data`, 0 without one, None when it may yet come."""
    if not b"RIFF".startswith(data[:4]) or not b"WAVE".startswith(data[8:12]):
        return 0
    position = 12
    while len(data) >= position + 8:
        name, size = struct.unpack_from("<4sI", data, position)
        position += 8
        if name == b"data":
            return position
        position += size + size % 2
        if position > _LONGEST_HEADER:
            return 0
    return None
