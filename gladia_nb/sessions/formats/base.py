"""What every reader of references gives, and what it says of lines that it cannot read."""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.paths import content_of
from gladia_nb.record.schema import SPOKEN, to_frame

__all__ = [
    "Found",
    "LineError",
    "Problem",
    "Reference",
    "Row",
    "channel_number",
    "columns_of",
    "in_order",
    "lines_of",
    "read_bytes",
    "read_lines",
    "times",
]


class Row(NamedTuple):
    """Something that was spoken: a word, a segment, or a whole text.

    Times are seconds from the beginning of the audio, None where they are not known.
    """

    text: str
    start_s: float | None
    end_s: float | None
    channel: int = 0
    speaker: str | None = None
    sentence: int | None = None

    def moved(self, seconds: float) -> Row:
        """The same row, that much later."""
        if self.start_s is None or self.end_s is None:
            return self
        return self._replace(start_s=self.start_s + seconds, end_s=self.end_s + seconds)


class Problem(NamedTuple):
    """What could not be read: the file, its line (None for the whole file), and what is wrong."""

    file: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.sentence}"


@dataclass(frozen=True)
class Reference:
    """What was spoken in a recording, as finely as it is known.

    Attributes:
        rows: words, segments or texts, in the order of their times.
        granularity: `word`, `segment` or `text`; what needs a finer one is withheld.
        language: a code such as `en`, or None.
        left_out: marks that are no words that could be compared: `<unk>`, noises, hesitations.
        ignored: spans that are not to be scored, as `(start_s, end_s, channel)`.
        problems: what could not be read.

    Example:
        >>> Reference((Row("good evening", 0.5, 1.25),), "segment").frame.to_dict("list")["text"]
        ['good evening']
    """

    rows: tuple[Row, ...]
    granularity: str
    language: str | None = None
    left_out: int = 0
    ignored: tuple[tuple[float, float, int], ...] = ()
    problems: tuple[Problem, ...] = field(default=(), repr=False)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a DataFrame; columns in `record.schema.SPOKEN`."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(SPOKEN)
        return to_frame(dict(zip(SPOKEN, map(list, columns), strict=True)), SPOKEN)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The rows as the header of a run holds them."""
        unit = "word" if self.granularity == "word" else "text"
        return [
            {
                unit: row.text,
                "start_s": row.start_s,
                "end_s": row.end_s,
                "channel": row.channel,
                **({} if row.speaker is None else {"speaker": row.speaker}),
                **({} if row.sentence is None else {"sentence": row.sentence}),
            }
            for row in self.rows
        ]

    @property
    def text(self) -> str:
        """All that was spoken, in the order of its times."""
        return " ".join(row.text for row in self.rows)

    @property
    def speaker(self) -> str | None:
        """Who speaks, where it is one speaker and known, else None."""
        speakers = {row.speaker for row in self.rows}
        return speakers.pop() if len(speakers) == 1 else None

    def __len__(self) -> int:
        return len(self.rows)


@dataclass
class Found:
    """What a file tells: the reference of each recording, by its name, and what is wrong.

    Formats that speak of one recording only name it "".
    """

    references: dict[str, Reference] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class LineError(ValueError):
    """A line cannot be read; its text says why."""


#: Of a reference, or of the list of a very large corpus.
MOST_BYTES = 2 << 30


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return content_of(path, MOST_BYTES)
    except OSError as error:
        raise ConfigError(f"Cannot read the reference {path}: {error.strerror or error}.") from None


def lines_of(path: Path, problems: list[Problem]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1, without their ends; UTF-8, or UTF-16 that says so.

    A byte order mark is none of the text; lines end with LF or CRLF.

    Args:
        path: of the file.
        problems: where a line that is not UTF-8 is told; it is left out.

    Raises:
        ConfigError: the file cannot be read.
    """
    content = read_bytes(path)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", errors="replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            yield number, line.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            problems.append(Problem(str(path), number, "is not UTF-8; save the file as UTF-8."))


def read_lines(path: Path, found: Found, parse: Callable[[str], None]) -> None:
    """Give each line that has a text to `parse`; keep what it says of those it cannot read.

    Raises:
        ConfigError: the file cannot be read.
    """
    for number, line in lines_of(path, found.problems):
        if not line.strip():
            continue
        try:
            parse(line)
        except LineError as error:
            found.problems.append(Problem(str(path), number, str(error)))


def columns_of(line: str, form: str) -> list[str]:
    """Columns of a line as sclite reads it: at least five, or none where it is a comment.

    Args:
        line: of a CTM or STM file.
        form: what such a line is, for who has to mend it.

    Raises:
        LineError: it has fewer columns.

    Example:
        >>> columns_of("call 1 0.50 0.25 hello", "a CTM line is ..."), columns_of(";; by hand", "")
        (['call', '1', '0.50', '0.25', 'hello'], [])
    """
    if line.lstrip().startswith(";;"):
        return []
    columns = line.split()
    if len(columns) < 5:
        raise LineError(f"it has {len(columns)} columns; {form}")
    return columns


def times(start: Any, end: Any) -> tuple[float, float]:
    """Start and end as numbers, seen to be a span of time.

    Raises:
        LineError: they are none.

    Example:
        >>> times("0.50", 1)
        (0.5, 1.0)
    """
    try:
        first, last = float(start), float(end)
    except (TypeError, ValueError):
        raise LineError(f"its times ({start!r} and {end!r}) are no numbers of seconds.") from None
    if not (math.isfinite(last) and 0 <= first <= last):
        raise LineError(f"it ends ({last:g} s) before it starts ({first:g} s), or starts below 0.")
    return first, last


#: As sclite and the recordings of telephone calls name channels.
_LETTERS = {"a": 0, "b": 1}


def channel_number(name: str) -> int:
    """Number of a channel, from 0, that a CTM or STM file calls A, B, 1 or 2.

    Raises:
        LineError: it is neither a letter nor a number from 1.

    Example:
        >>> channel_number("A"), channel_number("2")
        (0, 1)
    """
    if name.lower() in _LETTERS:
        return _LETTERS[name.lower()]
    # Some tools count from 0, of which the first and only channel is known.
    if name.isascii() and name.isdigit():
        return max(int(name) - 1, 0)
    raise LineError(f"its channel {name!r} is none of A, B, 1, 2.")


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows in the order of their times; those without times as they came."""
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                (math.inf, math.inf)
                if row.start_s is None or row.end_s is None
                else (row.start_s, row.end_s)
            ),
        )
    )
