import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import RunFileError
from gladia_nb.record.file import FORMAT, VERSION, dump_line, load_record, read_lines
from gladia_nb.record.message import parse_message
from tests.support.stored_events import stored_chunk

HEADER = {"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}}
END = {"event": "end", "ns": 3, "outcome": "finished", "anchor": [3, 0, 0]}
INIT = {"event": "init", "start_ns": 1, "end_ns": 2, "status": 201, "session_id": "s"}
STOP = {"event": "stop", "send_start_ns": 1, "send_end_ns": 2, "connection": 1}


def write(path: Path, *events: dict, tail: str = "") -> Path:
    path.write_text("".join(map(dump_line, (HEADER, *events))) + tail)
    return path


def test_events_come_back_in_order_and_by_kind(tmp_path: Path):
    record = load_record(
        write(
            tmp_path / "a.run",
            {**INIT, "created_at": None, "url": "ws://x"},
            {"event": "audio_start", "t0_ns": 5},
            stored_chunk(0),
            STOP,
            stored_chunk(1),
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
    whole = write(tmp_path / "a.run", stored_chunk(0), END).read_bytes()
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
        (dump_line(HEADER).encode() + b"oops\n" * 1001, "first: line 2: it is not JSON"),
        (b"[" * 100_000 + b"\n", "is not a run"),
        (b'{"format":"gladia_nb.run","version":1,"config":{}}\n', "no sample rate"),
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
    line = dump_line({"event": "message", "recv_ns": 1, "via": "websocket", "raw": text})
    assert line.count("\n") == 1
    record = read_lines([dump_line(HEADER).encode(), line.encode("ascii")])
    assert record.events[0]["raw"] == text


def test_saving_copies_and_a_cut_off_record_is_saved_whole(tmp_path: Path):
    path = write(tmp_path / "a.run", stored_chunk(0), tail='{"event":"mess')
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


def test_a_line_that_cannot_be_believed_is_left_out_and_told(tmp_path: Path):
    lines = [dump_line(line) for line in (HEADER, STOP, {**STOP, "connection": "1"}, STOP, END)]
    path = tmp_path / "a.run"
    path.write_text("".join([*lines[:3], "oops\n", *lines[3:]]))
    record = load_record(path)
    assert [dict(event) for event in record.events] == [STOP, STOP, END]
    assert list(map(str, record.problems))[-2:] == [
        "line 3: stop, connection: expected int, got str",
        "line 4: it is not JSON",
    ]
    assert load_record(record.save(tmp_path / "b.run")).problems == record.problems


def test_an_event_days_away_from_all_others_is_left_out(tmp_path: Path):
    far = {**STOP, "send_start_ns": 10**18}
    record = load_record(write(tmp_path / "a.run", far, STOP, STOP, END))
    assert len(record.events) == 3
    assert "line 2: stop, it is days away" in str(record.problems[-1])


@pytest.mark.parametrize("made", ["fifo", "device", "folder", "sparse"])
def test_what_has_no_end_is_refused_before_it_is_read(tmp_path: Path, made):
    path = tmp_path / "a.run"
    if made == "fifo":
        os.mkfifo(path)
    elif made == "device":
        path = Path("/dev/zero")
    elif made == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(5_000_000_000)
    with pytest.raises(RunFileError, match=r"not an ordinary file|has 5\.0 GB"):
        load_record(path)


@pytest.mark.parametrize("name", ["a\0b.run", "~nosuchuserhere/a.run", ""])
def test_what_is_no_path_is_refused_in_a_sentence(name):
    with pytest.raises(RunFileError, match=r"zero byte|no user|missing"):
        load_record(name)
    with pytest.raises(RunFileError, match=r"zero byte|no user|missing"):
        read_lines([dump_line(HEADER).encode()]).save(name)


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path):
    """As a disk that fills up: the limit on the size of a file fails the writing in its midst."""
    path = write(tmp_path / "a.run", *[stored_chunk(k) for k in range(1000)], END)
    good = (tmp_path / "good.run").write_bytes(path.read_bytes())
    code = (
        "import resource, signal, sys\n"
        "from gladia_nb.errors import RunFileError\n"
        "from gladia_nb.record.file import load_record, Record\n"
        "loaded = load_record(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "for record in (loaded, Record(loaded.header, loaded.events)):\n"
        "    try:\n"
        "        record.save(sys.argv[2])\n"
        "    except RunFileError as error:\n"
        "        print(error)\n"
    )
    command = [sys.executable, "-c", code, path, tmp_path / "good.run"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.count("File too large. Choose another place.") == 2
    assert (tmp_path / "good.run").stat().st_size == good
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.run", "good.run"]


def test_many_events_are_the_same_when_they_are_looked_at_again(tmp_path: Path):
    said = {"event": "message", "recv_ns": 1, "via": "websocket", "raw": "{}"}
    events = [
        {**said, "raw": str(k)} if k % 3 else (stored_chunk(k) if k % 2 else STOP)
        for k in range(2000)
    ]
    record = load_record(write(tmp_path / "a.run", *events, END))
    assert record.events == (*events, END)
    assert [record.events[k]["event"] for k in (0, -1, 500)] == ["stop", "end", "message"]
    assert record.events[995:1003] == tuple(events[995:1003])
    for kinds in (("message",), ("chunk", "stop"), ("end",)):
        assert record.of(*kinds) == tuple(e for e in (*events, END) if e["event"] in kinds)
