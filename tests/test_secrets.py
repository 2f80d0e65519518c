"""The API key and the token of the WebSocket's URL are in nothing that is kept or shown."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import gladia_nb as gn
from gladia_nb.api.transport import Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.record.events import event_line
from gladia_nb.record.redact import Redactor
from gladia_nb.worker.chunks import ChunkSource
from gladia_nb.worker.session import Session
from tests.support.fake_service import TOKEN, FakeService, polite, serve

NOTEBOOK = """
import gladia_nb as gn
run = gn.transcribe({clip!r}, speed=20)
run
---
live = gn.start({clip!r}, speed=20)
print(live, live.result(), repr(run.record.header))
---
run.messages
---
try:
    gn.transcribe({clip!r}, key="another-key-of-mine", speed=20)
except gn.AuthenticationError as error:
    print(error, repr(error), vars(error))
    raise
"""


def all_bytes(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_notebook_with_all_its_outputs_and_its_widget_state(
    local_server, clip, tmp_path, monkeypatch
):
    """Executed as `jupyter nbconvert --execute` does, which stores widget state by default."""
    key = local_server.key
    monkeypatch.setenv("GLADIA_API_KEY", key)
    monkeypatch.setenv("GLADIA_API_URL", local_server.url)
    cells = [nbformat.v4.new_code_cell(c) for c in NOTEBOOK.format(clip=str(clip)).split("---\n")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", allow_errors=True, store_widget_state=True
    )
    client.execute(cwd=str(tmp_path))
    text = nbformat.writes(notebook)
    assert "refused the API key" in text
    assert "Traceback" in text, "the last cell raises: tracebacks are searched too"
    for secret in (key, "another-key-of-mine"):
        found = [
            output
            for cell in notebook.cells
            for output in cell.outputs
            if secret in json.dumps(output)
        ]
        # The one place is the source line that the reader typed, quoted by the traceback.
        for output in found:
            assert secret == "another-key-of-mine"
            assert output["output_type"] == "error"
        assert secret not in json.dumps(notebook.metadata)
        assert secret.encode() not in all_bytes(tmp_path)


@pytest.mark.parametrize("verbose", ["transcribe", "fails"])
def test_the_terminal_and_every_file(local_server, clip, tmp_path, verbose):
    key = local_server.key if verbose == "transcribe" else "another-key-of-mine"
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "dev",
            "-c",
            "import logging; logging.basicConfig(level=logging.DEBUG); "
            "from gladia_nb.cli.commands import main; main()",
            "transcribe",
            clip,
            "--out",
            tmp_path,
            "--speed",
            "20",
        ],
        env={**os.environ, "GLADIA_API_KEY": key, "GLADIA_API_URL": local_server.url},
        capture_output=True,
        check=False,
    )
    # A key that is refused makes no session, and so leaves no run.
    assert (tmp_path / "clip.run").exists() == (verbose == "transcribe"), done.stderr
    assert key.encode() not in done.stdout + done.stderr + all_bytes(tmp_path)
    if verbose == "transcribe":
        assert gn.load(tmp_path / "clip.run").record.of("init")
    else:
        assert b"refused the API key" in done.stderr


def test_reprs_and_pickles(local_server, clip):
    live = gn.start(clip, server=local_server, speed=20)
    run = live.result(60)
    shown = repr(live) + repr(run) + repr(run.record) + run._repr_html_() + repr(local_server)
    shown += repr(vars(run)) + repr([dict(event) for event in run.record.events])
    assert local_server.key not in shown
    assert "token=[redacted]" in shown
    assert local_server.key.encode() not in pickle.dumps(run.messages)


async def test_a_service_that_echoes_secrets(tmp_path):
    """Whatever comes back, the worker writes no line with a secret in it."""
    key = 'key-with-"quotes"-and-é'
    redact, lines = Redactor([key]), []

    async def script(service: FakeService, socket, number: int) -> None:
        await service.say(socket, "novelty", data={"key": key, "token": TOKEN})
        await polite(service, socket, number)

    clock = MonotonicClock()
    async with serve(script) as service, Transport(service.url, "plain-key-1", clock) as transport:
        session = Session(
            ChunkSource(bytes(3200), 2, 16000, speed=10),
            {},
            transport,
            clock,
            lambda event: lines.append(redact(event_line(event))),
            secret=redact.add_url,
        )
        await session.run()
    text = "".join(lines)
    assert "novelty" in text
    assert TOKEN not in text
    assert "quotes" not in text
    for line in lines:
        json.loads(line)


def test_nothing_is_passed_on_a_command_line(local_server, clip):
    live = gn.start(gn.sample("call"), server=local_server)
    try:
        arguments = b"".join(
            path.read_bytes()
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if path.parent.exists() and _readable(path)
        )
        assert b"gladia_nb" in arguments
        assert local_server.key.encode() not in arguments
    finally:
        live.abort()
        live.wait(10)


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True
