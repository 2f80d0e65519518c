"""Subtitles, SRT and WebVTT: a segment a cue.

A subtitle is shown as long as it takes to read, so that its end is near the end of what was said,
not at it.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import (
    Found,
    LineError,
    Problem,
    Reference,
    Row,
    in_order,
    lines_of,
    times,
)

__all__ = ["read_subtitles"]

_STAMP = r"(?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3}"
_CUE = re.compile(rf"^\s*{_STAMP}\s*-->\s*{_STAMP}(\s.*)?$")
#: What is meant to be the line of times of a cue.
_ALMOST = re.compile(r"-->|^\s*\d+:\d\d.*->")
_BLOCKS = ("NOTE", "STYLE", "REGION")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"<[^>]*>")
#: When a part of a cue is shown; the reader would take it for a broken line of times.
_INLINE = re.compile(rf"<{_STAMP}>")


def read_subtitles(path: Path) -> Found:
    """The cues of a file, with the voices that WebVTT names as speakers.

    Raises:
        ConfigError: the file cannot be read, or `pysubs2` is not installed.
    """
    try:
        import pysubs2
    except ImportError:
        raise ConfigError(
            f'Reading {path.name} takes pysubs2; install it with: pip install "gladia-nb[corpora]".'
        ) from None
    found = Found()
    kind = path.suffix.lower().removeprefix(".")
    lines, cues = _clean(path, found.problems)
    rows = []
    # The reader takes what lies between two lines of times for a text, whatever it is.
    for event, (number, voice) in zip(
        pysubs2.SSAFile.from_string("\n".join(lines), format_=kind), cues, strict=True
    ):
        text = " ".join(html.unescape(_TAG.sub("", event.plaintext)).split())
        try:
            start_s, end_s = times(event.start / 1000, event.end / 1000)
        except LineError as error:
            found.problems.append(Problem(str(path), number, str(error)))
            continue
        if text:
            rows.append(Row(text, start_s, end_s, 0, voice))
    found.references[""] = Reference(in_order(rows), "segment")
    return found


def _clean(path: Path, problems: list[Problem]) -> tuple[list[str], list[tuple[int, str | None]]]:
    """Lines without blocks that are no cues or broken ones; line and voice of each cue."""
    kept: list[str] = []
    cues: list[tuple[int, str | None]] = []
    skipping = inside = False
    for number, line in lines_of(path, problems):
        if not line.strip():
            skipping = inside = False
        elif not inside and line.split()[0] in _BLOCKS:
            skipping = True
        elif _CUE.match(line):
            cues.append((number, None))
            skipping, inside = False, True
        elif not skipping and _ALMOST.search(line):
            problems.append(
                Problem(
                    str(path),
                    number,
                    "its times are not written as 00:00:01.000 --> 00:00:02.000; "
                    "the cue is left out.",
                )
            )
            skipping = True
        # The name of the next cue would be taken for text of the last one.
        if skipping or (cues and not inside):
            kept.append("")
            continue
        if inside and (voice := _VOICE.search(line)) and cues[-1][1] is None:
            cues[-1] = (cues[-1][0], voice[1].strip())
        kept.append(_INLINE.sub("", line))
    return kept, cues
