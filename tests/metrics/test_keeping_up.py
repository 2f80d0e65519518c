"""Lag, backlog and cadence of streams with known ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics import (
    CADENCE,
    CURSOR_LAG,
    STREAM,
    cadence,
    cursor_lag,
    slope,
    stream,
)
from tests.support.make_runs import make_run, rich_run, transcript, utterance, words

SAID = words("hello it is very nice", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4


def talk(seconds, lag, every_s=0.4):
    """One long utterance: at each moment what was said `lag(moment)` before is shown."""
    arrivals, said = [], words(" ".join("w" for _ in range(int(seconds / 0.4))), 0.1)
    final_s = said[-1][2] + lag(seconds)
    at = 1.0
    while at < final_s:
        end = at - lag(at)
        seen = [word for word in said if word[2] <= end]
        if seen:
            arrivals.append(transcript(at, seen, span=(0.1, end)))
        at += every_s
    return [*arrivals, transcript(final_s, said, final=True)]


def test_cursor_lag_by_hand():
    run = make_run(utterance(SAID, partial_s=0.25, final_s=0.5), send_ms=0.0)
    table = cursor_lag(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(CURSOR_LAG)
    # 0.25 s after a word ended, the chunk that ended 0.2 s after it had been sent.
    assert table["sent_s"].tolist() == pytest.approx([1.0, 1.4, 1.8, 2.2, 2.6, 2.9])
    assert table["lag_s"].tolist() == pytest.approx([0.2] * 5 + [0.5])
    assert table["is_final"].tolist() == [False] * 5 + [True]
    assert table["speaking"].tolist() == [True] * 4 + [False] * 2


def test_a_transcript_can_run_ahead():
    run = make_run([transcript(0.55, SAID[:1]), transcript(0.05, SAID[:1], "1")])
    table = cursor_lag(run)
    assert table["utterance_id"].tolist() == ["00_00000000"]  # the other came before any audio
    assert table["lag_s"].tolist() == pytest.approx([0.5 - 0.8])
    assert stream(run)["negative"].tolist() == [1]
    done = make_run([transcript(0.95, SAID[:1])])
    assert stream(done).empty  # it came when nobody spoke


def test_no_backlog():
    row = stream(make_run(talk(60, lambda at: 0.5), duration_s=65)).set_index("kind")
    assert row.loc["partial", "lag_p50_s"] == pytest.approx(0.5, abs=0.1)
    assert abs(row.loc["partial", "backlog_ms_per_s"]) < 1
    assert row.loc["final", "points"] == 1
    assert math.isnan(row.loc["final", "backlog_ms_per_s"])
    assert row.loc["final", "note"].startswith("A backlog needs three")


@pytest.mark.parametrize("growth", [0.05, 0.2])
def test_a_service_that_falls_behind(growth):
    run = make_run(talk(60, lambda at: 0.3 + growth * at), duration_s=65)
    table = stream(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(STREAM)
    row = table.iloc[0]
    assert row["backlog_ms_per_s"] == pytest.approx(1000 * growth, rel=0.03)
    assert row["backlog_low_ms_per_s"] > 0
    assert row["backlog_low_ms_per_s"] <= row["backlog_ms_per_s"] <= row["backlog_high_ms_per_s"]


def test_many_points_are_summed_up():
    run = make_run(talk(60, lambda at: 0.3 + 0.1 * at, every_s=0.05), duration_s=65)
    row = stream(run).iloc[0]
    assert row["n"] > 1000
    assert row["points"] <= 400
    assert row["backlog_ms_per_s"] == pytest.approx(100, rel=0.03)


def test_slope():
    assert slope([0, 1, 2, 3, 4], [1, 3, 5, 7, 99]).value == 2
    assert slope(range(10), range(10)) == (1, 1, 1, 10)
    for few in ([], [1], [1, 2]):
        found = slope(few, few)
        assert math.isnan(found.value)
        assert found.n == len(few)
    assert math.isnan(slope([1, 1, 1], [1, 2, 3]).value)


def test_interval_of_the_slope_covers_the_truth():
    rng = np.random.default_rng(4)
    at, hits = np.arange(60.0), 0
    for _ in range(400):
        found = slope(at, 0.3 * at + rng.standard_t(2, 60))
        hits += found.low <= 0.3 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


@given(st.lists(st.integers(-100, 100), min_size=3, max_size=30), st.integers(-9, 9))
def test_slopes_add(values, tilt):
    at = np.arange(len(values))
    one, two = slope(at, values), slope(at, np.array(values) + tilt * at)
    assert two.value == pytest.approx(one.value + tilt)
    assert two.low == pytest.approx(one.low + tilt)
    assert one.low <= one.value <= one.high


def test_cadence_by_hand():
    arrivals = [
        transcript(1.0, SAID[:1]),
        transcript(1.3, SAID[:3]),
        transcript(2.3, SAID[:2]),
        transcript(2.6, SAID, final=True),
        transcript(5.0, words("no", 4.0), "1"),
    ]
    table = cadence(make_run(arrivals, duration_s=6))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(CADENCE)
    row = table.iloc[0]
    assert (row["updates"], row["gaps"]) == (4, 2)
    assert row["speech_s"] == pytest.approx(1.9 + 0.3)
    assert row["updates_per_s"] == pytest.approx(4 / 2.2)
    assert (row["gap_p50_ms"], row["gap_max_ms"]) == pytest.approx((650, 1000))
    assert row["words_per_update"] == pytest.approx((1 + 2 - 1 + 1) / 4)
    assert row["max_words_per_update"] == 2
    assert row.isna().to_dict()["fixed_interval"]


def test_a_timer_is_found():
    timed = make_run(talk(20, lambda at: 0.5, every_s=0.3), duration_s=25)
    assert cadence(timed)["fixed_interval"].tolist() == [True]
    assert cadence(timed)["regular"].iloc[0] == 1
    rng = np.random.default_rng(1)
    at = 1.0 + np.cumsum(rng.exponential(0.3, 60))
    odd = make_run([transcript(t, SAID) for t in at], duration_s=25)
    assert cadence(odd)["fixed_interval"].tolist() == [False]


@pytest.mark.parametrize("run", [make_run(), make_run(sent_s=0.01)])
def test_nothing_was_transcribed(run):
    assert not len(cursor_lag(run))
    assert not len(stream(run))
    row = cadence(run).iloc[0]
    assert (row["updates"], row["gaps"], row["max_words_per_update"]) == (0, 0, 0)
    for function, schema in ((cursor_lag, CURSOR_LAG), (stream, STREAM), (cadence, CADENCE)):
        table = function(run)
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(schema)


def test_a_conversation_keeps_up():
    table = stream(rich_run()).set_index("kind")
    assert table.loc["partial", "n"] > 50
    row = table.loc["final"]
    assert row["backlog_low_ms_per_s"] <= 5
