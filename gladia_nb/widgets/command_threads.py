"""What the page asks for is queued at once, and carried out in order by threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

from gladia_nb.widgets.notices import Notices

__all__ = ["Command", "CommandThreads"]

#: Commands of one purpose: when one of them goes well, what went wrong with another is mended.
_PURPOSES = {
    "upload": "source",
    "source": "source",
    "reset": "set",
    "preset": "set",
    # What was started and failed is started anew.
    "ended": "start",
}

Command = tuple[dict[str, Any], Sequence[bytes]]


class CommandThreads:
    """Two threads: one for commands, one for questions, which may take their time.

    Args:
        is_question: whether a kind of command is a question.
        carry_out: does what a command asks for.
        notices: say what goes wrong.
        answer: tells a page; one that waits for an answer gets one, whatever happens.

    Attributes:
        threads: the two.
    """

    def __init__(
        self,
        is_question: Callable[[object], bool],
        carry_out: Callable[[dict[str, Any], Sequence[bytes]], bool],
        notices: Notices,
        answer: Callable[[dict[str, Any], Sequence[bytes]], None],
    ) -> None:
        self._is_question = is_question
        self._carry_out = carry_out
        self._notices = notices
        self._answer = answer
        self._queues: list[SimpleQueue[Command | None]] = [SimpleQueue(), SimpleQueue()]
        self.threads = [
            threading.Thread(
                target=self._work, args=(queue,), daemon=True, name=f"gladia_nb lab {name}"
            )
            for queue, name in zip(self._queues, ("commands", "questions"), strict=True)
        ]

    def start(self, *first: dict[str, Any]) -> None:
        """Begin to work, with some commands."""
        for command in first:
            self.post(command)
        for thread in self.threads:
            thread.start()

    def post(self, content: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        """Queue a command, from whichever thread."""
        queue = self._queues[self._is_question(content.get("kind"))]
        queue.put((content, [bytes(part) for part in buffers]))

    def close(self) -> None:
        """Work no more, once what is queued is done."""
        for queue in self._queues:
            queue.put(None)

    def _work(self, queue: SimpleQueue[Command | None]) -> None:
        while (command := queue.get()) is not None:
            kind = str(command[0].get("kind"))
            self._notices.guarded(self._do, *command, about=_PURPOSES.get(kind, kind))

    def _do(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        ticket, answered = content.get("ticket"), False
        kind = "refused"
        try:
            answered = self._carry_out(content, buffers)
            kind = "done"
        finally:
            if ticket is not None and not answered:
                # Whoever waits for an answer waits no longer.
                self._answer({"kind": kind, "ticket": ticket}, ())
