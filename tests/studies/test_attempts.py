import dataclasses
import json

import pytest

from gladia_nb.run import Run
from gladia_nb.studies.attempts import Judged, judge, judge_file
from tests.support.make_runs import make_run
from tests.support.studies import run_of


def with_events(run, *events, drop=("end", "result")):
    kept = [e for e in run.record.events if e["event"] not in drop]
    return Run(dataclasses.replace(run.record, events=(*kept, *events), derived={}, _by_kind={}))


def ended(outcome, **error):
    stamp = 10**10
    found = [{"event": "error", "ns": stamp, **error}] if error else []
    return [*found, {"event": "end", "ns": stamp, "wall_ns": stamp, "outcome": outcome}]


@pytest.mark.parametrize(
    ("events", "state", "reason", "again"),
    [
        (ended("stopped"), "interrupted", "stopped before its end", True),
        (ended("aborted"), "interrupted", "broken off", True),
        ([], "interrupted", "its process was killed", True),
        (ended("failed", name="SessionError", text="Lost."), "broken", "Lost.", True),
        (ended("failed", name="ApiError", text="No.", status=503), "broken", "No.", True),
        (ended("failed", name="LimitError", text="Full.", status=429), "limited", "Full.", True),
        (ended("failed", name="ApiError", text="Bad.", status=400), "refused", "Bad.", False),
        (
            ended("failed", name="AuthenticationError", text="Key.", status=401),
            "refused",
            "",
            False,
        ),
        (ended("failed"), "broken", "did not say why", True),
    ],
)
def test_how_a_session_ended_decides(tmp_path, events, state, reason, again):
    found = judge(with_events(run_of(lambda _: 0.2, sentences=2), *events), tmp_path)
    assert found.state == state
    assert reason in found.reason
    assert found.again is again


def test_when_a_service_wants_to_be_asked_again_is_kept(tmp_path):
    told = ended("failed", name="LimitError", text="Full.", status=429, retry_after_s=7.5)
    found = judge(with_events(run_of(lambda _: 0.2, sentences=2), *told), tmp_path)
    assert (found.state, found.retry_s) == ("limited", 7.5)


def test_a_slow_session_counts_and_one_without_a_stopwatch_does_not(tmp_path):
    slow = judge(run_of(lambda _: 9.0, sentences=2), tmp_path)
    assert (slow.state, slow.again) == ("done", False)
    bad = judge(make_run(duration_s=4.0, late_ms=lambda seq: 500.0), tmp_path)
    assert bad.state == "invalid"
    assert "late" in bad.reason


def test_what_the_design_asked_for_is_no_reason_to_repeat(tmp_path):
    fast = judge(run_of(lambda _: 0.2, sentences=2, speed=50.0), tmp_path)
    assert (fast.state, fast.reason) == ("done", "")


def test_what_is_billed(tmp_path):
    run = run_of(lambda _: 0.2, sentences=2)
    sent = judge(run, tmp_path).billed_h * 3600
    assert sent == pytest.approx(run.chunks["end_s"].max())
    body = {"result": {"metadata": {"billing_time": 90}}}
    told = {"event": "result", "status": 200, "ns": 1, "start_ns": 1, "raw": json.dumps(body)}
    events = [told, *ended("finished")]
    assert judge(with_events(run, *events), tmp_path).billed_h == pytest.approx(0.025)
    broken = {**told, "raw": "<html>"}
    assert judge(with_events(run, broken, *ended("finished")), tmp_path).billed_h * 3600 == (
        pytest.approx(sent)
    )


def test_a_file_that_cannot_be_read_is_broken(tmp_path):
    (tmp_path / "x.run").write_text("nothing")
    found = judge_file(tmp_path / "x.run")
    assert found.state == "broken"
    assert found.billed_h == 0
    run_of(lambda _: 0.2, sentences=2).save(tmp_path / "y.run")
    assert judge_file(tmp_path / "y.run").state == "done"


def test_what_counts_is_the_first_that_is_done_and_is_read_once(tmp_path):
    cut_off, good, later = (tmp_path / f"{name}.run" for name in "abc")
    run = run_of(lambda _: 0.2, sentences=2)
    with_events(run, *ended("stopped")).save(cut_off)
    run.save(good)
    later.write_text("nothing")
    judged = Judged()
    path, found = judged.first_done([cut_off, good, later])
    assert (path, found.n_partials) == (good, run.n_partials)
    assert judged(good).state == "done"
    assert judged.first_done([cut_off, good, later]) == (good, None), "it is known by now"
    assert judged.first_done([cut_off, later]) is None
    # What was stopped may be under way still; what has ended stays as it is.
    run.save(cut_off)
    good.unlink()
    assert judged(cut_off).state == "done"
    assert judged(good).state == "done"
    assert judged(later).state == "broken"
