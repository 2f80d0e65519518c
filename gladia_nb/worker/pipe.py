"""Frames of the pipe that brings commands: each says how long it is and carries a check.

A command is a line with the audio that belongs to it. What writes them could be stopped halfway, as
by an interrupt or a fork at the wrong moment; without lengths that are known to be right whatever
follows would be read as audio, and every later session would wait for ever without a word.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

__all__ = ["DamagedPipeError", "pack_frame", "read_frame"]

_MAGIC = b"gnb1"
#: Magic, length of the line, length of the audio.
_HEAD = struct.Struct(">4sIQ")
_CHECK = struct.Struct(">I")


class DamagedPipeError(Exception):
    """The stream of commands is not what was written; nothing after this can be understood."""


def pack_frame(line: bytes, audio: bytes = b"") -> list[bytes]:
    """A frame, as pieces to be written one after the other.

    The first 20 bytes are four of magic, the length of the line in 32 bits and that of the audio in
    64, big-endian, and the CRC-32 of these; the last four are the CRC-32 of line and audio.

    Example:
        >>> [len(piece) for piece in pack_frame(b"line", b"audio")]
        [20, 4, 5, 4]
    """
    head = _HEAD.pack(_MAGIC, len(line), len(audio))
    check = zlib.crc32(audio, zlib.crc32(line))
    return [head + _CHECK.pack(zlib.crc32(head)), line, audio, _CHECK.pack(check)]


def read_frame(source: BinaryIO) -> tuple[bytes, bytes] | None:
    """The line and the audio of the next frame; None when the stream has ended, also inside one.

    Raises:
        DamagedPipeError: what is there is no frame, or not the one that was written.

    Example:
        >>> import io
        >>> read_frame(io.BytesIO(b"".join(pack_frame(b"line", b"audio"))))
        (b'line', b'audio')
    """
    head = source.read(_HEAD.size + _CHECK.size)
    if len(head) < _HEAD.size + _CHECK.size:
        return None
    magic, line_size, audio_size = _HEAD.unpack_from(head)
    (check,) = _CHECK.unpack_from(head, _HEAD.size)
    if magic != _MAGIC or check != zlib.crc32(head[: _HEAD.size]):
        raise DamagedPipeError("a command does not begin where the one before it ends")
    line, audio = source.read(line_size), source.read(audio_size)
    tail = source.read(_CHECK.size)
    if len(tail) < _CHECK.size:
        return None
    if _CHECK.unpack(tail)[0] != zlib.crc32(audio, zlib.crc32(line)):
        raise DamagedPipeError("a command is not as it was written")
    return line, audio
