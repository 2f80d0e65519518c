"""Each check by a run that has just that fault, and nothing else."""

import math

import numpy as np
import pytest

from gladia_nb.metrics import (
    HEALTH,
    VITALS,
    check_latencies,
    health,
    latency,
    verdict,
    vitals,
)
from gladia_nb.record.file import Record
from gladia_nb.run import Run
from tests.support.make_runs import (
    as_live,
    make_run,
    message,
    reference,
    speech,
    transcript,
    utterance,
    words,
)


def second(at_s=1.0, **values):
    """A `vitals` event of a quiet second."""
    return {
        "event": "vitals",
        "ns": 5_000_000_000 + int(at_s * 1e9),
        "window_ns": 1_000_000_000,
        "loop_lag_ms": 1.2,
        "gc_count": 0,
        "gc_ms": 0.0,
        "gc_longest_ms": 0.0,
        "clock_ns": -300,
        "wall_ns": 10**18,
        "wall_width_ns": 100,
        "backlog": 0,
        "cpu_ms": 30.0,
        **values,
    }


_, TEXT = transcript(1.5, words("hello"))
#: A transcript, without which a session has nothing to measure.
HEARD = {
    "event": "message",
    "ns": 6_500_000_000,
    "recv_ns": 6_500_000_000,
    "connection": 1,
    "via": "websocket",
    "raw": TEXT,
}
QUIET = (second(1), second(2), HEARD)


def one_fault(run):
    """The only check that is not valid: name and verdict."""
    table = health(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(HEALTH)
    wrong = table[table["verdict"] != "valid"]
    assert len(wrong) == 1, wrong
    row = wrong.iloc[0]
    assert row["reason"].endswith(".")
    found = verdict(run)
    assert found.status == row["verdict"]
    assert found.reasons == (row["reason"],)
    assert str(found) == f"{found.status}: {row['reason']}"
    return row["check"], row["verdict"]


def test_a_good_run_is_valid():
    run = make_run(extra=QUIET)
    assert verdict(run) == ("valid", ())
    assert str(run.verdict) == "valid"
    assert "Measurement: valid." in run._repr_html_()


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (make_run(extra=QUIET, speed=4.0), ("speed", "degraded")),
        (make_run(extra=QUIET, late_ms=lambda seq: -1.0), ("sent early", "degraded")),
        (make_run(extra=QUIET, late_ms=lambda seq: -100.0), ("sent early", "invalid")),
        (make_run(extra=QUIET, late_ms=lambda seq: 8.0), ("pacing", "degraded")),
        (make_run(extra=QUIET, late_ms=lambda seq: 80.0), ("pacing", "invalid")),
        (make_run(extra=QUIET, send_ms=30), ("sending", "degraded")),
        (make_run(extra=[HEARD, second(loop_lag_ms=30)]), ("event loop", "degraded")),
        (make_run(extra=[HEARD, second(loop_lag_ms=300)]), ("event loop", "invalid")),
        (make_run(extra=[HEARD, second(gc_longest_ms=20)]), ("garbage collection", "degraded")),
        (make_run(extra=[HEARD, second(), second(2, clock_ns=9_000_000)]), ("clock", "invalid")),
        (
            make_run(extra=[HEARD, second(), second(2, wall_ns=10**18 + 10**9)]),
            ("wall clock", "degraded"),
        ),
        (make_run(extra=[HEARD, second(backlog=80)]), ("receive queue", "degraded")),
        (make_run(extra=[HEARD]), ("event loop", "degraded")),
    ],
)
def test_one_fault_each(run, expected):
    assert one_fault(run) == expected


def test_drift():
    drifting = make_run(extra=QUIET, duration_s=6.0, late_ms=lambda seq: 5.1 * (seq >= 50))
    assert set(health(drifting).query("verdict != 'valid'")["check"]) == {"drift", "pacing"}
    table = health(make_run(extra=QUIET, duration_s=10.0, late_ms=lambda seq: 1.1 * seq))
    assert set(table.loc[table["verdict"] == "invalid", "check"]) == {"pacing", "drift"}


def test_stamps_that_go_back():
    back = make_run([message(1.0, "start_session"), message(2.0, "start_recording")], extra=QUIET)
    events = [dict(e) for e in back.record.events]
    stamps = [e for e in events if e["event"] == "message"]
    stamps[-1]["recv_ns"] -= 3_000_000_000
    assert one_fault(Run(Record(back.record.header, tuple(events)))) == (
        "order of stamps",
        "invalid",
    )


