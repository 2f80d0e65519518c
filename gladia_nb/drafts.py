"""Files that are there whole or not at all: written beside their place, and put there at the end.

What is written meanwhile is a draft, in a hidden folder beside. A process that is killed leaves its
drafts behind, as large as what it wrote. So each folder is held by its writer (`held`), and who
next writes in the same place removes what this machine has left there: what nobody holds, and
nobody has written to for an hour. The hour is for file systems that several machines share, and
whose locks tell nothing of other machines.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gladia_nb.held import hold, let_go, remove_left_behind

__all__ = ["create_whole", "draft_folder", "replacing"]

#: Names of the folders of this machine; what is behind is made by `tempfile`.
_PREFIX = f".writing-{re.sub('[^A-Za-z0-9.]', '_', platform.node())[:64]}-"
_NAME = re.compile(re.escape(_PREFIX) + "[a-z0-9_]{8}")
#: Seconds for which nobody has written to what may be removed.
_QUIET_S = 3600.0
#: Where this process has looked already.
_swept: set[Path] = set()


@contextlib.contextmanager
def draft_folder(place: Path) -> Iterator[Path]:
    """A folder for drafts of files that belong into another one; gone at the end, with all in it.

    Args:
        place: the other folder, on whose file system it is.

    Raises:
        OSError: it cannot be made.

    Example:
        >>> place = Path(tempfile.mkdtemp())
        >>> with draft_folder(place) as folder:
        ...     folder.parent == place
        True
        >>> list(place.iterdir())
        []
    """
    if place not in _swept:
        _swept.add(place)
        remove_left_behind(place, _PREFIX, _is_quiet)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    held = hold(folder)
    try:
        yield folder
    finally:
        let_go(folder, held)


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
    with draft_folder(target.parent) as folder:
        new = folder / "new"
        yield new
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)


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
    with draft_folder(path.parent) as folder:
        draft = folder / "new"
        draft.write_bytes(content)
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:
            # Some file systems have no links.
            _create_in_place(path, content)


def _create_in_place(path: Path, content: bytes) -> None:
    file = path.open("xb")
    try:
        with file:
            file.write(content)
    except BaseException:
        # It is ours, and in part it would stand in the way of the next attempt.
        path.unlink(missing_ok=True)
        raise


def _is_quiet(folder: Path) -> bool:
    """Whether nobody has written to a folder of drafts, or to anything in it, for long."""
    if not _NAME.fullmatch(folder.name):
        return False
    last = max(path.lstat().st_mtime for path in (folder, *folder.iterdir()))
    return last <= time.time() - _QUIET_S
