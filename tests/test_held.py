"""Who holds a folder: one at a time, as long as it lives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gladia_nb import held
from gladia_nb.held import hold, let_go, remove_left_behind

HOLDER = """
import sys
from pathlib import Path
from gladia_nb.held import hold
print(hold(Path(sys.argv[1])) is not None, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not held._can_lock, reason="there are no locks here")
def test_one_holds_it_as_long_as_it_lives(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "True\n"
        assert hold(tmp_path) is None
        holder.kill()
        holder.communicate()
    first = hold(tmp_path)
    assert first is not None
    assert hold(tmp_path) is None
    os.close(first)
    second = hold(tmp_path)
    assert second is not None
    os.close(second)


def test_what_is_no_folder_of_ones_own_is_not_held(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    before = len(list(Path("/dev/fd").iterdir()))
    assert [hold(tmp_path / name) for name in ("file", "link", "nothing")] == [None] * 3
    user = os.geteuid()
    monkeypatch.setattr(held.os, "geteuid", lambda: user + 1)
    assert hold(tmp_path) is None
    monkeypatch.undo()
    monkeypatch.setattr(held, "_can_lock", False)
    assert hold(tmp_path) is None
    assert len(list(Path("/dev/fd").iterdir())) <= before


@pytest.mark.skipif(not held._can_lock, reason="there are no locks here")
def test_what_is_old_and_nobody_holds_is_removed(tmp_path):
    for name in ("a-held", "a-left", "a-new", "a-gone", "b-left"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    mine = hold(tmp_path / "a-held")

    def is_old(folder):
        if folder.name == "a-gone":
            raise FileNotFoundError(folder)
        return folder.name != "a-new"

    remove_left_behind(tmp_path, "a-", is_old)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a-gone",
        "a-held",
        "a-new",
        "b-left",
    ]
    let_go(tmp_path / "a-held", mine)
    assert not (tmp_path / "a-held").exists()
    remove_left_behind(tmp_path / "nowhere", "a-", is_old)
