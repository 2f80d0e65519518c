"""A live session in a terminal: finals stay, the open partials change, a bar shows the progress."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any

from tqdm import tqdm

from gladia_nb.cli.text import plain
from gladia_nb.lab.live_state import LiveState
from gladia_nb.lab.snapshot import MAX_LINES, MAX_NOTES, Line, OpenLine, Snapshot

__all__ = ["TerminalView"]

_BAR = "{percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} s"
_BAR_WITHOUT_END = "{n:.1f} s"
#: Events between two looks: an event makes one line or note at most, so that none goes by unseen.
_AT_ONCE = min(MAX_LINES, MAX_NOTES)


class TerminalView:
    """Shows the snapshots of a session as they change.

    Where standard error is no terminal, only finals and notes are printed. Text goes to standard
    error, so that standard output stays free for results. An error that ends the session is not
    shown: who waits for the result is told.

    Args:
        state: of the session, which takes the events that are posted.
        channels: number of channels; with more than one each line names its own.

    Attributes:
        told: texts of the notes that were shown.
    """

    def __init__(self, state: LiveState, channels: int) -> None:
        self.told: set[str] = set()
        self._state = state
        self._queue: SimpleQueue[Mapping[str, Any]] = SimpleQueue()
        self._live = sys.stderr.isatty()
        self._several = channels > 1
        self._lines = 0
        self._notes = 0
        self._write = tqdm.write
        duration_s = state.snapshot().duration_s
        self._bar = tqdm(
            total=None if duration_s is None else round(duration_s, 1),
            bar_format=_BAR_WITHOUT_END if duration_s is None else _BAR,
            disable=None,
            position=0,
            leave=False,
            # A terminal echoes Ctrl-C behind the bar as ^C: one that ran over into the next line
            # would leave the bar behind.
            ncols=max(20, _columns() - 5),
        )
        self._lanes = [
            tqdm(bar_format="{desc}", disable=None, position=1 + channel, leave=False)
            for channel in range(channels)
        ]
        self._open = [""] * channels

    def post(self, event: Mapping[str, Any]) -> None:
        """Hand over an event, from any thread; `refresh` shows it."""
        self._queue.put(event)

    def refresh(self) -> None:
        """Show what has come since the last time."""
        while True:
            count = self._take()
            self._show(self._state.snapshot())
            if count < _AT_ONCE:
                return

    def close(self) -> None:
        """Take the bar and the open lines away."""
        for bar in reversed((self._bar, *self._lanes)):
            bar.close()

    def _take(self) -> int:
        """Feed what was posted, `_AT_ONCE` events at most; returns how many."""
        for count in range(_AT_ONCE):
            try:
                self._state.feed(self._queue.get_nowait())
            except Empty:
                return count
        return _AT_ONCE

    def _show(self, snapshot: Snapshot) -> None:
        for line in snapshot.lines:
            if line.number >= self._lines:
                self._write(self._final(line), file=sys.stderr)
                self._lines = line.number + 1
        for note in snapshot.notes:
            if note.number >= self._notes and note.kind != "error":
                self._write(f"  ! {plain(note.text)}", file=sys.stderr)
                self.told.add(note.text)
            self._notes = max(self._notes, note.number + 1)
        if self._live:
            shown = {entry.channel: self._partial(entry) for entry in snapshot.open}
            for channel, lane in enumerate(self._lanes):
                text = shown.get(channel, "")
                if text != self._open[channel]:
                    self._open[channel] = text
                    lane.set_description_str(text)
        sent_s = min(snapshot.sent_s, snapshot.duration_s or snapshot.sent_s)
        self._bar.update(round(sent_s, 1) - self._bar.n)

    def _final(self, line: Line) -> str:
        at = "" if line.start_s is None else f"{line.start_s:7.2f} s  "
        return f"{at}{self._lane(line.channel)}{plain(line.text)}"

    def _partial(self, entry: OpenLine) -> str:
        text = plain(" ".join(word for word, _ in entry.words))
        lane = self._lane(entry.channel)
        width = _columns() - len(lane) - 14
        # The end of a long partial is what changes.
        shown = text if len(text) <= width else "..." + text[3 - width :]
        return f"      ...  {lane}{shown}"

    def _lane(self, channel: int) -> str:
        return f"[{channel + 1}] " if self._several else ""


def _columns() -> int:
    """Width of the terminal that is written to; standard output may be something else."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns
