"""Who is told of events: each subscriber gets every one, once, in order, whenever it came.

No lock is held while a subscriber runs, so that it may call whatever it likes, also what brought it
here. What was before it came is read anew from where it is kept: nothing is kept here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

__all__ = ["History", "Subscriber", "Subscribers"]

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
Subscriber = Callable[[Event], None]
#: Reads the events from the one with this number on, as far as they have been told or farther.
History = Callable[[int], Iterator[Event]]

#: Whoever unsubscribes waits for a call on another thread to end, but not for ever: it may be
#: waiting for the one who unsubscribes.
_PARTING_S = 1.0
#: Whoever follows looks so often whether there is an end.
_LOOK_S = 0.2


class _Entry:
    """One subscription.

    Attributes:
        given: events that it has got, while it is behind.
        behind: whether its own thread still reads what came before.
        running: whether its subscriber is being called at this moment.
    """

    __slots__ = ("behind", "call", "given", "running")

    def __init__(self, call: Subscriber) -> None:
        self.call = call
        self.given = 0
        self.behind = True
        self.running = False


class Subscribers:
    """The subscribers of one sequence of events; use it from any thread.

    Args:
        what: whose events they are, for the log.
        history: reads events that were published; it may raise an `OSError` or a `ValueError` where
            they cannot be read any more.

    Example:
        >>> told, seen = [], []
        >>> subscribers = Subscribers("an example", lambda start: iter(told[start:]))
        >>> told.append({"event": "stop"})
        >>> subscribers.publish(told[-1])
        >>> unsubscribe = subscribers.subscribe(seen.append)
        >>> seen
        [{'event': 'stop'}]
    """

    def __init__(self, what: str, history: History) -> None:
        self._what = what
        self._history = history
        self._changed = threading.Condition()
        self._entries: list[_Entry] = []
        self._count = 0
        #: Threads on which a subscriber runs, and the one that tells.
        self._threads: list[int] = []
        self._teller: int | None = None

    def publish(self, event: Event) -> None:
        """Tell an event that the history has; always called from the same thread."""
        with self._changed:
            self._teller = threading.get_ident()
            self._count += 1
            # Whoever is behind finds it in the history.
            entries = [entry for entry in self._entries if not entry.behind]
        for entry in entries:
            try:
                self._call(entry, event)
            except BaseException:
                log.exception("A subscriber of %s wanted to end its thread", self._what)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with every event: first those that were, then as they come.

        Those that were are told on this thread, before this returns.

        Returns:
            A function that ends the subscription: when it has returned, no call begins any more.
        """
        entry = self._enter(callback)
        try:
            for event in self._missed(entry):
                self._call(entry, event)
        except BaseException:
            self._leave(entry)
            raise
        return lambda: self._leave(entry)

    def refuse_waiting(self) -> None:
        """Whoever is about to wait for the end asks first.

        Raises:
            RuntimeError: it is a subscriber, called by the thread that would tell the end.
        """
        me = threading.get_ident()
        if me == self._teller and me in self._threads:
            raise RuntimeError(
                f"A subscriber of {self._what} cannot wait for its end: it holds up the thread "
                "that would tell it. Hand over, and wait on another thread."
            )

    def follow(self, ended: Callable[[], bool]) -> Iterator[Event]:
        """Every event, as it comes, until there are no more and `ended` says so."""
        queue: SimpleQueue[Event] = SimpleQueue()
        entry = self._enter(queue.put)
        try:
            yield from self._missed(entry)
            while True:
                try:
                    yield queue.get(timeout=_LOOK_S)
                except Empty:
                    if ended() and queue.empty():
                        return
        finally:
            self._leave(entry)

    def _enter(self, callback: Subscriber) -> _Entry:
        entry = _Entry(callback)
        with self._changed:
            self._entries.append(entry)
        return entry

    def _leave(self, entry: _Entry) -> None:
        with self._changed:
            if entry in self._entries:
                self._entries.remove(entry)
            # A subscriber waits for nobody: it may be itself that runs, or one that waits for it.
            if threading.get_ident() not in self._threads:
                self._changed.wait_for(lambda: not entry.running, _PARTING_S)

    def _missed(self, entry: _Entry) -> Iterator[Event]:
        """What came before, until nothing is missing; from then on `publish` calls."""
        while True:
            with self._changed:
                end = self._count
                if entry.given >= end or entry not in self._entries:
                    entry.behind = False
                    return
            why = "it has fewer events than were told"
            try:
                for event in islice(self._history(entry.given), end - entry.given):
                    entry.given += 1
                    yield event
            except (OSError, ValueError) as error:
                why = str(error)
            if entry.given < end:
                log.warning(
                    "What came before in %s cannot be read any more: %s. A subscriber gets what "
                    "comes from now on.",
                    self._what,
                    why,
                )
                with self._changed:
                    entry.behind = False
                return

    def _call(self, entry: _Entry, event: Event) -> None:
        me = threading.get_ident()
        with self._changed:
            if entry not in self._entries:
                return
            entry.running = True
            self._threads.append(me)
        try:
            entry.call(event)
        except Exception:
            log.exception("A subscriber of %s failed", self._what)
        finally:
            with self._changed:
                entry.running = False
                self._threads.remove(me)
                self._changed.notify_all()
