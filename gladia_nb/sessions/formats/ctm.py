"""CTM: a word a line, `RECORDING CHANNEL START DURATION WORD [CONFIDENCE [TYPE [SPEAKER]]]`.

As sclite reads it: `;;` begins a comment, `<ALT_BEGIN>`, `<ALT>` and `<ALT_END>` stand around
alternatives, of which the first is taken.
"""

from __future__ import annotations

from pathlib import Path

from gladia_nb.sessions.formats.base import (
    Found,
    Reference,
    Row,
    channel_number,
    columns_of,
    in_order,
    read_lines,
    times,
)
from gladia_nb.sessions.formats.marks import is_mark

__all__ = ["read_ctm"]

_FORM = "a CTM line is RECORDING CHANNEL START DURATION WORD, and perhaps a confidence."

#: Kinds of token that are no words (NIST's Rich Transcription).
_NO_WORDS = {"non-lex", "misc", "noscore"}


class _Reader:
    """The lines of one file so far."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.left_out: dict[str, int] = {}
        self._over: bool | None = None  # of alternatives: whether the first one is

    def line(self, text: str) -> None:
        columns = columns_of(text, _FORM)
        if not columns:
            return
        name, channel, start, duration, word = columns[:5]
        if self._is_alternation(word) or self._over:
            return
        number = channel_number(channel)
        try:
            end: float | str = float(start) + float(duration)
        except ValueError:
            end = duration
        start_s, end_s = times(start, end)
        rows = self.rows.setdefault(name, [])
        if is_mark(word) or (len(columns) > 6 and columns[6] in _NO_WORDS):
            self.left_out[name] = self.left_out.get(name, 0) + 1
        elif word != "@":
            speaker = columns[7] if len(columns) > 7 else None
            rows.append(Row(word, start_s, round(end_s, 6), number, speaker))

    def _is_alternation(self, word: str) -> bool:
        mark = word.upper()
        if mark == "<ALT_BEGIN>":
            self._over = False
        elif mark == "<ALT>":
            self._over = True
        elif mark == "<ALT_END>":
            self._over = None
        return mark in ("<ALT_BEGIN>", "<ALT>", "<ALT_END>")


def read_ctm(path: Path) -> Found:
    """The words of each recording that a CTM file tells of.

    Raises:
        ConfigError: the file cannot be read.
    """
    found, reader = Found(), _Reader()
    read_lines(path, found, reader.line)
    for name, rows in reader.rows.items():
        out = reader.left_out.get(name, 0)
        found.references[name] = Reference(in_order(rows), "word", left_out=out)
    return found
