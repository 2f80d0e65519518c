"""The table of a study comes from its files once all of them are there."""

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
