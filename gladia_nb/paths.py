"""Paths that a person names."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from gladia_nb.errors import GladiaNbError

__all__ = ["content_of", "expanded", "mount_point"]

#: What somebody wrote by hand has less.
_MOST_BYTES = 64 << 20


def expanded(path: str | Path, error: type[GladiaNbError]) -> Path:
    """The path with `~` resolved.

    Args:
        path: as a person wrote it.
        error: what to raise where it is not one.

    Raises:
        GladiaNbError: of the kind `error`; it is no text, is empty, holds a zero byte, or names a
            user that this machine does not have.

    Example:
        >>> expanded("a/b.run", GladiaNbError).as_posix()
        'a/b.run'
    """
    if not isinstance(path, str | os.PathLike):
        raise error(f"A path is text, not {type(path).__name__}; name a file.")
    if not str(path):
        raise error("A path is missing; name a file.")
    if "\0" in str(path):
        raise error(f"The path {str(path)!r} holds a zero byte; no file can bear that name.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        user = Path(path).parts[0]
        raise error(f"There is no user {user[1:]} here, so {user} is no place.") from None


def content_of(path: Path, most_bytes: int = _MOST_BYTES) -> bytes:
    """All of a file that has an end: FIFOs and devices may have none, or wait for ever.

    Raises:
        OSError: it cannot be read, is no ordinary file, or has more bytes than that.

    Example:
        >>> content_of(Path("/dev/zero"))
        Traceback (most recent call last):
        OSError: [Errno 22] it is not an ordinary file: '/dev/zero'
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
    if found.st_size > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes >> 20} MiB", str(path))
    return path.read_bytes()


def mount_point(path: Path) -> Path:
    """Where the disk is mounted that a path is on: what a person frees space on.

    Example:
        >>> mount_point(Path("/")).as_posix()
        '/'
    """
    path = path.absolute()
    while path != path.parent and not path.is_mount():
        path = path.parent
    return path
