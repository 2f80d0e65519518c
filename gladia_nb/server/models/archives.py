"""Unpack an archive of a model, as if its maker were an enemy.

Only folders and ordinary files are made, all of them inside the new folder; what an archive says
of owners and permissions is ignored. Anything else in it, and more than a model needs, is refused.
"""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gladia_nb.errors import ModelError
from gladia_nb.plain_text import visible

__all__ = ["MOST_BYTES", "MOST_FILES", "unpack"]

#: Limits of what an archive may hold; streaming models are below 2 GB and 100 files.
MOST_BYTES = 8 << 30
MOST_FILES = 2000
_MOST_DEPTH = 8
_LONGEST_PATH = 300
_PIECE = 1 << 20
#: What the readers of archives raise for one that is broken, encrypted or none.
_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Member:
    """Something in an archive: its name there, and how to read it; None for a folder."""

    name: str
    size: int
    open: Callable[[], IO[bytes] | None] | None


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive (`.tar.bz2`, `.tar.gz`, `.tar.xz`, `.tar` or `.zip`, by its content).

    A single folder that all of it lies in is left out, as archives of models have one.

    Args:
        archive: the file.
        folder: to make; what is made of it until an error is for the caller to delete.

    Raises:
        ModelError: the archive is broken, holds what no model needs, or cannot be written.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp())
        >>> with zipfile.ZipFile(place / "model.zip", "w") as file:
        ...     file.writestr("model/tokens.txt", "<blk> 0")
        >>> unpack(place / "model.zip", place / "model")
        >>> [path.name for path in (place / "model").iterdir()]
        ['tokens.txt']
    """
    try:
        folder.mkdir()
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                _write(_members_of_zip(file), folder)
        else:
            with tarfile.open(archive, "r:*") as file:
                _write(_members_of_tar(file), folder)
        _lift(folder)
    except _BROKEN as error:
        raise ModelError(
            f"The archive is broken or none ({_told(error)}); only .tar.bz2, .tar.gz, .tar.xz and "
            ".zip are unpacked."
        ) from None
    except OSError as error:
        raise ModelError(f"Cannot unpack to {folder}: {error.strerror or error}.") from None


def _members_of_tar(file: tarfile.TarFile) -> Iterator[_Member]:
    for member in file:
        if member.isdir():
            yield _Member(member.name, 0, None)
        elif member.isreg():
            yield _Member(member.name, member.size, lambda held=member: file.extractfile(held))  # type: ignore[misc]
        else:
            raise ModelError(
                f"The archive holds {_shown(member.name)}, which is neither a file nor a folder; "
                "it is not unpacked."
            )


def _members_of_zip(file: zipfile.ZipFile) -> Iterator[_Member]:
    for member in file.infolist():
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ModelError(
                f"The archive holds {_shown(member.filename)}, which is neither a file nor a "
                "folder; it is not unpacked."
            )
        if member.is_dir():
            yield _Member(member.filename, 0, None)
        else:
            size = member.file_size
            yield _Member(member.filename, size, lambda held=member: file.open(held))  # type: ignore[misc]


def _write(members: Iterator[_Member], folder: Path) -> None:
    total = 0
    for count, member in enumerate(members, 1):
        total += member.size
        if count > MOST_FILES or total > MOST_BYTES:
            raise ModelError(
                f"The archive holds more than {MOST_FILES} files or {MOST_BYTES >> 30} GB; "
                "that is no model."
            )
        target = folder / _safe(member.name)
        if member.open is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        source = member.open()
        if source is None:
            raise ModelError(f"The archive does not hold all of {_shown(member.name)}.")
        # Not over what is there: a name that comes twice, or that differs in case only.
        with source, target.open("xb") as made:
            _copy(source, made, member)


def _copy(source: IO[bytes], made: IO[bytes], member: _Member) -> None:
    left = member.size
    while piece := source.read(_PIECE):
        left -= len(piece)
        if left < 0:  # what it said of its size was not true
            raise ModelError(f"The archive holds more of {_shown(member.name)} than it says.")
        made.write(piece)
    if left:
        raise ModelError(f"The archive does not hold all of {_shown(member.name)}.")


def _safe(name: str) -> PurePosixPath:
    """The path of a member within the folder.

    Raises:
        ModelError: it leads out of the folder, or no file can bear it.
    """
    path = PurePosixPath(name)
    parts = [part for part in path.parts if part != "."]
    odd = any(ord(sign) < 32 or sign in "\\:" for sign in name)
    if path.is_absolute() or ".." in parts or odd:
        raise ModelError(
            f"The archive holds {_shown(name)}, which leads out of its folder or is no name; it is "
            "not unpacked."
        )
    if len(parts) > _MOST_DEPTH or len(name) > _LONGEST_PATH:
        raise ModelError(f"The archive holds {_shown(name)}: too long a path for a model.")
    return PurePosixPath(*parts)


def _lift(folder: Path) -> None:
    """Leave out a single folder that everything lies in."""
    inside = list(folder.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        return
    # By another name first: it can hold one of its own.
    only = inside[0].rename(folder / ".unpacked")
    for path in list(only.iterdir()):
        path.rename(folder / path.name)
    only.rmdir()


def _shown(name: str) -> str:
    return repr(visible(name[:80]))


def _told(error: BaseException) -> str:
    return visible(str(error)[:100]) or type(error).__name__
