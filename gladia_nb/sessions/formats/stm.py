"""STM: a segment a line, `RECORDING CHANNEL SPEAKER START END [<LABEL>] TEXT`.

As sclite reads it: `;;` begins a comment, `{ a / b }` are alternatives, and the text
`ignore_time_segment_in_scoring` says that the span is not to be scored.
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
from gladia_nb.sessions.formats.marks import spoken_words

__all__ = ["read_stm"]

_IGNORE = "ignore_time_segment_in_scoring"

_FORM = "an STM line is RECORDING CHANNEL SPEAKER START END, perhaps <LABEL>, and the text."


class _Reader:
    """The lines of one file so far."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.left_out: dict[str, int] = {}
        self.ignored: dict[str, list[tuple[float, float, int]]] = {}

    def line(self, text: str) -> None:
        columns = columns_of(text, _FORM)
        if not columns:
            return
        name, channel, speaker, start, end, *tokens = columns
        number = channel_number(channel)
        start_s, end_s = times(start, end)
        rows = self.rows.setdefault(name, [])
        if tokens and _is_label(tokens[0]):
            tokens = tokens[1:]
        if _IGNORE in map(str.lower, tokens):
            self.ignored.setdefault(name, []).append((start_s, end_s, number))
            return
        words, left_out = spoken_words(tokens)
        self.left_out[name] = self.left_out.get(name, 0) + left_out
        if words:
            rows.append(Row(" ".join(words), start_s, end_s, number, speaker))


def _is_label(token: str) -> bool:
    """Whether a token is the label of a segment, such as `<o,f0,male>` or `<NA>`."""
    bracketed = token.startswith("<") and token.endswith(">")
    return bracketed and ("," in token or token.lower() in ("<na>", "<o>"))


def read_stm(path: Path) -> Found:
    """The segments of each recording that an STM file tells of.

    Raises:
        ConfigError: the file cannot be read.
    """
    found, reader = Found(), _Reader()
    read_lines(path, found, reader.line)
    for name, rows in reader.rows.items():
        found.references[name] = Reference(
            in_order(rows),
            "segment",
            left_out=reader.left_out.get(name, 0),
            ignored=tuple(sorted(reader.ignored.get(name, ()))),
        )
    return found
