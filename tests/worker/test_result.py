import json

import pytest

from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.worker.result import fetch_result
from tests.support.fake_service import SESSION, polite, serve
from tests.support.stored_events import stored_in


@pytest.mark.parametrize(
    ("results", "kinds", "words"),
    [
        (["processing", "done"], ["result"], ""),
        (["error"], ["result"], ""),
        (["processing"], ["result", "warning"], "had not finished the stored result in time"),
        ([404], ["warning"], "could not be fetched"),
    ],
)
async def test_what_is_stored_is_recorded_and_what_is_not_is_said(results, kinds, words):
    events = []
    async with serve(polite) as service:
        service.results = results
        clock = MonotonicClock()
        async with Transport(service.url, "a-long-enough-key", clock) as transport:
            await fetch_result(transport, SESSION, clock, stored_in(events), 0.15)
    assert [event["event"] for event in events] == kinds
    assert words in events[-1].get("text", "")
    for event in events:
        if event["event"] == "result":
            assert json.loads(event["raw"])["id"] == SESSION
            assert event["start_ns"] <= event["end_ns"]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"status": "done", "x": "\\ud800"}', "", "5"])
async def test_whatever_is_answered_fails_no_session(body):
    class Answers:
        async def get(self, session_id):
            return body

    events = []
    await fetch_result(Answers(), SESSION, MonotonicClock(), stored_in(events), 0)
    assert events[0]["event"] == "result"
    assert events[0]["raw"] == body


async def test_a_result_in_pieces_without_number_is_passed_over():
    class Answers:
        async def get(self, session_id):
            return '{"x": [' + "[]," * 500_000 + '0], "status": "done", "y": {"status": 1}}'

    events = []
    await fetch_result(Answers(), SESSION, MonotonicClock(), stored_in(events), 0)
    assert [event["event"] for event in events] == ["result"], "it is seen to be done"
