"""The launcher: processes begin and end as they should, and keep their secrets."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from gladia_nb.errors import ServerError
from gladia_nb.server import LocalServer, ServerOptions
from tests.support.processes import UNKILLED_S, family, gone, with_stream
from tests.support.scripted_helpers import ask
from tests.support.server_helpers import client_of, read, speech, stop


def test_start_and_stop() -> None:
    server = LocalServer()
    assert repr(server) == "<LocalServer, not running>"
    with pytest.raises(ServerError, match="call start"):
        _ = server.url
    server.stop()
    assert server.start() is server
    assert server.url.startswith("http://127.0.0.1:")
    pid, processes = server.pid, family(server.pid)
    assert len(processes) == 2
    assert server.start().pid == pid
    server.stop()
    server.stop()
    assert gone(processes, 0.1)
    assert not server.is_running
    with server.start():
        assert server.pid != pid


def test_light() -> None:
    code = (
        "import sys; from gladia_nb.server import LocalServer; heavy = {'aiohttp', 'pydantic', "
        "'numpy', 'pocketsphinx', 'soxr', 'asyncio'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=rf"Port {port} is in use; choose another"):
            LocalServer(port=port).start()


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(ServerError, match=r"This machine has no address 192\.0\.2\.1"):
        LocalServer(host="192.0.2.1").start()
    with pytest.raises(ServerError, match=r"There is no host nowhere\.invalid\."):
        LocalServer(host="nowhere.invalid").start()


def test_wrong_options() -> None:
    with pytest.raises(ServerError, match="speed is not a server option; there are host"):
        LocalServer(speed=2).start()
    with pytest.raises(ServerError, match="idle_timeout_s must be above 0"):
        LocalServer(idle_timeout_s=-1).start()
    with pytest.raises(ServerError, match="hyphen_ids must be bool"):
        LocalServer(hyphen_ids=1).start()
    with pytest.raises(ValueError, match="port must be between"):
        ServerOptions(port=70000)


def test_without_pocketsphinx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = "raise ModuleNotFoundError('no such module', name='pocketsphinx')"
    (tmp_path / "pocketsphinx.py").write_text(stub)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ServerError, match=r'pip install "gladia-nb\[local\]"'):
        LocalServer().start()


def test_a_server_that_dies_at_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aiohttp.py").write_text("raise RuntimeError('broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ServerError, match=r"died at its start \(exit status 1\): .*broken"):
        LocalServer().start()


def test_no_script_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import tempfile; from gladia_nb.server import LocalServer\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "server = LocalServer(engine='scripted', script={'words': []}).start()\n"
        "print(server.pid, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        processes = family(int(parent.stdout.readline()))
        assert list(tmp_path.iterdir()) == []
        parent.kill()
    assert gone(processes)
    with pytest.raises(ServerError, match="speed is not a server option"):
        LocalServer(script={"words": []}, speed=2).start()
    with LocalServer(engine="scripted", script={"words": []}):
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_the_control_token_is_random_or_given_and_in_no_argument() -> None:
    assert len(LocalServer().control_token) >= 32
    assert LocalServer().control_token != LocalServer().control_token
    hook = "https://hooks.example/?token=hook-secret"
    options = {"engine": "scripted", "webhook_url": hook}
    with LocalServer(control_token="mine-alone", **options) as server:
        assert "hook-secret" not in " ".join(psutil.Process(server.pid).cmdline())
        assert server.control_token == "mine-alone"
        assert "mine-alone" not in " ".join(psutil.Process(server.pid).cmdline())
        assert ask(server, "/_control/faults")[0] == 200


async def busy(server: LocalServer) -> tuple[Any, aiohttp.ClientSession]:
    """Give the server more to recognise than it can in a second."""
    http = aiohttp.ClientSession(headers={"x-gladia-key": server.key})
    async with http.post(f"{server.url}/v2/live", json={}) as response:
        url = (await response.json())["url"]
    ws = await http.ws_connect(url)
    await ws.send_bytes(speech(30))
    await ws.receive()
    return ws, http


async def test_stop_in_the_middle_of_a_session() -> None:
    with LocalServer() as server:
        ws, http = await busy(server)
        processes = await with_stream(server)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < UNKILLED_S
        assert gone(processes, 0.1)
        while not ws.closed:
            await ws.receive()
        assert ws.close_code in (1001, 1006)
        await http.close()


async def test_nothing_outlives_a_killed_server() -> None:
    with LocalServer() as server:
        ws, http = await busy(server)
        processes = await with_stream(server)
        processes[0].kill()
        assert server.wait() == -signal.SIGKILL
        assert gone(processes)
        assert not server.is_running
        await ws.close()
        await http.close()


def test_nothing_outlives_a_killed_parent() -> None:
    code = (
        "import time; from gladia_nb.server import LocalServer\n"
        "server = LocalServer().start(); print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        processes = family(int(parent.stdout.readline()))
        parent.kill()
    assert gone(processes)


async def test_the_key_and_the_token_are_kept() -> None:
    with LocalServer(idle_timeout_s=0.3) as server:
        assert server.key not in repr(server) + repr(vars(server).keys()) + str(server)
        assert server.key not in " ".join(psutil.Process(server.pid).cmdline())
        async with client_of(server) as client:
            talk = await client.init()
            token = talk.url.partition("token=")[2]
            async with client.connect(talk) as ws:
                await ws.send_bytes(speech(1.2))
                (await with_stream(server))[-1].kill()
                await stop(ws)
                await read(ws, talk)
            async with client.http.get(f"{server.url}/v2/live?token={token}") as response:
                answer = await response.text()
        assert server._complaints is not None
        server._complaints.seek(0)
        said = server._complaints.read().decode() + answer
        assert "recogniser's process died" in said
        assert server.key not in said
        assert token not in said
    assert server.key not in repr(ServerOptions(keys=(server.key,)))
