"""What the page asks for is queued at once, and carried out in order by threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
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
#: A command, or a mark that one thread sets and the other waits for, or the end.
_Entry = Command | threading.Event | None


class CommandThreads:
    """Two threads: one for commands, one for questions, which may take their time.

    Args:
        questions: kinds of commands that are questions.
        patient: those of them that ask for what was typed: whatever was posted before is carried
            out first.
        carry_out: does what a command asks for.
        notices: say what goes wrong.
        answer: tells a page; one that waits for an answer gets one, whatever happens.

    Attributes:
        threads: the two.
    """

    def __init__(
        self,
        questions: AbstractSet[str],
        patient: AbstractSet[str],
        carry_out: Callable[[dict[str, Any], Sequence[bytes]], bool],
        notices: Notices,
        answer: Callable[[dict[str, Any], Sequence[bytes]], None],
    ) -> None:
        self._questions = questions
        self._patient = patient
        self._carry_out = carry_out
        self._notices = notices
        self._answer = answer
        self._queues: list[SimpleQueue[_Entry]] = [SimpleQueue(), SimpleQueue()]
        self._closed = False
        # Of both queues: whoever waits for what stands in the other one must find it there.
        self._lock = threading.Lock()
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
        """Queue a command, from whichever thread; once closed, nothing is taken."""
        kind = str(content.get("kind"))
        command = (content, [bytes(part) for part in buffers])
        commands, questions = self._queues
        with self._lock:
            if self._closed:
                return
            if kind not in self._questions:
                commands.put(command)
                return
            if kind in self._patient:
                done = threading.Event()
                commands.put(done)
                questions.put(done)
            questions.put(command)

    def close(self) -> None:
        """Work no more, once what is queued is done."""
        with self._lock:
            self._closed = True
            for queue in self._queues:
                queue.put(None)

    def _work(self, queue: SimpleQueue[_Entry]) -> None:
        while (entry := queue.get()) is not None:
            if isinstance(entry, threading.Event):
                if queue is self._queues[0]:
                    entry.set()
                else:
                    entry.wait()
                continue
            kind = str(entry[0].get("kind"))
            self._notices.guarded(self._do, *entry, about=_PURPOSES.get(kind, kind))

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
