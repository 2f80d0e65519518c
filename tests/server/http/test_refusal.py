"""Refusals: one body for all, which repeats nothing that is secret."""

from __future__ import annotations

import json
import re

import pytest
from aiohttp.test_utils import make_mocked_request

from gladia_nb.server.http.refusal import RefusalError, invalid

REQUEST = make_mocked_request("GET", "/v2/live/x?token=secret")


def test_the_body_by_hand() -> None:
    response = RefusalError(409, "Not now", job="0123456789ab").response(REQUEST)
    assert response.status == 409
    assert response.content_type == "application/json"
    body = json.loads(response.body)
    stamp = body.pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert body == {
        "path": "/v2/live/x",
        "request_id": "G-01234567",
        "statusCode": 409,
        "message": "Not now",
    }


def test_a_query_is_not_repeated() -> None:
    assert b"secret" not in RefusalError(404, "Not found").response(REQUEST).body


def test_each_refusal_has_a_name_of_its_own() -> None:
    refusal = RefusalError(404, "Not found")
    names = {json.loads(refusal.response(REQUEST).body)["request_id"] for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch(r"G-[0-9a-f]{8}", name) for name in names)


@pytest.mark.parametrize("problems", [[], ["channels must be 1"], ["a must be", "b must be"]])
def test_invalid_fields_are_listed(problems: list[str]) -> None:
    refusal = invalid(*problems)
    body = json.loads(refusal.response(REQUEST).body)
    assert (refusal.status, body["message"]) == (400, "Invalid parameter(s)")
    assert body["validation_errors"] == problems
    assert str(refusal) == "Invalid parameter(s)"


def test_headers_come_with_it() -> None:
    refusal = RefusalError(429, "Too many", headers={"Retry-After": "1"})
    assert refusal.response(REQUEST).headers["Retry-After"] == "1"
    assert "validation_errors" not in json.loads(refusal.response(REQUEST).body)
