"""Recorded messages under another name and at another time."""

from __future__ import annotations

import json

import pytest

from gladia_nb.server.engines.base import Recorded
from gladia_nb.server.session.recordings import flag_of, job_as_recorded, retold

OLD, NEW = "0b9e6a54-2f0e-4f33-9d3a-6a7c1f5b1e10", "7a0c7c0e-64a5-49c5-8f7f-0c2f6b6f1a77"


def test_only_name_and_moment_are_other_ones() -> None:
    text = (
        f'{{ "session_id" : "{OLD}", "created_at" : "then", "n": 1.50, "x": "\\"created_at\\":"}}'
    )
    assert retold(Recorded(text, session_id=OLD), NEW, "now") == (
        f'{{ "session_id" : "{NEW}", "created_at" : "now", "n": 1.50, "x": "\\"created_at\\":"}}'
    )
    assert retold(Recorded("no JSON"), NEW, "now") == "no JSON"


@pytest.mark.parametrize(
    ("event", "flag"),
    [
        (Recorded("", kind="transcript", is_final=True), "receive_final_transcripts"),
        (Recorded("", kind="transcript"), "receive_partial_transcripts"),
        (Recorded("", kind="translation"), "receive_realtime_processing_events"),
        (Recorded("", kind="post_chapterization"), None),
        (Recorded(""), None),
    ],
)
def test_what_has_to_be_asked_for(event: Recorded, flag: str | None) -> None:
    assert flag_of(event) == flag


def test_a_stored_result() -> None:
    own = {"id": NEW, "request_id": "G-7", "status": "done", "error_code": None}
    own |= {"created_at": "now", "completed_at": "then", "custom_metadata": {"a": 1}}
    job = {**own, "request_params": {}, "post_session_metadata": {}, "file": None}
    job["result"] = {"metadata": {}, "messages": ["mine"]}
    result = {"metadata": {"billing_time": 7}, "messages": ["theirs"], "novelty": OLD}
    raw = json.dumps({"id": OLD, "version": 3, "file": {"id": OLD}, "result": result})
    found = job_as_recorded(raw, OLD, job)
    assert found["file"] == {"id": NEW}
    assert found["version"] == 3
    assert found["result"] == {
        "metadata": {"billing_time": 7},
        "messages": ["mine"],
        "novelty": NEW,
    }
    assert {name: found[name] for name in own} == own
    for other in ("no", "[]", "{}", '{"result": null}'):
        assert job_as_recorded(other, OLD, job) is job
