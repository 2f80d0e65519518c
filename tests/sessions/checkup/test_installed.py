"""Python, packages, widgets, browser, sound and microphones: as they are, and with each fault."""

import builtins
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from gladia_nb.errors import AudioError
from gladia_nb.sessions.checkup import installed

REAL = metadata.version


@pytest.fixture
def versions(monkeypatch):
    """Versions that a test says instead; None for a package that is not there."""
    said = {}

    def version(name):
        found = said.get(name, "")
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found or REAL(name)

    monkeypatch.setattr(metadata, "version", version)
    return said


def test_python_as_it_is():
    found = installed.python()
    assert found.state == "ok"
    assert sys.executable in found.found


def test_a_python_that_is_too_old(monkeypatch):
    monkeypatch.setattr(installed.platform, "python_version", lambda: "3.9.1")
    found = installed.python()
    assert (found.state, found.advice) == ("todo", "gladia_nb needs Python >=3.11.")


def test_packages_as_they_are():
    found = installed.packages()
    assert found.state == "ok", found
    assert f"gladia-nb {REAL('gladia-nb')}" in found.found


def test_packages_that_are_too_old_or_missing(versions):
    versions.update(numpy="1.26.0", soxr=None)
    found = installed.packages()
    assert found.state == "todo"
    assert "numpy is 1.26.0 and not" in found.found
    assert "soxr is not there" in found.found
    assert sys.executable in found.advice


def test_extras(versions):
    versions.update({"duckdb": None})
    found = installed.extras()
    assert found.state == "note"
    assert "Not installed: lake (Parquet and SQL)" in found.found
    assert "local" in found.found.partition("Not installed")[0]
    assert "gladia-nb[NAME]" in found.advice


def test_widgets(versions):
    assert installed.widgets().state == "ok"
    versions.update(jupyterlab_widgets="1.1.0")
    found = installed.widgets()
    assert (found.state, "jupyterlab_widgets 1.1.0" in found.found) == ("todo", True)
    versions.update(jupyterlab_widgets="3.0.9", jupyterlab=None, notebook=None, voila=None)
    found = installed.widgets()
    assert found.state == "note"
    assert "gladia-nb[lab]" in found.advice


CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{} Safari/537.36"
SAFARI = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/{} Safari/605.1.15"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:1) Gecko/20100101 Firefox/{}"


@pytest.mark.parametrize(
    ("agent", "state", "words"),
    [
        (CHROME.format("142.0.0.0"), "ok", "Chromium 142."),
        (CHROME.format("60.0"), "todo", "Chromium 60."),
        (SAFARI.format("17.4"), "ok", "Safari 17."),
        (SAFARI.format("13.1"), "todo", "Safari 13."),
        (FIREFOX.format("140.0"), "ok", "Firefox 140."),
        (FIREFOX.format("52.0"), "todo", "Firefox 52."),
        ("Lynx/2.8 " + "x" * 500, "note", "not one that"),
        (None, "note", "No page"),
        ("", "note", "No page"),
    ],
)
def test_browsers(agent, state, words):
    found = installed.browser(agent)
    assert found.state == state
    assert words in found.found
    assert len(found.line) < 300


def test_sound_as_it_is():
    found = installed.sound()
    assert found.state == "ok"
    assert "conversation.flac has 49.1 s" in found.found
    assert "WAV" in found.found


def test_a_sound_library_that_cannot_be_loaded(monkeypatch):
    def load(name):
        raise OSError("sndfile library not found")

    monkeypatch.setattr(installed.importlib, "import_module", load)
    found = installed.sound()
    assert (found.state, "sndfile library not found" in found.found) == ("todo", True)
    assert "pip install" in found.advice


def test_a_recording_that_is_not_there(monkeypatch):
    def nowhere():
        raise AudioError("There is no recording.")

    monkeypatch.setattr(installed, "sample", nowhere)
    assert installed.sound().state == "todo"


def devices(*channels):
    found = [{"name": f"device {k}", "max_input_channels": n} for k, n in enumerate(channels)]
    return SimpleNamespace(query_devices=lambda: found)


def test_microphones(monkeypatch, versions):
    versions.update(sounddevice="0.5.1")
    monkeypatch.setitem(sys.modules, "sounddevice", devices(0, 2))
    found = installed.microphone()
    assert (found.state, found.found) == ("ok", "1: device 1.")
    monkeypatch.setitem(sys.modules, "sounddevice", devices(0))
    assert installed.microphone().state == "note"
    versions.update(sounddevice=None)
    found = installed.microphone()
    assert (found.state, "not installed" in found.found) == ("note", True)


def test_a_microphone_without_portaudio(monkeypatch, versions):
    versions.update(sounddevice="0.5.1")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    real = builtins.__import__

    def load(name, *rest, **more):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", load)
    found = installed.microphone()
    # Nobody may have asked for one: sounddevice came with another package.
    assert found.state == "note"
    assert "There is no PortAudio" in found.found
