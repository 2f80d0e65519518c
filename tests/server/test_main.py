"""The server as a program: what it prints, what it answers to, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.child import SERVER_CONTROL_VARIABLE, SERVER_KEYS_VARIABLE
from gladia_nb.server import __main__ as program
from gladia_nb.server.settings.options import CONTROL_HEADER
from tests.support.processes import family, gone


def test_wrong_options_of_the_command() -> None:
    for arguments, sentence in (
        (["--set", "speed=2"], b"speed is not a server option; there are host"),
        (["--set", "hyphen_ids=yes"], b"the value of --set hyphen_ids must be JSON (got 'yes')."),
    ):
        command = [sys.executable, "-m", "gladia_nb.server", *arguments]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, b"")
        assert sentence in done.stderr
        assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    command = [sys.executable, "-X", "dev", "-m", "gladia_nb.server", "--set", "hyphen_ids=true"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["url"].startswith("http://127.0.0.1:")
        processes = family(process.pid)
        process.send_signal(number)
        assert process.wait(5) == 0
        assert process.stdout.read() == b""
        # That a callback took long is said of a busy machine.
        said = process.stderr.read().splitlines()
        assert [line for line in said if not line.startswith(b"asyncio: Executing")] == []
    assert gone(processes, 1)


def test_faults_on_the_command_line() -> None:
    command = [sys.executable, "-m", "gladia_nb.server", "--fault", "drop:at_byte=x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("at_byte of the fault drop must be a whole number")
    assert done.stderr.count("\n") == 1
    arguments = ["serve", "--port", "0", "--fault", "explode"]
    code = f"import sys; from gladia_nb.cli.commands import main; sys.exit(main({arguments!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no fault 'explode'; there are drop, close" in done.stderr


def started(*arguments: str, **environment: str) -> tuple[subprocess.Popen[bytes], str]:
    """A server without a recogniser that ends with its input, and its URL."""
    command = [sys.executable, "-m", "gladia_nb.server", "--watch-stdin", *arguments]
    process = subprocess.Popen(
        [*command, "--set", 'engine="scripted"'],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["url"]


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """Close its input; exit status, and what else it has printed."""
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        return process.wait(60), process.stdout.read()


def status(url: str, key: str) -> int:
    request = urllib.request.Request(f"{url}/v2/live", b"{}", {"x-gladia-key": key})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_options_from_a_file_without_a_name() -> None:
    read, write = os.pipe()
    os.write(write, b'{"engine": "scripted", "hyphen_ids": "yes"}')
    os.close(write)
    command = [sys.executable, "-m", "gladia_nb.server", "--options-fd", str(read)]
    done = subprocess.run(command, pass_fds=(read,), capture_output=True, check=False)
    os.close(read)
    assert done.returncode == 2
    assert done.stderr.startswith(b"hyphen_ids must be bool (got 'yes')")


def test_without_a_token_in_its_environment_its_controls_are_closed() -> None:
    for token, expected in (("", 404), ("the-token", 200)):
        process, url = started(**{SERVER_CONTROL_VARIABLE: token})
        headers = {"x-gladia-key": "any", CONTROL_HEADER: token}
        request = urllib.request.Request(f"{url}/_control/faults", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                found = reply.status
        except urllib.error.HTTPError as error:
            with error:
                found = error.code
        assert found == expected
        assert ended(process) == (0, b"")


def test_it_accepts_the_keys_of_its_environment_and_ends_with_its_input() -> None:
    process, url = started(**{SERVER_KEYS_VARIABLE: "one,two"})
    assert [status(url, key) for key in ("one", "two", "one,two", "")] == [201, 201, 401, 401]
    assert not any("one" in argument for argument in psutil.Process(process.pid).cmdline()[3:])
    assert ended(process) == (0, b"")


def test_another_kind_of_address() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("This machine has no IPv6.")
    process, url = started("--host", "::1")
    assert re.fullmatch(r"http://\[::1\]:\d+", url)
    assert status(url, "any") == 201
    assert ended(process) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "speed=2"], "speed is not a server option; there are host"),
        (["--set", "hyphen_ids"], "the value of --set hyphen_ids must be JSON (got '')."),
        (["--set", "keys=5"], "keys must be a list of texts or null."),
        (["--set", "script=5"], "script must be a mapping or the path of a file (got 5)."),
        (["--fault", "explode"], "there is no fault 'explode'; there are drop"),
        (["--port", "70000"], "port must be between 0 and 65535 (got 70000)."),
        (["--host", "192.0.2.1"], "This machine has no address 192.0.2.1."),
        (["--host", "nowhere.invalid"], "There is no host nowhere.invalid."),
    ],
)
def test_what_cannot_be_started_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = ["--set", 'engine="scripted"']
    assert program.main([*engine, *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(sentence)
    assert said.err.count("\n") == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.text(st.characters(blacklist_characters="="), min_size=1), JSON)
def test_an_assignment_gives_back_its_name_and_value(name: str, value: Any) -> None:
    assert program._assignment(f"{name}={json.dumps(value)}") == (name, value)
