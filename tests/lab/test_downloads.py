"""What a browser takes along is what is written where the kernel is."""

import io
import zipfile

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.lab.downloads import DOWNLOADS, download
from gladia_nb.run import load
from tests.support.make_runs import rich_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return load(rich_run().save(tmp_path_factory.mktemp("runs") / "mine.run"))


def test_the_run_is_the_same(run, tmp_path):
    name, data = download(run, "run")
    assert name == "mine.run"
    (tmp_path / name).write_bytes(data)
    assert load(tmp_path / name).text == run.text


def test_tables_and_report(run):
    name, data = download(run, "tables")
    assert name == "mine.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert any(one.endswith("messages.csv") for one in names)
    assert all(one.startswith("mine/") for one in names)
    name, data = download(run, "report")
    assert name == "mine.html"
    assert data.lstrip().lower().startswith(b"<!doctype html>")


def test_a_table_is_whole(run):
    name, data = download(run, "table", "Messages")
    assert name == "mine-messages.csv"
    assert len(pd.read_csv(io.BytesIO(data))) == len(run.messages)


def test_what_there_is_not(run):
    with pytest.raises(ConfigError, match="no download 'opera'"):
        download(run, "opera")
    with pytest.raises(ConfigError, match="no table 'Opera'"):
        download(run, "table", "Opera")
    assert "table" not in DOWNLOADS
