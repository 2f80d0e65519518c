import builtins

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.metrics import latency
from gladia_nb.studies import lake as lakes
from gladia_nb.studies.lake import TABLES, Lake
from gladia_nb.studies.many_runs import Study
from tests.support.studies import fill, run_of, tones

ARMS = {"a": {"endpointing": 0.05}, "b": {"endpointing": 0.3}}


@pytest.fixture
def study(tmp_path):
    """A study of two recordings in two arms, twice."""
    found = Study(tmp_path / "s", tones(2), ARMS, repeats=2)
    late = {"a": 0.2, "b": 0.25}
    fill(
        found._store,
        found.design,
        lambda cell: run_of(lambda n: late[cell.arm] + 0.003 * n, sentences=3 + cell.item),
    )
    return found


def test_the_files_hold_what_the_runs_hold(study):
    study.export()
    rows = study.latencies()
    whole = [latency(run) for run in study.runs()]
    assert len(rows) == sum(map(len, whole))
    assert rows["latency_ms"].sum() == pytest.approx(sum(t["latency_ms"].sum() for t in whole))
    assert rows.groupby("arm")["file"].nunique().to_dict() == {"a": 4, "b": 4}
    assert set(rows["item"]) == {"a", "b"}
    counts = study.sql("select arm, count(*) as n from runs where repeat = ? group by arm", 1)
    assert counts.sort_values("arm")["n"].tolist() == [2, 2]
    assert study.sql("select count(*) as n from words")["n"].tolist() == [2 * 2 * 5 * (3 + 4)]


def test_the_table_is_the_same_from_the_files(study):
    before = study.table()
    study.export()
    after = study.table()
    pd.testing.assert_frame_equal(before, after, check_dtype=False, check_exact=False)
    # A study that is only looked at has it too.
    again = Study(study.path)
    again.export()
    pd.testing.assert_frame_equal(after, again.table())


def test_what_is_there_is_not_read_again(study, monkeypatch):
    place = study.export()
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*.parquet")}
    assert len(before) == len(TABLES) * 8

    def unread(*_):
        raise AssertionError("a run was read again")

    monkeypatch.setattr("gladia_nb.studies.exports.load", unread)
    study.export()
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == {
        **before,
        **{place / table: (place / table).stat().st_mtime_ns for table in TABLES},
    }


def test_nothing_exported_and_bad_queries(study, tmp_path):
    with pytest.raises(ConfigError, match="export the study first"):
        study.sql("select 1")
    study.export(tmp_path / "lake")
    with pytest.raises(ConfigError, match="The query cannot be answered"):
        study.sql("select nothing from nowhere")
    with pytest.raises(ConfigError, match="The query cannot be answered"):
        study.sql("select * from runs where arm = ?")


def test_a_place_that_cannot_be_written(study, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunFileError, match="Name another folder"):
        study.export(tmp_path / "file" / "lake")


def test_without_the_extra(tmp_path, monkeypatch):
    found = builtins.__import__

    def without(name, *rest, **more):
        if name == "duckdb":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"gladia-nb\[lake\]"):
        Lake(tmp_path).sql("select 1")
    monkeypatch.setattr(pd.DataFrame, "to_parquet", lambda *_, **__: found("no_such_module"))
    with pytest.raises(ConfigError, match=r"gladia-nb\[lake\]"):
        Lake(tmp_path).add("x", run_of(lambda _: 0.2, sentences=1))
    assert lakes.TABLES == ("latency", "runs", "words")
