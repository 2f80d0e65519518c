"""What Ctrl-C and `kill` do to a command: both end it properly, also where they were ignored.

A shell lets what it starts in the background ignore SIGINT, and Python then leaves it at that; a
command that is asked to end is to end nevertheless.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["Interrupted", "collected_signals", "exit_code", "raised_signals"]

_NUMBERS = (signal.SIGINT, signal.SIGTERM)

Handler = Callable[[int, FrameType | None], None]


class Interrupted(KeyboardInterrupt):
    """A signal asks to end.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by signal {number}")
        self.number = number


def exit_code(number: int) -> int:
    """What a program that a signal ended returns, as shells have it.

    Example:
        >>> exit_code(signal.SIGINT), exit_code(signal.SIGTERM)
        (130, 143)
    """
    return 128 + number


@contextlib.contextmanager
def raised_signals() -> Iterator[None]:
    """SIGINT and SIGTERM raise `Interrupted` inside.

    Raises:
        Interrupted: wherever the program is when the signal comes.
    """

    def raise_it(number: int, _: FrameType | None) -> None:
        raise Interrupted(number)

    with _handled(raise_it):
        yield


@contextlib.contextmanager
def collected_signals() -> Iterator[list[int]]:
    """SIGINT and SIGTERM are only put into a list inside."""
    numbers: list[int] = []

    def keep(number: int, _: FrameType | None) -> None:
        numbers.append(number)

    with _handled(keep):
        yield numbers


@contextlib.contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        # Python lets only the main thread take signals; elsewhere they are somebody else's.
        yield
        return
    before = {number: signal.signal(number, handler) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, old in before.items():
            # None: it was set by another language than Python, and cannot be given back.
            if old is not None:
                signal.signal(number, old)
