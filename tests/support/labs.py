"""A Lab without a browser: messages as a comm brings them, and a wait for what it shows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from gladia_nb.widgets.lab import Lab

__all__ = ["PATIENCE_S", "answered", "news_of", "tell", "until"]

PATIENCE_S = 60
_news = threading.Condition()


def news_of(lab: Lab) -> None:
    """From now on whoever waits in `until` hears of each look at what this Lab shows."""
    show = lab._show

    def shown() -> None:
        show()
        with _news:
            _news.notify_all()

    lab._show = shown


def tell(lab: Lab, kind: str, buffers: Iterable[Any] = (), **fields: Any) -> None:
    """As the page does: a custom message on the comm."""
    lab._handle_custom_msg({"kind": kind, **fields}, list(buffers))


def until(condition: Callable[[], Any]) -> None:
    """Wait until it is so; it is asked whenever a Lab has looked at what it shows."""
    with _news:
        assert _news.wait_for(condition, PATIENCE_S), "it never became so"


def answered(lab: Any, ticket: str) -> tuple[dict[str, Any], Any]:
    """The answer to a command with this ticket: its content, and its binary parts."""
    until(lambda: any(content.get("ticket") == ticket for content, _ in lab.sent))
    return next(entry for entry in lab.sent if entry[0].get("ticket") == ticket)
