"""Files that a page sends in pieces, each in a place of its own: equal names are no equal files."""

from __future__ import annotations

import re
from pathlib import Path

from gladia_nb.drafts import replacing
from gladia_nb.errors import AudioError
from gladia_nb.scratch import ScratchFolder

__all__ = ["LARGEST_UPLOAD", "TOO_LARGE", "Uploads", "write_sound"]

#: Largest file that is taken from the browser, in bytes.
LARGEST_UPLOAD = 200 << 20
TOO_LARGE = (
    f"{{name}} is larger than {LARGEST_UPLOAD >> 20} MB; put it on the machine of the kernel and "
    "choose it as a file."
)


class Uploads:
    """What has come of files, and where those that are complete lie until `close`.

    Example:
        >>> uploads = Uploads()
        >>> uploads.take("a b.txt", 0, 2, b"one"), uploads.take("a b.txt", 1, 2, b"two").name
        (None, 'a_b.txt')
        >>> uploads.close()
    """

    def __init__(self) -> None:
        self._folder = ScratchFolder()
        self._pieces: dict[str, list[bytes]] = {}
        self._count = 0
        self._names: dict[Path, str] = {}

    def take(self, name: str, part: int, parts: int, data: bytes) -> Path | None:
        """Keep a piece of a file; where it is, once it is complete.

        Raises:
            AudioError: a piece was lost, the file is too large, or there is no room for it.
        """
        pieces = self._pieces.setdefault(name, [])
        if part == 0:
            pieces.clear()
        if part != len(pieces):
            raise AudioError(f"A piece of {name} was lost on its way; upload it again.")
        pieces.append(data)
        if sum(map(len, pieces)) > LARGEST_UPLOAD:
            del self._pieces[name]
            raise AudioError(TOO_LARGE.format(name=name))
        if part + 1 < parts:
            return None
        plain = re.sub(r"[^\w.-]+", "_", Path(name).name)[-80:] or "upload"
        self._count += 1
        # Beside it lies nothing: a reference of another file of that name is none of this one.
        folder = self._folder.path / str(self._count)
        path = folder / plain
        try:
            folder.mkdir()
        except OSError as error:
            raise AudioError(f"Cannot keep {name}: {error.strerror or error}.") from None
        write_sound(path, b"".join(self._pieces.pop(name)))
        self._names[path] = Path(name).name
        return path

    def name_of(self, path: str | Path | None) -> str | None:
        """The name that a file had where it came from; None for one that was not uploaded."""
        return None if path is None else self._names.get(Path(path))

    def said(self, text: str) -> str:
        """A sentence with the names of files in the place of where they lie here."""
        for path, name in self._names.items():
            text = text.replace(str(path), name)
        return text

    def close(self) -> None:
        """Remove all of it."""
        self._folder.close()


def write_sound(path: Path, data: bytes) -> None:
    """Keep a file whole, or say why not.

    Raises:
        AudioError: there is no room for it.
    """
    try:
        with replacing(path) as new:
            new.write_bytes(data)
    except OSError as error:
        raise AudioError(
            f"Cannot keep the sound in {path}: {error.strerror or error}. Free some space there."
        ) from None
