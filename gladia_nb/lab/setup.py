"""What a run in the Lab will be: source, configuration, options; no threads, no front end."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from gladia_nb.audio import Audio, read_audio
from gladia_nb.config import PRESETS
from gladia_nb.errors import AudioError, ConfigError, GladiaNbError
from gladia_nb.lab.form import (
    Field,
    changed_paths,
    effective,
    fields,
    place_doubts,
    read_value,
    set_value,
)
from gladia_nb.lab.known_words import KnownWords
from gladia_nb.lab.networks import network_choices
from gladia_nb.lab.recipe import NO_PROXY, OPTIONS, Recipe, as_curl, as_json, reproduce
from gladia_nb.lab.uploads import Uploads, write_sound
from gladia_nb.lab.waveform import peaks, playable
from gladia_nb.lab.wording import for_page
from gladia_nb.record.folders import new_path, runs_directory

__all__ = ["CHOICES", "MICROPHONE", "WHILE_SPOKEN", "Setup", "form"]

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


def form() -> list[dict[str, Any]]:
    """Every field of the configuration and every option, as plain data for the front end.

    What is `named` has `described` beside: what to say of each name, and what one of one's own
    that is like it looks like, as JSON.
    """
    found = [{**asdict(item), "name": item.name} for item in (*fields(), *OPTIONS)]
    for entry in found:
        if entry["kind"] == "named":
            entry["described"] = network_choices()
        entry["help"] = for_page(entry["help"])
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
        self._uploads = Uploads()
        self._by_name = {item.name: item for item in (*fields(), *OPTIONS)}
        self._preset = ""
        self._known = KnownWords()
        # By choice, what was chosen when it was left.
        self._left: dict[str, tuple[str, KnownWords]] = {}
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
        self._uploads.close()

    # -- the source --

    def choose(self, choice: str, path: str = "") -> None:
        """Take another source; what is wrong with it is shown beside it.

        What was chosen there before, and said of its words, is taken again where no path is named.
        """
        source, known = "", None
        if choice != self.choice and not path:
            source, known = self._left.get(choice, (source, known))
        self._name(choice, path or source)
        self._load()
        if known is not None and self.audio is not None:
            self._known = known

    def _name(self, choice: str, path: str) -> None:
        """Take another source, without its sound."""
        if choice not in dict(self._choices):
            raise ConfigError(f"There is no source {choice!r}.")
        if choice != self.choice and self.audio is not None:
            self._left[self.choice] = (self._source, self._known)
        self.choice = choice
        if choice == "file" and not path and not self._source.startswith("sample:"):
            path = self._source
        # As file managers copy it.
        path = path.strip()
        if len(path) > 1 and path[0] == path[-1] and path[0] in "\"'":
            path = path[1:-1]
        self._source = choice if choice.startswith("sample:") else path
        self.audio, self._peaks, self._problem = None, [], ""
        # What was known is of the sound that was chosen before.
        self._known = KnownWords()

    def _load(self) -> None:
        if not self._source:
            return
        try:
            path = Recipe(self._source).path()
            self._take(path, read_audio(path))
        except GladiaNbError as error:
            self._problem = self._uploads.said(str(error))

    def _take(self, path: Path, audio: Audio) -> None:
        self.audio = audio
        self._peaks = peaks(audio).round(3).tolist()
        try:
            self._known = KnownWords.beside(path)
        except GladiaNbError as error:
            self._problem = str(error)

    def upload(self, name: str, part: int, parts: int, data: bytes) -> bool:
        """Take a piece of a file from the browser; the last one makes it the source.

        One that is no sound changes nothing: what was chosen before stays, and why is said.

        Returns:
            Whether the file is complete.
        """
        path = self._uploads.take(name, part, parts, data)
        if path is None:
            return False
        try:
            audio = read_audio(path)
        except AudioError as error:
            kept = "" if self.audio is None else f" {self.audio.name} is kept."
            self._problem = self._uploads.said(str(error)) + kept
        else:
            self._name("upload", str(path))
            self._take(path, audio)
        return True

    def upload_reference(self, name: str, part: int, parts: int, data: bytes) -> bool:
        """Take a piece of a file that tells what was spoken; the last one makes it the reference.

        Returns:
            Whether the file is complete.

        Raises:
            ConfigError: it is none, or none of this sound; what was known before stays.
        """
        path = self._uploads.take(name, part, parts, data)
        if path is None:
            return False
        try:
            self._known = self._known.with_file(path, self.audio)
        except GladiaNbError as error:
            raise ConfigError(self._uploads.said(str(error))) from None
        return True

    def forget_reference(self) -> None:
        """Of a file that was given: know only what lies beside the sound. Of that: know nothing."""
        self._known = self._known.without()

    def keep_take(self, take: Audio) -> Path:
        """Keep a recording of the microphone as a file beside the runs; it becomes the sound.

        A take can then be sent; what was sent while it was spoken can be listened to.
        """
        stem = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S-take")
        path = new_path(runs_directory(), stem, ".wav")
        write_sound(path, playable(take))
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
        source = self._source or "microphone"
        known = self._known.chosen
        return Recipe(source=source, config=self.config, reference=known, **self.options)

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
            "reference": self._known.facts(),
            "values": {**effective(self.config), **self.options},
            "changed": changed,
            "problems": {name: for_page(said) for name, said in recipe.problems().items()},
            "doubts": place_doubts(self.config),
            "presets": list(PRESETS),
            "preset": self._preset,
            "code": self._code(recipe),
        }

    def _sound_facts(self) -> dict[str, Any]:
        if self.audio is None:
            return {"problem": self._problem, "peaks": []}
        frames, channels = self.audio.samples.shape
        return {
            "problem": self._problem,
            "name": self.audio.name,
            "duration_s": frames / self.audio.sample_rate,
            "sample_rate": self.audio.sample_rate,
            "channels": channels,
            "peaks": self._peaks,
        }

    def _code(self, recipe: Recipe) -> dict[str, str]:
        # Where an upload lies here it is no more when this kernel has ended.
        named = self._uploads.name_of
        source, known = named(recipe.source), recipe.reference
        recipe = replace(
            recipe,
            source=source or recipe.source,
            reference=(named(known) or known) if isinstance(known, str) else known,
        )
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
