"""What every test stands on: a clean environment, and one embedded server for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest

from gladia_nb import runner, target
from gladia_nb.server.local import LocalServer

mpl.use("Agg")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no address from outside; runs go to the test's own folder."""
    for name in list(os.environ):
        if name.startswith("GLADIA"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "runs"))


@pytest.fixture(scope="session")
def local_server() -> Iterator[LocalServer]:
    """An embedded server with its recogniser, in a process of its own."""
    with LocalServer() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def no_processes_left() -> Iterator[None]:
    """At the end nothing that the toolkit started is still there."""
    yield
    runner.shutdown()
    target.stop_shared_server()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if children.exists():
        left = []
        for pid in children.read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if "gladia_nb" in command:
                left.append(command)
        assert left == [], f"left behind: {left}"
