import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
import soundfile

import gladia_nb as gn
from gladia_nb.cli import commands
from gladia_nb.cli.commands import main
from gladia_nb.errors import ServerError
from gladia_nb.sessions.checkup import examination
from gladia_nb.sessions.checkup.findings import Finding
from tests.support.command_line import COMMAND, SIGNALS
from tests.support.elsewhere import Elsewhere
from tests.support.hostile_service import MISBEHAVIOURS


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
        (lambda d: os.mkfifo(d / "f.wav") or d / "f.wav", [], "is not an ordinary file"),
        (lambda d: Path("/dev/zero"), [], "is not an ordinary file"),
        (lambda d: "~nosuchuserhere/a.wav", [], "There is no user nosuchuserhere"),
        (lambda d: "a\0b.wav", [], "holds a zero byte"),
        (lambda d: d / "caf\udce9.wav", [], "There is no file"),
        (None, ["--out", "~nosuchuserhere/x"], "There is no user nosuchuserhere"),
        (None, ["--config", "~nosuchuserhere/x"], "There is no user nosuchuserhere"),
        (None, ["--config", "CONFIG:" + "[" * 100_000], "is not JSON"),
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
    assert "what was recorded is in" not in err
    assert not list(tmp_path.glob("*.run"))


def test_a_web_server_that_is_no_gladia_is_one_sentence_and_no_file(clip, tmp_path, capsys):
    with Elsewhere(MISBEHAVIOURS["a web server"]) as service:
        out = tmp_path / "out"
        assert main(["transcribe", str(clip), "--url", service.url, "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    # What is about to be sent, where to, and why it was not.
    _, *view, error = said.err.splitlines()
    assert error.startswith("gladia-nb: ")
    assert "is this a live speech-to-text service" in error
    assert view == []
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["transcribe"], ["dance"], ["serve", "--port", "x"]])
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: gladia-nb" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["transcribe", "a.wav", "--config"], "a.json"),
        (["transcribe", "a.wav", "--reference"], "a.txt"),
        (["check", "a.run", "--slo"], "a.toml"),
        (["study"], "a.toml"),
    ],
)
def test_a_file_without_an_end_is_refused(command, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.zeros(1600), 16000)
    os.mkfifo(name)
    assert main([*command, name]) == 2
    assert "not an ordinary file" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("todo", 1)])
def test_the_doctor_tells_line_by_line_what_to_do(monkeypatch, capsys, state, code):
    asked = []

    def examine(**options):
        asked.append(options)
        yield Finding("python", "ok", "It is there.")
        yield Finding("sound", state, "It says \x1b[2J.", "Mend it.")

    monkeypatch.setattr(examination, "examine", examine)
    assert main(["doctor", "--url", "http://x.test"]) == code
    first, second = capsys.readouterr().out.splitlines()
    assert first == "ok    python           It is there."
    assert second.startswith(state)
    assert "\x1b" not in second
    assert main(["doctor", "--json", "--no-session"]) == code
    found = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in found] == ["ok", state]
    assert found[1]["advice"] == "Mend it."
    assert [row["session"] for row in asked] == [True, False]
    assert [row["url"] for row in asked] == ["http://x.test", None]


