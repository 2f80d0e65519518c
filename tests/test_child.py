"""The user's working folder and key stay out of every process that the toolkit starts."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gladia_nb.child import child_command, child_environment, disown_child, end_child, first_line
from gladia_nb.server.local import LocalServer
from gladia_nb.sessions.process import get_worker, shutdown

#: Modules of Python's own that the children import; each says that it was the wrong one.
NAMES = ("secrets", "selectors", "json", "socket", "asyncio", "queue", "logging", "struct")
KEY = "k3y-of-the-user-that-no-child-needs"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder full of traps."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(
            f"from pathlib import Path\nPath({str(tmp_path)!r}, 'trapped').touch()\n"
            f"raise ImportError('this is not the {name} of Python')\n"
        )
    return tmp_path


def test_a_session_beside_a_secrets_py(folder, clip):
    code = (
        "import sys, gladia_nb as gn\n"
        "with gn.LocalServer() as server:\n"
        "    run = gn.transcribe(sys.argv[1], server=server, progress=False, speed=20)\n"
        "print(run.outcome, run.text)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, clip],
        cwd=folder,
        # A folder of "" or "." in PYTHONPATH is the working folder too.
        env={**os.environ, "GLADIA_NB_RUNS": str(folder), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("finished hello"), done.stderr
    assert not (folder / "trapped").exists()


@pytest.mark.parametrize("given", ["", ".", os.pathsep, f"lib{os.pathsep}."])
def test_relative_folders_are_left_out(monkeypatch, given):
    monkeypatch.setenv("PYTHONPATH", given)
    assert "PYTHONPATH" not in child_environment()
    absolute = str(Path(sys.prefix).absolute())
    monkeypatch.setenv("PYTHONPATH", f"{given}{os.pathsep}{absolute}")
    assert child_environment()["PYTHONPATH"] == absolute


def test_no_process_has_the_key(monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", KEY)
    monkeypatch.setenv("GLADIA_NB_SERVER_KEYS", KEY)
    shutdown()
    worker = get_worker()
    with LocalServer() as server:
        family = [psutil.Process(worker.pid), psutil.Process(server.pid)]
        family += [child for process in family for child in process.children(recursive=True)]
        # The worker, the server and the process that holds its model.
        assert len(family) >= 3
        for process in family:
            assert KEY not in " ".join(process.environ().values())
            assert KEY not in " ".join(process.cmdline())
    shutdown()


def test_arguments_reach_the_program(tmp_path):
    done = subprocess.run(
        child_command("gladia_nb.server", "--help"),
        env=child_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--watch-stdin" in done.stdout


def test_more_comes_on_top():
    assert child_environment({"OMP_NUM_THREADS": "1"})["OMP_NUM_THREADS"] == "1"


def child(code):
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_the_first_line_in_pieces_and_nothing_behind_it():
    process = child("import os, sys\nfor c in b'on', b'e\\n': os.write(1, c)\nsys.stdin.read()")
    assert first_line(process, 20) == b"one\n"
    end_child(process, 20)
    assert process.returncode == 0
    assert process.stdin.closed
    assert process.stdout.closed


def test_a_child_that_ends_without_a_word():
    process = child("print('half', end='')")
    assert first_line(process, 20) == b""
    end_child(process, 20)


def test_a_child_that_says_nothing_and_does_not_end_is_killed():
    process = child("import time; time.sleep(1000)")
    assert first_line(process, 0.2) is None
    end_child(process, 0.2)
    assert process.returncode == -9


def test_a_process_that_is_the_parents_is_left_alone():
    process = child("import sys; sys.stdin.read()")
    mine = os.dup(process.stdin.fileno())
    disown_child(process)
    try:
        # Its input is still open here, as in the parent: it goes on.
        assert psutil.Process(process.pid).is_running()
        assert process.returncode == 0
        assert process.stdin.closed
    finally:
        os.close(mine)
        psutil.Process(process.pid).wait(20)
