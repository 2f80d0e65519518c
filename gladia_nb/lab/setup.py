"""What a run in the Lab will be: source, configuration, options; no threads, no front end."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gladia_nb.audio import Audio, read_audio
from gladia_nb.config import PRESETS
from gladia_nb.drafts import replacing
from gladia_nb.errors import AudioError, ConfigError, GladiaNbError
from gladia_nb.lab.form import (
    Field,
    changed_paths,
    effective,
    fields,
    read_value,
    set_value,
)
from gladia_nb.lab.networks import network_choices
from gladia_nb.lab.recipe import NO_PROXY, OPTIONS, Recipe, as_curl, as_json, reproduce
from gladia_nb.lab.waveform import peaks, playable
from gladia_nb.record.folders import new_path, runs_directory
from gladia_nb.scratch import ScratchFolder
from gladia_nb.sessions.reference import find_reference

__all__ = ["CHOICES", "LARGEST_UPLOAD", "MICROPHONE", "TOO_LARGE", "WHILE_SPOKEN", "Setup", "form"]

#: Where sound can come from, and what to call it.
CHOICES = (
    ("sample:conversation", "Sample: conversation, two voices"),
    ("sample:call", "Sample: call, one voice a channel"),
    ("sample:monologue", "Sample: monologue that never pauses"),
    ("file", "A file on this machine"),
    ("upload", "Upload a file"),
)
MICROPHONE = (
    ("take", "Microphone: record, then send"),
    ("stream", "Microphone: send while speaking, through the kernel"),
    ("direct", "Microphone: send from the browser itself"),
)
#: Of them those that are sent while they are spoken.
WHILE_SPOKEN = ("stream", "direct")
#: Longest sound that is sent to the browser to be listened to, in bytes.
_LONGEST = 64 << 20
#: Largest file that is taken from the browser, in bytes.
LARGEST_UPLOAD = 200 << 20
TOO_LARGE = (
    f"{{name}} is larger than {LARGEST_UPLOAD >> 20} MB; put it on the machine of the kernel and "
    "choose it as a file."
)


def form() -> list[dict[str, Any]]:
    """Every field of the configuration and every option, as plain data for the front end.

    What is `named` has `described` beside: what to say of each name, and what one of one's own
    that is like it looks like, as JSON.
    """
    found = [{**asdict(item), "name": item.name} for item in (*fields(), *OPTIONS)]
    for entry in found:
        if entry["kind"] == "named":
            entry["described"] = network_choices()
    return found


class Setup:
    """The choices in the Lab's form.

    Every method raises a `GladiaNbError` in words when it cannot do what is asked.

    Args:
        source: of the sound, as in `Recipe`.
        config: data of a configuration to begin with.
        options: options of `Recipe` to begin with.
        microphone: whether there is one to choose.

    Attributes:
        choice: the source, as in `CHOICES`.
        audio: the sound, or None when there is none yet.
        config: data of the configuration, also while something in it is wrong.
        options: options of the run, likewise.
    """

    def __init__(
        self,
        source: str,
        config: Mapping[str, Any],
        options: Mapping[str, Any],
        *,
        microphone: bool = False,
    ) -> None:
        self._choices = (*CHOICES, *(MICROPHONE if microphone else ()))
        self._folder = ScratchFolder()
        self._by_name = {item.name: item for item in (*fields(), *OPTIONS)}
        self._uploads: dict[str, list[bytes]] = {}
        self._preset = ""
        self._reference: tuple[Path, str] | None = None
        self._peaks: list[list[float]] = []
        self.config = dict(config)
        self.options = {item.name: options.get(item.name, item.default) for item in OPTIONS}
        self.audio: Audio | None = None
        self.choice = "file"
        self._source = ""
        self._problem = ""
        known = {name for name, _ in CHOICES}
        self.choose(source if source in known else "file", source)

    def close(self) -> None:
        """Remove what was uploaded."""
        self._folder.close()

    # -- the source --

    def choose(self, choice: str, path: str = "") -> None:
        """Take another source; what is wrong with it is shown beside it."""
        if choice not in dict(self._choices):
            raise ConfigError(f"There is no source {choice!r}.")
        self.choice = choice
        # It is of the sound that was chosen before.
        self._reference = None
        if choice == "file" and not path and not self._source.startswith("sample:"):
            path = self._source
        self._source = choice if choice.startswith("sample:") else path
        self._load()

    def _load(self) -> None:
        self.audio, self._peaks, self._problem = None, [], ""
        if not self._source:
            return
        try:
            audio = read_audio(Recipe(self._source).path())
        except GladiaNbError as error:
            self._problem = str(error)
            return
        self.audio = audio
        self._peaks = peaks(audio).round(3).tolist()

    def upload(self, name: str, part: int, parts: int, data: bytes) -> bool:
        """Take a piece of a file from the browser; the last one makes it the source.

        Returns:
            Whether the file is complete.
        """
        path = self._taken(name, part, parts, data)
        if path is not None:
            self.choose("upload", str(path))
        return path is not None

    def upload_reference(self, name: str, part: int, parts: int, data: bytes) -> bool:
        """Take a piece of a file that tells what was spoken; the last one makes it the reference.

        Returns:
            Whether the file is complete.

        Raises:
            ConfigError: it is none, or none of this sound.
        """
        path = self._taken(name, part, parts, data)
        if path is None:
            return False
        found = find_reference(self.audio.name if self.audio else None, path)
        count, unit = (0, "word") if found is None else (len(found.rows), found.granularity)
        self._reference = (path, f"{count} {unit}{'s' * (count != 1)}")
        return True

    def forget_reference(self) -> None:
        """Know only what lies beside the sound."""
        self._reference = None

    def _taken(self, name: str, part: int, parts: int, data: bytes) -> Path | None:
        """Keep a piece of a file; where it is, once it is complete."""
        pieces = self._uploads.setdefault(name, [])
        if part == 0:
            pieces.clear()
        if part != len(pieces):
            raise AudioError(f"A piece of {name} was lost on its way; upload it again.")
        pieces.append(data)
        if sum(map(len, pieces)) > LARGEST_UPLOAD:
            del self._uploads[name]
            raise AudioError(TOO_LARGE.format(name=name))
        if part + 1 < parts:
            return None
        plain = re.sub(r"[^\w.-]+", "_", Path(name).name)[-80:] or "upload"
        path = self._folder.path / plain
        _write(path, b"".join(self._uploads.pop(name)))
        return path

    def keep_take(self, take: Audio) -> Path:
        """Keep a recording of the microphone as a file beside the runs; it becomes the sound.

        A take can then be sent; what was sent while it was spoken can be listened to.
        """
        stem = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S-take")
        path = new_path(runs_directory(), stem, ".wav")
        _write(path, playable(take))
        self.choose(self.choice if self.choice in WHILE_SPOKEN else "take", str(path))
        return path

    def sound(self) -> bytes:
        """The sound as a WAV file, to listen to.

        Raises:
            AudioError: there is none, or it is too long for that.
        """
        if self.audio is None:
            raise AudioError(self._problem or "There is no sound to listen to yet.")
        if self.audio.samples.size * 2 > _LONGEST:
            raise AudioError("This sound is too long to be sent to the browser.")
        return playable(self.audio)

    # -- the configuration --

    def set(self, name: str, typed: Any) -> None:
        """Set a field of the configuration or an option to what was typed."""
        item = self._field(name)
        value = read_value(item, typed)
        if item in OPTIONS:
            self.options[name] = item.default if value in ("", None) else value
        else:
            self.config = set_value(self.config, item.path, value)
            self._preset = ""

    def reset(self, name: str) -> None:
        """Give a field or option its default again."""
        item = self._field(name)
        if item in OPTIONS:
            self.options[name] = item.default
        else:
            self.config = set_value(self.config, item.path, item.default)
            self._preset = ""

    def preset(self, name: str) -> None:
        """Take over a preset; "" is the API's own defaults with every message."""
        if name and name not in PRESETS:
            raise ConfigError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.")
        self.config = json.loads(json.dumps(dict(PRESETS[name]))) if name else {}
        self._preset = name

    def commands(self) -> dict[str, Callable[[Mapping[str, Any], Sequence[bytes]], object]]:
        """What a page can ask for by the kind of a command, with its content and binary parts."""
        return {
            "upload": lambda c, b: self.upload(c["name"], c["part"], c["parts"], b[0]),
            "reference": lambda c, b: self.upload_reference(c["name"], c["part"], c["parts"], b[0]),
            "forget_reference": lambda _c, _b: self.forget_reference(),
            "reset": lambda c, _: self.reset(c["name"]),
            "preset": lambda c, _: self.preset(c["name"]),
            "heard": lambda c, _: self._heard(c["event"]),
        }

    def _heard(self, event: Mapping[str, Any]) -> None:
        """Something that the microphone tells."""
        match event["kind"]:
            case "take":
                self.keep_take(event["take"])
            case "error":
                raise GladiaNbError(str(event["text"]))

    def _field(self, name: str) -> Field:
        if name not in self._by_name:
            raise ConfigError(f"{name} is not a field of the form.")
        return self._by_name[name]

    # -- what comes of it --

    def recipe(self) -> Recipe:
        """What the run will be."""
        reference = None if self._reference is None else str(self._reference[0])
        source = self._source or "microphone"
        return Recipe(source=source, config=self.config, reference=reference, **self.options)

    def missing(self) -> str:
        """Why no run can be made of it yet, in a sentence, or ""."""
        count = len(self.recipe().problems())
        if count:
            what = "One setting needs" if count == 1 else f"{count} settings need"
            return f"{what} to be mended first."
        if self.choice == "direct" and self.options["network"] is not None:
            return NO_PROXY
        if self.choice in WHILE_SPOKEN:
            return ""
        if self.audio is None:
            first = "Record a take first" if self.choice == "take" else "Choose a sound first"
            return self._problem or f"{first}, in Source."
        return ""

    def view(self) -> dict[str, Any]:
        """Everything that the form shows, as plain data."""
        recipe = self.recipe()
        changed = changed_paths(self.config)
        changed += [
            option.name for option in OPTIONS if self.options[option.name] != option.default
        ]
        return {
            "choices": self._choices,
            "choice": self.choice,
            "path": self._source if self.choice == "file" else "",
            "sound": self._sound_facts(),
            "reference": self._reference_facts(),
            "values": {**effective(self.config), **self.options},
            "changed": changed,
            "problems": recipe.problems(),
            "presets": list(PRESETS),
            "preset": self._preset,
            "code": self._code(recipe),
        }

    def _reference_facts(self) -> dict[str, Any] | None:
        if self._reference is None:
            return None
        path, size = self._reference
        return {"name": path.name, "size": size}

    def _sound_facts(self) -> dict[str, Any]:
        if self.audio is None:
            return {"problem": self._problem, "peaks": []}
        frames, channels = self.audio.samples.shape
        return {
            "problem": "",
            "name": self.audio.name,
            "duration_s": frames / self.audio.sample_rate,
            "sample_rate": self.audio.sample_rate,
            "channels": channels,
            "peaks": self._peaks,
        }

    def _code(self, recipe: Recipe) -> dict[str, str]:
        try:
            rate = channels = None
            if self.audio is not None:
                rate, channels = self.audio.sample_rate, self.audio.samples.shape[1]
            return {
                "Python": reproduce(recipe),
                "JSON": as_json(recipe, rate, channels),
                "curl": as_curl(recipe, rate, channels),
            }
        except ConfigError as error:
            sentence = f"Not yet: {error}"
            return dict.fromkeys(("Python", "JSON", "curl"), sentence)


def _write(path: Path, data: bytes) -> None:
    """Keep a sound whole, or say why not."""
    try:
        with replacing(path) as new:
            new.write_bytes(data)
    except OSError as error:
        raise AudioError(
            f"Cannot keep the sound in {path}: {error.strerror or error}. Free some space there."
        ) from None
