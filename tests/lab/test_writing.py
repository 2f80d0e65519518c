"""What is written where the kernel is, and what is not because something is there."""

import re

import pytest

from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.lab.writing import file_stem, write_run
from gladia_nb.run import load
from tests.support.make_runs import rich_run
from tests.support.tones import run_of_tones


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return load(rich_run().save(tmp_path_factory.mktemp("runs") / "20260102-030405-talk.run"))


def test_files_bear_the_dated_name_of_the_run_whether_it_has_a_file_or_not(run):
    assert file_stem(run) == "20260102-030405-talk"
    assert re.fullmatch(r"\d{8}-\d{6}-conversation", file_stem(rich_run()))


@pytest.mark.parametrize("kind", ["save", "report", "export"])
def test_what_is_there_is_replaced_only_on_demand(run, tmp_path, kind):
    place = tmp_path / "new" / "place"
    text, taken = write_run(run, kind, f"  {place} ")
    assert (str(place) in text, taken) == (True, False), "missing folders are made"
    files = [place] if place.is_file() else sorted(place.iterdir())
    for file in files:
        file.write_text("somebody's own")
    text, taken = write_run(run, kind, str(place))
    assert (text.endswith("already; nothing was written."), taken) == (True, True)
    assert {file.read_text() for file in files} == {"somebody's own"}
    text, taken = write_run(run, kind, str(place), replace=True)
    assert (str(place) in text, taken) == (True, False)
    assert "somebody's own" not in {file.read_text("utf-8", "replace") for file in files}


def test_a_folder_without_files_and_a_run_beside_its_own_sound(run, tmp_path):
    (tmp_path / "empty").mkdir()
    assert write_run(run, "export", str(tmp_path / "empty"))[1] is False
    sounding = run_of_tones(tmp_path)
    sounding.path.unlink()
    said = write_run(run, "save", str(sounding.path))
    assert (said[1], sounding.path.exists()) == (True, False), "the sound is of another run"


def test_what_cannot_be_written(run, tmp_path):
    with pytest.raises(ConfigError, match="is the run itself"):
        write_run(run, "save", str(run.path), replace=True)
    with pytest.raises(RunFileError, match=r"Cannot look at .*Name another place"):
        write_run(run, "report", str(tmp_path / ("a" * 300)))
    with pytest.raises(ConfigError, match="Name a place"):
        write_run(run, "report", "  ")
    with pytest.raises(ConfigError, match="there are save, export, report"):
        write_run(run, "opera", str(tmp_path / "a"))
