"""Folders for a while: gone with their owners, however those ended."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gladia_nb import held
from gladia_nb.scratch import ScratchFolder

locks = pytest.mark.skipif(not held._can_lock, reason="there are no locks here")

#: Makes a folder, names it, and waits for its end.
OWNER = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from gladia_nb.scratch import ScratchFolder
folder = ScratchFolder()
(folder.path / "spoken.wav").write_bytes(b"speech")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def owner(place: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", OWNER, str(place)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as found:
        yield found
        found.kill()


def folder_of(owner: subprocess.Popen[str]) -> Path:
    """What it has made, as if long ago."""
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    old(folder)
    return folder


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def old(folder: Path) -> None:
    os.utime(folder, (0, 0))


def test_it_is_removed_by_close_by_with_and_when_it_is_forgotten(place: Path) -> None:
    folder = ScratchFolder()
    (folder.path / "a").mkdir()
    assert str(folder.path) in repr(folder)
    folder.close()
    folder.close()
    with ScratchFolder() as path:
        assert [path] == list(place.iterdir())
    forgotten = ScratchFolder()
    del forgotten, folder
    gc.collect()
    assert list(place.iterdir()) == []


def test_it_gives_back_what_holds_it() -> None:
    gc.collect()
    before = open_files()
    for _ in range(20):
        ScratchFolder().close()
    # What other tests have left may be closed meanwhile.
    assert open_files() <= before


@locks
def test_what_a_killed_process_left_is_removed_by_the_next(owner: subprocess.Popen[str]) -> None:
    left = folder_of(owner)
    with ScratchFolder():
        assert (left / "spoken.wav").exists(), "its owner lives"
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert left.exists()
    with ScratchFolder():
        assert not left.exists()


def test_at_its_end_a_process_removes_its_own(owner: subprocess.Popen[str]) -> None:
    left = folder_of(owner)
    owner.communicate()
    assert not left.exists()


@locks
def test_what_is_not_ours_to_judge_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    young, link, file, other = (place / f"gladia_nb-held-{k}" for k in "abcd")
    young.mkdir()
    link.symlink_to(elsewhere)
    file.write_text("a file")
    other.mkdir()
    for path in (file, other):
        old(path)
    os.utime(link, (0, 0), follow_symlinks=False)
    earlier = place / "gladia_nb-x"
    earlier.mkdir()
    old(earlier)
    # As if another user had made the last one.
    stranger = other.stat().st_ino
    fstat = os.fstat

    def of_strangers(number: int) -> os.stat_result:
        found = fstat(number)
        if found.st_ino != stranger:
            return found
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:]))

    monkeypatch.setattr(held.os, "fstat", of_strangers)
    with ScratchFolder():
        assert {young, link, file, other, elsewhere, earlier} < set(place.iterdir())
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with ScratchFolder():
        assert not other.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_the_child_of_a_fork_leaves_it_alone(place: Path) -> None:
    code = (
        "import os, sys, tempfile, warnings; warnings.simplefilter('ignore')\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "from gladia_nb.scratch import ScratchFolder\n"
        "folder = ScratchFolder()\n"
        "if os.fork() == 0:\n"
        "    folder.close()\n"
        "    sys.exit()\n"
        "os.wait()\n"
        "assert folder.path.exists()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(place)], check=True)
    assert list(place.iterdir()) == []


def test_without_locks_nothing_is_swept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "_can_lock", False)
    left = place / "gladia_nb-held-left"
    left.mkdir()
    old(left)
    with ScratchFolder() as folder:
        assert left.exists()
    assert not folder.exists()
