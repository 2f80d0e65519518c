"""Lists of recordings: NeMo's JSON lines, Common Voice's TSV, and CTM or STM of many recordings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gladia_nb.errors import AudioError
from gladia_nb.sessions.formats.base import LineError, Reference, Row, lines_of
from gladia_nb.sessions.formats.reading import read_file
from gladia_nb.studies.corpora.folders import sounds_in
from gladia_nb.studies.corpora.gathering import Gathering, Place
from gladia_nb.studies.corpora.sounds import FileSound

__all__ = ["read_by_recording", "read_common_voice", "read_nemo"]


def read_nemo(path: Path, folder: Path | None, into: Gathering) -> None:
    """Add each line of a NeMo manifest: `audio_filepath`, `text`, perhaps `offset`, `duration`.

    Relative paths begin at the folder of the manifest, or at `folder`. `lang` and `speaker` are
    taken where they are.

    Raises:
        ConfigError: the manifest cannot be read.
    """
    for number, line in lines_of(path, into.problems):
        if not line.strip():
            continue
        place: Place = (str(path), number)
        try:
            row = _json_object(line)
            sound = _part(row, folder or path.parent)
            text = row["text"] if isinstance(row.get("text"), str) else None
            if text is None or not text.split():
                raise LineError("it has no text.")
        except (LineError, AudioError) as error:
            into.tell(place, str(error))
            continue
        speaker = row.get("speaker")
        reference = Reference((_text(text, speaker),), "text")
        name = _name(sound.path, folder or path.parent)
        if sound.start_frame or sound.end_frame is not None:
            name += f"@{float(row.get('offset') or 0):.2f}"
        into.add(name, sound, reference, place, language=_word(row.get("lang")))


def _name(path: Path, folder: Path) -> str:
    """Name of a sound: its path in the folder, else the end of it."""
    inside = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
    return inside.with_suffix("").as_posix()


def _json_object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise LineError("it is no JSON object; each line of a manifest is one.")
    return row


def _part(row: Mapping[str, Any], folder: Path) -> FileSound:
    """The sound of a line of a manifest, or the part of it.

    Raises:
        LineError: it has no path, or its times are none.
        AudioError: the sound cannot be read.
    """
    named = row.get("audio_filepath")
    if not isinstance(named, str) or not named:
        raise LineError("it has no audio_filepath.")
    sound = FileSound(folder / Path(named).expanduser())
    if not sound.path.is_file():
        raise LineError(f"there is no sound file {sound.path}.")
    try:
        offset = float(row.get("offset") or 0)
        duration = None if row.get("duration") is None else float(row["duration"])
    except (TypeError, ValueError):
        raise LineError("its offset and duration must be numbers of seconds.") from None
    if not (0 <= offset < math.inf and (duration is None or 0 < duration < math.inf)):
        raise LineError(f"its offset ({offset:g}) or duration ({duration}) is no length of time.")
    if not offset:
        # Without an offset a duration only repeats the length of the file, often rounded, unless
        # it is the first of several parts.
        frames, rate, _ = sound.layout()
        if duration is None or duration > frames / rate - _ROUNDING_S:
            return sound
        return sound.part(0, round(duration * rate))
    frames, rate, _ = sound.layout()
    end = frames if duration is None else min(round((offset + duration) * rate), frames)
    if round(offset * rate) >= end:
        raise LineError(
            f"its offset is {offset:g} s, and {sound.path.name} is {frames / rate:.2f} s long."
        )
    return sound.part(round(offset * rate), end)


#: Durations in manifests are rounded.
_ROUNDING_S = 0.05


def _text(text: str, speaker: object) -> Row:
    return Row(" ".join(text.split()), None, None, 0, _word(speaker))


def _word(value: object) -> str | None:
    return None if value in (None, "") else str(value)


def read_common_voice(path: Path, folder: Path | None, into: Gathering) -> None:
    """Add each line of a table of Common Voice: `path`, `sentence`, `client_id`, `locale`.

    The sounds lie in `clips` beside the table, beside it, or in `folder`.

    Raises:
        ConfigError: the table cannot be read.
    """
    lines = ((number, line) for number, line in lines_of(path, into.problems) if line.strip())
    number, first = next(lines, (1, ""))
    head = first.split("\t")
    if not {"path", "sentence"} <= set(head):
        return into.tell(
            (str(path), number), "it is no table of Common Voice: no columns path and sentence."
        )
    folders = [folder] if folder else [path.parent / "clips", path.parent]
    for number, line in lines:
        place: Place = (str(path), number)
        fields = line.split("\t")
        if len(fields) != len(head):
            into.tell(place, f"it has {len(fields)} columns, and the first line {len(head)}.")
            continue
        row = dict(zip(head, fields, strict=True))
        sentence = row["sentence"].strip()
        # Tables that a spreadsheet wrote have quotes around what holds quotes.
        if sentence[:1] == sentence[-1:] == '"' and '""' in sentence:
            sentence = sentence[1:-1].replace('""', '"')
        if not sentence or not row["path"]:
            into.tell(place, "it has no path or no sentence.")
            continue
        names = (row["path"], f"{row['path']}.mp3")
        places = [one / name for one in folders for name in names]
        sound = next((found for found in places if found.is_file()), places[0])
        reference = Reference((_text(sentence, row.get("client_id")),), "text")
        language = _word(row.get("locale"))
        into.add(Path(row["path"]).stem, FileSound(sound), reference, place, language=language)
    return None


def read_by_recording(path: Path, folder: Path | None, into: Gathering) -> None:
    """Add each recording that a CTM or STM file tells of; its sound has its name.

    The sounds lie beside the file or in folders there, or in `folder`.

    Raises:
        ConfigError: the file cannot be read.
    """
    found = read_file(path)
    into.problems += found.problems
    sounds = {sound.stem: sound for _, sound in sounds_in(folder or path.parent)}
    for name, reference in found.references.items():
        if name in sounds:
            into.add(name, FileSound(sounds[name]), reference, (str(path), None))
        else:
            where = folder or path.parent
            into.tell((str(path), None), f"there is no sound of {name!r} in {where}.")
