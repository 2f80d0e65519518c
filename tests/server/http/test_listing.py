"""The list route's query, apart from the server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.http.listing import Query, page
from gladia_nb.server.http.refusal import RefusalError

BASE = "http://127.0.0.1:1/v2/live"


@dataclass
class Item:
    created_at: str = "2026-11-20T10:00:00.000Z"
    status: str = "done"
    custom_metadata: dict[str, Any] | None = field(default_factory=dict)


def problems(*pairs: tuple[str, str]) -> list[str]:
    with pytest.raises(RefusalError) as caught:
        Query(pairs)
    assert caught.value.status == 400
    assert caught.value.problems is not None
    return caught.value.problems


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("offset", "-1", "offset must be a whole number, 0 or more"),
        ("offset", "x", "offset must"),
        ("offset", "1e3", "offset must"),
        ("offset", "9" * 5000, "offset must"),
        ("limit", "0", "limit must be a whole number, 1 or more"),
        ("limit", "", "limit must"),
        ("limit", "١", "limit must"),
        ("date", "yesterday", "date must be a date in ISO 8601 (got 'yesterday')"),
        ("before_date", "2026-13-01", "before_date must be"),
        ("after_date", "0001-01-01T00:00:00+14:00", "after_date must be"),
        ("status", "finished", "status must be one of queued, processing, done, error"),
        ("custom_metadata", "[1]", "custom_metadata must be a JSON object"),
        ("custom_metadata", "[" * 100_000, "custom_metadata must be a JSON object"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, sentence: str) -> None:
    assert sentence in problems((name, value))[0]


def test_every_wrong_value_is_named() -> None:
    assert len(problems(("offset", "x"), ("limit", "y"), ("status", "z"))) == 3


@pytest.mark.parametrize(
    ("pairs", "fits"),
    [
        ([], True),
        ([("unknown", "x")], True),
        ([("status", "done")], True),
        ([("status", "queued")], False),
        ([("status", "queued"), ("status", "done")], True),
        ([("date", "2026-11-20")], True),
        ([("date", "2026-11-20T23:00:00Z")], True),
        ([("date", "2026-11-21")], False),
        ([("date", "2026-11-21T01:00:00+02:00")], True),
        ([("before_date", "2026-11-20")], False),
        ([("before_date", "2026-11-20T10:00:00.001Z")], True),
        ([("before_date", "2026-11-20T10:00:00Z")], False),
        ([("after_date", "2026-11-20T10:00:00Z")], True),
        ([("after_date", "2026-11-20T10:00:00.001Z")], False),
        ([("after_date", "2026-11-20T11:30:00+02:00")], True),
        ([("after_date", "2026-11-19"), ("before_date", "2026-11-21")], True),
        ([("custom_metadata[run]", "a1")], True),
        ([("custom_metadata[run]", "a2")], False),
        ([("custom_metadata[other]", "a1")], False),
        ([("custom_metadata[take]", "3")], True),
        ([("custom_metadata[live]", "true")], True),
        ([("custom_metadata[live]", "True")], True),
        ([("custom_metadata[live]", "1")], False),
        ([("custom_metadata", '{"run":"a1","take":3}')], True),
        ([("custom_metadata", '{"live":1}')], False),
        ([("custom_metadata", '{"nested":{"a":[1]}}')], True),
        ([("custom_metadata", '{"run":"a1","take":4}')], False),
    ],
)
def test_filters(pairs: list[tuple[str, str]], fits: bool) -> None:
    metadata = {"run": "a1", "take": 3, "live": True, "nested": {"a": [1]}}
    assert Query(pairs).fits(Item(custom_metadata=metadata)) is fits


def test_a_session_without_metadata() -> None:
    assert Query([]).fits(Item(custom_metadata=None))
    assert not Query([("custom_metadata[a]", "b")]).fits(Item(custom_metadata=None))


@given(
    count=st.integers(0, 30),
    limit=st.integers(1, 12),
    metadata=st.dictionaries(
        st.text(st.characters(exclude_characters="[]", codec="utf-8"), max_size=5),
        st.text(st.characters(codec="utf-8"), max_size=5),
        max_size=3,
    ),
    as_json=st.booleans(),
)
def test_following_next_gives_everything_once(
    count: int, limit: int, metadata: dict[str, str], as_json: bool
) -> None:
    items = [Item(custom_metadata={**metadata, "number": number}) for number in range(count)]
    items.insert(count // 2, Item(status="error"))
    pairs = [("limit", str(limit)), ("status", "done")]
    if as_json:
        pairs.append(("custom_metadata", json.dumps(metadata)))
    else:
        pairs += [(f"custom_metadata[{key}]", value) for key, value in metadata.items()]
    found: list[dict[str, Any]] = []
    first = ""
    for _ in range(count + 2):
        body = page(items, Query(pairs), BASE, lambda item: item.custom_metadata or {})
        first = first or body["current"]
        assert body["first"] == first
        assert body["current"].startswith(f"{BASE}?offset={len(found)}&")
        found += body["items"]
        if body["next"] is None:
            break
        pairs = parse_qsl(urlsplit(body["next"]).query, keep_blank_values=True)
    assert [item["number"] for item in found] == list(range(count))
