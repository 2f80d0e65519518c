"""Runs of which it is known more coarsely what was spoken."""

from __future__ import annotations

from typing import Any

from gladia_nb.record.file import Record
from gladia_nb.run import Run


def with_segments(run: Run, *segments: tuple[str, float, float], channel: int = 0) -> Run:
    """The same run with a reference of segments."""
    rows = [
        {"text": text, "start_s": start_s, "end_s": end_s, "channel": channel}
        for text, start_s, end_s in segments
    ]
    return _with(run, rows, "segment")


def with_text(run: Run, text: str) -> Run:
    """The same run with a text as its reference."""
    row = {"text": text, "start_s": None, "end_s": None, "channel": 0}
    return _with(run, [row], "text")


def _with(run: Run, rows: list[dict[str, Any]], granularity: str) -> Run:
    header = {**run.record.header, "reference": rows, "granularity": granularity}
    return Run(Record(header, run.record.events))
