import os
import resource
from pathlib import Path

import pytest

from gladia_nb import paths
from gladia_nb.errors import AudioError, RunFileError
from gladia_nb.paths import content_of, create_whole, expanded, mount_point, replacing


def test_a_path_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/a.run", RunFileError) == tmp_path / "a.run"
    assert expanded(tmp_path, RunFileError) == tmp_path


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("a\0b", "holds a zero byte"),
        ("~nosuchuserhere/x", "no user nosuchuserhere"),
        ("", "is missing"),
        (5, "is text, not int"),
    ],
)
@pytest.mark.parametrize("error", [AudioError, RunFileError])
def test_what_is_no_path_is_said_in_a_sentence(path, sentence, error):
    with pytest.raises(error, match=sentence):
        expanded(path, error)


def test_a_disk_is_named_by_its_mount_point(tmp_path):
    place = mount_point(tmp_path / "not" / "there")
    assert place.is_mount()
    assert place in tmp_path.parents or place == tmp_path


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
    with replacing(expanded("/dev/null", RunFileError)) as new:
        assert str(new) == "/dev/null"
        new.write_text("gone")


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "no" / "a.txt"):
        pass


def test_what_has_no_end_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for place in (tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(OSError, match="not an ordinary file"):
            content_of(place)
    (tmp_path / "a").write_bytes(b"12345")
    assert content_of(tmp_path / "a", 5) == b"12345"
    with pytest.raises(OSError, match="more than 0 MiB"):
        content_of(tmp_path / "a", 4)
    with pytest.raises(IsADirectoryError):
        content_of(tmp_path)
    with pytest.raises(FileNotFoundError):
        content_of(tmp_path / "none")


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_is_created_whole(tmp_path, monkeypatch, links):
    def refuses(*_):
        raise PermissionError("a file system without links")

    if not links:
        monkeypatch.setattr(paths.os, "link", refuses)
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

    monkeypatch.setattr(paths.os, "link", interrupted)
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
        monkeypatch.setattr(paths.os, "link", fills_up)
    try:
        with pytest.raises(OSError, match="File too large"):
            create_whole(path, b"whole")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft_hard)
    assert list(tmp_path.iterdir()) == []
