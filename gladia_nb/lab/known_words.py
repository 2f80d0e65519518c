"""What is known of the words of the sound that is chosen: from where, and how to leave it out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gladia_nb.audio import Audio
from gladia_nb.sessions.formats.base import Reference
from gladia_nb.sessions.reference import check_reference, find_reference

__all__ = ["KnownWords"]


@dataclass(frozen=True, slots=True)
class KnownWords:
    """A reference that was given, one that lies beside the sound, or none.

    Attributes:
        given: path of the file that was given, or None.
        beside_it: the sound, beside which a reference lies; None where none does.
        size: how much each of the two knows, for people.
        left_out: whether what lies beside the sound is not to be used.

    Example:
        >>> KnownWords().chosen is None, KnownWords().facts() is None
        (True, True)
    """

    given: Path | None = None
    beside_it: Path | None = None
    size: tuple[str, str] = ("", "")
    left_out: bool = False

    @classmethod
    def beside(cls, sound: Path) -> KnownWords:
        """What lies beside a sound.

        Raises:
            ConfigError: that is no reference.
        """
        found = find_reference(sound, None)
        return cls() if found is None else cls(beside_it=sound, size=("", _size(found)))

    def with_file(self, path: Path, sound: Audio | None) -> KnownWords:
        """The same with a file that was given.

        Args:
            path: of the file.
            sound: that it has to be of; None where there is none yet.

        Raises:
            ConfigError: it is none, or none of this sound.
        """
        found = find_reference(sound.name if sound else None, path)
        if sound is not None:
            frames, channels = sound.samples.shape
            check_reference(found, channels=channels, duration_s=frames / sound.sample_rate)
        return KnownWords(path, self.beside_it, (_size(found), self.size[1]), self.left_out)

    def without(self) -> KnownWords:
        """The same without what is used of it."""
        if self.given is not None:
            return KnownWords(None, self.beside_it, ("", self.size[1]), self.left_out)
        return KnownWords(None, self.beside_it, self.size, self.beside_it is not None)

    @property
    def chosen(self) -> str | Literal[False] | None:
        """As `gladia_nb.start` takes it: a path, False for none, None for what lies beside."""
        if self.given is not None:
            return str(self.given)
        return False if self.left_out else None

    def facts(self) -> dict[str, Any] | None:
        """Its name and size, for people; None where nothing is known."""
        if self.given is not None:
            return {"name": self.given.name, "size": self.size[0]}
        if self.beside_it is None or self.left_out:
            return None
        name = self.beside_it.with_suffix(".words.json").name
        return {"name": name, "size": f"{self.size[1]}, beside the sound"}


def _size(found: Reference | None) -> str:
    count, unit = (0, "word") if found is None else (len(found.rows), found.granularity)
    return f"{count} {unit}{'s' * (count != 1)}"
