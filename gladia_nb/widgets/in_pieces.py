"""A widget whose live view goes to its pages in pieces, and is whole for one that comes later."""

from __future__ import annotations

import threading
import time
from typing import Any

import anywidget
import traitlets

from gladia_nb.lab.live_feed import LiveFeed

__all__ = ["InPieces"]

#: Traits that are told in pieces while they change.
_IN_PIECES = ("live", "lines", "series", "number")

#: Seconds of a session without news after which a page is told that the kernel is there.
_BEAT_S = 2.0


class InPieces(anywidget.AnyWidget):
    """The live view of the Lab.

    The traits are what a page shows. They are sent whole when a page appears; a page that is there
    gets messages with what has changed, and asks for everything when one did not reach it.

    Attributes:
        live: state and figures.
        lines: finals.
        series: points of the charts.
        number: how often something was told.
    """

    live = traitlets.Dict().tag(sync=True)
    lines: traitlets.List[Any] = traitlets.List().tag(sync=True)
    series = traitlets.Dict().tag(sync=True)
    number = traitlets.Int().tag(sync=True)

    def __init__(self, **options: Any) -> None:
        self._feed = LiveFeed()
        self._missed = threading.Event()
        self._told_s = 0.0
        super().__init__(**options)

    def _tell_news(self, views: dict[str, Any]) -> None:
        """Show `live`, `lines` and, now and then, `series`; always from the same thread."""
        if self._missed.is_set():
            self._missed.clear()
            self.send_state(list(_IN_PIECES))
        news = self._feed.news(views)
        now = time.monotonic()
        if news is None:
            if views["live"].get("running") and now - self._told_s > _BEAT_S:
                # So that a page knows that it still hears.
                self._told_s = now
                self.send({"kind": "beat"})
            return
        self._told_s = now
        for name in _IN_PIECES:
            setattr(self, name, getattr(self._feed, name))
        self.send(news)

    def _should_send_property(self, key: str, value: Any) -> bool:
        wanted: bool = super()._should_send_property(key, value)
        return key not in _IN_PIECES and wanted
