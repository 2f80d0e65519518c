"""What can be watched as it goes: a session under way, or the replay of one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gladia_nb.record.event_kinds import AnyEvent, ChunkEvent
from gladia_nb.sessions.subscribers import History, Subscriber, Subscribers

__all__ = ["Watched"]


class Watched:
    """Counts what has been sent, tells its subscribers, and ends once.

    Args:
        what: whose events they are, for the log.
        history: reads events that were told, see `Subscribers`.
        sample_rate: hertz, as sent.

    Attributes:
        sample_rate: hertz, as sent.
    """

    def __init__(self, what: str, history: History, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._subscribers = Subscribers(what, history)
        self._done = threading.Event()
        self._sent_frames = 0

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._done.is_set()

    @property
    def sent_s(self) -> float:
        """Seconds of audio that have been sent."""
        return self._sent_frames / self.sample_rate

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until it has ended; False when `timeout_s` was too short for that.

        Raises:
            RuntimeError: a subscriber waits, which would hold up what it waits for.
        """
        if not self.done:
            self._subscribers.refuse_waiting()
        return self._done.wait(timeout_s)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with every event, in order: first those that were, then as they come.

        Those that were are told before this returns; later ones on a thread of the toolkit's own.
        A subscriber should only hand over, and may call anything of this object that does not wait.
        What it raises is logged and disturbs nothing.

        Returns:
            A function that ends the subscription.
        """
        return self._subscribers.subscribe(callback)

    def _note(self, event: AnyEvent | None) -> None:
        """Count what an event says was sent."""
        if isinstance(event, ChunkEvent):
            self._sent_frames = max(self._sent_frames, event.end_frame)
