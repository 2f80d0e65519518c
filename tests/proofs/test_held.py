"""What was attacked and held: files that were cut or killed, and text that would be markup."""

import json
import re
import signal
from pathlib import Path

import pytest

import gladia_nb
from gladia_nb.record.file import load_record, read_lines
from gladia_nb.run import load
from tests.support.attacks import lines_of, small_run
from tests.support.worker_by_hand import Hand, start

EVIL = "<img src=x onerror=alert(1)>\"'<script>alert(2)</script>"


@pytest.mark.parametrize("name", ["live", "resumed"])
def test_a_file_cut_anywhere_loads_as_what_came_before(tmp_path, name):
    data = "".join(f"{line}\n" for line in lines_of(name)).encode()
    begin = data.index(b"\n") + 1
    whole = read_lines(data.splitlines(keepends=True))
    # Every byte of some lines, and of the others every hundredth.
    for length in {*range(begin, begin + 600), *range(begin, len(data), 101)}:
        record = read_lines(data[:length].splitlines(keepends=True))
        count = data[begin:length].count(b"\n")
        assert len(record.events) == count
        assert record.problems == ()
        assert record.cut_off == (data[length - 1 : length] != b"\n")
        assert record.events[-1:] == whole.events[count - 1 : count] if count else True


@pytest.mark.parametrize("events", [1, 5, 30])
def test_a_worker_that_is_killed_leaves_a_file_that_loads(local_server, tmp_path, events):
    hand = Hand()
    try:
        hand.send(bytes(64_000), **start(tmp_path / "a.run", local_server, speed=2))
        assert hand.read()[1]["event"] == "ready"
        told = [hand.read()[1] for _ in range(events)]
        hand.process.send_signal(signal.SIGKILL)
        hand.process.wait()
    finally:
        hand.process.kill()
        hand.process.communicate()
    record = load_record(tmp_path / "a.run")
    assert list(map(dict, record.events[:events])) == told
    assert record.outcome == "incomplete"
    # What the test itself put into the header is not much.
    assert all(problem.line == 1 for problem in record.problems)


def spoiled(value):
    """The same with markup in place of every text that is free."""
    if isinstance(value, dict):
        kept = ("event", "type", "format", "encoding", "via")
        return {k: v if k in kept else spoiled(v) for k, v in value.items()}
    if isinstance(value, list):
        return [spoiled(item) for item in value]
    return EVIL if isinstance(value, str) else value


def test_markup_from_anywhere_is_text_in_every_page(tmp_path):
    events = [json.loads(line) for line in small_run()]
    for event in events[1:]:
        if "raw" in event:
            event["raw"] = json.dumps(spoiled(json.loads(event["raw"])))
    rest = [event if "raw" in event else spoiled(event) for event in events]
    warning = {
        "event": "warning",
        "ns": events[5].get("ns", events[5].get("recv_ns")),
        "text": EVIL,
    }
    rest.insert(-1, warning)
    (tmp_path / "a.run").write_text("".join(json.dumps(event) + "\n" for event in rest))
    run = load(tmp_path / "a.run")
    assert EVIL in run.text
    page = run.report(tmp_path / "page.html", title=EVIL, figures=False).read_text()
    for text in (run._repr_html_(), page):
        assert "alert(1)" in text
        assert not re.search(r"<(img|script)[^>]*(onerror|alert)", text.replace("&lt;", "_"))
        assert "<script" not in text


def test_the_front_end_makes_no_markup_of_text():
    folder = Path(gladia_nb.__file__).parent / "widgets" / "static"
    for path in folder.rglob("*.js"):
        text = path.read_text()
        for door in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert door not in text, path
