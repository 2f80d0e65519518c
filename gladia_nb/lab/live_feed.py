"""What of a live view goes to a page: only what has changed, however long the session lasts.

A page holds what it was told, by a number that counts what was told to it. One that has missed
something asks for everything; what is told twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["LiveFeed"]

#: Of the live view, what is told only at every third look: figures, which nobody reads faster.
_SELDOM = frozenset(
    (
        *("sent", "acknowledged", "elapsed", "left", "chunks", "messages", "unplaced"),
        *("partial_ms", "final_ms", "behind_ms", "health"),
    )
)
_EVERY = 3

View = Mapping[str, Any]


class LiveFeed:
    """The parts of a live view that a page does not have yet.

    Attributes:
        number: how often something was told.
        live: figures and state, as a page has them.
        lines: finals, likewise.
        series: points of the charts, likewise.

    Example:
        >>> feed = LiveFeed()
        >>> first = {"live": {"phase": "streaming", "sent": 1}, "lines": []}
        >>> feed.news(first)
        {'kind': 'news', 'number': 1, 'live': {'phase': 'streaming', 'sent': 1}}
        >>> feed.news({**first, "lines": [{"number": 0, "text": "hello"}]})["lines"]
        {'from': 0, 'add': [{'number': 0, 'text': 'hello'}]}
        >>> feed.news({**first, "lines": [{"number": 0, "text": "hello"}]}) is None
        True
    """

    def __init__(self) -> None:
        self.number = 0
        self.live: dict[str, Any] = {}
        self.lines: list[Any] = []
        self.series: dict[str, list[Any]] = {}
        self._turn = 0

    def news(self, views: View) -> dict[str, Any] | None:
        """What a page has to be told so that it shows these views; None when it does already.

        Args:
            views: `live`, `lines` and, now and then, `series`, whole.
        """
        self._turn += 1
        told: dict[str, Any] = {}
        fresh = views["live"].get("session") != self.live.get("session")
        if fresh:
            # Of the one before nothing is left.
            self.lines, self.series = [], {}
            told["fresh"] = True
        if live := self._figures(views["live"], all_of_them=fresh):
            told["live"] = live
        if lines := self._finals(views["lines"]):
            told["lines"] = lines
        if series := self._points(views.get("series")):
            told["series"] = series
        if not told:
            return None
        self.number += 1
        return {"kind": "news", "number": self.number, **told}

    def _figures(self, live: View, *, all_of_them: bool) -> dict[str, Any]:
        seldom = bool(live.get("running")) and self._turn % _EVERY != 0 and not all_of_them
        changed = {
            name: value
            for name, value in live.items()
            if self.live.get(name, _UNKNOWN) != value
            and not (seldom and name in _SELDOM and name in self.live)
        }
        # A view that has nothing to say of something any more begins anew.
        gone = {
            name: None for name in self.live if name not in live and self.live[name] is not None
        }
        self.live = {**self.live, **changed, **gone}
        return {**changed, **gone}

    def _finals(self, lines: Sequence[Any]) -> dict[str, Any]:
        if lines == self.lines:
            return {}
        last = self.lines[-1]["number"] if self.lines else -1
        self.lines = list(lines)
        first = lines[0]["number"] if lines else last + 1
        return {"from": first, "add": [line for line in lines if line["number"] > last]}

    def _points(self, series: View | None) -> dict[str, Any]:
        if series is None:
            return {}
        told = {}
        for name in {**self.series, **series}:
            points, had = list(series.get(name, ())), self.series.get(name, [])
            kept = _alike(had, points)
            if name not in self.series or kept != len(points) or kept != len(had):
                told[name] = {"keep": kept, "add": points[kept:]}
        self.series = {name: list(points) for name, points in series.items()}
        return told


_UNKNOWN = object()


def _alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many points at the beginning are the same."""
    for k, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return k
    return min(len(one), len(other))
