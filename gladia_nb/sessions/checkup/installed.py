"""Python, the packages, and what speaks to the sound devices and the browser."""

from __future__ import annotations

import importlib
import platform
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

from gladia_nb.audio import read_audio
from gladia_nb.errors import AudioError
from gladia_nb.sessions.checkup.findings import Finding
from gladia_nb.sessions.local_microphone import sounddevice_module
from gladia_nb.sessions.samples import sample
from gladia_nb.sound_file import FORMATS

__all__ = ["browser", "extras", "microphone", "packages", "python", "sound", "widgets"]

_US = "gladia-nb"
#: Extras that are for those who use the package, and what for.
_EXTRAS = {
    "local": "the embedded server's recogniser",
    "sherpa": "a recogniser with models of one's own",
    "lab": "JupyterLab and Voila",
    "mic-local": "a microphone of this machine",
    "whisper": "Whisper's normaliser",
    "corpora": "TextGrid, SRT and WebVTT",
    "dask": "studies on several machines",
    "lake": "Parquet and SQL",
}
_HOSTS = ("jupyterlab", "notebook", "voila")
#: The first versions that have AudioWorklet, modules and dynamic import.
_BROWSERS = (
    ("Firefox", re.compile(r"Firefox/(\d+)"), 76),
    ("Chromium", re.compile(r"(?:Chrome|Chromium|CriOS)/(\d+)"), 80),
    ("Safari", re.compile(r"Version/(\d+)[\d.]* (?:Mobile/\S+ )?Safari"), 15),
)


def python() -> Finding:
    """The interpreter and the system."""
    found = (
        f"{platform.python_implementation()} {platform.python_version()} on "
        f"{platform.system()} {platform.machine()}, {sys.executable}."
    )
    wanted = metadata.metadata(_US)["Requires-Python"]
    if not Requirement(f"python{wanted}").specifier.contains(platform.python_version(), True):
        return Finding("python", "todo", found, f"gladia_nb needs Python {wanted}.")
    return Finding("python", "ok", found)


def packages() -> Finding:
    """What gladia_nb cannot do without, in versions that it is made for."""
    wanted = list(_needs())
    wrong = [text for need in wanted if (text := _wrong(need))]
    if wrong:
        advice = f"Install it again: {sys.executable} -m pip install --upgrade {_US}."
        return Finding("packages", "todo", f"{'; '.join(wrong)}.", advice)
    found = f"{_US} {metadata.version(_US)} and the {len(wanted)} packages that it needs."
    return Finding("packages", "ok", found)


def extras() -> Finding:
    """What of the extras is there."""
    there: list[str] = []
    missing: list[str] = []
    for name, what in _EXTRAS.items():
        needs = [need for need in _needs(name) if need.name != _US]
        whole = not any(_wrong(need) for need in needs)
        if whole:
            there.append(name)
        else:
            missing.append(f"{name} ({what})")
    found = f"Installed: {', '.join(there) or 'none'}."
    if not missing:
        return Finding("extras", "ok", found)
    found += f" Not installed: {', '.join(missing)}."
    advice = f'Add one with: pip install "{_US}[NAME]".'
    return Finding("extras", "note", found, advice)


def _needs(extra: str | None = None) -> Iterator[Requirement]:
    """Requirements of the package, or what an extra adds to them."""
    for text in metadata.requires(_US) or ():
        need = Requirement(text)
        of_extra = "extra" in str(need.marker or "")
        if of_extra == (extra is not None) and (
            need.marker is None or need.marker.evaluate({"extra": extra or ""})
        ):
            yield need


def _wrong(need: Requirement) -> str | None:
    """Why what is there does not meet a requirement."""
    version = _version(need.name)
    if version is None:
        return f"{need.name} is not there"
    if not need.specifier.contains(version, prereleases=True):
        return f"{need.name} is {version} and not {need.specifier}"
    return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def widgets() -> Finding:
    """What shows the Lab in a notebook: the kernel's part and the page's part."""
    known = {
        name: version
        for name in ("ipywidgets", "anywidget", "jupyterlab_widgets", *_HOSTS)
        if (version := _version(name)) is not None
    }
    found = ", ".join(f"{name} {version}" for name, version in known.items()) or "None"
    hosts = [name for name in _HOSTS if name in known]
    front = known.get("jupyterlab_widgets")
    if front is not None and Version(front).major != 3:
        advice = "The page's part is of another time: pip install --upgrade jupyterlab_widgets."
        return Finding("widgets", "todo", f"{found}.", advice)
    if not hosts:
        advice = f'For the Lab on a page: pip install "{_US}[lab]".'
        return Finding("widgets", "note", f"{found}; no JupyterLab, Notebook or Voila.", advice)
    return Finding("widgets", "ok", f"{found}.")


def browser(agent: str | None) -> Finding:
    """The browser in which the Lab is shown.

    Args:
        agent: what it calls itself (`navigator.userAgent`); None where there is no page.
    """
    if not agent:
        found = "No page is open from here: a browser's version is seen by the Lab in it."
        return Finding("browser", "note", found)
    for name, form, least in _BROWSERS:
        if match := form.search(agent):
            found = f"{name} {match[1]}."
            if int(match[1]) < least:
                advice = f"The Lab needs {name} {least} or later; update it."
                return Finding("browser", "todo", found, advice)
            return Finding("browser", "ok", found)
    found = f"It calls itself {agent[:80]!r}, which is not one that gladia_nb was tried in."
    return Finding("browser", "note", found, "Use Chromium, Firefox or Safari.")


def sound() -> Finding:
    """What reads and resamples sound files: a recording that comes with the project is read."""
    try:
        soundfile, soxr = (importlib.import_module(name) for name in ("soundfile", "soxr"))
    except (ImportError, OSError) as error:
        advice = "Install it again: pip install --force-reinstall soundfile soxr."
        return Finding("sound", "todo", f"A sound library cannot be loaded: {error}.", advice)
    try:
        audio = read_audio(sample())
    except AudioError as error:
        return Finding("sound", "todo", str(error), f"Install {_US} again.")
    formats = [name for name in FORMATS if name in _formats(soundfile)]
    library = soundfile.__libsndfile_version__
    found = (
        f"soundfile {soundfile.__version__} with libsndfile {library} reads "
        f"{', '.join(formats)}; soxr {soxr.__version__}; "
        f"{sample().name} has {audio.duration_s:.1f} s."
    )
    return Finding("sound", "ok", found)


def _formats(soundfile: Any) -> dict[str, str]:
    found: dict[str, str] = soundfile.available_formats()
    return found


def microphone() -> Finding:
    """Microphones of this machine; a browser's are seen by the browser alone."""
    elsewhere = "Microphones of a browser need nothing here (gladia_nb.Microphone)."
    if _version("sounddevice") is None:
        found = f"sounddevice is not installed. {elsewhere}"
        return Finding("microphone", "note", found)
    try:
        devices = sounddevice_module().query_devices()
    except AudioError as error:
        # Nobody may want one: other packages bring sounddevice with them.
        return Finding("microphone", "note", f"{error} {elsewhere}")
    inputs = [str(one["name"]) for one in devices if one["max_input_channels"] > 0]
    if not inputs:
        return Finding("microphone", "note", f"This machine has none. {elsewhere}")
    return Finding("microphone", "ok", f"{len(inputs)}: {', '.join(inputs[:5])}.")
