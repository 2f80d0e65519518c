"""The fields of a configuration as a form: read from its schema, so that none is forgotten.

`fields()` lists every field that `SessionConfig` has, nested ones with their path. A form edits
plain data, as `SessionConfig.from_dict` takes it; `set_value` and `reset_value` return changed
copies.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel

from gladia_nb.config import MessagesConfig, Problem, SessionConfig, find_problems
from gladia_nb.errors import ConfigError

__all__ = [
    "Field",
    "changed_paths",
    "effective",
    "fields",
    "fields_of",
    "place_doubts",
    "place_problems",
    "read_value",
    "reset_value",
    "set_value",
]

Path = tuple[str, ...]
Kind = Literal["flag", "choice", "number", "whole", "text", "list", "json", "named"]
Schema = Mapping[str, Any]

#: Heading of each group, by the field of `SessionConfig` below which it lies.
_GROUPS = {
    "": "Audio and model",
    "language_config": "Languages",
    "pre_processing": "Before recognition",
    "realtime_processing": "Add-ons on each final",
    "post_processing": "Add-ons on the whole",
    "messages_config": "Messages",
    "callback_config": "Callbacks",
}
#: What one sets most often; the rest is folded away.
_FRONT: tuple[Path, ...] = (
    ("endpointing",),
    ("maximum_duration_without_endpointing",),
    ("language_config", "languages"),
    ("language_config", "code_switching"),
    *(("messages_config", name) for name in MessagesConfig.model_fields),
)
#: The source decides these where they are not set.
_FROM_SOURCE: tuple[Path, ...] = (("sample_rate",), ("channels",))
#: What is typed, by the type of the schema.
_KINDS: Mapping[str, Kind] = {
    "boolean": "flag",
    "number": "number",
    "integer": "whole",
    "string": "text",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the API, as a form shows it.

    Attributes:
        path: keys from the top, such as `("language_config", "languages")`.
        label: its name, for people.
        group: heading that it stands under.
        kind: what is typed: a flag, a choice, a number, text, a list of words, JSON, or what is
            `named`: one of the choices, or an object of one's own in JSON.
        default: value that holds when it is not set; None when the source or nothing decides.
        choices: allowed values of a choice, or the names.
        low: least number, or None.
        high: greatest number, or None.
        help: a sentence on what it does.
        front: whether it stands in front.
    """

    path: Path
    label: str
    group: str
    kind: Kind
    default: Any
    choices: tuple[Any, ...]
    low: float | None
    high: float | None
    help: str
    front: bool

    @property
    def name(self) -> str:
        """Its dotted path, as in `language_config.languages`."""
        return ".".join(self.path)


@functools.cache
def fields() -> tuple[Field, ...]:
    """Every field of `SessionConfig` that holds a value, in the order of the model.

    Example:
        >>> [field.name for field in fields() if field.front][:2]
        ['endpointing', 'maximum_duration_without_endpointing']
    """
    return tuple(_placed(field) for field in fields_of(SessionConfig))


def fields_of(model: type[BaseModel]) -> Iterator[Field]:
    """The fields of any model of settings, as its schema has them; without group.

    Args:
        model: its fields are described by the strings below them.

    Example:
        >>> from gladia_nb.config import LanguageConfig
        >>> [(field.label, field.kind) for field in fields_of(LanguageConfig)]
        [('Languages', 'list'), ('Code switching', 'flag')]
    """
    schema = model.model_json_schema()
    return _walk(schema, schema.get("$defs", {}), ())


def _walk(group: Schema, parts: Schema, above: Path) -> Iterator[Field]:
    for name, entry in group["properties"].items():
        path = (*above, name)
        kernel = _kernel(entry)
        if "$ref" in kernel:
            yield from _walk(parts[kernel["$ref"].rpartition("/")[2]], parts, path)
        else:
            yield _field(path, entry, kernel)


