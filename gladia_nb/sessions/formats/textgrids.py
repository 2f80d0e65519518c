"""TextGrid of Praat, as the Montreal Forced Aligner writes it: tiers of intervals with labels."""

from __future__ import annotations

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
from gladia_nb.sessions.formats.marks import is_mark

__all__ = ["read_textgrid"]


def read_textgrid(path: Path) -> Found:
    """The words of the tiers called `words` (or `SPEAKER - words`); else segments of the others.

    Tiers of `phones` are never read. Each tier but one called `words` names its speaker.

    Raises:
        ConfigError: the file cannot be read, or `praatio` is not installed.
    """
    try:
        from praatio import textgrid
        from praatio.utilities.errors import PraatioException
    except ImportError:
        raise ConfigError(
            f'Reading {path.name} takes praatio; install it with: pip install "gladia-nb[corpora]".'
        ) from None
    found = Found()
    if not read_bytes(path).strip():
        found.problems.append(Problem(str(path), None, "it is empty."))
        return found
    try:
        grid = textgrid.openTextgrid(
            str(path),
            includeEmptyIntervals=False,
            reportingMode="silence",
            duplicateNamesMode="rename",
        )
    except (PraatioException, LookupError, ValueError, AssertionError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        found.problems.append(Problem(str(path), None, f"it is no whole TextGrid ({why})."))
        return found
    tiers = [tier for tier in grid.tiers if isinstance(tier, textgrid.IntervalTier)]
    by_word = [tier for tier in tiers if _kind(tier.name) in ("word", "words")]
    chosen = by_word or [tier for tier in tiers if _kind(tier.name) not in ("phone", "phones")]
    if not chosen:
        found.problems.append(Problem(str(path), None, "it has no tier of words or of segments."))
        return found
    rows, left_out = _rows(path, chosen, bool(by_word), found.problems)
    granularity = "word" if by_word else "segment"
    found.references[""] = Reference(in_order(rows), granularity, left_out=left_out)
    return found


def _kind(name: str) -> str:
    """What a tier is of, without its speaker."""
    return name.rpartition(" - ")[2].strip().lower()


def _rows(
    path: Path, tiers: list[Any], by_word: bool, problems: list[Problem]
) -> tuple[list[Row], int]:
    rows: list[Row] = []
    left_out = 0
    for tier in tiers:
        speaker = tier.name.rpartition(" - ")[0].strip() if by_word else tier.name
        for entry in tier.entries:
            text = " ".join(entry.label.split())
            if not text:
                continue
            if is_mark(text):
                left_out += text.lower() not in ("sil", "sp", "<sil>", "<eps>", "<p:>")
                continue
            try:
                start_s, end_s = times(entry.start, entry.end)
            except LineError as error:
                problems.append(Problem(str(path), None, f"{text!r}: {error}"))
                continue
            rows.append(Row(text, start_s, end_s, 0, speaker or None))
    return rows, left_out
