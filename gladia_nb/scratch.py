"""Folders for what lies on the disk for a while, which are gone when whoever made them is.

A process that is killed removes nothing, and what people have uploaded or spoken would lie in the
temporary folder until somebody clears that. So each folder is locked by its owner, whose lock the
system takes back however it ends, and whoever makes one removes those that nobody holds any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType

from gladia_nb.held import hold

__all__ = ["ScratchFolder"]

#: By this name it is known whose folders may be removed; those of earlier versions have no lock.
_PREFIX = "gladia_nb-held-"
#: Seconds after which an owner must have locked what it made.
_SETTLED_S = 60.0


class ScratchFolder:
    """A new folder in the temporary folder, removed by `close`, by `with`, or when it is forgotten.

    Attributes:
        path: where it is.

    Raises:
        OSError: it cannot be made.

    Example:
        >>> with ScratchFolder() as folder:
        ...     _ = (folder / "a.txt").write_text("for a while")
        >>> folder.exists()
        False
    """

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = hold(self.path)
        self._remove = weakref.finalize(self, _removed, self.path, lock, os.getpid())

    def close(self) -> None:
        """Remove it with all that is in it. Repeatable."""
        self._remove()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"


def _removed(folder: Path, lock: int | None, owner: int) -> None:
    # The child of a fork has the lock as well, but not the folder.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        with contextlib.suppress(OSError):
            os.close(lock)


def _sweep(place: Path) -> None:
    """Remove what processes of this user have left behind."""
    before = time.time() - _SETTLED_S
    with contextlib.suppress(OSError):
        for folder in place.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                if folder.lstat().st_mtime < before and (lock := hold(folder)) is not None:
                    _removed(folder, lock, os.getpid())
