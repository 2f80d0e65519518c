"""References as plain data, also in JSON: rows of words, of segments, or a text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import (
    Found,
    LineError,
    Problem,
    Reference,
    Row,
    in_order,
    read_bytes,
    times,
)

__all__ = ["read_json", "reference_of"]


def read_json(path: Path) -> Found:
    """A `.words.json`: `{"words": [...]}` or the list alone; also with `segments` or `text`.

    Raises:
        ConfigError: the file cannot be read, is not JSON, or has no list of words.
    """
    data = read_bytes(path)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        raise ConfigError(f"The reference {path} is not JSON.") from None
    found = Found()
    found.references[""] = reference_of(content, str(path), found.problems)
    return found


def reference_of(content: Any, name: str, problems: list[Problem]) -> Reference:
    """A reference from plain data.

    Args:
        content: rows with `word`, `start_s`, `end_s`; rows with `text` and perhaps times; or a
            mapping with `words`, `segments` or `text`, the finest of which is taken. Each row may
            have a `channel` (from 0), a `speaker` and a `sentence` (a number).
        name: what to call it in sentences.
        problems: where rows that cannot be read are told.

    Raises:
        ConfigError: it has no rows of any of these forms.

    Example:
        >>> reference_of({"text": "good evening"}, "this", []).granularity
        'text'
    """
    language = None
    unit = None
    if isinstance(content, Mapping):
        language = content.get("language")
        unit = next((key for key in ("words", "segments", "text") if _there(content, key)), "words")
        content = content.get(unit)
        if unit == "text" and isinstance(content, str):
            content = [{"text": content}]
    if isinstance(content, (str, bytes, Mapping)) or not isinstance(content, Iterable):
        raise ConfigError(
            f"{name} has no list of words, no segments and no text; "
            "see data/README.md for the format."
        )
    rows = list(content)
    granularity = _granularity(rows, unit)
    kept = []
    for number, row in enumerate(rows, 1):
        try:
            kept.append(_row(row, granularity))
        except LineError as error:
            problems.append(Problem(name, None, f"{granularity} {number} {error}"))
    return Reference(in_order(kept), granularity, language=language or None)


def _there(content: Mapping[Any, Any], key: str) -> bool:
    """Whether a mapping has something under a key; tables fill up with None and NaN."""
    value = content.get(key)
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _granularity(rows: list[Any], unit: str | None) -> str:
    if unit is not None:
        return {"words": "word", "segments": "segment"}.get(unit, "text")
    if not all(isinstance(row, Mapping) and "text" in row and "word" not in row for row in rows):
        return "word"
    timed = [_seconds(row.get("start_s")) is not None for row in rows]
    return "segment" if any(timed) else "text" if rows else "word"


def _seconds(value: Any) -> Any:
    """A time, or None where there is none; tables have NaN for none."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _row(row: Any, granularity: str) -> Row:
    try:
        text = row["word"] if granularity == "word" else row.get("text", row.get("word"))
        channel = int(row.get("channel", 0))
        speaker = _seconds(row.get("speaker"))
        start, end = row.get("start_s", row.get("start")), row.get("end_s", row.get("end"))
        if text is None or (granularity != "text" and (start is None or end is None)):
            raise KeyError
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise LineError(_NEEDS[granularity]) from None
    speaker = None if _missing(speaker) else str(speaker)
    sentence = _sentence(row.get("sentence"), str(text))
    if granularity == "text":
        return Row(" ".join(str(text).split()), None, None, channel, speaker, sentence)
    try:
        return Row(str(text), *times(start, end), channel, speaker, sentence)
    except LineError:
        raise LineError(
            f"({str(text)!r}) ends before it starts, or has a time that is no number."
        ) from None


def _sentence(value: Any, text: str) -> int | None:
    """The number of a sentence, where it is known."""
    if _missing(value):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not number.is_integer():
        raise LineError(f"({text!r}) has the sentence {value!r}; sentences are numbered: 0, 1, 2.")
    return int(number)


def _missing(value: Any) -> bool:
    """Whether a DataFrame or JSON says that there is nothing: None, NaN or NA."""
    try:
        return value is None or bool(value != value)  # noqa: PLR0124 - NaN
    except TypeError:
        return True  # NA is neither equal to itself nor not


_NEEDS = {
    "word": "needs word, start_s and end_s (seconds).",
    "segment": "needs text, start_s and end_s (seconds).",
    "text": "needs a text and, where there are several channels, its channel.",
}
