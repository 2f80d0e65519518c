"""A live session in a terminal: finals stay, the open partials change, a bar shows the progress."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any

from gladia_nb.record.event_kinds import MessageEvent, RetryEvent, WarningEvent
from gladia_nb.record.events import read_event
from gladia_nb.record.message import Message, parse_message

__all__ = ["TerminalView"]

_BAR = "{percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} s"


class TerminalView:
    """Shows the transcripts of a session as they change.

    Where standard error is no terminal, only finals are printed. Text goes to standard error, so
    that standard output stays free for results.

    Args:
        duration_s: length of the audio in seconds.
        channels: number of channels; with more than one each line names its own.
    """

    def __init__(self, duration_s: float, channels: int) -> None:
        from tqdm import tqdm

        self._queue: SimpleQueue[Mapping[str, Any]] = SimpleQueue()
        self._live = sys.stderr.isatty()
        self._several = channels > 1
        self._write = tqdm.write
        self._bar = tqdm(
            total=round(duration_s, 1), bar_format=_BAR, disable=None, position=0, leave=False
        )
        self._lanes = [
            tqdm(bar_format="{desc}", disable=None, position=1 + channel, leave=False)
            for channel in range(channels)
        ]

    def post(self, event: Mapping[str, Any]) -> None:
        """Hand over an event, from any thread; `refresh` shows it."""
        self._queue.put(event)

    def refresh(self, sent_s: float) -> None:
        """Show what has come since the last time."""
        try:
            while True:
                self._show(self._queue.get_nowait())
        except Empty:
            pass
        self._bar.update(round(min(sent_s, self._bar.total or 0.0), 1) - self._bar.n)

    def close(self) -> None:
        """Take the bar and the open lines away."""
        for bar in reversed((self._bar, *self._lanes)):
            bar.close()

    def _show(self, event: Mapping[str, Any]) -> None:
        match read_event(event):
            case WarningEvent(text=text):
                self._write(f"  ! {text}", file=sys.stderr)
            case RetryEvent(attempt=attempt):
                text = f"connection lost, attempt {attempt} to resume"
                self._write(f"  ! {text}", file=sys.stderr)
            case MessageEvent(raw=raw):
                self._show_message(parse_message(raw))

    def _show_message(self, message: Message) -> None:
        if message.error:
            self._write(f"  ! {message.type}: {_plain(message.error)}", file=sys.stderr)
        data = message.data or {}
        utterance = data.get("utterance")
        if message.type != "transcript" or not isinstance(utterance, Mapping):
            return
        channel, text = utterance.get("channel"), utterance.get("text")
        channel = channel if isinstance(channel, int) else 0
        text = _plain(text.strip()) if isinstance(text, str) else ""
        lane = f"[{channel}] " if self._several else ""
        if data.get("is_final") is True:
            self._lane(channel, "")
            start = utterance.get("start")
            at = f"{start:7.2f} s  " if isinstance(start, (int, float)) else ""
            self._write(f"{at}{lane}{text}", file=sys.stderr)
        elif self._live:
            width = shutil.get_terminal_size().columns - len(lane) - 14
            # The end of a long partial is what changes.
            shown = text if len(text) <= width else "..." + text[3 - width :]
            self._lane(channel, f"      ...  {lane}{shown}")

    def _lane(self, channel: int, text: str) -> None:
        if 0 <= channel < len(self._lanes):
            self._lanes[channel].set_description_str(text)


def _plain(text: str) -> str:
    """Without control characters: what a service sends may not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
