"""Pairs of runs whose difference is known."""

import math

import numpy as np
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import COMPARISON, compare
from tests.support.make_runs import make_run, reference, transcript, utterance, words

GROUPS = [words("one two three", 0.5 + 2 * number) for number in range(6)]
KNOWN = reference([word for group in GROUPS for word in group])


def talk(partial_s=0.2, final_s=0.5, known=True, skip=(), lag=None):
    """Six utterances; `lag` has one more delay for each of them."""
    arrivals = []
    for number, group in enumerate(GROUPS):
        more = lag[number] if lag is not None else 0.0
        late = None if number in skip else final_s + more
        arrivals += utterance(group, f"0_{number}", partial_s=partial_s + more, final_s=late)
    return make_run(arrivals, duration_s=14, reference=KNOWN if known else None)


def named(table, name):
    found = table[table["name"] == name]
    assert len(found) == 1
    return found.iloc[0]


def test_a_constant_difference_has_no_doubt():
    table = compare(talk(0.2, 0.5), talk(0.25, 0.4))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(COMPARISON)
    assert set(table["anchor"]) == {"reference"}
    assert set(table["paired_by"]) == {"reference"}
    last = named(table, "speech_end -> last_partial @send")
    for name in ("difference_ms", "low_ms", "high_ms"):
        assert last[name] == pytest.approx(50)
    assert (last["a_p50_ms"], last["b_p50_ms"]) == pytest.approx((200, 250))
    assert (last["pairs"], last["clusters"], last["runs"], last["unpaired"]) == (6, 6, 1, 0)
    final = named(table, "speech_end -> final @send")
    assert final["trigger"] == "endpoint"
    assert final["difference_ms"] == pytest.approx(-100)
    word = named(table, "word_end -> final @send")
    assert (word["pairs"], word["clusters"]) == (18, 6)


def test_what_is_hard_on_both_sides_drops_out():
    """Each utterance has its own delay, by up to 2 s; the difference is still exact."""
    lag = [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]
    table = compare(talk(lag=lag), talk(0.23, lag=lag))
    row = named(table, "speech_end -> last_partial @send")
    assert (row["low_ms"], row["high_ms"]) == pytest.approx((30, 30))


def test_exchanging_the_sides_changes_the_sign():
    rng = np.random.default_rng(6)
    a, b = (talk(lag=rng.uniform(0, 0.4, 6)) for _ in range(2))
    there, back = compare(a, b), compare(b, a)
    assert there["difference_ms"].tolist() == pytest.approx((-back["difference_ms"]).tolist())
    assert there["low_ms"].tolist() == pytest.approx((-back["high_ms"]).tolist())
    assert (there["low_ms"] <= there["difference_ms"]).all()
    same = compare(a, a)
    assert same["difference_ms"].abs().max() == 0


def test_what_never_came_is_greater_than_all():
    table = compare(talk(), talk(final_s=0.6, skip=(1, 2)))
    row = named(table, "speech_end -> final @send")
    assert (row["pairs"], row["never_a"], row["never_b"], row["unpaired"]) == (6, 0, 2, 0)
    assert row["difference_ms"] == pytest.approx(100)
    assert row["high_ms"] == math.inf
    most = named(compare(talk(), talk(skip=range(5))), "speech_end -> final @send")
    assert most["difference_ms"] == math.inf
    other = named(compare(talk(skip=range(5)), talk()), "speech_end -> final @send")
    assert other["difference_ms"] == -math.inf
    both = compare(talk(skip=(0, 1)), talk(skip=(1, 2)))
    rows = both[both["name"] == "speech_end -> final @send"].fillna({"trigger": "none"})
    rows = rows.set_index("trigger")
    names = ["pairs", "never", "never_a", "never_b"]
    assert rows.loc["endpoint", names].tolist() == [5, 0, 1, 1]
    assert rows.loc["none", names].tolist() == [0, 1, 0, 0]
    assert rows.loc["none", "note"] == "In no pair did either of the two come."


def test_partners_that_are_missing_are_counted():
    short = make_run(
        [part for k in range(4) for part in utterance(GROUPS[k], f"x{k}")],
        duration_s=14,
        reference=KNOWN,
    )
    row = named(compare(talk(), short), "speech_end -> final @send")
    assert (row["pairs"], row["unpaired"]) == (4, 2)
    nothing = make_run(duration_s=14, reference=KNOWN)
    lost = compare(talk(), nothing)
    words = lost[lost["name"] == "word_end -> first_seen @send"].iloc[0]
    assert (words["pairs"], words["never_b"], words["difference_ms"]) == (18, 18, math.inf)
    neither = compare(nothing, nothing)
    assert (neither["pairs"] == 0).all()
    assert (neither["never"] == len(KNOWN)).all()


def test_finals_of_different_triggers_are_not_compared():
    group = GROUPS[0]
    end = group[-1][2]
    one = utterance(group, final_s=0.5)
    other = [transcript(end + 0.5, group, final=True)]
    runs = [
        make_run(one, reference=KNOWN, duration_s=14),
        make_run(other, reference=KNOWN, duration_s=14, stop_s=end + 0.1),
    ]
    table = compare(*runs)
    assert "speech_end -> final @send" not in set(table["name"])
    assert "word_end -> final @send" in set(table["name"])


def test_without_a_reference_runs_are_paired():
    lags = [(0.2, 0.25), (0.3, 0.36), (0.25, 0.32)]
    table = compare(
        [talk(a, known=False) for a, _ in lags], [talk(b, known=False) for _, b in lags]
    )
    assert set(table["paired_by"]) == {"run"}
    row = named(table, "speech_end -> last_partial @send")
    assert (row["pairs"], row["runs"]) == (3, 3)
    assert row["difference_ms"] == pytest.approx(60)
    assert (row["low_ms"], row["high_ms"]) == pytest.approx((50, 70))
    alone = named(compare(talk(known=False), talk(known=False)), "speech_end -> last_partial @send")
    assert math.isnan(alone["low_ms"])
    assert alone["note"] == "An interval needs two utterances or two pairs of runs."
    mixed = compare(talk(), talk(known=False))
    assert set(mixed["paired_by"]) == {"run"}


def test_negative_latencies_are_counted():
    row = named(compare(talk(-0.1), talk(0.1)), "speech_end -> last_partial @send")
    assert (row["negative_a"], row["negative_b"]) == (6, 0)
    assert row["difference_ms"] == pytest.approx(200)


def test_several_pairs_of_runs():
    rng = np.random.default_rng(9)
    before = [talk(lag=rng.uniform(0, 0.1, 6)) for _ in range(5)]
    after = [talk(0.4, lag=rng.uniform(0, 0.1, 6)) for _ in range(5)]
    row = named(compare(before, after), "speech_end -> last_partial @send")
    assert (row["pairs"], row["clusters"], row["runs"]) == (30, 30, 5)
    assert 100 < row["low_ms"] < 200 < row["high_ms"] < 300


def test_bad_input_is_one_sentence():
    with pytest.raises(ConfigError, match="there are 1 and 2"):
        compare(talk(), [talk(), talk()])
    with pytest.raises(ConfigError, match="there are 0 and 0"):
        compare([], [])
    assert not len(compare(make_run(), make_run()))
