"""The table of a study comes from its files once all of them are there."""

import weakref

import pandas as pd
import pytest

from gladia_nb.run import load
from gladia_nb.studies import attempts, exports
from gladia_nb.studies.lake import TABLES
from gladia_nb.studies.many_runs import Study
from tests.support.studies import fill, run_of, tones


def test_the_files_are_used_only_while_they_are_complete(tmp_path, monkeypatch):
    study = Study(tmp_path / "s", tones(2), {"a": {}, "b": {"endpointing": 0.3}})
    fill(study._store, study.design, lambda _: run_of(lambda n: 0.2, sentences=2))
    asked = []
    monkeypatch.setattr(
        "gladia_nb.studies.lake.Lake.summaries", lambda self, arms: asked.append(arms) or "files"
    )
    assert study.table()["arm"].unique().tolist() == ["a", "b"]
    assert asked == []
    assert study.export() == tmp_path / "s" / "lake"
    assert study.table() == "files"
    next((tmp_path / "s" / "lake" / "runs").glob("*.parquet")).unlink()
    assert study.table()["arm"].unique().tolist() == ["a", "b"]
    assert asked == [("a", "b")]


@pytest.fixture
def loaded(monkeypatch):
    """Each file that is loaded, and how many runs that were loaded before still lived then."""
    files, runs, living = [], [], []

    def watched(path):
        living.append(sum(run() is not None for run in runs))
        run = load(path)
        files.append(path.name)
        runs.append(weakref.ref(run))
        return run

    for module in (attempts, exports):
        monkeypatch.setattr(module, "load", watched)
    return files, living


def tables_of(place):
    """What each file of an exported study says."""
    return {path.relative_to(place): pd.read_parquet(path) for path in place.rglob("*.parquet")}


def test_each_run_is_loaded_once_and_let_go(tmp_path, loaded):
    study = Study(tmp_path / "s", tones(2), {"a": {}, "b": {"endpointing": 0.3}})
    store, cell = study._store, next(study.design.cells())
    fill(store, study.design, lambda _: run_of(lambda n: 0.2, sentences=2))
    # The first attempt of a cell was stopped: the second is the one that counts.
    stopped, second = (store.path / "runs" / f"{cell.id}.{number}.run" for number in (0, 1))
    stopped.rename(second)
    stopped.write_bytes(b"".join(second.read_bytes().splitlines(keepends=True)[:-1]))
    files, living = loaded
    place = study.export(tmp_path / "read")
    assert sorted(files) == sorted(path.name for path in (store.path / "runs").glob("*.run"))
    assert living == [0] * 5
    told = tables_of(place)
    assert len(told) == 4 * len(TABLES)
    counting = {path.stem for path in study.files().values()}
    assert second.stem in counting
    assert set(pd.concat(told.values())["file"]) == counting
    # What was judged before is loaded to be measured, and says the same.
    files.clear()
    again = Study(study.path)
    assert again.plan().done == 4
    assert len(files) == 5
    known = tables_of(again.export(tmp_path / "judged"))
    assert len(files) == 5 + 4 + 1, "what was stopped may have gone on: it is looked at again"
    assert set(living) == {0}
    assert known.keys() == told.keys()
    for name, frame in told.items():
        pd.testing.assert_frame_equal(frame, known[name])
