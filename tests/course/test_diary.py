import json
import os

import pytest

from gladia_nb.course.diary import PROGRESS_VARIABLE, Diary, last_name, progress_directory
from gladia_nb.errors import RunFileError


def test_what_is_written_is_there_for_the_next_one(tmp_path):
    path = tmp_path / "new" / "ada.jsonl"
    Diary(path).add(name="Ada", task="1a", right=True)
    Diary(path).add(task="1b", right=False)
    entries = Diary(path).entries()
    assert [entry["task"] for entry in entries] == ["1a", "1b"]
    assert all(entry["at"] > 0 for entry in entries)


def test_two_who_write_take_nothing_from_each_other(tmp_path):
    one, other = Diary(tmp_path / "a.jsonl"), Diary(tmp_path / "a.jsonl")
    for number in range(20):
        (one if number % 2 else other).add(number=number)
    assert [entry["number"] for entry in one.entries()] == list(range(20))


def test_what_cannot_be_read_is_left_out(tmp_path):
    path = tmp_path / "a.jsonl"
    deep = "[" * 100_000
    path.write_bytes(b'\xff\xfe\n[1]\nnot json\n{"task": "1a"}\n' + deep.encode() + b'\n{"cut": ')
    assert Diary(path).entries() == [{"task": "1a"}]
    assert Diary(tmp_path / "none.jsonl").entries() == []
    assert Diary(tmp_path).entries() == []


def test_what_is_very_long_is_not_kept(tmp_path):
    diary = Diary(tmp_path / "a.jsonl")
    diary.add(question="q", value="x" * 10_000)
    assert diary.entries() == []


def test_anything_can_be_predicted():
    diary = Diary(None)
    diary.add(question="q", value={1, 2})
    assert diary.entries()[0]["value"] == "{1, 2}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunFileError, match="Cannot"):
            Diary(tmp_path / "a.jsonl").add(task="1a")
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_is_a_folder_is_told(tmp_path):
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(RunFileError, match=PROGRESS_VARIABLE):
        Diary(tmp_path / "a.jsonl").add(task="1a")


def test_the_last_name_is_that_of_the_newest_file(tmp_path):
    assert last_name(tmp_path / "none") == ""
    Diary(tmp_path / "a.jsonl").add(name="Ada", task="1a")
    Diary(tmp_path / "b.jsonl").add(name="Grace", task="1a")
    os.utime(tmp_path / "a.jsonl", (1, 1))
    assert last_name(tmp_path) == "Grace"
    (tmp_path / "c.jsonl").write_text(json.dumps({"name": 3}) + "\n")
    assert last_name(tmp_path) == "Grace"


def test_where_progress_is_kept(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert progress_directory() == tmp_path / "course-progress"
    monkeypatch.setenv(PROGRESS_VARIABLE, str(tmp_path / "elsewhere"))
    assert progress_directory() == tmp_path / "elsewhere"
