import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.record.create import create_run_file
from gladia_nb.record.file import load_record

WHAT = {"body": {"channels": 1}, "audio": {"frames": None}, "options": {}, "words": None}


def test_a_file_with_its_header_is_a_run_without_events(tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "new"))
    path = create_run_file(None, name="a talk/with: odd signs.wav", **WHAT)
    assert path.parent == tmp_path / "new"
    assert path.name.endswith("-with_odd_signs.run")
    record = load_record(path)
    assert record.header["config"] == {"channels": 1}
    assert record.header["versions"].keys() >= {"python", "gladia-nb", "numpy"}
    assert (record.events, record.complete) == ((), False)


def test_nothing_is_overwritten(tmp_path):
    path = create_run_file(tmp_path / "a.run", name="a", **WHAT)
    before = path.read_bytes()
    with pytest.raises(RunFileError, match="exists already; a run is never overwritten"):
        create_run_file(path, name="b", **WHAT)
    assert path.read_bytes() == before


def test_a_place_that_cannot_be(tmp_path):
    with pytest.raises(RunFileError, match="Name another place"):
        create_run_file(tmp_path / "no" / "a.run", name="a", **WHAT)


def test_how_finely_it_is_known_what_was_spoken_stands_in_the_header(tmp_path):
    rows = [{"text": "hi", "start_s": None, "end_s": None, "channel": 0}]
    what = {**WHAT, "words": rows, "granularity": "text"}
    header = load_record(create_run_file(tmp_path / "a.run", name="a", **what)).header
    assert (header["reference"], header["granularity"]) == (rows, "text")
    header = load_record(create_run_file(tmp_path / "b.run", name="b", **WHAT)).header
    assert (header["reference"], header["granularity"]) == (None, None)
