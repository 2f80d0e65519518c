"""From the address of a model to a folder of the user's cache: whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gladia_nb.errors import ModelError
from gladia_nb.server.models.archives import unpack
from gladia_nb.server.models.cache import is_name, models_folder
from gladia_nb.server.models.download import Attempt, Progress, fetch

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["get_model", "name_in"]

_ENDINGS = (".tar.bz2", ".tar.gz", ".tar.xz", ".tbz2", ".tgz", ".txz", ".tar", ".zip")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def get_model(url: str, *, name: str | None, sha256: str | None, progress: Progress) -> Path:
    """Fetch a model and unpack it into the user's cache.

    Args:
        url: of an archive.
        name: of the model from now on; None takes the archive's.
        sha256: checksum of the archive; None takes any.
        progress: told with bytes that have come, and bytes in all or None.

    Returns:
        The folder of the model.

    Raises:
        ModelError: it cannot be fetched or unpacked, is no archive, or there is a model of that
            name.
    """
    name = name_in(url) if name is None else name
    if not is_name(name):
        raise ModelError(
            f"A model cannot be called {name!r}: letters, digits and . _ + - make a name."
        )
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise ModelError("A SHA-256 checksum has 64 hexadecimal digits.")
    cache = models_folder()
    target = cache / name
    if target.exists():
        raise ModelError(
            f"There is a model {name!r} already, at {target}; delete it with gladia-nb models "
            f"remove {name}, or fetch this one by another --name."
        )
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"Cannot make {cache}: {error.strerror or error}.") from None
    with _alone(cache / f".{name}.lock", name):
        return _get(url, target, sha256=sha256, progress=progress)


def _get(url: str, target: Path, *, sha256: str | None, progress: Progress) -> Path:
    cache, name = target.parent, target.name
    attempt = Attempt(cache / f".{name}.part")
    fetch(url, attempt, sha256=sha256, progress=progress)
    folder = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=cache))
    try:
        unpack(attempt.path, folder / name)
        with contextlib.suppress(OSError):  # said below
            (folder / name).rename(target)
    except ModelError:
        attempt.forget()  # it would be the same the next time
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not target.is_dir():
        raise ModelError(f"Cannot put the model at {target}.")
    attempt.forget()
    return target


@contextlib.contextmanager
def _alone(lock: Path, name: str) -> Iterator[None]:
    """One process at a time fetches a model: two would write into one file.

    The system lets go of a lock when its process ends, however that ends.

    Raises:
        ModelError: another one does.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(lock.open("w"))
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = os.fstat(file.fileno()).st_nlink > 0
        except BlockingIOError:
            is_ours = False
        except OSError as error:
            raise ModelError(f"Cannot write {lock}: {error.strerror or error}.") from None
        if not is_ours:
            raise ModelError(f"Somebody else fetches the model {name!r} just now; wait for that.")
        stack.callback(lock.unlink, missing_ok=True)
        yield


def name_in(url: str) -> str:
    """The name of the model at an address: that of the archive.

    Raises:
        ModelError: the address is not one of an archive.

    Example:
        >>> name_in("https://models.example/a/zipformer-en.tar.bz2?download=1")
        'zipformer-en'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ModelError(f"{url} is not an address that can be fetched.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ModelError(f"{url} is not an address that begins with https:// or http://.")
    file = unquote(parts.path).rpartition("/")[2]
    for ending in _ENDINGS:
        if file.lower().endswith(ending):
            return file[: -len(ending)]
    raise ModelError(f"{url} is not the address of an archive: .tar.bz2, .tar.gz, .tar.xz or .zip.")
