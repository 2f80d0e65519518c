"""Runs renamed, deleted and brought back: nothing is ever overwritten."""

import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.lab.shelf_changes import TRASH, delete_runs, rename_run, restore_runs


@pytest.fixture
def runs(tmp_path):
    paths = [tmp_path / f"{name}.run" for name in ("one", "two")]
    for path in paths:
        path.write_text(path.stem)
    return paths


def test_rename(runs):
    one, two = runs
    new = rename_run(one, " base line (0.3 s).run ")
    assert new.name == "base line (0.3 s).run"
    assert new.read_text() == "one"
    assert rename_run(new, "base line (0.3 s)") == new
    assert rename_run(two, "../../etc/passwd").parent == two.parent


@pytest.mark.parametrize(
    ("name", "words"), [("", "Give it a name"), (" .run", "Give it a name"), ("two", "already")]
)
def test_names_that_cannot_be(runs, name, words):
    with pytest.raises(RunFileError, match=words):
        rename_run(runs[0], name)
    assert [path.read_text() for path in runs] == ["one", "two"]


def test_delete_and_undo(runs, tmp_path):
    moved = delete_runs(runs)
    assert not any(path.exists() for path in runs)
    assert {place.parent for _, place in moved} == {tmp_path / TRASH}
    restore_runs(moved)
    assert [path.read_text() for path in runs] == ["one", "two"]
    assert not (tmp_path / TRASH).exists()


def test_two_of_one_name_are_both_kept(runs):
    first = delete_runs(runs[:1])
    runs[0].write_text("another")
    second = delete_runs(runs[:1])
    assert first[0][1] != second[0][1]
    restore_runs(second)
    assert runs[0].read_text() == "another"
    with pytest.raises(RunFileError, match=r"another run one\.run now"):
        restore_runs(first)
    assert runs[0].read_text() == "another"
    assert first[0][1].read_text() == "one"


def test_what_is_no_run(tmp_path, runs):
    (tmp_path / "notes.txt").write_text("mine")
    for path in (tmp_path / "notes.txt", tmp_path / "missing.run", tmp_path):
        with pytest.raises(RunFileError, match="There is no run"):
            delete_runs([path])
        with pytest.raises(RunFileError, match="There is no run"):
            rename_run(path, "x")
    # All or none of them.
    with pytest.raises(RunFileError):
        delete_runs([runs[0], tmp_path / "missing.run"])
    assert runs[0].exists()


def test_a_folder_that_cannot_be_changed(runs, tmp_path):
    (tmp_path / TRASH).write_text("in the way")
    with pytest.raises(RunFileError, match="cannot be moved"):
        delete_runs(runs)
    assert all(path.exists() for path in runs)
