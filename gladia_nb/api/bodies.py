"""The body of an answer, read up to a limit and unpacked up to the same limit.

aiohttp would unpack what comes without a bound: a megabyte of a well-made gzip stream is a gigabyte
of memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import aiohttp

__all__ = ["ACCEPTED", "BodyError", "read_body"]

#: What a request says of the encodings that `read_body` unpacks.
ACCEPTED = "gzip"
_PIECE = 1 << 16
#: Windows of any size, with the header of gzip.
_GZIP = 31


class BodyError(Exception):
    """A body cannot be read; the sentence says why and fits behind "its answer"."""


async def read_body(answer: aiohttp.ClientResponse, limit: int, *, cut: bool = False) -> bytes:
    """The body of an answer whose content is not unpacked yet.

    Args:
        answer: of a session that leaves unpacking alone (`auto_decompress=False`).
        limit: bytes at most, unpacked.
        cut: return what there is up to the limit, whatever is wrong with the rest; for the bodies
            of errors, whose status says more.

    Raises:
        BodyError: it is longer, is damaged, or came in an encoding that was not asked for.
        aiohttp.ClientError, TimeoutError: it did not come.
    """
    body = bytearray()
    try:
        unpack = _unpacker(answer.headers.get("Content-Encoding", ""))
    except BodyError:
        if cut:
            return b""
        raise
    async for piece in answer.content.iter_chunked(_PIECE):
        try:
            body += unpack(piece, limit + 1 - len(body))
        except zlib.error as error:
            if cut:
                break
            raise BodyError("is damaged: it cannot be unpacked") from error
        if len(body) > limit:
            # Nothing else may come over this connection: its rest is never read.
            answer.close()
            if not cut:
                raise BodyError(f"is larger than {_size(limit)}")
            break
    return bytes(body[:limit])


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """Unpacks piece by piece, each into no more bytes than are asked for."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return lambda piece, _: piece
    if name in ("gzip", "x-gzip"):
        return zlib.decompressobj(_GZIP).decompress
    raise BodyError(f"came in an encoding that nobody asked for ({name[:40]!r})")


def _size(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
