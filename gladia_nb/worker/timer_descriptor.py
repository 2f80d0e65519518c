"""A timer of the Linux kernel as a file descriptor, so that an event loop can wait for it.

asyncio rounds every timeout up to the next millisecond, because its epoll does. A timer descriptor
is readable at its nanosecond, among the sockets of the same epoll. Python has its own from 3.13 on;
until then the C library is asked.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time

__all__ = ["TimerDescriptor", "no_timer_slack", "timers_keep_the_stamps_time"]

#: Numbers of the system's interface: `linux/time.h`, `sys/timerfd.h` and `linux/prctl.h`.
_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_SET_TIMERSLACK = 29


class _Moment(ctypes.Structure):
    """`struct timespec`."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Setting(ctypes.Structure):
    """`struct itimerspec`: the first moment, and no others after it."""

    _fields_ = (("interval", _Moment), ("first", _Moment))


def timers_keep_the_stamps_time() -> bool:
    """Whether timer descriptors exist here, on the very clock that stamps are taken from."""
    clock = time.get_clock_info("perf_counter").implementation
    # Where a C long is shorter, libraries disagree about the length of a moment.
    wide = ctypes.sizeof(ctypes.c_long) == 8
    return sys.platform == "linux" and wide and clock == "clock_gettime(CLOCK_MONOTONIC)"


class TimerDescriptor:
    """One timer, to be set to moments of `time.perf_counter_ns`.

    Raises:
        OSError: the system has no such timer, or none left.
    """

    def __init__(self) -> None:
        if not timers_keep_the_stamps_time():
            raise OSError("This system has no timer descriptors on the clock of the stamps.")
        library = ctypes.CDLL(None, use_errno=True)
        try:
            create, self._settime = library.timerfd_create, library.timerfd_settime
        except AttributeError:
            raise OSError("The C library of this system has no timer descriptors.") from None
        self._setting = _Setting()
        self._fd: int = create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise _last_error()

    def fileno(self) -> int:
        """The descriptor; readable from the moment on until `clear`."""
        return self._fd

    def set(self, ns: int) -> None:
        """Expire at this moment, and at no other; at once when it has passed.

        Raises:
            OSError: it is closed.
        """
        # Zero would mean never.
        first = self._setting.first
        first.seconds, first.nanoseconds = divmod(max(ns, 1), 1_000_000_000)
        if self._settime(self._fd, _ABSOLUTE, ctypes.byref(self._setting), None):
            raise _last_error()

    def clear(self) -> None:
        """Be readable no more until the next moment."""
        # It may have been set anew since it was seen to be readable.
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 8)

    def close(self) -> None:
        """Give the descriptor back; does nothing the second time."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def no_timer_slack() -> bool:
    """Let this thread's timed waits end when they are due, not within the usual 50 µs.

    Timer descriptors have no slack; this is for what else waits: the event loop's own timeouts.
    Threads that this one starts later inherit it.

    Returns:
        Whether the system took it.
    """
    if sys.platform != "linux":
        return False
    slack_ns = ctypes.c_ulong(1)
    unused = ctypes.c_ulong(0)
    return bool(ctypes.CDLL(None).prctl(_SET_TIMERSLACK, slack_ns, unused, unused, unused) == 0)