def test_a_schedule_that_is_not_that_of_the_audio():
    run = make_run(extra=QUIET)
    events = [dict(e) for e in run.record.events]
    for event in events:
        if event["event"] == "chunk":
            for name in ("due_ns", "send_start_ns", "send_end_ns"):
                event[name] += 1_500_000
    assert one_fault(Run(Record(run.record.header, tuple(events)))) == ("schedule", "degraded")


def test_nothing_was_sent():
    found = verdict(make_run(sent_s=0.0, extra=QUIET))
    assert found.status == "invalid"
    assert found.reasons[0] == "No audio was sent."


def test_a_lost_connection_is_not_bad_pacing():
    run = make_run(extra=QUIET, duration_s=6.0)
    t0 = run.record.t0_ns
    events = []
    for event in map(dict, run.record.events):
        # Lost at 2 s, resumed at 3 s: what was due between left at 3 s.
        if event["event"] == "chunk" and 2e9 <= event["due_ns"] - t0 <= 3e9:
            event["send_start_ns"] = event["send_end_ns"] = t0 + 3_000_000_000
        events.append(event)
    close = {
        "event": "close",
        "ns": t0 + 2_000_000_000,
        "connection": 1,
        "code": None,
        "reason": "",
        "outcome": "retry",
    }
    again = {
        "event": "connect",
        "connection": 2,
        "start_ns": t0 + 2_900_000_000,
        "end_ns": t0 + 3_000_000_000,
        "error": None,
    }
    if not run.record.of("connect"):
        events.insert(0, {**again, "connection": 1, "start_ns": t0 - 2, "end_ns": t0 - 1})
    end = events.pop() if events[-1]["event"] == "end" else None
    events += [close, again, *([end] if end else [])]
    broken = Run(Record(run.record.header, tuple(events)))
    assert one_fault(broken) == ("connections lost", "degraded")


def live_run(late_ms, *extra):
    """A run of live audio."""
    return as_live(make_run(extra=[*QUIET, *extra], late_ms=late_ms))


def test_live_audio_has_limits_of_its_own():
    assert verdict(live_run(lambda seq: 20.0)).status == "valid"
    assert one_fault(live_run(lambda seq: 90.0)) == ("capture to send", "degraded")
    # Within what the clocks leave open, nothing was sent before it was spoken.
    clock = {
        "event": "clock",
        "ns": 5_000_000_000,
        "name": "browser",
        "offset_ns": 0,
        "uncertainty_ns": 3_000_000,
        "n": 8,
    }
    assert verdict(live_run(lambda seq: -2.0, clock)).status == "valid"
    gap = {"event": "gap", "ns": 6_000_000_000, "at_frame": 16000}
    assert one_fault(live_run(lambda seq: 5.0, {**gap, "why": "stalled"})) == ("gaps", "degraded")
    assert verdict(live_run(lambda seq: 5.0, {**gap, "why": "paused"})).status == "valid"
    zeros = {**gap, "why": "zeros", "frames": 160}
    assert one_fault(live_run(lambda seq: 5.0, zeros)) == ("zeros", "degraded")


def test_a_page_that_tells_of_its_event_loop_is_believed():
    """A browser tells nothing of collections, of another clock, or of what was waiting."""
    names = ("event", "ns", "window_ns", "loop_lag_ms", "wall_ns", "wall_width_ns")
    told = [{name: second(at)[name] for name in names} for at in (1, 2)]
    run = make_run(extra=[HEARD, *told])
    assert verdict(run).status == "valid"
    values = health(run).set_index("check")["value"]
    assert values["event loop"] >= 0
    for unknown in ("garbage collection", "clock", "receive queue"):
        assert np.isnan(values[unknown])
    late = make_run(extra=[HEARD, *({**one, "loop_lag_ms": 300.0} for one in told)])
    assert one_fault(late) == ("event loop", "invalid")


def test_vitals_are_told_from_the_first_second_on():
    table = vitals(
        make_run(extra=[HEARD, second(1), second(2, clock_ns=700, wall_ns=10**18 + 5_000_000)])
    )
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(VITALS)
    assert table["at_s"].tolist() == [1.0, 2.0]
    assert table["clock_ms"].tolist() == [0.0, 0.001]
    assert table["wall_ms"].tolist() == [0.0, 5.0]
    empty = vitals(make_run())
    assert {name: str(dtype) for name, dtype in empty.dtypes.items()} == dict(VITALS)
    assert len(empty) == 0


