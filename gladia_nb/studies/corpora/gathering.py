"""What the readers of corpora put their items into, and what they say of what they cannot read."""

from __future__ import annotations

from dataclasses import dataclass, field

from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.sessions.formats.base import Problem, Reference
from gladia_nb.sessions.reference import check_reference, on_one_channel
from gladia_nb.studies.corpora.items import Item
from gladia_nb.studies.corpora.sounds import FileSound, Sound

__all__ = ["Gathering", "Place"]

#: File and line of what is read, for sentences.
Place = tuple[str, int | None]


@dataclass
class Gathering:
    """Items of a corpus so far, and what was wrong.

    Attributes:
        items: by their names.
        problems: what could not be read.
        notes: what else is to be known, a sentence each.
    """

    items: dict[str, Item] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def tell(self, place: Place, sentence: str) -> None:
        """Keep what is wrong with a line."""
        self.problems.append(Problem(*place, sentence))

    def add(
        self,
        name: str,
        sound: Sound,
        reference: Reference,
        place: Place,
        *,
        speaker: str | None = None,
        language: str | None = None,
    ) -> None:
        """Add an item, or say why it cannot be one.

        Args:
            name: of the item.
            sound: of it.
            reference: what was said in it.
            place: where that stands, for sentences.
            speaker: who speaks, where the reference does not say.
            language: where the reference does not say.
        """
        if name in self.items:
            return self.tell(place, f"there is an item {name!r} already; names must differ.")
        path = sound.path if isinstance(sound, FileSound) else None
        if path is not None and not path.is_file():
            return self.tell(place, f"there is no sound file {path}.")
        try:
            reference = _fitting(sound, reference)
        except (AudioError, ConfigError) as error:
            return self.tell(place, str(error))
        start_s, end_s = _span(sound)
        self.items[name] = Item(
            name,
            sound,
            reference,
            reference.speaker or speaker,
            reference.language or language,
            path,
            start_s,
            end_s,
        )
        return None


def _fitting(sound: Sound, reference: Reference) -> Reference:
    """A reference, seen to be of this sound; where it has no times nothing is read for that.

    Raises:
        AudioError: the sound cannot be read.
        ConfigError: it is that of another sound.
    """
    if reference.granularity == "text":
        return reference
    frames, rate, channels = sound.layout()
    if channels == 1:
        reference = on_one_channel(reference)
    check_reference(reference, channels=channels, duration_s=frames / rate)
    return reference


def _span(sound: Sound) -> tuple[float, float | None]:
    """Where the part of a file begins and ends, seconds."""
    if not isinstance(sound, FileSound) or (not sound.start_frame and sound.end_frame is None):
        return 0.0, None
    rate = sound.layout().sample_rate
    return sound.start_frame / rate, None if sound.end_frame is None else sound.end_frame / rate
