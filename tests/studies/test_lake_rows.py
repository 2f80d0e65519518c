"""Rows from Parquet files are those of the runs that the files were written of."""

import pandas as pd
import pytest

from gladia_nb.metrics.gathering import USED, gather
from gladia_nb.studies.lake import Lake
from gladia_nb.studies.lake_rows import read_rows
from tests.support.make_runs import make_run, rich_run


def written(folder, runs):
    lake = Lake(folder)
    for number, run in enumerate(runs):
        lake.add(f"{number}", run, arm="a")
    return [lake._file("latency", f"{number}") for number in range(len(runs))]


def test_they_are_the_rows_that_a_summary_gathers(tmp_path):
    runs = [rich_run(seed=k) for k in range(3)]
    found = read_rows(written(tmp_path, runs))
    wanted = gather(runs).rows
    assert found["_run"].tolist() == wanted["_run"].tolist()
    for name in USED:
        if name == "run":
            continue
        left, right = found[name].astype("object"), wanted[name].astype("object")
        assert left.isna().tolist() == right.isna().tolist(), name
        assert left[left.notna()].tolist() == right[right.notna()].tolist(), name


def test_a_run_without_rows_is_counted(tmp_path):
    runs = [rich_run(), make_run([]), rich_run(seed=1)]
    found = read_rows(written(tmp_path, runs))
    assert set(found["_run"]) == {0, 2}


def test_texts_that_no_row_has(tmp_path):
    """No trigger in any row: such a column has no type in its file."""
    files = written(tmp_path, [rich_run()])
    rows = pd.read_parquet(files[0]).assign(trigger=None)
    rows.to_parquet(files[0], index=False)
    assert read_rows(files)["trigger"].isna().all()


def test_files_that_are_gone(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read_rows([tmp_path / "none.parquet"])
