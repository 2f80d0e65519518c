"""Quantiles with known answers, and the tables made of them."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_runs import make_run, reference, rich_run, utterance, words

from gladia_nb.metrics import (
    LATENCY_TABLE,
    SUMMARY,
    best_anchor,
    ecdf,
    latency,
    latency_table,
    quantiles,
    summary,
)

SAID = words("hello it is very nice", 0.5)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_same_as_numpy_without_censoring(values, probs):
    found = quantiles(values, range(len(values)), probs, resamples=0)
    for point, prob in zip(found.points, probs, strict=True):
        if not math.isnan(point):
            assert point == pytest.approx(np.quantile(values, prob), abs=1e-6)


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=30),
    st.lists(st.floats(0, 0.94), min_size=2, max_size=5),
)
def test_quantiles_rise(values, probs):
    found = quantiles(values, [k % 3 for k in range(len(values))], sorted(probs), resamples=20)
    for a, b in zip(found.points, found.points[1:], strict=False):
        assert b >= a or b == pytest.approx(a)
    assert (found.low <= found.high).all() or found.clusters < 2
    assert found.never == sum(map(math.isnan, values))


def test_censored_samples_are_greater_than_all():
    values = [10, 20, 30, math.nan, math.inf]
    found = quantiles(values, range(5), (0, 0.5, 0.6, 0.9))
    assert found.points.tolist() == [10, 30, math.inf, math.inf]
    assert (found.n, found.clusters, found.never) == (5, 5, 2)
    assert quantiles([math.nan], ["a"]).points[0] == math.inf


def test_far_quantiles_are_withheld_without_enough_clusters():
    probs = (0.9, 0.95, 0.99)
    for count, shown in ((58, 1), (59, 2), (298, 2), (299, 3)):
        found = quantiles(range(count), range(count), probs, resamples=10)
        assert np.isfinite(found.points).tolist() == [k < shown for k in range(3)]
        assert np.isfinite(found.low).tolist() == [k < shown for k in range(3)]
    # Many samples of few utterances are few.
    assert math.isnan(quantiles(range(1000), [k % 20 for k in range(1000)]).points[2])


def test_interval_is_that_of_clusters():
    rng = np.random.default_rng(3)
    of_cluster = rng.normal(300, 50, 40)
    values = np.repeat(of_cluster, 25) + rng.normal(0, 1, 1000)
    labels = np.repeat(np.arange(40), 25)
    together, alone = quantiles(values, labels, (0.5,)), quantiles(values, range(1000), (0.5,))
    assert together.high[0] - together.low[0] > 3 * (alone.high[0] - alone.low[0])
    assert together.low[0] <= together.points[0] <= together.high[0]


def test_interval_covers_the_truth():
    """The nominal 95 %, within what 200 simulations of 40 clusters can tell."""
    rng = np.random.default_rng(11)
    hits = 0
    for seed in range(200):
        values = np.repeat(rng.normal(0, 1, 40), 4)
        found = quantiles(values, np.repeat(range(40), 4), (0.5,), seed=seed, resamples=300)
        hits += found.low[0] <= 0 <= found.high[0]
    assert 180 <= hits <= 199


def test_same_seed_same_interval():
    values, labels = np.arange(50.0) ** 2, [k // 5 for k in range(50)]
    one, same, other = (quantiles(values, labels, seed=seed) for seed in (1, 1, 2))
    assert one.low[0] == same.low[0]
    assert one.points[0] == other.points[0]


def test_edges():
    nothing = quantiles([], [])
    assert (nothing.n, nothing.clusters, nothing.never) == (0, 0, 0)
    assert np.isnan(nothing.points).all()
    single = quantiles([5.0, 7.0], ["a", "a"], (0.5,))
    assert single.points.tolist() == [6.0]
    assert np.isnan(single.low).all()
    with pytest.raises(ValueError, match="2 samples, but 1 cluster"):
        quantiles([1, 2], ["a"])


def test_ecdf():
    values, shares = ecdf([30, 10, math.nan, 20])
    assert values.tolist() == [10, 20, 30]
    assert shares.tolist() == [0.25, 0.5, 0.75]
    assert [len(part) for part in ecdf([])] == [0, 0]


def many(**options):
    arrivals = []
    for number in range(4):
        said = words("one two three", 0.5 + 2 * number)
        arrivals += utterance(said, f"0_{number}", **options)
    return arrivals


def test_summary_of_a_constant_lag():
    table = summary(make_run(many(partial_s=0.2), duration_s=10))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(SUMMARY)
    row = table[table["name"] == "word_end -> first_partial @send"].iloc[0]
    assert (row["n"], row["clusters"], row["never"], row["unplaced"]) == (12, 4, 0, 0)
    for name in ("p50_ms", "p50_low_ms", "p50_high_ms", "p90_ms", "min_ms", "max_ms"):
        assert row[name] == pytest.approx(200)
    assert math.isnan(row["p95_ms"])
    names = table["name"].tolist()
    assert names[:5] == [
        "word_end -> first_partial @send",
        "word_end -> final @send",
        "speech_start -> first_partial @send",
        "speech_end -> last_partial @send",
        "speech_end -> final @send",
    ]
    assert all(name.endswith("@capture") for name in names[5:])


def test_summary_keeps_triggers_apart_for_finals_of_utterances_only():
    table = summary(rich_run())
    finals = table[(table["name"] == "speech_end -> final @send") & (table["anchor"] == "service")]
    assert finals["trigger"].fillna("").tolist() == ["endpoint", "stop", ""]
    assert finals["n"].tolist() == [19, 1, 1]
    assert finals["p50_ms"].iloc[2] == math.inf
    assert finals["never"].iloc[2] == 1
    assert (table["name"] == "word_end -> final @send").sum() == 2


def test_summary_of_a_selection():
    rows = latency(make_run(many(), duration_s=10))
    assert len(summary(rows[rows["name"] == "word_end -> final @send"])) == 1


def test_summary_counts_what_has_no_anchor():
    table = summary(make_run(many(), duration_s=10, sent_s=5.0))
    row = table[table["name"] == "word_end -> final @send"].iloc[0]
    assert (row["n"], row["unplaced"]) == (7, 5)
    late = summary(make_run(many(), duration_s=10, sent_s=0.1))
    assert late["n"].iloc[0] == 0
    assert math.isnan(late["p50_ms"].iloc[0])


def test_empty_runs_have_empty_tables():
    for function, schema in ((summary, SUMMARY), (latency_table, LATENCY_TABLE)):
        table = function(make_run())
        assert not len(table)
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(schema)


def test_latency_table_is_for_people():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.5))
    assert latency_table(run).to_dict("list") == {
        "measure": [
            "word: first partial",
            "word: final",
            "utterance: first partial",
            "utterance: last partial",
            "utterance: final (endpoint)",
        ],
        "from": [
            "word end (service)",
            "word end (service)",
            "speech start (service)",
            "speech end (service)",
            "speech end (service)",
        ],
        "n": ["5", "5", "1", "1", "1"],
        "never": ["0"] * 5,
        "p50_ms": ["200", "1300", "500", "200", "500"],
        "p50_95ci_ms": ["-"] * 5,
        "p90_ms": ["200", "1940", "500", "200", "500"],
    }


def test_latency_table_says_never():
    table = latency_table(make_run(utterance(SAID, final_s=None), reference=reference(SAID)))
    assert table["measure"].tolist()[-1] == "utterance: final (never came)"
    assert table["p50_ms"].tolist()[-1] == "never"
    assert "word end (reference)" in set(table["from"])


def test_best_anchor():
    assert best_anchor(latency(make_run(utterance(SAID)))) == "service"
    assert best_anchor(latency(rich_run())) == "reference"
    assert best_anchor(pd.DataFrame({"anchor": []})) == "service"
