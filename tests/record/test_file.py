import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import RunFileError
from gladia_nb.record.file import FORMAT, VERSION, dump_line, load_record, read_lines
from gladia_nb.record.message import parse_message

HEADER = {"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}}
END = {"event": "end", "ns": 3, "outcome": "finished"}


def write(path: Path, *events: dict, tail: str = "") -> Path:
    path.write_text("".join(map(dump_line, (HEADER, *events))) + tail)
    return path


def test_events_come_back_in_order_and_by_kind(tmp_path: Path):
    record = load_record(
        write(
            tmp_path / "a.run",
            {"event": "init", "session_id": "s"},
            {"event": "audio_start", "t0_ns": 5},
            {"event": "chunk", "seq": 0},
            {"event": "stop"},
            {"event": "chunk", "seq": 1},
            END,
        )
    )
    assert [e["seq"] for e in record.of("chunk")] == [0, 1]
    assert [e["event"] for e in record.of("stop", "audio_start")] == ["audio_start", "stop"]
    assert (record.session_id, record.t0_ns) == ("s", 5)
    assert (record.complete, record.outcome, record.cut_off) == (True, "finished", False)
    assert "finished" in repr(record)


def test_a_record_cannot_be_changed(tmp_path: Path):
    record = load_record(write(tmp_path / "a.run", END))
    with pytest.raises(TypeError):
        record.events[0]["outcome"] = "x"
    with pytest.raises(AttributeError):
        record.cut_off = True


def test_every_prefix_of_a_file_loads_and_says_that_it_is_incomplete(tmp_path: Path):
    whole = write(tmp_path / "a.run", {"event": "chunk", "seq": 0}, END).read_bytes()
    header_ends = whole.index(b"\n") + 1
    for length in range(header_ends, len(whole)):
        (tmp_path / "b.run").write_bytes(whole[:length])
        record = load_record(tmp_path / "b.run")
        assert not record.complete
        assert record.outcome == "incomplete"
        assert record.cut_off == (not whole[:length].endswith(b"\n"))
        assert len(record.events) == whole[header_ends:length].count(b"\n")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a run"),
        (b"RIFF....WAVE", "is not a run"),
        (b'{"format":"other"}\n', "is not a run"),
        (b'{"format":"gladia_nb.run","version":99}\n', "Install a later gladia_nb"),
        (dump_line(HEADER).encode() + b"oops\n" + dump_line(END).encode(), "line 2 is not JSON"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content, sentence):
    (tmp_path / "x.run").write_bytes(content)
    with pytest.raises(RunFileError, match=sentence):
        load_record(tmp_path / "x.run")


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(RunFileError, match="No such file"):
        load_record(tmp_path / "none.run")


@given(st.binary() | st.text())
def test_every_frame_survives_the_file(raw):
    text = parse_message(raw).raw
    line = dump_line({"event": "message", "raw": text})
    assert line.count("\n") == 1
    record = read_lines([dump_line(HEADER).encode(), line.encode("ascii")])
    assert record.events[0]["raw"] == text


def test_saving_copies_and_a_cut_off_record_is_saved_whole(tmp_path: Path):
    path = write(tmp_path / "a.run", {"event": "chunk", "seq": 0}, tail='{"event":"mess')
    record = load_record(path)
    copy = load_record(record.save(tmp_path / "b.run"))
    assert copy.events == record.events
    assert not copy.cut_off
    assert record.save(path) == path, "onto itself"
    whole = load_record(write(tmp_path / "c.run", END))
    assert whole.save(tmp_path / "d.run").read_bytes() == (tmp_path / "c.run").read_bytes()
    with pytest.raises(RunFileError, match="Cannot write"):
        whole.save(tmp_path / "no" / "e.run")


def test_lines_are_plain_json():
    assert json.loads(dump_line({"a": "é\ud800"})) == {"a": "é\ud800"}
