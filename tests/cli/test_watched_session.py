import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

import gladia_nb as gn
from gladia_nb.cli.commands import main
from gladia_nb.cli.watched_session import _print_results
from gladia_nb.record.file import load_record
from tests.support.command_line import COMMAND, SIGNALS
from tests.support.make_runs import make_run


def test_a_session_from_the_terminal(local_server, clip, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GLADIA_API_KEY", local_server.key)
    code = main(
        [
            *("transcribe", str(clip), "--url", local_server.url, "--out", str(tmp_path / "o")),
            *("--endpointing", "0.3", "--speed", "8", "--json-audio", "--chunk-ms", "50"),
        ]
    )
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "hello it is very nice to see you again" in out
    assert "word: first seen" in out
    assert "Word error rate 0.0" in out
    files = {path.name for path in (tmp_path / "o").iterdir()}
    assert files >= {"clip.run", "clip.messages.csv", "clip.overview.png", "clip.transcript.txt"}
    assert all(str(tmp_path / "o" / name) in out for name in files)
    run = gn.load(tmp_path / "o" / "clip.run")
    assert run.record.header["options"]["chunk_ms"] == 50
    assert run.record.header["options"]["json_audio"] is True
    assert run.config["endpointing"] == 0.3


def test_presets_and_configurations(local_server, clip, tmp_path, monkeypatch, capsys):
    url = ["--url", local_server.url, "--speed", "20", "--out", str(tmp_path)]
    config = tmp_path / "c.json"
    config.write_text('{"endpointing": 0.4, "custom_metadata": {"a": 1}}')
    monkeypatch.setenv("GLADIA_API_KEY", local_server.key)
    assert main(["transcribe", str(clip), *url, "--preset", "captions"]) == 0
    assert main(["transcribe", str(clip), *url, "--config", str(config)]) == 0
    first, second = (gn.load(tmp_path / name).config for name in ("clip.run", "clip-2.run"))
    assert first["maximum_duration_without_endpointing"] == 5
    assert second["custom_metadata"] == {"a": 1}
    assert "clip-2.messages.csv" in capsys.readouterr().out


@pytest.fixture
def environment(local_server, tmp_path) -> dict[str, str]:
    return {
        **os.environ,
        "GLADIA_API_KEY": local_server.key,
        "GLADIA_API_URL": local_server.url,
        "COLUMNS": "90",
    }


def test_in_a_terminal_partials_are_seen_as_they_change(environment, clip, tmp_path):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "transcribe", clip, "--out", tmp_path, "--endpointing", "0.3"],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    seen = b""
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                seen += os.read(ours, 65536)
            except OSError:
                break
    os.close(ours)
    assert process.wait() == 0
    text = seen.decode()
    assert len(set(re.findall(r"\.\.\.  ([a-z' ]+)", text))) > 5, "open partials"
    assert re.search(r"0\.\d+ s  hello it is very nice to see you again", text), "a final"
    assert re.search(r"\d+%\|.*\d\.\d/5\.0 s", text), "a bar"


def begin(environment, folder: Path, start: list[str]) -> subprocess.Popen[str]:
    """A session of half a minute, a second after its first chunk was sent."""
    process = subprocess.Popen(
        [*start, *COMMAND, "transcribe", gn.sample("conversation"), "--out", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    run = folder / "conversation.run"
    while not run.exists() or '"chunk"' not in run.read_text():
        time.sleep(0.05)
        assert process.poll() is None
    time.sleep(1)
    return process


@pytest.mark.parametrize(("number", "start"), SIGNALS)
def test_a_signal_keeps_what_was_recorded(environment, tmp_path, number, start):
    process = begin(environment, tmp_path, start)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Interrupted: what was recorded until then is kept." in err
    assert "Traceback" not in err
    assert gn.load(tmp_path / "conversation.run").outcome == "stopped"
    assert str(tmp_path / "conversation.overview.png") in out
    assert (tmp_path / "conversation.overview.png").stat().st_size


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_gives_up_at_once(environment, tmp_path, number):
    run = tmp_path / "conversation.run"
    # It reads nothing for a minute: nobody hears the stop.
    with gn.LocalServer(faults="stall:at_byte=20000,wait_s=60") as deaf:
        environment |= {"GLADIA_API_KEY": deaf.key, "GLADIA_API_URL": deaf.url}
        process = begin(environment, tmp_path, [])
        process.send_signal(number)
        while not load_record(run).of("stop"):
            time.sleep(0.02)
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert (out, "Traceback" in err) == ("", False)
    assert f"Given up: what was recorded until then is in {run}." in err
    assert gn.load(run).outcome == "aborted"
    assert sorted(tmp_path.iterdir()) == [run, Path(f"{run}.flac")]


def test_the_configuration_in_the_run_is_what_was_sent(local_server, clip, tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", local_server.key)
    options = ["--url", local_server.url, "--speed", "20", "--out", str(tmp_path)]
    assert main(["transcribe", str(clip), *options]) == 0
    run = gn.load(tmp_path / "clip.run")
    result = json.loads(run.record.of("result")[0]["raw"])
    for name, value in run.config.items():
        assert result["request_params"][name] == value


def test_what_was_told_while_it_ran_is_not_told_again(capsys):
    warnings = [
        {"event": "warning", "ns": 6_000_000_000, "text": text} for text in ("odd", "a\x1bb")
    ]
    run = make_run(extra=warnings)
    _print_results(run, set())
    assert capsys.readouterr().err == "Note: odd\nNote: a\\x1bb\n"
    _print_results(run, {"odd"})
    out, err = capsys.readouterr()
    assert err == "Note: a\\x1bb\n"
    assert f"Measurement: {run.verdict}" in out


def test_a_reference_of_segments(local_server, clip, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GLADIA_API_KEY", local_server.key)
    known = tmp_path / "any.stm"
    known.write_text("clip 1 ann 0.4 3.0 hello it is very nice to see you again\n")
    url = ["--url", local_server.url, "--speed", "20", "--out", str(tmp_path / "o")]
    assert main(["transcribe", str(clip), *url, "--reference", str(known)]) == 0
    out, _ = capsys.readouterr()
    assert "(9 reference words)" in out
    assert "Latencies of words from the reference are withheld." in out
    assert gn.load(tmp_path / "o" / "clip.run").granularity == "segment"
    known.write_text("clip 1 ann 0.4\n")
    assert main(["transcribe", str(clip), *url, "--reference", str(known)]) == 2
    assert "any.stm, line 1: it has 4 columns" in capsys.readouterr().err
