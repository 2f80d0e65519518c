"""Files that come in pieces: put together, each in a place of its own, and gone at the end."""

import pytest

from gladia_nb.errors import AudioError
from gladia_nb.lab import uploads as module
from gladia_nb.lab.uploads import Uploads, write_sound


@pytest.fixture
def uploads():
    made = Uploads()
    yield made
    made.close()


def test_pieces_of_two_files_at_a_time(uploads):
    assert uploads.take("a.txt", 0, 2, b"one") is None
    assert uploads.take("b.txt", 0, 1, b"whole").read_bytes() == b"whole"
    assert uploads.take("a.txt", 1, 2, b"two").read_bytes() == b"onetwo"
    # One that is sent again begins anew.
    uploads.take("a.txt", 0, 2, b"three")
    uploads.take("a.txt", 0, 2, b"four")
    assert uploads.take("a.txt", 1, 2, b"!").read_bytes() == b"four!"


def test_equal_names_are_no_equal_files(uploads):
    first, second = (uploads.take("../x/a b.wav", 0, 1, data) for data in (b"1", b"2"))
    assert first.name == second.name == "a_b.wav"
    assert first.parent != second.parent
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert uploads.name_of(str(first)) == "a b.wav"
    assert uploads.name_of("/elsewhere/a_b.wav") is None
    assert uploads.name_of(None) is None
    assert uploads.said(f"Cannot read {second}: no.") == "Cannot read a b.wav: no."
    uploads.close()
    assert not first.exists()


def test_one_that_is_too_large(uploads, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_UPLOAD", 5)
    uploads.take("big.wav", 0, 3, b"123")
    with pytest.raises(AudioError, match=r"big\.wav is larger than"):
        uploads.take("big.wav", 1, 3, b"456")
    with pytest.raises(AudioError, match=r"A piece of big\.wav was lost"):
        uploads.take("big.wav", 2, 3, b"7")


def test_where_there_is_no_room(tmp_path):
    with pytest.raises(AudioError, match="Cannot keep the sound in"):
        write_sound(tmp_path / "none" / "a.wav", b"")
