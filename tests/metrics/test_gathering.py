"""What a summary takes of many runs: their rows, and nothing else stays."""

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import latency, match_rate, summary, verdict
from gladia_nb.metrics.gathering import USED, gather
from tests.support.make_runs import make_run, rich_run


def test_the_rows_of_many_runs_are_those_of_each():
    runs = [rich_run(seed=k) for k in range(3)]
    found = gather(runs)
    assert len(found.references) == 3
    for number, run in enumerate(runs):
        ours = found.rows[found.rows["_run"] == number].reset_index(drop=True)
        theirs = latency(run).reset_index(drop=True)
        for name in USED:
            if name == "run":
                continue
            left, right = ours[name].astype("object"), theirs[name].astype("object")
            assert left.isna().tolist() == right.isna().tolist()
            assert left[left.notna()].tolist() == right[right.notna()].tolist(), name


def test_what_the_runs_are_worth():
    good, late = rich_run(), make_run(late_ms=lambda seq: 500.0)
    found = gather([good, late])
    assert found.verdict == "invalid"
    assert verdict(good).status != "invalid"
    rates = match_rate(good)
    assert found.match_rate == rates["matched"].sum() / rates["reference_words"].sum()
    alone = gather(good)
    assert alone.match_rate == found.match_rate


def test_rows_alone_tell_nothing_of_their_runs():
    rows = pd.concat([latency(rich_run(seed=k)) for k in range(2)], ignore_index=True)
    found = gather(rows.assign(run=["a"] * (len(rows) // 2) + ["b"] * (len(rows) - len(rows) // 2)))
    assert found.verdict is None
    assert len(found.references) == 0
    assert found.rows["_run"].nunique() == 2
    with pytest.raises(ConfigError, match="do not say which"):
        gather(pd.concat([latency(rich_run())] * 2, ignore_index=True).drop(columns="run"))
    with pytest.raises(ConfigError, match="no run to sum up"):
        gather([])


def test_many_runs_are_summed_as_one_after_the_other():
    run = rich_run()
    one, many = summary(run), summary([run, run])
    assert one["name"].tolist() == many["name"].tolist()
    assert (many["n"] == 2 * one["n"]).all()
    assert one["p50_ms"].tolist() == pytest.approx(many["p50_ms"].tolist(), nan_ok=True)
