"""Where fetched models lie: one folder each, in the user's cache."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from gladia_nb.errors import ModelError

__all__ = [
    "CachedModel",
    "cached_models",
    "folder_of",
    "is_name",
    "models_folder",
    "remove_model",
]

#: A name that is one folder, shows on a command line, and is not taken for an option.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")


@dataclass(frozen=True, slots=True)
class CachedModel:
    """A model in the user's cache.

    Attributes:
        name: of its folder.
        path: of its folder.
        size: bytes of its files.
    """

    name: str
    path: Path
    size: int


def models_folder() -> Path:
    """The folder of all models; it need not be there.

    `GLADIA_NB_MODELS` where it is set; else in the user's cache as the system has it.
    """
    if named := os.environ.get("GLADIA_NB_MODELS"):
        return Path(named).expanduser()
    cache = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or cache) / "gladia-nb" / "models"


def is_name(name: str) -> bool:
    """Whether a model can be called that.

    Example:
        >>> is_name("zipformer-en-2023"), is_name("../etc"), is_name("-rf")
        (True, False, False)
    """
    return _NAME.fullmatch(name) is not None


def folder_of(model: str) -> Path:
    """The folder of a model: a folder where there is one of that path, else one of the cache.

    Args:
        model: a path, or the name of a fetched model.
    """
    path = Path(model)
    if model.startswith("~"):
        try:
            path = path.expanduser()
        except RuntimeError:
            return path
    if not path.is_dir() and is_name(model) and (models_folder() / model).is_dir():
        return models_folder() / model
    return path


def cached_models() -> list[CachedModel]:
    """All fetched models by name."""
    folder = models_folder()
    if not folder.is_dir():
        return []
    return [
        CachedModel(path.name, path, _size(path))
        for path in sorted(folder.iterdir())
        if path.is_dir() and is_name(path.name)
    ]


def remove_model(name: str) -> None:
    """Delete a fetched model.

    Raises:
        ModelError: there is none of that name, or it cannot be deleted.
    """
    path = models_folder() / name
    if not is_name(name) or not path.is_dir() or path.is_symlink():
        names = ", ".join(model.name for model in cached_models()) or "none"
        raise ModelError(f"There is no fetched model {name!r}; there are: {names}.")
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise ModelError(f"Cannot delete {path}: {error.strerror or error}.") from None


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
