"""The sound of a session that a page holds, which comes to the kernel while it is spoken.

Its parts say where they begin, because the host may deliver them over two ways of different speed.
They are put in order; what follows a part that never comes has no place in the sound.
"""

from __future__ import annotations

__all__ = ["PageSound"]

#: How long a part that is missing is waited for when the page has told the end.
_LOST_NS = 10_000_000_000


class PageSound:
    """Parts of a sound, put in order.

    Args:
        frame_bytes: bytes of one sample frame.

    Attributes:
        size: bytes that have been handed on.

    Example:
        >>> sound = PageSound(2)
        >>> sound.part(4, b"cdef"), sound.part(0, b"abab"), sound.size
        (b'', b'ababcdef', 8)
    """

    def __init__(self, frame_bytes: int) -> None:
        self.size = 0
        self._frame_bytes = frame_bytes
        self._held: dict[int, bytes] = {}
        self._whole: int | None = None
        self._ended_ns = 0

    def part(self, at: int, data: bytes) -> bytes:
        """A part of the sound that begins at a byte.

        Returns:
            What is in order now and was not before: nothing, where a part in front of it is
            missing, or where it has come before.

        Raises:
            ValueError: it is not made of whole sample frames.
        """
        if at < 0 or at % self._frame_bytes or len(data) % self._frame_bytes:
            raise ValueError(f"{len(data)} bytes at {at} are no sample frames")
        self._held[at] = data
        found = bytearray()
        while (piece := self._held.pop(self.size, None)) is not None:
            found += piece
            self.size += len(piece)
        return bytes(found)

    def end(self, size: int, now_ns: int) -> None:
        """The page says that so many bytes are all of it."""
        self._whole, self._ended_ns = size, now_ns

    def complete(self, now_ns: int) -> bool:
        """Whether all of it is here, or has been waited for long enough."""
        if self._whole is None:
            return False
        return self.size >= self._whole or now_ns - self._ended_ns > _LOST_NS

    @property
    def missing(self) -> int:
        """Sample frames that the page told of and that are not here, as far as that is known."""
        there = max([self._whole or 0, *(at + len(data) for at, data in self._held.items())])
        return max(0, there - self.size) // self._frame_bytes
