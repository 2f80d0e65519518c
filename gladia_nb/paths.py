"""Paths that a person names, and files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from gladia_nb.errors import GladiaNbError

__all__ = ["content_of", "create_whole", "expanded", "mount_point", "replacing"]

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


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Another path to write to, which takes the place of the first when all is written.

    What was there before stays until then, and stays when the writing fails. What is no ordinary
    file, such as `/dev/stdout`, is written to directly.

    Raises:
        OSError: as the writing does.

    Example:
        >>> folder = Path(tempfile.mkdtemp())
        >>> with replacing(folder / "a.txt") as new:
        ...     _ = new.write_text("whole")
        >>> [file.name for file in folder.iterdir()]
        ['a.txt']
    """
    if path.exists() and not path.is_file():
        yield path
        return
    # A link stays a link.
    target = Path(os.path.realpath(path))
    folder = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
    try:
        new = folder / "new"
        yield new
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def create_whole(path: Path, content: bytes) -> None:
    """Make a file that is never there in part, or empty, whatever interrupts this.

    Raises:
        FileExistsError: there is one; it stays.
        OSError: it cannot be written; none is there.

    Example:
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> create_whole(path, b"whole")
        >>> path.read_text()
        'whole'
    """
    # Short, where the name of the file may be as long as names can be.
    draft = path.with_name(f".writing-{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}")
    try:
        with draft.open("xb") as file:
            file.write(content)
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:
            # Some file systems have no links.
            _create_in_place(path, content)
    finally:
        draft.unlink(missing_ok=True)


def _create_in_place(path: Path, content: bytes) -> None:
    file = path.open("xb")
    try:
        with file:
            file.write(content)
    except BaseException:
        # It is ours, and in part it would stand in the way of the next attempt.
        path.unlink(missing_ok=True)
        raise
