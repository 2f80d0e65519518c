import math
from functools import partial

import numpy as np
import pytest

from gladia_nb.metrics.base.significance import holm
from gladia_nb.studies.differences import EFFECTS, Pair, _row, _Unit, effects
from tests.support.studies import run_of as run_of_sentences

run_of = partial(run_of_sentences, sentences=3)
SEEN = "word_end -> first_seen @send"


def pairs_of(shift_s, *, items=3, repeats=1, base_s=0.2, jitter_s=0.0):
    """Pairs whose arm is later by a shift, in sessions that vary."""
    rng = np.random.default_rng(5)
    found = []
    for item in range(items):
        for _ in range(repeats):
            a, b = rng.normal(0, jitter_s, 2) if jitter_s else (0.0, 0.0)
            found.append(
                Pair(
                    item,
                    run_of(lambda _, d=base_s + shift_s + a: d),
                    run_of(lambda _, d=base_s + b: d),
                )
            )
    return found


def row_of(table, arm, measure=SEEN):
    return table[(table["arm"] == arm) & (table["measure"] == measure)].iloc[0]


def test_known_differences_are_found_and_held():
    shifts = {"b": 0.02, "c": 0.04, "d": 0.08}
    table = effects({arm: pairs_of(shift, jitter_s=0.002) for arm, shift in shifts.items()})
    assert list(table.columns) == list(EFFECTS)
    for arm, shift in shifts.items():
        row = row_of(table, arm)
        assert (row["blocks"], row["recordings"], row["unit"]) == (3, 3, "ms")
        assert row["low"] < 1000 * shift < row["high"]
        assert row["finding"] == "higher"
        assert row["p"] <= row["p_holm"] < 0.05
        # Nothing of the text differs.
        for ratio in ("WER", "normalised erasure"):
            assert row_of(table, arm, ratio)["difference"] == 0
            assert row_of(table, arm, ratio)["finding"] == "undecided"


def test_the_baseline_with_itself_stands_beside_every_effect():
    table = effects(
        {"b": pairs_of(0.04, jitter_s=0.001), "again": pairs_of(0.0, jitter_s=0.001)}, null="again"
    )
    row, again = row_of(table, "b"), row_of(table, "again")
    assert row["noise"] == again["difference"]
    assert (row["noise_low"], row["noise_high"]) == (again["low"], again["high"])
    assert abs(row["noise"]) < 5
    assert again["finding"] == "undecided"
    assert math.isnan(again["p_holm"]), "the baseline with itself is no finding to correct for"


def test_equivalence_takes_a_margin_and_an_interval_within_it():
    pairs = {"b": pairs_of(0.0, jitter_s=0.001)}
    assert row_of(effects(pairs), "b")["finding"] == "undecided"
    assert row_of(effects(pairs, margin_ms=20), "b")["finding"] == "equivalent"
    assert row_of(effects(pairs, margin_ms=0.1), "b")["finding"] == "undecided"
    assert row_of(effects(pairs, margin=0.01), "b", "WER")["finding"] == "equivalent"


def test_repeats_of_a_recording_are_no_recordings():
    pairs = pairs_of(0.04, items=3, repeats=3, jitter_s=0.01)
    row = row_of(effects({"b": pairs}), "b")
    assert (row["blocks"], row["recordings"]) == (9, 3)
    by_recording = [
        effects({"b": [pair for pair in pairs if pair.item == item]}) for item in range(3)
    ]
    means = [row_of(part, "b")["difference"] for part in by_recording]
    # Three units: Student's t with two degrees of freedom.
    assert row["difference"] == pytest.approx(np.mean(means))
    wide = 4.303 * np.std(means, ddof=1) / math.sqrt(3)
    assert row["high"] - row["difference"] == pytest.approx(wide, rel=1e-3)


def test_too_few_blocks_give_no_interval():
    row = row_of(effects({"b": pairs_of(0.04, items=2)}), "b")
    assert row["difference"] == pytest.approx(40)
    assert math.isnan(row["low"])
    assert row["finding"] == "undecided"
    assert row["note"] == "Too few blocks to tell how sessions vary: run 1 more."


def test_what_never_came_has_no_mean():
    lost = [Pair(k, run_of(lambda _: 0.2), run_of(lambda _: 0.2)) for k in range(3)]
    units = [_Unit(k, "ms", 100.0, math.inf, math.inf if k else 5.0) for k in range(3)]
    row = _row("b", SEEN, units)
    assert row["difference"] == math.inf
    assert math.isnan(row["p"])
    assert "In 2 of 3 units most of it never came" in row["note"]
    assert len(effects({"b": lost}))


def simulated(rng, *, shifts, items, repeats, spread):
    """Units of a study whose recordings, sessions and words vary; one baseline for all arms."""
    recording = rng.normal(0, spread, (len(shifts), items))
    base = rng.normal(0, 20, (items, repeats))
    found = {}
    for k, shift in enumerate(shifts):
        own = rng.normal(0, 20, (items, repeats))
        found[k] = [
            _Unit(i, "ms", 0, 0, shift + recording[k, i] + own[i, r] - base[i, r])
            for i in range(items)
            for r in range(repeats)
        ]
    return found


def findings(units):
    rows = [_row(str(arm), SEEN, found) for arm, found in units.items()]
    corrected = holm([row["p"] for row in rows])
    return rows, [p < 0.05 for p in corrected]


@pytest.mark.parametrize(
    ("items", "repeats", "spread"),
    # One recording cannot tell how recordings differ, and does not claim to.
    [(3, 2, 0.0), (3, 2, 30.0), (5, 1, 30.0), (8, 3, 30.0), (1, 6, 0.0)],
)
def test_studies_without_a_difference_find_none(items, repeats, spread):
    rng = np.random.default_rng(11)
    false, studies = 0, 600
    for _ in range(studies):
        units = simulated(rng, shifts=[0, 0], items=items, repeats=repeats, spread=spread)
        false += any(findings(units)[1])
    # 5 % is the level; three standard errors above it at 600 studies are 7.7 %.
    assert false / studies < 0.077


def test_intervals_hold_differences_of_20_40_and_80():
    rng = np.random.default_rng(12)
    held = np.zeros(3)
    found = np.zeros(3)
    for _ in range(400):
        units = simulated(rng, shifts=[20, 40, 80], items=6, repeats=2, spread=8)
        rows, told = findings(units)
        held += [
            row["low"] <= shift <= row["high"]
            for row, shift in zip(rows, (20, 40, 80), strict=True)
        ]
        found += told
    assert (held / 400 > 0.92).all()
    assert found[1] > found[0]
    assert found[2] / 400 > 0.99
