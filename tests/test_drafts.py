"""Files that are there whole or not at all, and what the killed leave of them."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gladia_nb import drafts, held
from gladia_nb.drafts import create_whole, draft_folder, replacing


def test_what_was_there_stays_until_all_is_written(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    with replacing(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    with pytest.raises(ZeroDivisionError), replacing(path) as new:
        new.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    with replacing(tmp_path / "link.txt") as new:
        new.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_what_is_no_ordinary_file_is_written_to_directly():
    with replacing(Path("/dev/null")) as new:
        assert str(new) == "/dev/null"
        new.write_text("gone")


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "no" / "a.txt"):
        pass


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_is_created_whole(tmp_path, monkeypatch, links):
    def refuses(*_):
        raise PermissionError("a file system without links")

    if not links:
        monkeypatch.setattr(drafts.os, "link", refuses)
    # As long as a name may be.
    path = tmp_path / ("a" * 251 + ".run")
    create_whole(path, b"one")
    with pytest.raises(FileExistsError):
        create_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_whatever_interrupts_it_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    path, real = tmp_path / "a.run", os.link

    def interrupted(*names):
        real(*names)
        raise KeyboardInterrupt

    monkeypatch.setattr(drafts.os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        create_whole(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("links", [True, False])
def test_a_disk_without_room_for_it_leaves_nothing(tmp_path, monkeypatch, links):
    """The limit of a process on the size of its files stands for the disk."""
    path, soft_hard = tmp_path / "a.run", resource.getrlimit(resource.RLIMIT_FSIZE)

    def fills_up(*_):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2, soft_hard[1]))
        raise PermissionError("a file system without links")

    if links:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2, soft_hard[1]))
    else:
        monkeypatch.setattr(drafts.os, "link", fills_up)
    try:
        with pytest.raises(OSError, match="File too large"):
            create_whole(path, b"whole")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft_hard)
    assert list(tmp_path.iterdir()) == []


# -- what the killed leave --

#: Begins a draft, says where, and waits for its end.
WRITER = """
import sys
from pathlib import Path
from gladia_nb.drafts import replacing
with replacing(Path(sys.argv[1]) / "a.run") as new:
    new.write_text("half")
    print(new.parent, flush=True)
    sys.stdin.read()
"""


def long_ago(folder):
    """As if nobody had written to it for long."""
    for path in (*folder.iterdir(), folder):
        os.utime(path, (0, 0))


@pytest.fixture
def another(tmp_path, monkeypatch):
    """Begins another draft in the same place, as a process that has not looked there yet."""

    def begin():
        monkeypatch.setattr(drafts, "_swept", set())
        with replacing(tmp_path / "b.run") as new:
            new.write_text("whole")

    return begin


def test_what_a_killed_process_left_is_removed_by_the_next_that_writes_there(tmp_path, another):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        left = Path(writer.stdout.readline().strip())
        long_ago(left)
        another()
        assert (left / "new").read_text() == "half", "its writer lives, and is only slow"
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        os.utime(left / "new")
        another()
        assert left.exists(), "somebody has written to it a moment ago"
        long_ago(left)
        another()
    assert [path.name for path in tmp_path.iterdir()] == ["b.run"]


def test_each_folder_is_looked_at_once(tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(drafts, "_swept", set())
    monkeypatch.setattr(drafts, "remove_left_behind", lambda place, *_: looked.append(place))
    for place in (tmp_path, tmp_path / "deeper", tmp_path):
        place.mkdir(exist_ok=True)
        create_whole(place / f"{len(looked)}.run", b"")
    assert looked == [tmp_path, tmp_path / "deeper"]


def test_what_is_not_known_to_be_left_behind_stays(tmp_path, another, monkeypatch):
    kept = []
    for name in (
        ".writing-elsewhere-abcd1234",  # of another machine
        f"{drafts._PREFIX}b-abcd1234",  # of one whose name goes on
        ".writing-abcd1234",  # of an earlier version
        "abcd1234",
    ):
        kept.append(tmp_path / name)
        kept[-1].mkdir()
    (tmp_path / f"{drafts._PREFIX}file0000").write_text("no folder")
    link = tmp_path / f"{drafts._PREFIX}link0000"
    link.symlink_to(kept[0])
    mine = tmp_path / f"{drafts._PREFIX}mine0000"
    mine.mkdir()
    for folder in (*kept, mine):
        long_ago(folder)
    with monkeypatch.context() as without:
        without.setattr(held, "hold", lambda _: None)
        another()
    assert mine.exists(), "who cannot hold it cannot know that nobody does"
    another()
    assert not mine.exists()
    assert {*kept, link} < set(tmp_path.iterdir())


def test_the_folder_is_held_while_it_is_there(tmp_path):
    with draft_folder(tmp_path) as folder:
        held = drafts.hold(folder)
        assert held is None
    assert list(tmp_path.iterdir()) == []
