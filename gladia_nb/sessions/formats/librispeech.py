"""LibriSpeech: `CHAPTER.trans.txt`, a text a line; `CHAPTER.alignment.txt`, its words' times."""

from __future__ import annotations

import re
from pathlib import Path

from gladia_nb.sessions.formats.base import (
    Found,
    LineError,
    Reference,
    Row,
    in_order,
    read_lines,
    times,
)
from gladia_nb.sessions.formats.marks import is_mark

__all__ = ["read_alignments", "read_transcripts"]

_LANGUAGE = "en"
_ALIGNMENT = re.compile(r'^(\S+)\s+"([^"]*)"\s+"([^"]*)"\s*$')


def read_transcripts(path: Path) -> Found:
    """The text of each utterance, by its name; the speaker is the first number of the name.

    Raises:
        ConfigError: the file cannot be read.
    """
    found = Found()

    def line(text: str) -> None:
        name, _, said = text.strip().partition(" ")
        if not said.strip():
            raise LineError("it has no text; a line is NAME TEXT.")
        row = Row(" ".join(said.split()), None, None, 0, _speaker(name))
        found.references[name] = Reference((row,), "text", language=_LANGUAGE)

    read_lines(path, found, line)
    return found


def read_alignments(path: Path) -> Found:
    """The words of each utterance, by its name; a line is `NAME ",A,,B," "0.5,0.9,1.1,1.4,2.0"`.

    Words and silences (empty) stand between commas, with the end of each; each begins where the
    one before it ended.

    Raises:
        ConfigError: the file cannot be read.
    """
    found = Found()

    def line(text: str) -> None:
        match = _ALIGNMENT.match(text.strip())
        if match is None:
            raise LineError('it is not written as NAME ",WORD,WORD," "0.5,0.9,1.2".')
        name, words, ends = match[1], match[2].split(","), match[3].split(",")
        if len(words) != len(ends):
            raise LineError(f"it has {len(words)} words and silences, and {len(ends)} times.")
        rows, left_out = [], 0
        start: float | str = 0.0
        for word, end in zip(words, ends, strict=True):
            start_s, end_s = times(start, end)
            if word and is_mark(word):
                left_out += 1
            elif word:
                rows.append(Row(word, start_s, end_s, 0, _speaker(name)))
            start = end
        found.references[name] = Reference(
            in_order(rows), "word", language=_LANGUAGE, left_out=left_out
        )

    read_lines(path, found, line)
    return found


def _speaker(name: str) -> str | None:
    return name.partition("-")[0] if "-" in name else None
