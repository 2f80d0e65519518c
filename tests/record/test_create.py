import json
import resource
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.record import create
from gladia_nb.record.create import create_run_file
from gladia_nb.record.file import load_record

WHAT = {"body": {"sample_rate": 8000}, "audio": {"frames": None}, "options": {}, "words": None}


def test_a_file_with_its_header_is_a_run_without_events(tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "new"))
    path = create_run_file(None, name="a talk/with: odd signs.wav", **WHAT)
    assert path.parent == tmp_path / "new"
    assert path.name.endswith("-with_odd_signs.run")
    record = load_record(path)
    assert record.header["config"] == {"sample_rate": 8000}
    assert record.header["versions"].keys() >= {"python", "gladia-nb", "numpy"}
    assert (record.events, record.complete) == ((), False)


def test_nothing_is_overwritten(tmp_path):
    path = create_run_file(tmp_path / "a.run", name="a", **WHAT)
    before = path.read_bytes()
    with pytest.raises(RunFileError, match="exists already; a run is never overwritten"):
        create_run_file(path, name="b", **WHAT)
    assert path.read_bytes() == before


def test_a_header_that_cannot_be_written_leaves_nothing_in_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(create, "dump_line", lambda header: "\udc80")
    with pytest.raises(UnicodeEncodeError):
        create_run_file(tmp_path / "a.run", name="a", **WHAT)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing_in_the_way(tmp_path):
    """The limit of a process on the size of its files stands for the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))
    try:
        with pytest.raises(RunFileError, match=r"File too large. Name another place"):
            create_run_file(tmp_path / "a.run", name="a", **WHAT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    assert create_run_file(tmp_path / "a.run", name="a", **WHAT).exists()


def test_a_place_that_cannot_be(tmp_path):
    with pytest.raises(RunFileError, match="Name another place"):
        create_run_file(tmp_path / "no" / "a.run", name="a", **WHAT)


def test_runs_that_begin_at_the_same_moment_have_names_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path))
    begin, n = threading.Barrier(32), 32

    def create(_):
        begin.wait()
        return create_run_file(None, name="a.wav", body={}, audio={}, options={}, words=None)

    with ThreadPoolExecutor(n) as pool:
        paths = list(pool.map(create, range(n)))
    assert len(set(paths)) == n
    assert all(path.read_text().count("\n") == 1 for path in paths)


def test_a_name_that_another_run_has_taken_meanwhile_with_its_sound(tmp_path, monkeypatch):
    """Between a look for a free name and the file, another session may have begun with it."""
    taken, free = tmp_path / "a.run", tmp_path / "a-2.run"
    create_run_file(taken, name="a", **WHAT)
    (tmp_path / "a.run.flac").touch()
    places = iter([taken, free])
    monkeypatch.setattr(create, "_new_place", lambda _: next(places))
    assert create_run_file(None, name="a", **WHAT) == free
    with pytest.raises(RunFileError, match=r"a\.run\.flac exists already; a run is never"):
        create_run_file(taken, name="a", **WHAT)


def test_a_password_in_a_url_is_not_written(tmp_path):
    body = {"callback_config": {"url": "https://me:hunter-2@example.com/hook?token=7a0c"}}
    path = create_run_file(
        tmp_path / "a.run", name="a", body=body, audio={}, options={}, words=None
    )
    header = json.loads(path.read_text())
    assert header["config"]["callback_config"]["url"] == (
        "https://[redacted]@example.com/hook?token=[redacted]"
    )


def test_how_finely_it_is_known_what_was_spoken_stands_in_the_header(tmp_path):
    rows = [{"text": "hi", "start_s": None, "end_s": None, "channel": 0}]
    what = {**WHAT, "words": rows, "granularity": "text"}
    header = load_record(create_run_file(tmp_path / "a.run", name="a", **what)).header
    assert (header["reference"], header["granularity"]) == (rows, "text")
    header = load_record(create_run_file(tmp_path / "b.run", name="b", **WHAT)).header
    assert (header["reference"], header["granularity"]) == (None, None)
