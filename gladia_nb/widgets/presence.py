"""Whether anybody looks: pages that show a widget come and go, and one that reloads comes back."""

from __future__ import annotations

import threading
import time

__all__ = ["Presence"]

#: Seconds that a page may be away, as in a reload, before its session is stopped.
_AWAY_S = 20.0


class Presence:
    """The pages that show a Lab, by the names that they give themselves.

    Attributes:
        views: names of the pages that are there.

    Example:
        >>> presence = Presence()
        >>> presence.hello("a")
        >>> presence.leave("a")
        >>> presence.views, presence.is_over()
        (set(), False)
    """

    def __init__(self) -> None:
        self.views: set[str] = set()
        self._left_at: float | None = None
        self._lock = threading.Lock()

    def hello(self, view: str) -> None:
        """A page shows the Lab."""
        with self._lock:
            self.views.add(view)
            self._left_at = None

    def leave(self, view: str) -> None:
        """A page was closed, or is being loaded again."""
        with self._lock:
            self.views.discard(view)
            if not self.views:
                self._left_at = time.monotonic()

    def is_over(self) -> bool:
        """Whether all pages have been away for too long; said once for each time they leave."""
        with self._lock:
            if self._left_at is None or time.monotonic() - self._left_at <= _AWAY_S:
                return False
            self._left_at = None
            return True
