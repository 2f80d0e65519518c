"""Corpora as plain data: rows with audio and text, as of Hugging Face datasets; Lhotse's cuts.

Neither library is imported: whatever has the same shape is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.sessions.formats.base import LineError, Problem, Reference, Row, in_order, times
from gladia_nb.sessions.formats.mappings import reference_of
from gladia_nb.studies.corpora.folders import add_sound
from gladia_nb.studies.corpora.gathering import Gathering, Place
from gladia_nb.studies.corpora.items import Item
from gladia_nb.studies.corpora.sounds import CutSound, sound_of

__all__ = ["read_rows"]

#: Seconds by which a supervision may miss the ends of its cut and still be all of it.
_ROUNDING_S = 0.01


def read_rows(rows: Iterable[Any], folder: Path, into: Gathering) -> None:
    """Add each row: a mapping, a cut, an `Item`, or the path of a sound.

    A mapping has `audio` (a path, `(array, rate)`, or `array` and `sampling_rate`), one of `words`,
    `segments` and `text`, and perhaps `name`, `speaker` and `language`.

    Args:
        rows: of the corpus.
        folder: where relative paths begin.
        into: what to add to.
    """
    for number, row in enumerate(rows, 1):
        place: Place = (f"row {number} of the corpus", None)
        if isinstance(row, Item):
            if row.name in into.items:
                into.tell(place, f"there is an item {row.name!r} already; names must differ.")
            else:
                into.items[row.name] = row
        elif isinstance(row, Mapping):
            _add_mapping(row, number, place, folder, into)
        elif hasattr(row, "supervisions") and hasattr(row, "load_audio"):
            _add_cut(row, place, into)
        elif isinstance(row, (str, Path)):
            path = folder / Path(row).expanduser()
            add_sound(path, path.stem, into)
        else:
            into.tell(
                place,
                f"it is {type(row).__name__}; a row is a dict with audio and text, a path, "
                "or a cut of Lhotse.",
            )


def _add_mapping(
    row: Mapping[str, Any], number: int, place: Place, folder: Path, into: Gathering
) -> None:
    problems: list[Problem] = []
    try:
        if row.get("audio") is None:
            raise AudioError("it has no audio.")
        sound = sound_of(row["audio"], folder)
        reference = reference_of(row, "it", problems)
    except (AudioError, ConfigError) as error:
        return into.tell(place, str(error))
    for problem in problems:
        into.tell(place, problem.sentence)
    path = getattr(sound, "path", None)
    named = row.get("name")
    name = str(named) if named else path.stem if path is not None else f"item-{number:04d}"
    speaker = row.get("speaker")
    return into.add(
        name, sound, reference, place, speaker=None if speaker is None else str(speaker)
    )


def _add_cut(cut: Any, place: Place, into: Gathering) -> None:
    try:
        reference = _of_cut(cut)
    except LineError as error:
        return into.tell(place, str(error))
    return into.add(str(cut.id), CutSound(cut), reference, place)


def _of_cut(cut: Any) -> Reference:
    """What was said in a cut: its words where all are aligned, else its supervisions.

    One supervision that is as long as its cut does not say when speech began or ended: a text.

    Raises:
        LineError: nothing was said in it, or its times are none.
    """
    said = [one for one in cut.supervisions if (getattr(one, "text", None) or "").split()]
    if not said:
        raise LineError("no supervision of this cut has a text.")
    languages = {getattr(one, "language", None) for one in said}
    language = languages.pop() if len(languages) == 1 else None
    words = [(getattr(one, "alignment", None) or {}).get("word") for one in said]
    if all(words):
        rows = [
            _timed(word.symbol, word.start, word.duration, one)
            for one, some in zip(said, words, strict=True)
            for word in some or ()
            if word.symbol.strip()
        ]
        return Reference(in_order(rows), "word", language=language)
    (first, *others) = said
    whole = first.start < _ROUNDING_S and first.start + first.duration > cut.duration - _ROUNDING_S
    if whole and not others:
        row = _timed(first.text, first.start, first.duration, first)
        return Reference((row._replace(start_s=None, end_s=None),), "text", language=language)
    rows = [_timed(one.text, one.start, one.duration, one) for one in said]
    return Reference(in_order(rows), "segment", language=language)


def _timed(text: str, start: float, duration: float, supervision: Any) -> Row:
    # What was cut through begins before its cut.
    start_s, end_s = times(max(start, 0.0), start + duration)
    channel = getattr(supervision, "channel", 0)
    number = channel if isinstance(channel, int) else 0
    speaker = getattr(supervision, "speaker", None)
    return Row(" ".join(text.split()), start_s, end_s, number, speaker)
