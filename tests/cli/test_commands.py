import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
import soundfile

import gladia_nb as gn
from gladia_nb.cli import commands
from gladia_nb.cli.commands import main
from gladia_nb.record.file import load_record

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from gladia_nb.cli.commands import main; sys.exit(main())",
]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def cut_flac(path: Path) -> Path:
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 50_000), 16000)
    return write(path, path.read_bytes()[:30_000])


def wav(path: Path, samples: list[float]) -> Path:
    soundfile.write(path, np.array(samples), 16000, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        (lambda d: d / "none.wav", [], "There is no file"),
        (lambda d: d, [], "is a directory"),
        (lambda d: write(d / "e.wav", b""), [], "is empty"),
        (lambda d: write(d / "t.wav", b"hello " * 50), [], "is not a sound file"),
        (lambda d: cut_flac(d / "c.flac"), [], "damaged or cut off"),
        (lambda d: wav(d / "z.wav", []), [], "has no samples"),
        (lambda d: wav(d / "n.wav", [0, float("nan")]), [], "NaN or infinite"),
        (None, ["--sample-rate", "22050"], "sample_rate must be one of 8000, 16000"),
        (None, ["--endpointing", "30"], "endpointing must be between 0.01 and 10 (got 30.0)"),
        (None, ["--preset", "podcast"], "There is no preset 'podcast'"),
        (None, ["--chunk-ms", "0"], "chunk_ms must be between"),
        (None, ["--config", "CONFIG:{\"enpointing\": 1}"], "did you mean 'endpointing'?"),
        (None, ["--config", "CONFIG:{"], "is not JSON"),
        (None, ["--config", "CONFIG:[1]"], "A configuration is a JSON object"),
        (None, ["--config", "/nowhere/c.json"], "Cannot read the configuration"),
        (None, ["--url", "http://127.0.0.1:9"], "Cannot reach http://127.0.0.1:9"),
        (None, ["--url", "nonsense"], "is not the URL of a service"),
        (None, ["--url", "https://api.example"], "There is no API key for api.example"),
        (None, ["--out", "/dev/null/x"], "Cannot make the directory"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path, monkeypatch, capsys, clip, make, options, sentence
):
    monkeypatch.chdir(tmp_path)
    source = make(tmp_path) if make else clip
    for number, option in enumerate(options):
        if option.startswith("CONFIG:"):
            options = [*options]
            options[number] = str(write(tmp_path / "c.json", option[7:].encode()))
    assert main(["transcribe", str(source), *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if line.startswith("gladia-nb: ")]
    assert sentence in lines[0]
    assert "Traceback" not in err


def test_a_wrong_key(local_server, clip, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GLADIA_API_KEY", "a-wrong-key-of-mine")
    code = main(["transcribe", str(clip), "--url", local_server.url, "--out", str(tmp_path)])
    assert code == 2
    err = capsys.readouterr().err
    assert "refused the API key (gladia user not found)" in err
    assert "a-wrong-key-of-mine" not in err
    assert "what was recorded is in" in err


@pytest.mark.parametrize("arguments", [[], ["transcribe"], ["dance"], ["serve", "--port", "x"]])
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: gladia-nb" in capsys.readouterr().err


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
    config = write(tmp_path / "c.json", b'{"endpointing": 0.4, "custom_metadata": {"a": 1}}')
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


IGNORING = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
#: A signal, and how the command was started: a shell lets its background jobs ignore SIGINT.
SIGNALS = [
    pytest.param(signal.SIGINT, [], id="int"),
    pytest.param(signal.SIGTERM, [], id="term"),
    pytest.param(signal.SIGINT, IGNORING, id="int-ignored-at-start"),
    pytest.param(signal.SIGTERM, IGNORING, id="term-int-ignored-at-start"),
]


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
    assert list(tmp_path.iterdir()) == [run]


@pytest.mark.parametrize(("number", "start"), SIGNALS)
def test_serve_says_where_it_is_and_ends_on_a_signal(clip, tmp_path, number, start):
    process = subprocess.Popen(
        [*start, *COMMAND, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    assert gn.transcribe(clip, url=url, key="any key", progress=False, speed=20).complete
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(number)
    _, err = process.communicate(timeout=15)
    assert (process.returncode, err) == (0, "")
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


def test_a_port_that_is_taken(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"Port {port} is in use; choose another" in capsys.readouterr().err


@pytest.mark.parametrize("page", [False, True])
def test_lab_opens_the_notebook_of_the_lab(monkeypatch, tmp_path, page):
    called = []
    monkeypatch.setattr(commands, "_run_program", lambda command: called.append(command) or 0)
    monkeypatch.chdir(tmp_path)
    options = ["--page"] if page else []
    for _ in range(2):
        assert main(["lab", *options, "--no-browser", "--port", "1234", "--", "--x=1"]) == 0
    made = tmp_path / "lab.ipynb"
    nbformat.validate(nbformat.read(made, as_version=4))
    assert str(made) in called[0]
    assert called[0] == called[1]
    assert called[0][2:4] == (["voila", str(made)] if page else ["jupyter", "lab"])
    assert called[0][-3:] == ["--no-browser", "--port=1234", "--x=1"]
    own = tmp_path / "notebooks" / "lab.ipynb"
    own.parent.mkdir()
    made.rename(own)
    assert main(["lab", *options]) == 0
    assert str(own) in called[2]
    assert not made.exists()


HOST = """
import sys
from gladia_nb.cli.commands import _run_program
from gladia_nb.cli.signals import raised_signals
program = '''
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("tidied up", flush=True)))
print("ready", flush=True)
while True:
    time.sleep(0.1)
'''
with raised_signals():
    sys.exit(_run_program([sys.executable, "-c", program]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_a_command_runs_ends_with_it(number):
    host = subprocess.Popen([sys.executable, "-c", HOST], stdout=subprocess.PIPE, text=True)
    assert host.stdout.readline() == "ready\n"
    host.send_signal(number)
    out, _ = host.communicate(timeout=30)
    assert (host.returncode, out) == (0, "tidied up\n")


def test_lab_in_a_folder_that_cannot_be_written(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.ipynb").symlink_to(tmp_path / "nowhere" / "lab.ipynb")
    assert main(["lab"]) == 2
    assert "Go to a folder of your own" in capsys.readouterr().err


def test_lab_without_jupyterlab(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    assert main(["lab"]) == 2
    assert 'pip install "gladia-nb[lab]"' in capsys.readouterr().err


def test_the_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert gn.__version__ in capsys.readouterr().out


def test_the_configuration_in_the_run_is_what_was_sent(local_server, clip, tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", local_server.key)
    options = ["--url", local_server.url, "--speed", "20", "--out", str(tmp_path)]
    assert main(["transcribe", str(clip), *options]) == 0
    run = gn.load(tmp_path / "clip.run")
    result = json.loads(run.record.of("result")[0]["raw"])
    for name, value in run.config.items():
        assert result["request_params"][name] == value