@pytest.mark.parametrize(("number", "start"), SIGNALS)
def test_serve_says_where_it_is_and_ends_on_a_signal(clip, tmp_path, number, start):
    process = subprocess.Popen(
        [*start, *COMMAND, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = ""
    while "GLADIA_API_KEY" not in line:
        line = process.stdout.readline()
    key, url = re.search(
        r"GLADIA_API_KEY=(\w{32}) .* --url (http://127\.0\.0\.1:\d+)$", line
    ).groups()
    assert gn.transcribe(clip, url=url, key=key, progress=False, speed=20).complete
    for wrong in ("any key", None):
        with pytest.raises(gn.AuthenticationError):
            gn.transcribe(clip, url=url, key=wrong, progress=False)
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(number)
    _, err = process.communicate(timeout=15)
    assert (process.returncode, err) == (0, "")
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


def served(monkeypatch, *options: str) -> dict:
    """How the server is started with these options."""
    made = {}

    def make(**given):
        made.update(given)
        raise ServerError("enough")

    monkeypatch.setattr(commands, "LocalServer", make)
    assert main(["serve", *options]) == 2
    return made


def test_serve_takes_options(monkeypatch):
    usual = {"host": "127.0.0.1", "port": 8765, "keys": [], "any_key": False}
    assert served(monkeypatch) == usual
    monkeypatch.setenv("GLADIA_NB_SERVER_KEYS", "one,two")
    options = ["--any-key", "--max-sessions", "3", "--host-name", "a", "--host-name", "b"]
    assert served(monkeypatch, *options, "--allow-origin", "*", "--fault", "drop") == {
        **usual,
        "keys": ["one", "two"],
        "any_key": True,
        "max_sessions": 3,
        "host_names": ["a", "b"],
        "allow_origins": ["*"],
        "faults": ["drop"],
    }
    assert served(monkeypatch, "--engine", "sherpa", "--model", "tones", "--language", "fr") == {
        **usual,
        "keys": ["one", "two"],
        "engine": "sherpa",
        "model": "tones",
        "model_languages": ["fr"],
    }
    assert served(monkeypatch, "--replay", "a.run", "b.run", "--any-config") == {
        **usual,
        "keys": ["one", "two"],
        "replay": ["a.run", "b.run"],
        "any_config": True,
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--max-sessions", "0"], "max_sessions must be at least 1 (got 0)"),
        (["--allow-origin", "hub"], "allow_origins must be origins such as https://hub.example"),
    ],
)
def test_serve_with_wrong_options(options, sentence, capsys):
    assert main(["serve", *options]) == 2
    assert sentence in capsys.readouterr().err


def test_serve_with_any_key_says_what_that_means(monkeypatch, capsys):
    class Made:
        url, key, control_token = "http://127.0.0.1:1", "key-1", "token-1"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def wait(self):
            return 0

    monkeypatch.setattr(commands, "LocalServer", lambda **_: Made())
    assert main(["serve", "--any-key", "--control"]) == 2
    out = capsys.readouterr().out
    assert "takes any API key: whoever reaches this address can use it" in out
    assert "key-1" not in out
    assert "    gladia-nb transcribe FILE --url http://127.0.0.1:1\n" in out
    assert "x-gladia-nb-control: token-1" in out
    assert main(["serve"]) == 2
    out = capsys.readouterr().out
    assert "token-1" not in out
    assert "speech-to-text (English) at http" in out
    assert main(["serve", "--engine", "sherpa"]) == 2
    assert "speech-to-text (engine sherpa) at http" in capsys.readouterr().out


def test_what_a_service_says_does_not_steer_the_terminal(clip, tmp_path, capsys, monkeypatch):
    said = "\x1b]0;owned\x07\x1b[2J\r\x9b31m\u202e"
    monkeypatch.setenv("GLADIA_API_KEY", "k")

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"message": said, "validation_errors": [said]}).encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert main(["transcribe", str(clip), "--url", url, "--out", str(tmp_path)]) == 2
        server.shutdown()
    err = capsys.readouterr().err
    assert "\\x1b]0;owned\\x07\\x1b[2J \\x9b31m\\u202e" in err
    assert all(c.isprintable() or c == "\n" for c in err)


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
    told = []

    def run(command, notebook=None):
        called.append(command)
        told.append(notebook)
        return 0

    monkeypatch.setattr(commands, "_run_program", run)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.chdir(tmp_path)
    options = ["--page"] if page else []
    for _ in range(2):
        assert main(["lab", *options, "--no-browser", "--port", "1234", "--", "--x=1"]) == 0
    made = tmp_path / "lab.ipynb"
    nbformat.validate(nbformat.read(made, as_version=4))
    assert str(made) in called[0]
    assert called[0] == called[1]
    assert called[0][2:4] == (
        ["voila", str(made)] if page else ["jupyterlab", f"--notebook-dir={tmp_path}"]
    )
    # Voila says by itself where it is; JupyterLab would name its launcher.
    assert told[0] == (None if page else made)
    assert called[0][-3:] == ["--no-browser", "--port=1234", "--x=1"]
    own = tmp_path / "notebooks" / "lab.ipynb"
    own.parent.mkdir()
    made.rename(own)
    assert main(["lab", *options]) == 0
    assert str(own) in called[2]
    assert not made.exists()


def test_lab_as_root_is_said_before_anything_is_written(monkeypatch, tmp_path, capsys):
    called = []
    monkeypatch.setattr(commands, "_run_program", lambda *given: called.append(given) or 0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.chdir(tmp_path)
    assert main(["lab"]) == 2
    assert "go on with: gladia-nb lab -- --allow-root" in capsys.readouterr().err
    # Of an environment that is not active, as it can be typed here.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / ".venv/bin/gladia-nb"), "lab"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["lab"]) == 2
    assert "go on with: .venv/bin/gladia-nb lab -- --allow-root" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main(["lab", "--", "--allow-root"]) == 0
    assert "--allow-root" in called[0][0]


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
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
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


def test_serve_behind_a_network(clip, tmp_path):
    network = '{"delay_ms": 20, "seed": 3}'
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--network", network],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    while "GLADIA_API_KEY" not in (lines or [""])[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate()
    assert lines[0].endswith("cannot lose packets: delay_ms 20.0, seed 3\n")
    key, url = re.search(r"GLADIA_API_KEY=(\w{32}) .* --url (\S+)$", lines[-1]).groups()
    run = gn.transcribe(clip, url=url, key=key, progress=False, speed=20)
    assert run.complete
    # There and back.
    assert (run.chunks["ack_ms"].dropna() >= 35).all()
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


def test_serve_behind_what_is_no_network(capsys):
    assert main(["serve", "--network", "moblie"]) == 2
    assert "network must be one of none" in capsys.readouterr().err
