"""What the server complains of, in bounded room, however often it goes wrong.

A server that has run out of descriptors fails more than a hundred times a second, with a traceback
each time, and would fill the disk with that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TextIO

__all__ = ["BoundedHandler"]

_MOST_KINDS = 1000


class BoundedHandler(logging.StreamHandler[TextIO]):
    """Writes each kind of message once in a while, and no more than so much in all.

    Messages are of one kind when the same line of code logs them, with the same first line before
    it is filled in, and for the same type of exception.

    Args:
        stream: where to; the standard error by default.
        pause_s: seconds for which a kind is not written again; what was left out is counted.
        most: characters in all, after which a last line says that no more is written.
        clock: seconds.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        pause_s: float = 60.0,
        most: int = 1 << 20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(stream)
        self._pause_s = pause_s
        self._left = most
        self._clock = clock
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message, unless there was one of its kind a moment ago."""
        if self._left <= 0:
            return
        first_line = str(record.msg).partition("\n")[0]
        raised = record.exc_info[0] if record.exc_info else None
        kind = (record.name, record.pathname, record.lineno, first_line, raised)
        now = self._clock()
        written, left_out = self._seen.get(kind, (-self._pause_s, 0))
        if now - written < self._pause_s:
            self._seen[kind] = (written, left_out + 1)
            return
        if len(self._seen) >= _MOST_KINDS:
            self._seen.clear()
        self._seen[kind] = (now, 0)
        try:
            if left_out:
                self._write(f"{record.name}: {left_out} more of what follows")
            self._write(self.format(record))
        except Exception:  # noqa: BLE001 - as all handlers: a complaint is nobody's end
            self.handleError(record)

    def _write(self, text: str) -> None:
        self._left -= len(text) + 1
        if self._left <= 0:
            text = f"{text[: max(0, self._left + len(text))]}\nNo more complaints are written."
        self.stream.write(text + self.terminator)
        self.flush()
