"""Pacing and acknowledgements, by hand."""

import math

import pytest

from gladia_nb.metrics import PACING, VITALS, pacing, vitals
from tests.support.make_runs import make_run


def row(run):
    table = pacing(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(PACING)
    return table.iloc[0]


def test_known_lateness():
    found = row(make_run(duration_s=10.0, late_ms=lambda seq: 1.0 + (seq == 50) * 30, send_ms=0.2))
    assert found["chunks"] == 100
    assert found["lateness_p50_ms"] == pytest.approx(1.0)
    assert found["lateness_max_ms"] == pytest.approx(31.0)
    assert found["drift_ms"] == pytest.approx(0.0)
    assert found["send_p99_ms"] == pytest.approx(0.2)
    assert found["ack_p50_ms"] == pytest.approx(20.0)
    assert (found["resent"], found["unacknowledged"]) == (0, 0)


def test_drift():
    naive = row(make_run(duration_s=10.0, late_ms=lambda seq: 1.1 * seq))
    assert naive["drift_ms"] == pytest.approx(99.0)
    early = row(make_run(duration_s=0.3, late_ms=lambda seq: -100.0 + seq))
    assert early["lateness_max_ms"] == pytest.approx(-98.0)
    assert early["drift_ms"] == pytest.approx(2.0)


def test_what_was_not_observed_is_missing():
    found = row(make_run(duration_s=1.0, ack_ms=None))
    assert found["unacknowledged"] == 10
    assert math.isnan(found["ack_p50_ms"])
    nothing = row(make_run(sent_s=0.0))
    assert nothing["chunks"] == 0
    assert math.isnan(nothing["lateness_p50_ms"])
    assert math.isnan(nothing["drift_ms"])
    assert math.isnan(row(make_run(duration_s=0.1))["drift_ms"])


def test_sending_again_does_not_count_as_late():
    lost = make_run(duration_s=1.0).record.of("chunk")[4]
    later = {k: v + 5_000_000_000 for k, v in lost.items() if k.startswith("send_")}
    found = row(make_run(duration_s=1.0, extra=[{**lost, **later, "resend": True}]))
    assert (found["chunks"], found["resent"]) == (10, 1)
    assert found["lateness_max_ms"] == 0


def second(at, **more):
    """What the probe said of one second."""
    clocks = {"clock_ns": 5, "wall_ns": 7, "wall_width_ns": 1}
    quiet = {"loop_lag_ms": 1.2, "gc_count": 0, "gc_ms": 0.0, "gc_longest_ms": 0.0}
    window = {"window_ns": 1_000_000_000, "backlog": 1, "cpu_ms": 9.5}
    return {
        "event": "vitals",
        "ns": make_run().record.t0_ns + at,
        **clocks,
        **quiet,
        **window,
        **more,
    }


def test_vitals_second_by_second_and_of_runs_that_told_less():
    table = vitals(make_run(extra=[second(1_000_000_000), second(2_000_000_000, lead_ms=0.24)]))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(VITALS)
    assert table["at_s"].tolist() == [1.0, 2.0]
    assert table["cpu_ms"].tolist() == [9.5, 9.5]
    assert math.isnan(table["lead_ms"][0])
    assert table["lead_ms"][1] == 0.24
    assert vitals(make_run()).empty
