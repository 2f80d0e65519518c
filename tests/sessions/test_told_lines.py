"""What was told is in the file, or in memory where the file has not got it."""

import json

import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.record.event_kinds import EndEvent, InitEvent, WarningEvent
from gladia_nb.record.events import as_mapping, event_line
from gladia_nb.record.file import FORMAT, VERSION, dump_line
from gladia_nb.sessions.told_lines import ToldLines

HEADER = {"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}}
FIRST, SECOND = WarningEvent(1, "one"), WarningEvent(2, "two")
END = EndEvent(ns=9, outcome="failed", anchor=[])
BEGUN = InitEvent(start_ns=1, end_ns=2, status=201, session_id="s", created_at=None, url="wss://x")


@pytest.fixture
def told(tmp_path):
    (tmp_path / "a.run").write_text(dump_line(HEADER))
    return ToldLines(tmp_path / "a.run")


def tell(lines, *events, written=True):
    for event in events:
        line = event_line(event).encode()
        if written:
            with lines._path.open("ab") as file:
                file.write(line)
        lines.take(line, event)


def plain(*events):
    return [json.loads(json.dumps(as_mapping(event))) for event in events]


def test_everything_is_read_from_the_file(told):
    tell(told, FIRST, SECOND)
    assert told.header() == HEADER
    assert list(told.since(0)) == plain(FIRST, SECOND)
    assert list(told.since(1)) == plain(SECOND)
    assert list(told.since(2)) == []
    with told._path.open("ab") as file:
        file.write(b'{"event":"warn')
    assert list(told.since(0)) == plain(FIRST, SECOND), "what is being written is no line yet"
    assert told.record().path == told._path


def test_a_run_without_a_session_is_taken_away_and_stays_here(told):
    tell(told, FIRST, END)
    reading = told.since(0)
    assert next(reading) == plain(FIRST)[0]
    told.withdraw()
    assert not told._path.exists()
    assert list(reading) == plain(END), "whoever reads reads on"
    assert (told.header(), list(told.since(1))) == (HEADER, plain(END))
    record = told.record()
    assert (record.path, record.outcome, len(record.events)) == (None, "failed", 2)


def test_a_session_stays_in_its_file(told):
    tell(told, FIRST, BEGUN, END)
    told.withdraw()
    assert told._path.exists()
    assert told.record().session_id == "s"


def test_what_the_disk_did_not_take_is_here(told):
    full = WarningEvent(3, "full", unwritten=True)
    tell(told, FIRST)
    with told._path.open("ab") as file:
        file.write(b'{"event":"war')
    tell(told, full, END, written=False)
    assert list(told.since(0)) == plain(FIRST, full, END)
    assert list(told.since(2)) == plain(END)
    told.withdraw()
    assert not told._path.exists()
    assert list(told.since(0)) == plain(FIRST, full, END)
    assert len(told.record().events) == 3


def test_a_file_that_cannot_be_taken_away_is_left(told):
    tell(told, END)
    told._path.unlink()
    told._path.mkdir()
    told.withdraw()
    with pytest.raises(RunFileError, match="not an ordinary file"):
        told.record()
    with pytest.raises(RunFileError, match="Cannot read the header"):
        told.header()


def test_a_file_that_somebody_else_took_away(told):
    told._path.unlink()
    with pytest.raises(FileNotFoundError):
        list(told.since(0))
    with pytest.raises(RunFileError, match="Cannot read"):
        told.record()
