import importlib.util
import math

from hypothesis import example, given
from hypothesis import strategies as st

from gladia_nb.lab import live_state
from gladia_nb.metrics import checks, health
from gladia_nb.record import limits
from gladia_nb.record.limits import Limit
from tests.support.make_runs import make_run

ALL = {name: value for name, value in vars(limits).items() if isinstance(value, Limit)}
LIGHT = {"valid": "good", "degraded": "watch", "invalid": "poor"}


def test_every_limit_is_public_and_its_steps_are_in_order():
    assert set(ALL) == set(limits.__all__) - {"Limit", "LONGEST_S", "MOST_CHANNELS"}
    for limit in ALL.values():
        assert 0 <= limit.degraded <= limit.invalid


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0, 1e6))
def test_the_larger_the_worse(degraded, more, value):
    limit = Limit(degraded, degraded + more)
    order = ["valid", "degraded", "invalid"]
    assert limit.judge(degraded) == "valid"
    assert limit.judge(math.inf) == "invalid"
    assert order.index(limit.judge(value)) <= order.index(limit.judge(2 * value + 1))


def judged(late_ms: float, lag_ms: float) -> tuple[str, str]:
    """Verdict on a run with one late chunk in every place and this stall; and the live light."""
    vitals = {
        "event": "vitals",
        "ns": 6_000_000_000,
        "window_ns": 1_000_000_000,
        "loop_lag_ms": lag_ms,
        "gc_count": 0,
        "gc_ms": 0.0,
        "gc_longest_ms": 0.0,
        "clock_ns": 0,
        "wall_ns": 10**18,
        "wall_width_ns": 100,
        "backlog": 0,
        "cpu_ms": 30.0,
    }
    run = make_run(extra=[vitals], late_ms=lambda seq: late_ms)
    state = live_state.LiveState.of_header(run.record.header)
    for event in run.record.events:
        state.feed(event)
    table = health(run).set_index("check")["verdict"]
    order = ["valid", "degraded", "invalid"]
    worst = max(table["pacing"], table["event loop"], key=order.index)
    return LIGHT[worst], state.snapshot().health.level


@given(
    st.sampled_from([0.0, 4.9, 5.1, 49.0, 51.0, 400.0]),
    st.sampled_from([0.0, 9.9, 10.0, 10.1, 100.0, 100.1, 900.0]),
)
@example(0.0, 0.0)
def test_the_light_while_it_runs_is_that_of_the_verdict_afterwards(late_ms, lag_ms):
    verdict, light = judged(late_ms, lag_ms)
    assert verdict == light


def test_the_verdict_and_the_light_take_their_limits_from_here(monkeypatch):
    monkeypatch.setattr(limits, "STALL_MS", Limit(1, 2))
    monkeypatch.setattr(limits, "LATENESS_MS", Limit(3, 4))
    # The checks take theirs when they are loaded; a second copy is loaded beside the first.
    spec = importlib.util.find_spec(checks.__name__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    held = {check.name: check.limit for check in again._CHECKS}
    assert (held["event loop"], held["pacing"]) == ((1, 2), (3, 4))
    known = {id(value) for value in vars(limits).values()}
    assert {id(limit) for limit in held.values()} <= known
    state = live_state.LiveState(16000, 2)
    state.feed({"event": "vitals", "loop_lag_ms": 1.5})
    assert state.snapshot().health.level == "watch"
    assert state._late_limit == (3, 4)


def test_live_audio_is_judged_by_the_limit_for_captured_audio():
    assert live_state.LiveState(16000, 2, captured=True)._late_limit is limits.CAPTURE_MS
    run = make_run()
    header = dict(run.record.header)
    header["audio"] = {**header["audio"], "frames": None, "duration_s": None}
    replayed = live_state.LiveState.of_header(header)
    assert replayed._late_limit is limits.CAPTURE_MS
    assert replayed.snapshot().duration_s is None
