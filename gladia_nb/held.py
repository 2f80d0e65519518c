"""Locks on files and folders that tell whether their owner still lives.

The system takes a lock back however its process ends: what nobody holds, nobody works on any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:  # where there is none, nothing is held, and nothing taken for left behind
    _can_lock = False
else:
    _can_lock = True

__all__ = ["hold", "let_go", "remove_left_behind"]


def hold(folder: Path) -> int | None:
    """Hold a folder of one's own; nobody waits.

    Args:
        folder: no link.

    Returns:
        What holds it until it is closed, with `os.close`. None when somebody else holds it, when it
        is no folder of this user, or when its file system knows no locks: whoever cannot hold one
        may not take it for left behind.
    """
    if not _can_lock:
        return None
    number = -1
    try:
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        if os.fstat(number).st_uid == os.geteuid():
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
    except OSError:
        pass
    if number >= 0:
        os.close(number)
    return None


def let_go(folder: Path, held: int | None) -> None:
    """Remove a folder with all that is in it, and hold it no more; what cannot be done is left."""
    shutil.rmtree(folder, ignore_errors=True)
    if held is not None:
        with contextlib.suppress(OSError):
            os.close(held)


def remove_left_behind(place: Path, prefix: str, is_old: Callable[[Path], bool]) -> None:
    """Remove what processes of this user have left behind: old folders that nobody holds.

    Args:
        place: the folder in which they are.
        prefix: how their names begin; no pattern.
        is_old: whether its owner, if there is one, must hold a folder by now. May raise OSError,
            and then it stays.
    """
    with contextlib.suppress(OSError):
        for folder in place.glob(f"{prefix}*"):
            with contextlib.suppress(OSError):
                if is_old(folder) and (held := hold(folder)) is not None:
                    let_go(folder, held)
