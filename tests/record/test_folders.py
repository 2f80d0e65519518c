from pathlib import Path

import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.record.folders import new_path, prepare_directory, runs_directory


def test_where_runs_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "mine"))
    assert runs_directory() == tmp_path / "mine"
    monkeypatch.setenv("GLADIA_NB_RUNS", "~/mine")
    assert runs_directory() == Path.home() / "mine"
    monkeypatch.setenv("GLADIA_NB_RUNS", "")
    monkeypatch.chdir(tmp_path)
    assert runs_directory() == tmp_path / "runs"
    assert list(tmp_path.iterdir()) == [], "nothing is made by looking"


def test_new_paths_never_meet(tmp_path: Path):
    first = new_path(tmp_path / "runs", "a")
    first.touch()
    second = new_path(tmp_path / "runs", "a")
    assert (first.name, second.name) == ("a.run", "a-2.run")
    (tmp_path / "file").touch()
    with pytest.raises(RunFileError, match="Cannot make the directory"):
        new_path(tmp_path / "file" / "x", "a")


def test_files_of_another_kind_do_not_meet_either(tmp_path):
    new_path(tmp_path, "take", ".wav").touch()
    assert new_path(tmp_path, "take", ".wav").name == "take-2.wav"
    assert new_path(tmp_path, "take").name == "take.run"


def test_a_place_without_permission(tmp_path, monkeypatch):
    # Not by its mode: who runs tests as root may write anywhere.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(RunFileError, match=r"Cannot write to .*: permission denied\. Name another"):
        prepare_directory(tmp_path)


def test_places_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunFileError, match="Cannot make the directory"):
        prepare_directory(tmp_path / "file" / "x")
    with pytest.raises(RunFileError, match="Cannot make the directory"):
        prepare_directory(tmp_path / "file")
