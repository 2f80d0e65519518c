import os
from pathlib import Path

import pytest

from gladia_nb.errors import AudioError, RunFileError
from gladia_nb.paths import content_of, expanded, mount_point


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
