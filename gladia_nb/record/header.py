"""The header of a run file, believed field by field.

What a run cannot be read without is refused; what it can do without is left out, or stands as if
nobody had said it, and a sentence tells so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from gladia_nb.errors import RunFileError
from gladia_nb.record.limits import LONGEST_S, MOST_CHANNELS
from gladia_nb.record.message import writable

__all__ = ["FORMAT", "VERSION", "checked_header", "converted", "said"]

T = TypeVar("T")

FORMAT = "gladia_nb.run"
VERSION = 1

_Seconds = Annotated[float, Meta(ge=0, le=LONGEST_S)]
_Whole = Annotated[int, Meta(ge=0, le=2**48)]
_Stamp = Annotated[int, Meta(ge=0, le=2**62)]
_Rate = Annotated[int, Meta(ge=1, le=1_000_000)]
_Flags = dict[str, bool] | None

#: What each part holds, as far as anything is computed from it.
_CONFIG: Mapping[str, Any] = {
    "channels": Annotated[int, Meta(ge=1, le=MOST_CHANNELS)],
    "encoding": Literal["wav/pcm", "wav/alaw", "wav/ulaw"],
    "bit_depth": Literal[8, 16, 24, 32],
    "endpointing": _Seconds,
    "maximum_duration_without_endpointing": _Seconds,
    "messages_config": _Flags,
}
_AUDIO: Mapping[str, Any] = {
    "name": str,
    "duration_s": _Seconds | None,
    "frames": _Whole | None,
}
_OPTIONS: Mapping[str, Any] = {
    "speed": Annotated[float, Meta(ge=0.001, le=10_000)],
    "target": str,
    "chunk_ms": Annotated[float, Meta(ge=0, le=LONGEST_S * 1e3)],
    "tail_s": _Seconds,
}
#: What stands for a field that has to be there.
_AUDIO_DEFAULTS: Mapping[str, Any] = {"name": "unknown", "duration_s": None, "frames": None}
_OPTIONS_DEFAULTS: Mapping[str, Any] = {"speed": 1.0, "target": "unknown"}
#: Deeper than any configuration, and far from where a reader gives up.
_DEEPEST = 20


class _Word(msgspec.Struct):
    word: str
    start_s: _Seconds
    end_s: _Seconds
    channel: Annotated[int, Meta(ge=0, le=MOST_CHANNELS - 1)]
    speaker: str | None = None
    sentence: int | None = None


class _Text(msgspec.Struct):
    text: str
    start_s: _Seconds | None
    end_s: _Seconds | None
    channel: Annotated[int, Meta(ge=0, le=MOST_CHANNELS - 1)]
    speaker: str | None = None
    sentence: int | None = None


#: What a row of a reference is, by how finely it is known; files of before have words.
_ROWS: Mapping[str | None, type[_Word | _Text]] = {
    None: _Word,
    "word": _Word,
    "segment": _Text,
    "text": _Text,
}


def checked_header(found: Mapping[str, Any], name: str) -> tuple[dict[str, Any], list[str]]:
    """A header that everything can be computed from, and what of it was not believed.

    Args:
        found: the first line of a run file.
        name: of the file, for the errors.

    Raises:
        RunFileError: it is not of a run, of a later version, or has no sample rate.

    Example:
        >>> header = {"format": FORMAT, "version": 1, "config": {"sample_rate": 8000}}
        >>> checked_header({**header, "audio": {"name": 5}}, "a.run")[0]["audio"]["name"]
        'unknown'
    """
    if found.get("format") != FORMAT:
        raise RunFileError(f"{name} is not a run of gladia_nb.")
    if found.get("version") != VERSION:
        raise RunFileError(
            f"{name} has version {_short(found.get('version'))} of the run format; "
            f"this gladia_nb reads version {VERSION}. Install a later gladia_nb."
        )
    problems: list[str] = []
    config = _part(found, "config", _CONFIG, {}, problems)
    try:
        converted(config.get("sample_rate"), _Rate)
    except msgspec.ValidationError as error:
        raise RunFileError(
            f"{name} is damaged: its header has no sample rate that can be "
            f"({said(error)}), so that no moment of its audio can be told."
        ) from None
    header = {
        **found,
        "config": config,
        "audio": _part(found, "audio", _AUDIO, _AUDIO_DEFAULTS, problems),
        "options": _part(found, "options", _OPTIONS, _OPTIONS_DEFAULTS, problems),
        "anchor": _anchor(found.get("anchor"), problems),
        "versions": _versions(found.get("versions"), problems),
        "reference": None,
    }
    granularity = found.get("granularity")
    if isinstance(granularity, str | None) and granularity in _ROWS:
        header["reference"] = _reference(found.get("reference"), _ROWS[granularity], problems)
    else:
        header["granularity"] = None
        problems.append("reference is left out: nobody knows how finely it is known")
    header["audio"]["name"] = writable(header["audio"]["name"])
    header["options"]["target"] = writable(header["options"]["target"])
    return header, problems


def converted(value: Any, kind: type[T]) -> T:
    """`msgspec.convert`, which says of each value that does not fit that it does not.

    Raises:
        ValidationError: of msgspec; also where text that no encoding has stands for a number.
    """
    try:
        return msgspec.convert(value, kind)
    except UnicodeEncodeError:
        raise msgspec.ValidationError("It holds text that no encoding has") from None


def said(error: Exception) -> str:
    """What a check found, as a part of a sentence.

    Example:
        >>> said(msgspec.ValidationError("Expected `int`, got `str` - at `$.seq`"))
        'seq: expected int, got str'
    """
    what, _, where = str(error).partition(" - at ")
    what = what[:1].lower() + what[1:].replace("`", "")
    where = where.strip("`").removeprefix("$").removeprefix(".")
    return f"{where}: {what}" if where else what


def _part(
    header: Mapping[str, Any],
    part: str,
    kinds: Mapping[str, Any],
    defaults: Mapping[str, Any],
    problems: list[str],
) -> dict[str, Any]:
    """One object of the header without what cannot be believed."""
    found = header.get(part)
    if not isinstance(found, Mapping):
        problems.append(f"its {part} is missing")
        return dict(defaults)
    kept = dict(found)
    for name, value in found.items():
        try:
            if name in kinds:
                converted(value, kinds[name])
            elif _too_deep(value):
                raise msgspec.ValidationError("Nested too deeply")
        except msgspec.ValidationError as error:
            problems.append(f"{part}.{writable(name)} is left out: {said(error)}")
            del kept[name]
    problems.extend(f"{part}.{name} is missing" for name in defaults if name not in found)
    return {**defaults, **kept}


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        if not deeper:
            return False
        level = deeper
    return True


def _anchor(value: Any, problems: list[str]) -> list[int]:
    """Both clocks at the start; zeros when they are not told."""
    try:
        return list(converted(value, tuple[_Stamp, _Stamp, _Stamp]))
    except msgspec.ValidationError as error:
        problems.append(f"anchor is left out: {said(error)}")
        return [0, 0, 0]


def _versions(value: Any, problems: list[str]) -> dict[str, str]:
    try:
        return converted(value or {}, dict[str, str])
    except msgspec.ValidationError as error:
        problems.append(f"versions are left out: {said(error)}")
        return {}


def _reference(
    value: Any, kind: type[_Word | _Text], problems: list[str]
) -> list[dict[str, Any]] | None:
    """What was really spoken, as far as it can be believed; None for nothing."""
    if value is None:
        return None
    if not isinstance(value, list):
        problems.append("reference is left out: it is no list of words")
        return None
    kept = []
    for number, row in enumerate(value, 1):
        try:
            word = converted(row, kind)
        except msgspec.ValidationError as error:
            problems.append(f"word {number} of the reference is left out: {said(error)}")
            continue
        if (word.end_s or 0.0) < (word.start_s or 0.0):
            problems.append(f"word {number} of the reference is left out: it ends before it begins")
            continue
        kept.append(row)
    return kept


def _short(value: Any) -> str:
    text = writable(str(value)) if isinstance(value, int | float | str | None) else "another"
    return text if len(text) <= 20 else f"{text[:20]}..."
