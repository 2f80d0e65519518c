"""What a job of the worker tells, for a test on the same event loop."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from gladia_nb.record.file import dump_line

#: Enough of a header for a record to be read.
HEADER = {"format": "gladia_nb.run", "version": 1, "config": {"sample_rate": 16000}}


def new_record(path: Path) -> str:
    """Begin the file of a run; its path as a command holds it."""
    path.write_text(dump_line(HEADER))
    return str(path)


class Told:
    """Takes the lines that a job tells from its writer's thread.

    Attributes:
        events: all of them.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._loop = asyncio.get_running_loop()
        self._more: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def __call__(self, line: bytes) -> None:
        event = json.loads(line)
        self.events.append(event)
        self._loop.call_soon_threadsafe(self._more.put_nowait, event)

    @property
    def kinds(self) -> list[str]:
        return [event["event"] for event in self.events]

    async def until(self, kind: str) -> dict[str, Any]:
        """The next event of a kind."""
        while (event := await self._more.get())["event"] != kind:
            pass
        return event
