"""One recording of a corpus, with what was said in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gladia_nb.audio import Audio
from gladia_nb.sessions.formats.base import Reference
from gladia_nb.studies.corpora.sounds import Layout, Sound, digest

__all__ = ["Item"]


@dataclass(frozen=True, eq=False, repr=False)
class Item:
    """A recording, or a part of one, with what was said in it.

    Give both to a session: `transcribe(item.audio(), reference=item.reference)`.

    Attributes:
        name: within its corpus, which has no two of the same.
        sound: where the sound is; `audio()` reads it.
        reference: what was said; its `frame` is a table.
        speaker: who speaks, where that is one and known.
        language: a code such as `en`, where it is known.
        path: of the sound file; None for sound that came from memory.
        start_s: where it begins in that, seconds.
        end_s: where it ends; None for the end of the file.
    """

    name: str
    sound: Sound
    reference: Reference
    speaker: str | None = None
    language: str | None = None
    path: Path | None = None
    start_s: float = 0.0
    end_s: float | None = None

    def audio(self) -> Audio:
        """The sound, read anew.

        Raises:
            AudioError: it cannot be read.
        """
        return dataclasses.replace(self.sound.read(), name=self.name)

    @property
    def granularity(self) -> str:
        """How finely it is known what was said: `word`, `segment` or `text`."""
        return self.reference.granularity

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the samples, which are read for it once; see `sounds.digest`.

        Raises:
            AudioError: the sound cannot be read.
        """
        return digest(self.sound.read())

    @cached_property
    def _layout(self) -> Layout:
        return self.sound.layout()

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self._layout.frames / self._layout.sample_rate

    @property
    def sample_rate(self) -> int:
        """Hertz."""
        return self._layout.sample_rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._layout.channels

    def __repr__(self) -> str:
        return f"Item({self.name!r}, {self.granularity}, {len(self.reference.text.split())} words)"
