"""What a browser takes along is what is written where the kernel is."""

import io
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile

from gladia_nb.audio import encode
from gladia_nb.errors import ConfigError
from gladia_nb.lab import downloads
from gladia_nb.lab.downloads import DOWNLOADS, download, download_offers
from gladia_nb.record.folders import sound_files
from gladia_nb.record.sound import Wire, mark_of
from gladia_nb.record.sound_writing import SoundWriter
from gladia_nb.run import load
from tests.support.make_runs import rich_run
from tests.support.tones import run_of_tones, tones


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


@pytest.fixture(scope="module")
def sounding(tmp_path_factory):
    return run_of_tones(tmp_path_factory.mktemp("sounding"))


def test_the_sound_is_the_one_that_was_kept(sounding):
    name, data = download(sounding, "sound")
    assert name == "tones.flac"
    assert data == sounding.path.with_name("tones.run.flac").read_bytes()


@pytest.fixture
def killed(tmp_path):
    """A run whose process was killed: what the encoder holds back lies beside the file."""
    (tmp_path / "spoken").mkdir()
    (tmp_path / "left").mkdir()
    run = run_of_tones(tmp_path / "spoken", sound=False)
    data = encode(tones()[:, np.newaxis], "wav/pcm", 16)
    writer = SoundWriter(run.path, Wire.of(run.config), mark_of(run.record.header))
    writer.set_down(data)
    writer.commit(len(data) // 2)
    for path in (run.path, *sound_files(run.path)):
        shutil.copy(path, tmp_path / "left" / path.name)
    writer.close()
    return load(tmp_path / "left" / "tones.run")


def test_of_a_run_that_was_killed_nothing_is_left_out(killed, tmp_path):
    kept = killed.audio.samples
    name, data = download(killed, "sound")
    assert name == "tones.flac"
    raw = killed.path.with_name("tones.run.flac").read_bytes()
    assert len(soundfile.SoundFile(io.BytesIO(data))) == len(kept)
    assert data != raw, "the file itself lacks the last of it"
    with zipfile.ZipFile(io.BytesIO(download(killed, "sound_run")[1])) as archive:
        archive.extractall(tmp_path / "got")
    run = load(tmp_path / "got" / "tones" / "tones.run")
    assert (run.audio.samples == kept).all()


def test_a_run_with_its_sound_has_it_where_it_is_unpacked(sounding, tmp_path):
    name, data = download(sounding, "sound_run")
    assert name == "tones-with-sound.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    run = load(tmp_path / "tones" / "tones.run")
    assert (run.audio.samples == sounding.audio.samples).all()


def test_a_report_with_its_sound_is_larger_by_it(sounding):
    name, data = download(sounding, "sound_report")
    assert name == "tones-with-sound.html"
    sound = sounding.path.with_name("tones.run.flac").stat().st_size
    assert len(data) > len(download(sounding, "report")[1]) + sound


def test_what_is_offered_says_its_size_and_why_it_cannot_be_had(sounding, run):
    offers = {offer["what"]: offer for offer in download_offers(sounding)}
    assert list(offers) == list(DOWNLOADS)
    assert offers["sound"]["text"] == "The sound (FLAC)"
    assert {offer["why"] for offer in offers.values()} == {""}
    assert offers["run"]["size"].endswith(" kB")
    assert offers["sound_report"]["size"].endswith(" of sound in it")
    silent = {offer["what"]: offer["why"] for offer in download_offers(run)}
    assert silent["run"] == silent["tables"] == silent["report"] == ""
    for what in ("sound", "sound_run", "sound_report"):
        assert silent[what] == "No sound was kept with this run."
        with pytest.raises(ConfigError, match="No sound was kept"):
            download(run, what)
    assert [offer["size"] for offer in download_offers(rich_run())] == [""] * len(DOWNLOADS)


def test_a_sound_that_is_too_large_for_a_message_is_left_where_it_is(sounding, monkeypatch):
    monkeypatch.setattr(downloads, "_MOST_BYTES", 1000)
    with pytest.raises(ConfigError, match=r"too large for one message.*tones\.run\.flac"):
        download(sounding, "sound")
