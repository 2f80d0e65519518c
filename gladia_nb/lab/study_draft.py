"""The study that is typed in the Lab: recordings, arms and limits, and what is wrong with them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.lab.form import Field, fields, place_problems, read_value
from gladia_nb.lab.recipe import OPTIONS
from gladia_nb.lab.setup import CHOICES
from gladia_nb.paths import expanded
from gladia_nb.sessions.options import SendOptions
from gladia_nb.sessions.samples import sample
from gladia_nb.studies.arms import grid
from gladia_nb.studies.corpora.items import Item
from gladia_nb.studies.corpora.readers import corpus
from gladia_nb.studies.design import check_repeats
from gladia_nb.studies.money import at_once, read_budget, read_price

__all__ = ["SAMPLES", "StudyDraft", "study_settings"]

#: The recordings that come with the project, and what to call them.
SAMPLES = tuple((name, text) for name, text in CHOICES if name.startswith("sample:"))
#: Options that say where to, and not how; and the sound, which a study never keeps.
_OF_ALL = ("target", "region", "url", "audio")
#: A slip of the finger must not ask for more cells than a machine can list.
_MOST_REPEATS = 1000
_FLAGS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
#: Pairs of a setting and its values.
_FACTORS = (("setting_1", "values_1"), ("setting_2", "values_2"))


def study_settings() -> list[Field]:
    """What an arm can differ in: fields and options of sending that hold one short value.

    Example:
        >>> [field.name for field in study_settings()][-1]
        'network'
    """
    return [
        field
        for field in (*fields(), *OPTIONS)
        if field.kind != "json"
        and field.path[0] not in ("messages_config", "callback_config", "callback")
        and field.name not in _OF_ALL
    ]


class StudyDraft:
    """What is typed, as it was typed.

    Args:
        folder: where the study is kept to begin with.

    Attributes:
        typed: text, or a bool for what is ticked, by the name of the field.

    Example:
        >>> draft = StudyDraft("studies/endpointing")
        >>> draft.set("values_1", "0.05, 30")
        >>> draft.problems()
        {'values_1': 'endpointing must be between 0.01 and 10 (got 30)'}
    """

    def __init__(self, folder: str) -> None:
        self.typed: dict[str, str | bool] = {
            "folder": folder,
            **{name: name == SAMPLES[0][0] for name, _ in SAMPLES},
            "corpus": "",
            "setting_1": "endpointing",
            "values_1": "0.05, 0.3, 0.8",
            "setting_2": "",
            "values_2": "",
            "baseline": "",
            "repeats": "3",
            "null": True,
            "plan": "free",
            "budget": "",
            "price": "",
        }
        self._settings = {field.name: field for field in study_settings()}

    def set(self, name: str, value: Any) -> None:
        """Something was typed or ticked.

        Raises:
            ConfigError: there is no such field, or the value is not of its kind.
        """
        if name not in self.typed:
            raise ConfigError(f"{name} is not a field of a study.")
        if type(value) is not type(self.typed[name]):
            raise ConfigError(f"{name} cannot be {value!r}.")
        self.typed[name] = value

    # -- what comes of it --

    def problems(self) -> dict[str, str]:
        """What is wrong, a sentence by the name of the field; empty when it can be planned."""
        found = {}
        if not self._text("folder"):
            found["folder"] = "Name a folder to keep the study in."
        if not (self._text("corpus") or self._samples()):
            found["corpus"] = "Choose a recording, or name a folder of them."
        for setting, values in _FACTORS:
            if sentence := self._wrong_values(setting, values):
                found[values] = sentence
        if not self._text("setting_1") and not self._text("setting_2"):
            found["values_1"] = "Choose a setting, and the values to compare."
        elif self._text("setting_1") == self._text("setting_2"):
            found["values_2"] = "This setting is chosen already; choose another one, or none."
        readers: tuple[tuple[str, Callable[[], object]], ...] = (
            ("folder", lambda: expanded(self._text("folder") or ".", ConfigError)),
            ("corpus", lambda: expanded(self._text("corpus") or ".", ConfigError)),
            ("repeats", self._repeats),
            ("plan", self._plan),
            ("budget", self._budget),
            ("price", self._price),
        )
        for name, read in readers:
            try:
                read()
            except ConfigError as error:
                found[name] = str(error).removesuffix(".")
        return found

    def names(self) -> list[str]:
        """Names of the arms, as far as they can be told."""
        return [] if self.problems() else list(self._arms())

    def items(self) -> list[Item]:
        """The recordings with what was said in them.

        Raises:
            GladiaNbError: one cannot be read, in words.
        """
        found: list[Item] = []
        if names := self._samples():
            found += corpus([sample(name.partition(":")[2]) for name in names], strict=True)
        if place := self._text("corpus"):
            found += corpus(expanded(place, ConfigError), strict=True)
        return found

    def arguments(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of `Study` beside its items and the service.

        Args:
            config: data of the configuration of what an arm leaves open.

        Raises:
            ConfigError: something is wrong; see `problems`.
        """
        if problems := self.problems():
            raise ConfigError("; ".join(problems.values()), list(problems.values()))
        arms = {name: _nested(settings, config) for name, settings in self._arms().items()}
        chosen = self._text("baseline")
        return {
            "folder": expanded(self._text("folder"), ConfigError),
            "arms": arms,
            # Of arms that are no longer there, none is chosen.
            "baseline": chosen if chosen in arms else None,
            "repeats": self._repeats(),
            "null": self.typed["null"],
            "plan": self._plan(),
            "budget_hours": self._budget(),
            "price_per_hour": self._price(),
            "config": SessionConfig.from_dict(config),
        }

    # -- readers of what was typed --

    def _text(self, name: str) -> str:
        return str(self.typed[name]).strip()

    def _samples(self) -> list[str]:
        return [name for name, _ in SAMPLES if self.typed[name]]

    def _repeats(self) -> int:
        repeats = check_repeats(_number(self._text("repeats")))
        if repeats > _MOST_REPEATS:
            raise ConfigError(f"repeats is at most {_MOST_REPEATS} here (got {repeats}).")
        return repeats

    def _plan(self) -> str | int:
        plan = _number(self._text("plan"))
        at_once(plan)  # type: ignore[arg-type]
        return plan  # type: ignore[return-value]

    def _budget(self) -> float | None:
        text = self._text("budget")
        read_budget(_number(text) if text else None)
        return float(text) if text else None

    def _price(self) -> float | None:
        text = self._text("price")
        return read_price(_number(text) if text else None)

    def _arms(self) -> dict[str, dict[str, Any]]:
        factors = {
            self._text(setting): self._values(setting, values)
            for setting, values in _FACTORS
            if self._text(setting)
        }
        return grid(**factors)

    def _values(self, setting: str, values: str) -> list[Any]:
        field = self._settings[self._text(setting)]
        parts = [part.strip() for part in self._text(values).split(",")]
        return [_value(field, part) for part in parts if part]

    def _wrong_values(self, setting: str, values: str) -> str:
        name = self._text(setting)
        if not name:
            return ""
        if name not in self._settings:
            return f"{name} is not a setting that arms can differ in."
        found = self._values(setting, values)
        if not found:
            return "Name the values, with commas between them."
        said = [_wrong(self._settings[name], value) for value in found]
        return "; ".join(dict.fromkeys(sentence for sentence in said if sentence))


def _value(field: Field, text: str) -> Any:
    return _FLAGS.get(text.lower(), text) if field.kind == "flag" else read_value(field, text)


def _wrong(field: Field, value: Any) -> str:
    """What the model says of one value."""
    if field in OPTIONS:
        return "; ".join(p.message for p in SendOptions.problems_in({field.name: value}))
    # What another field of its group lacks is said when the arms are made.
    return place_problems(_nested({field.name: value}, {})).get(field.name, "")


def _nested(settings: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by dotted name as an arm has them; what else their groups hold is of the config."""
    arm: dict[str, Any] = {}
    for name, value in settings.items():
        top, *inner = name.split(".")
        if not inner:
            arm[top] = value
            continue
        place = arm.setdefault(top, copy.deepcopy(dict(config.get(top) or {})))
        for key in inner[:-1]:
            place = place.setdefault(key, {})
        place[inner[-1]] = value
    return arm


def _number(text: str) -> int | float | str:
    """A number where it is one; else the text, of which the sentence then speaks."""
    if re.fullmatch(r"\d+", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
