"""Folders for what lies on the disk for a while, which are gone when whoever made them is.

A process that is killed removes nothing, and what people have uploaded or spoken would lie in the
temporary folder until somebody clears that. So each folder is locked by its owner, whose lock the
system takes back however it ends, and whoever makes one removes those that nobody holds any more.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType

from gladia_nb.held import hold, let_go, remove_left_behind

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
        remove_left_behind(Path(tempfile.gettempdir()), _PREFIX, _is_settled)
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
    if os.getpid() == owner:
        let_go(folder, lock)
    elif lock is not None:
        # The child of a fork has the lock as well, but not the folder.
        with contextlib.suppress(OSError):
            os.close(lock)


def _is_settled(folder: Path) -> bool:
    return folder.lstat().st_mtime < time.time() - _SETTLED_S
