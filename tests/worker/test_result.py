import json

import pytest

from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.worker.result import end_event, fetch_result
from tests.support.fake_service import SESSION, polite, serve


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
            await fetch_result(transport, SESSION, clock, events.append, 0.15)
    assert [event["event"] for event in events] == kinds
    assert words in events[-1].get("text", "")
    for event in events:
        if event["event"] == "result":
            assert json.loads(event["raw"])["id"] == SESSION
            assert event["start_ns"] <= event["end_ns"]


def test_the_end_has_both_clocks():
    end = end_event(MonotonicClock(), "finished")
    assert (end["event"], end["outcome"], len(end["anchor"])) == ("end", "finished", 3)
    json.dumps(end)