def _kernel(entry: Schema) -> Schema:
    """What is allowed beside null."""
    options = [item for item in entry.get("anyOf", ()) if item.get("type") != "null"]
    return options[0] if len(options) == 1 else entry


def _field(path: Path, entry: Schema, kernel: Schema) -> Field:
    return Field(
        path=path,
        label=entry["title"],
        group="",
        kind=_kind(kernel),
        default=entry.get("default"),
        choices=tuple(kernel.get("enum", ())),
        low=kernel.get("minimum"),
        high=kernel.get("maximum"),
        help=" ".join(entry.get("description", "").split()),
        front=False,
    )


def _kind(kernel: Schema) -> Kind:
    if "enum" in kernel:
        return "choice"
    if kernel.get("type") == "array" and kernel["items"].get("type") == "string":
        return "list"
    return _KINDS.get(kernel.get("type", ""), "json")


def _placed(field: Field) -> Field:
    """A field of the configuration where it stands in the form."""
    path, default = field.path, field.default
    if path[0] == "messages_config":
        # What a stopwatch asks for; see `SessionConfig.measuring`.
        default = True
    if path in _FROM_SOURCE:
        default = None
    below = "callback_config" if path == ("callback",) else path[0] if path[1:] else ""
    return replace(field, group=_GROUPS[below], default=default, front=path in _FRONT)


# -- values --


def read_value(field: Field, typed: Any) -> Any:
    """The value that was typed; what cannot be read stays as it is, and is then found wrong.

    Args:
        field: the field.
        typed: text, or a bool from a box to tick.

    Example:
        >>> by_name = {field.name: field for field in fields()}
        >>> read_value(by_name["endpointing"], " 0.3 ")
        0.3
        >>> read_value(by_name["language_config.languages"], "en, fr")
        ['en', 'fr']
    """
    if not isinstance(typed, str):
        return typed
    text = typed.strip()
    if field.kind == "list":
        return [word for word in re.split(r"[\s,;]+", text) if word]
    if field.kind == "choice":
        return next((choice for choice in field.choices if str(choice) == text), text)
    if field.kind in ("number", "whole"):
        return _number(text)
    named = field.kind == "named" and text not in field.choices
    return _plain(text) if named or field.kind == "json" else text


def _plain(text: str) -> Any:
    """What a text says in JSON; the text where it is none, or nested too deep, or not a number."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(text)
        # NaN and 1e400 are values to Python and to no page.
        json.dumps(value, allow_nan=False)
        return value
    return text


def _number(text: str) -> float | int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    # 1e400 and nan are numbers to Python and to nobody else.
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() else number


def set_value(data: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of the data of a configuration with one field set.

    Setting what holds anyway takes it out again, so that the data stays what was really asked for.
    An empty text, list or None takes a field out too. Message flags go together: with the first
    that differs, all are written, because a group that is given replaces what a stopwatch asks for.

    Example:
        >>> set_value({}, ("language_config", "languages"), ["en"])
        {'language_config': {'languages': ['en']}}
        >>> set_value({"endpointing": 0.3}, ("endpointing",), 0.05)
        {}
    """
    result = copy.deepcopy(dict(data))
    if path[0] == "messages_config":
        return _set_flag(result, path[1], value)
    spare = value == _default(path) and type(value) is type(_default(path))
    if spare or (not isinstance(value, bool) and value in (None, "", [])):
        return _without(result, path)
    place = result
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    return result