def test_no_check_has_a_silent_value():
    table = health(make_run(duration_s=0.1))
    unseen = table[np.isnan(table["value"])]
    # Not observed, and either no fault or said so.
    assert set(unseen.loc[unseen["verdict"] == "degraded", "check"]) == {
        "event loop",
        "garbage collection",
    } or len(unseen)
    assert all(isinstance(r, str) for r in unseen.loc[unseen["verdict"] != "valid", "reason"])
    assert not math.isnan(table.set_index("check").loc["pacing", "value"])


def test_an_honest_table_has_nothing_odd():
    assert check_latencies(latency(make_run())) == ()


# -- transcripts --

SPOKEN = words("one two three four five six seven eight", 0.3)


def test_speech_without_a_transcript_is_not_valid():
    known = make_run(extra=QUIET[:2], reference=reference(SPOKEN))
    found = verdict(known)
    assert found.status == "invalid"
    assert found.reasons[0] == "There was speech, and no transcript came."
    heard = make_run([speech(0.5, "start", 0.3)], extra=QUIET[:2])
    assert one_fault(heard) == ("transcripts", "invalid")
    assert one_fault(make_run(extra=QUIET[:2])) == ("transcripts", "degraded")


def test_a_low_match_rate_degrades():
    lost = make_run(utterance(SPOKEN[:4]), extra=QUIET[:2], reference=reference(SPOKEN))
    assert one_fault(lost) == ("reference", "degraded")
    assert verdict(lost).reasons[0].startswith("No final holds 50% of the words")
    most = make_run(utterance(SPOKEN[:6]), extra=QUIET[:2], reference=reference(SPOKEN))
    assert verdict(most).status == "valid"
    # What was not sent was not spoken either.
    short = make_run(
        utterance(SPOKEN[:4]), extra=QUIET[:2], reference=reference(SPOKEN), sent_s=1.9
    )
    assert verdict(short).status == "valid"


def test_words_without_times_are_counted_and_matched_by_their_order():
    untimed = [(word, math.nan, math.nan) for word, _, _ in SPOKEN]
    run = make_run(
        [transcript(3.9, untimed, final=True, span=(0.3, 3.4))],
        extra=QUIET[:2],
        reference=reference(SPOKEN),
    )
    assert one_fault(run) == ("word times", "degraded")
    assert verdict(run).reasons[0].startswith("8 words came without times")
    rows = latency(run, anchor="reference").query("name == 'word_end -> final @send'")
    assert rows["event_s"].notna().sum() == len(SPOKEN)


# -- stalls, by the messages whose stamps they touch --


def many_seconds(stalled, **values):
    """400 messages in 40 s, and one second in which something stood still."""
    arrivals = [message(0.05 + k / 10, "start_session") for k in range(400)]
    seconds = [second(at + 1, **(values if at in stalled else {})) for at in range(40)]
    return make_run(arrivals, duration_s=0.5, ack_ms=None, extra=[*seconds, HEARD])


@pytest.mark.parametrize("fault", ["loop_lag_ms", "gc_longest_ms"])
def test_one_stall_is_no_reason_to_throw_a_run_away(fault):
    assert verdict(many_seconds({20}, **{fault: 112.0})).status == "valid"
    # In each fifth second: one message in fifty can be late by that.
    check, status = one_fault(many_seconds(range(0, 40, 5), **{fault: 112.0}))
    assert status == "invalid"
    assert check in ("event loop", "garbage collection")


def test_a_stall_that_many_messages_waited_for_counts():
    bunch = [message(20.5 + k / 1e4, "start_session") for k in range(30)]
    rest = [message(0.05 + k / 10, "start_session") for k in range(370)]
    seconds = [second(at + 1, **({"loop_lag_ms": 300.0} if at == 20 else {})) for at in range(40)]
    run = make_run([*rest, *bunch], duration_s=0.5, ack_ms=None, extra=[*seconds, HEARD])
    assert one_fault(run) == ("event loop", "invalid")


def test_a_queue_counts_by_those_who_stood_in_it():
    assert verdict(many_seconds({20}, backlog=3)).status == "valid"
    assert one_fault(many_seconds(range(40), backlog=80)) == ("receive queue", "degraded")
