"""What every test stands on: a clean environment, and one embedded server for the whole run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import matplotlib as mpl
import pytest
import soundfile
from matplotlib import pyplot as plt

from gladia_nb.api import target
from gladia_nb.audio import read_audio
from gladia_nb.server.local import LocalServer
from gladia_nb.sessions import process
from gladia_nb.sessions.samples import sample

mpl.use("Agg")
# No test measures time, not even that of an example: a busy machine must not fail it.
hypothesis.settings.register_profile("here", deadline=None)
# For `make fuzz`: whatever takes bytes of others, with a hundred times the examples.
hypothesis.settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=10_000,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("here")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no address from outside; runs go to the test's own folder."""
    for name in list(os.environ):
        if name.startswith("GLADIA"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "runs"))


@pytest.fixture(autouse=True)
def no_figures_left() -> Iterator[None]:
    """Figures of a test do not add up with those of others, after which matplotlib warns."""
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def local_server() -> Iterator[LocalServer]:
    """An embedded server with its recogniser, in a process of its own."""
    with LocalServer() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def no_processes_left() -> Iterator[None]:
    """At the end nothing that the toolkit started is still there."""
    yield
    process.shutdown()
    target.stop_shared_server()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if children.exists():
        left = []
        for pid in children.read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if "gladia_nb" in command:
                left.append(command)
        assert left == [], f"left behind: {left}"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of the conversation, with their words: two utterances."""
    audio = read_audio(sample("conversation"))
    path = tmp_path_factory.mktemp("clip") / "clip.flac"
    soundfile.write(path, audio.samples[: 5 * audio.sample_rate], audio.sample_rate)
    words = json.loads(sample("conversation").with_suffix(".words.json").read_text())["words"]
    path.with_suffix(".words.json").write_text(
        json.dumps({"words": [word for word in words if word["end_s"] < 5]})
    )
    return path