def reset_value(data: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A copy in which one field has its default again.

    Example:
        >>> reset_value(
        ...     {"language_config": {"languages": ["en"]}}, ("language_config", "languages")
        ... )
        {}
    """
    return set_value(data, path, _default(path))


def _default(path: Path) -> Any:
    for field in fields():
        if field.path == path:
            return field.default
    raise ConfigError(f"{'.'.join(path)} is not a field of the live API.")


def _set_flag(data: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    flags = {**_flags(data), name: value}
    data.pop("messages_config", None)
    if not all(flag is True for flag in flags.values()):
        data["messages_config"] = flags
    return data


def _flags(data: Mapping[str, Any]) -> dict[str, Any]:
    """All message flags with the values that hold."""
    given = data.get("messages_config")
    if not isinstance(given, Mapping):
        return dict.fromkeys(MessagesConfig.model_fields, True)
    defaults = {name: info.default for name, info in MessagesConfig.model_fields.items()}
    return {**defaults, **given}


def _without(data: dict[str, Any], path: Path) -> dict[str, Any]:
    chain = [data]
    for key in path[:-1]:
        inner = chain[-1].get(key)
        if not isinstance(inner, dict):
            return data
        chain.append(inner)
    chain[-1].pop(path[-1], None)
    # A group without a field says nothing; to send it could mean something.
    for above, key in zip(reversed(chain[:-1]), reversed(path[:-1]), strict=True):
        if not above[key]:
            del above[key]
    return data


def effective(data: Mapping[str, Any]) -> dict[str, Any]:
    """The value that holds for each field, by dotted path.

    Example:
        >>> effective({"endpointing": 0.3})["endpointing"], effective({})["model"]
        (0.3, 'solaria-1')
    """
    found: dict[str, Any] = {}
    flags = _flags(data)
    for field in fields():
        place: Any = {"messages_config": flags} if field.path[0] == "messages_config" else data
        for key in field.path:
            if not isinstance(place, Mapping) or key not in place:
                place = field.default
                break
            place = place[key]
        found[field.name] = place
    if found["encoding"] in ("wav/alaw", "wav/ulaw") and "bit_depth" not in data:
        # As `SessionConfig` does it.
        found["bit_depth"] = 8
    return found


def changed_paths(data: Mapping[str, Any]) -> list[str]:
    """Dotted paths of the fields that do not have their default, in the order of the form.

    Example:
        >>> changed_paths({"endpointing": 0.3})
        ['endpointing']
    """
    values = effective(data)
    return [field.name for field in fields() if values[field.name] != field.default]


def place_problems(data: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by the dotted path of the field to show it at; "" is for the whole.

    Example:
        >>> place_problems({"endpointing": 30})
        {'endpointing': 'endpointing must be between 0.01 and 10 (got 30)'}
        >>> list(place_problems({"callback": True}))
        ['callback_config.url']
    """
    placed: dict[str, str] = {}
    for problem in find_problems(data):
        name = _place(problem)
        placed[name] = f"{placed[name]}; {problem.message}" if name in placed else problem.message
    return placed


def place_doubts(data: Mapping[str, Any]) -> dict[str, str]:
    """What is unusual and can be sent all the same, by the dotted path of the field.

    Example:
        >>> place_doubts({"language_config": {"languages": ["xx"]}})
        {'language_config.languages': "'xx' is no code known here; the service decides"}
    """
    try:
        config = SessionConfig.from_dict(data)
    except ConfigError:
        # There is no configuration yet of which that could be said.
        return {}
    found: dict[str, list[str]] = {}
    for path, said in config.unknown_languages():
        found.setdefault(_field_of(path), []).append(said)
    return {
        name: f"{', '.join(codes)} {'is no code' if len(codes) == 1 else 'are no codes'} known "
        "here; the service decides"
        for name, codes in found.items()
    }


def _place(problem: Problem) -> str:
    """The field that a problem is about: that of its path, else the first that its text names."""
    path = ".".join(str(part) for part in problem.path)
    return _field_of(path, problem.message.split(" ")[0])


def _field_of(*paths: str) -> str:
    """The name of the field in which the first of some paths lies that is in any."""
    names = [field.name for field in fields()]
    for wanted in paths:
        if not wanted:
            continue
        for name in names:
            if name == wanted or name.startswith(f"{wanted}.") or wanted.startswith(f"{name}."):
                return name
    return ""
