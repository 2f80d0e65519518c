"""A folder of sounds, with a file beside each that tells what was said in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import Reference
from gladia_nb.sessions.formats.reading import ENDS, read_file
from gladia_nb.sound_file import FORMATS
from gladia_nb.studies.corpora.gathering import Gathering
from gladia_nb.studies.corpora.sounds import FileSound

__all__ = ["add_sound", "is_sound", "read_folder", "sounds_in"]

_SUFFIXES = {f".{kind.lower()}" for kind in FORMATS} | {".aif", ".oga"}


def is_sound(path: Path) -> bool:
    """Whether a name is that of a sound file.

    Example:
        >>> is_sound(Path("a.FLAC")), is_sound(Path("a.txt"))
        (True, False)
    """
    return path.suffix.lower() in _SUFFIXES


def sounds_in(folder: Path) -> list[tuple[str, Path]]:
    """The sound files of a folder and the folders in it with their names, in order.

    A name has no suffix, and that of a sound in a folder within begins with it:
    `speaker/recording`.
    """
    return [
        (path.relative_to(folder).with_suffix("").as_posix(), path)
        for path in sorted(folder.rglob("*"))
        if is_sound(path) and path.is_file() and not path.name.startswith(".")
    ]


def read_folder(folder: Path, into: Gathering) -> None:
    """Add each sound of a folder, and of the folders in it, with the reference beside it.

    Of several references the finest is taken: `.words.json`, `.TextGrid`, `.ctm`, `.stm`, `.srt`,
    `.vtt`, `.txt`.

    Raises:
        ConfigError: the folder holds no sound file, or a library that a format takes is missing.
    """
    sounds = sounds_in(folder)
    if not sounds:
        raise ConfigError(f"{folder} holds no sound file ({', '.join(sorted(_SUFFIXES))}).")
    for name, path in sounds:
        add_sound(path, name, into)


def add_sound(path: Path, name: str, into: Gathering) -> None:
    """Add a sound with the reference beside it.

    Raises:
        ConfigError: a library that the format takes is missing.
    """
    if not path.is_file():
        return into.tell((str(path), None), "there is no such sound file.")
    beside = _beside(path)
    if beside is None:
        ends = ", ".join(ENDS)
        sentence = f"no reference lies beside it ({path.stem} with {ends})."
        return into.tell((str(path), None), sentence)
    try:
        found = read_file(beside)
    except ConfigError as error:
        if "pip install" in str(error):
            raise
        return into.tell((str(beside), None), str(error))
    into.problems += found.problems
    reference = _of(path.stem, found.references)
    if reference is None:
        if not found.problems:
            into.tell((str(beside), None), f"it tells nothing of {path.stem!r}.")
        return None
    return into.add(name, FileSound(path), reference, (str(beside), None))


def _beside(path: Path) -> Path | None:
    """The finest reference beside a sound; the case of its suffix does not matter."""
    names = {name.lower(): name for name in _names(path.parent)}
    for end in ENDS:
        if found := names.get(f"{path.stem}{end}".lower()):
            return path.parent / found
    return None


def _names(folder: Path) -> list[str]:
    """Names of its files; what cannot be looked at, such as a link to itself, is none."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if _is_file(entry))
    return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _of(name: str, references: Mapping[str, Reference]) -> Reference | None:
    """What a file tells of one recording: by its name, or because there is no other."""
    if name in references:
        return references[name]
    return next(iter(references.values())) if len(references) == 1 else None
