"""`GET /v2/live`: which sessions a query asks for, a page of them, and the addresses of pages.

Dates are ISO 8601, in UTC when they name no zone; a day alone begins at midnight. `date` takes the
sessions made on that day, `before_date` those made before it, `after_date` those made at it or
later. A session has the metadata asked for when each key has an equal value; numbers and booleans
also equal their text, as a query has nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from gladia_nb.server.http.refusal import invalid

__all__ = ["Query", "page"]

_STATUSES = ("queued", "processing", "done", "error")
_DATES = ("date", "before_date", "after_date")
_METADATA = re.compile(r"custom_metadata\[([^\[\]]*)\]")
#: Above it a number is no place in a list, but a mistake.
_HIGHEST = 1 << 31
_DEFAULT_LIMIT = 20


class _Item(Protocol):
    @property
    def created_at(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def custom_metadata(self) -> Mapping[str, Any] | None: ...


ItemT = TypeVar("ItemT", bound=_Item)


class Query:
    """What a query asks for.

    Args:
        pairs: names and values, in the order of the query; unknown names are ignored.

    Raises:
        RefusalError: a value is invalid; each is named.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        problems: list[str] = []
        self.offset, self.limit = 0, _DEFAULT_LIMIT
        self._filters: list[tuple[str, str]] = []
        self._statuses: set[str] = set()
        self._dates: dict[str, datetime] = {}
        self._metadata: dict[str, Any] = {}
        for name, value in pairs:
            if name == "offset":
                self.offset = _number(name, value, 0, problems)
            elif name == "limit":
                self.limit = _number(name, value, 1, problems)
            elif name in _DATES:
                self._take_date(name, value, problems)
            elif name in ("status", "status[]"):
                self._take_status(value, problems)
            elif name == "custom_metadata":
                self._take_metadata(value, problems)
            elif (match := _METADATA.fullmatch(name)) is not None:
                self._metadata[match[1]] = value
            else:
                continue
            if name not in ("offset", "limit"):
                self._filters.append((name, value))
        if problems:
            raise invalid(*problems)

    def _take_date(self, name: str, value: str, problems: list[str]) -> None:
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            self._dates[name] = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            problems.append(f"{name} must be a date in ISO 8601 (got {value!r})")

    def _take_status(self, value: str, problems: list[str]) -> None:
        if value in _STATUSES:
            self._statuses.add(value)
        else:
            problems.append(f"status must be one of {', '.join(_STATUSES)} (got {value!r})")

    def _take_metadata(self, value: str, problems: list[str]) -> None:
        try:
            data = json.loads(value)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict):
            self._metadata.update(data)
        else:
            problems.append("custom_metadata must be a JSON object")

    def fits(self, item: _Item) -> bool:
        """Whether a session is asked for."""
        if self._statuses and str(item.status) not in self._statuses:
            return False
        metadata = item.custom_metadata or {}
        if not all(
            key in metadata and _equal(metadata[key], value)
            for key, value in self._metadata.items()
        ):
            return False
        made = datetime.fromisoformat(item.created_at)
        dates = self._dates
        return (
            ("date" not in dates or made.date() == dates["date"].date())
            and ("before_date" not in dates or made < dates["before_date"])
            and ("after_date" not in dates or made >= dates["after_date"])
        )

    def address(self, base: str, offset: int) -> str:
        """The absolute address of the page that begins at `offset`."""
        pairs = [("offset", str(offset)), ("limit", str(self.limit)), *self._filters]
        return f"{base}?{urlencode(pairs)}"


def page(
    items: Iterable[ItemT], query: Query, base: str, body_of: Callable[[ItemT], dict[str, Any]]
) -> dict[str, Any]:
    """The body of the answer.

    Args:
        items: sessions, the newest first.
        query: which of them.
        base: absolute address of the list.
        body_of: makes what is shown of a session.
    """
    fitting = filter(query.fits, items)
    end = query.offset + query.limit
    # One more than the page holds tells whether there is another.
    found = list(islice(fitting, query.offset, end + 1))
    return {
        "first": query.address(base, 0),
        "current": query.address(base, query.offset),
        "next": query.address(base, end) if len(found) > query.limit else None,
        "items": [body_of(item) for item in found[: query.limit]],
    }


def _number(name: str, value: str, least: int, problems: list[str]) -> int:
    if value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) < _HIGHEST:
        return int(value)
    problems.append(f"{name} must be a whole number, {least} or more (got {value[:40]!r})")
    return least


def _equal(actual: Any, asked: Any) -> bool:
    if actual == asked and isinstance(actual, bool) == isinstance(asked, bool):
        return True
    # Python's clients write True, and JavaScript's true.
    return isinstance(asked, str) and asked in (json.dumps(actual), str(actual))
