"""Runs renamed, deleted and brought back, and after a week gone: nothing is ever overwritten."""

import datetime as dt

import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.lab import shelf_changes
from gladia_nb.lab.shelf_changes import (
    KEPT_DAYS,
    TRASH,
    delete_runs,
    empty_trash,
    rename_run,
    restore_runs,
)

TODAY = dt.date(2026, 3, 1)


@pytest.fixture
def runs(tmp_path):
    paths = [tmp_path / f"{name}.run" for name in ("one", "two")]
    for path in paths:
        path.write_text(path.stem)
    return paths


@pytest.fixture
def on(monkeypatch):
    """Make it so many days later than `TODAY`."""

    def move(days):
        monkeypatch.setattr(shelf_changes, "_today", lambda: TODAY + dt.timedelta(days))

    move(0)
    return move


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


def test_delete_and_undo(runs, tmp_path, on):
    moved = delete_runs(runs)
    assert not any(path.exists() for path in runs)
    assert {place.parent for _, place in moved} == {tmp_path / TRASH / "2026-03-01"}
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


def test_after_a_week_deleted_runs_are_gone_with_their_sound(runs, tmp_path, on):
    sound = tmp_path / "one.run.flac"
    sound.write_text("heard")
    first = delete_runs(runs[:1])
    on(KEPT_DAYS)
    second = delete_runs(runs[1:])
    assert empty_trash(tmp_path) == 0
    restore_runs(first)
    assert sound.read_text() == "heard", "on the last day it can come back"
    on(0)
    first = delete_runs(runs[:1])
    on(KEPT_DAYS + 1)
    assert empty_trash(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == [TRASH, "2026-03-08", "two.run"]
    with pytest.raises(RunFileError, match=r"one\.run cannot come back: .* gone for good"):
        restore_runs(first)
    restore_runs(second)
    assert empty_trash(tmp_path) == 0
    assert list(tmp_path.iterdir()) == [runs[1]]


def test_only_deleted_runs_are_ever_removed(runs, tmp_path, on):
    """What somebody keeps there, what lies elsewhere, and what a link leads to, stays."""
    delete_runs(runs[:1])
    old = tmp_path / TRASH / TODAY.isoformat()
    mine = [old / "notes.txt", tmp_path / TRASH / "own.run", tmp_path / TRASH / "mine" / "own.run"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.run").write_text("kept")
    (tmp_path / TRASH / "2026-02-01").symlink_to(elsewhere)
    on(400)
    assert empty_trash(tmp_path) == 1
    assert [path.read_text() for path in mine] == ["mine"] * 3
    assert (elsewhere / "kept.run").read_text() == "kept"
    assert runs[1].exists()
    assert empty_trash(tmp_path / "missing") == 0
    # A clock that is set back removes nothing.
    delete_runs(runs[1:])
    on(-400)
    assert empty_trash(tmp_path) == 0
