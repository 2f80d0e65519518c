"""The words that were really spoken, with their times, from wherever they are kept."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gladia_nb.errors import ConfigError
from gladia_nb.paths import expanded

__all__ = ["Reference", "check_reference", "find_reference"]

#: A path, rows, a DataFrame, None (look beside the sound file) or False (none).
Reference = Any


def find_reference(source: object, reference: Reference = None) -> list[dict[str, Any]] | None:
    """Reference words as rows with `word`, `start_s`, `end_s` and `channel`.

    A row keeps its `speaker` (a name) and its `sentence` (a number) where it has them: they tell
    whose turn it was, see `gladia_nb.turns`.

    Args:
        source: the audio; a path may have `NAME.words.json` beside it.
        reference: see `Reference`.

    Raises:
        ConfigError: the file cannot be read, or a row lacks something or has impossible times.
    """
    if reference is False:
        return None
    if reference is None:
        if not isinstance(source, (str, Path)):
            return None
        beside = expanded(source, ConfigError).with_suffix(".words.json")
        if not beside.is_file():
            return None
        reference = beside
    if isinstance(reference, (str, Path)):
        return _rows(_read(expanded(reference, ConfigError)), str(reference))
    if hasattr(reference, "to_dict"):
        return _rows(reference.to_dict("records"), "the reference")
    return _rows(reference, "the reference")


#: Seconds by which a word may end behind the audio: aligners round, and audio is cut.
_OVERHANG_S = 0.1


def check_reference(
    words: list[dict[str, Any]] | None, *, channels: int, duration_s: float | None
) -> None:
    """See that words can be of an audio: that it has their channels and is as long.

    Args:
        words: rows of `find_reference`, or None.
        channels: of the audio.
        duration_s: length of the audio in seconds; None while that is not known.

    Raises:
        ConfigError: a word has another channel, or ends behind the audio.

    Example:
        >>> row = {"word": "hello", "start_s": 0.5, "end_s": 0.9, "channel": 0}
        >>> check_reference([row], channels=1, duration_s=2.0)
    """
    for number, word in enumerate(words or (), 1):
        if not 0 <= word["channel"] < channels:
            raise ConfigError(
                f"Word {number} of the reference ({word['word']!r}) is in channel "
                f"{word['channel']}, and the audio has {channels} (counted from 0); "
                "is it the reference of this audio?"
            )
        if duration_s is not None and word["end_s"] > duration_s + _OVERHANG_S:
            raise ConfigError(
                f"Word {number} of the reference ({word['word']!r}) ends at {word['end_s']:.2f} s, "
                f"and the audio at {duration_s:.2f} s; is it the reference of this audio?"
            )


def _read(path: Path) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the reference {path}: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"The reference {path} is not JSON.") from None
    return content.get("words") if isinstance(content, dict) else content


def _rows(rows: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        raise ConfigError(f"{name} has no list of words; see data/README.md for the format.")
    clean: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        try:
            word, channel = str(row["word"]), int(row.get("channel", 0))
            start, end = float(row["start_s"]), float(row["end_s"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise ConfigError(
                f"Word {number} of {name} needs word, start_s and end_s (seconds)."
            ) from None
        if not (math.isfinite(end) and 0 <= start <= end):
            raise ConfigError(
                f"Word {number} of {name} ({word!r}) ends before it starts, "
                "or has a time that is no number."
            )
        known = {"word": word, "start_s": start, "end_s": end, "channel": channel}
        clean.append({**known, **_turn(row, f"Word {number} of {name} ({word!r})")})
    return sorted(clean, key=lambda word: (word["start_s"], word["end_s"]))


def _turn(row: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Speaker and sentence of a word, where they are known."""
    found: dict[str, Any] = {}
    if not _missing(row.get("speaker")):
        found["speaker"] = str(row["speaker"])
    if not _missing(row.get("sentence")):
        try:
            number = float(row["sentence"])
        except (TypeError, ValueError):
            number = math.nan
        if not number.is_integer():
            raise ConfigError(
                f"{what} has the sentence {row['sentence']!r}; sentences are numbered: 0, 1, 2."
            )
        found["sentence"] = int(number)
    return found


def _missing(value: Any) -> bool:
    """Whether a DataFrame or JSON says that there is nothing: None, NaN or NA."""
    try:
        return value is None or bool(value != value)  # noqa: PLR0124 - NaN
    except TypeError:
        return True  # NA is neither equal to itself nor not
