"""The fields of a configuration as a form: generated from the model, so that none is forgotten.

`fields()` lists every field that `SessionConfig` has, nested ones with their path. A form edits
plain data, as `SessionConfig.from_dict` takes it; `set_value` and `reset_value` return changed
copies.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import json
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gladia_nb.config import MessagesConfig, Problem, SessionConfig, find_problems
from gladia_nb.errors import ConfigError

__all__ = [
    "Field",
    "changed_paths",
    "effective",
    "fields",
    "place_problems",
    "read_value",
    "reset_value",
    "set_value",
]

Path = tuple[str, ...]
Kind = Literal["flag", "choice", "number", "whole", "text", "list", "json"]

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
#: Where the field's own name would not do.
_LABELS = {
    "endpointing": "Endpointing, s",
    "maximum_duration_without_endpointing": "Maximum duration, s",
    "receive_pre_processing_events": "Pre-processing events",
    "receive_realtime_processing_events": "Real-time processing events",
    "receive_post_processing_events": "Post-processing events",
    "sample_rate": "Sample rate, Hz",
}
#: Said of fields that the models' own docstrings do not describe.
_HELP = {
    "custom_vocabulary": "Prefer certain words; needs the words below.",
    "vocabulary": 'JSON: a list of words, or of {"value", "intensity", "pronunciations", '
    '"language"}.',
    "default_intensity": "How strongly to prefer words that do not say it themselves.",
    "custom_spelling": "Replace spellings; needs the dictionary below.",
    "spelling_dictionary": 'JSON: {"Gladia": ["gladya", "glad ear"]}.',
    "translation": "Translate each final; needs target languages.",
    "target_languages": "Language codes, such as fr, de.",
    "model": "Which model.",
    "match_original_utterances": "Keep the utterances of the original.",
    "lipsync": "Translations that suit the lips.",
    "context_adaptation": "Let the context shape the translation.",
    "context": "The context, in words.",
    "informal": "Informal address.",
    "named_entity_recognition": "Find names, dates, places.",
    "sentiment_analysis": "Sentiment and emotion of each final.",
    "summarization": "Summarise the whole at the end.",
    "type": "Kind of summary.",
    "chapterization": "Divide the whole into chapters at the end.",
    "url": "Where callbacks are posted.",
    "callback": "Also post messages to the URL of the group Callbacks.",
    "custom_metadata": "JSON: an object, echoed in the result; 2000 characters at most.",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the API, as a form shows it.

    Attributes:
        path: keys from the top, such as `("language_config", "languages")`.
        label: its name, for people.
        group: heading that it stands under.
        kind: what is typed: a flag, a choice, a number, text, a list of words, or JSON.
        default: value that holds when it is not set; None when the source or nothing decides.
        choices: allowed values of a choice.
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
    return tuple(_walk(SessionConfig, ()))


def _walk(model: type[BaseModel], above: Path) -> Iterator[Field]:
    helps = _attribute_docs(model)
    for name, info in model.model_fields.items():
        path = (*above, name)
        inner = _model_of(info.annotation)
        if inner is not None:
            yield from _walk(inner, path)
        else:
            yield _field(path, info, helps.get(name, ""))


def _field(path: Path, info: FieldInfo, text: str) -> Field:
    kind, choices = _kind(info.annotation)
    default = None if info.default is PydanticUndefined else info.default
    if path[0] == "messages_config":
        # What a stopwatch asks for; see `SessionConfig.measuring`.
        default = True
    if path in _FROM_SOURCE:
        default = None
    low, high = _limits(info)
    name = path[-1]
    group = _GROUPS["callback_config" if name == "callback" else path[0] if path[1:] else ""]
    return Field(
        path=path,
        label=_label(path),
        group=group,
        kind=kind,
        default=list(default) if isinstance(default, tuple) else default,
        choices=choices,
        low=low,
        high=high,
        help=text or _HELP.get(name, ""),
        front=path in _FRONT,
    )


def _label(path: Path) -> str:
    if path == ("callback_config", "url"):
        return "Callback URL"
    if path[-1] in _LABELS:
        return _LABELS[path[-1]]
    words = path[-1].removeprefix("receive_").replace("_", " ")
    if path[-2:-1] and path[-2] in ("translation_config", "summarization_config"):
        words = f"{path[-2].removesuffix('_config')}: {words}"
    return words[:1].upper() + words[1:]


def _kind(annotation: Any) -> tuple[Kind, tuple[Any, ...]]:
    inner = _bare(annotation)
    origin = typing.get_origin(inner)
    if origin is Literal:
        return "choice", typing.get_args(inner)
    simple: dict[Any, Kind] = {bool: "flag", float: "number", int: "whole", str: "text"}
    if inner in simple:
        return simple[inner], ()
    if origin is tuple and typing.get_args(inner)[0] is str:
        return "list", ()
    return "json", ()


def _bare(annotation: Any) -> Any:
    """Without `Annotated`, and without the None of an optional."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            options = [item for item in typing.get_args(annotation) if item is not type(None)]
            if len(options) != 1:
                return annotation
            annotation = options[0]
        else:
            return annotation


def _model_of(annotation: Any) -> type[BaseModel] | None:
    inner = _bare(annotation)
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _limits(info: FieldInfo) -> tuple[float | None, float | None]:
    low = high = None
    marks = list(info.metadata)
    for option in typing.get_args(info.annotation):
        for extra in getattr(option, "__metadata__", ()):
            marks += [extra, *getattr(extra, "metadata", ())]
    for mark in marks:
        low = getattr(mark, "ge", None) if low is None else low
        high = getattr(mark, "le", None) if high is None else high
    return low, high


def _attribute_docs(model: type[BaseModel]) -> dict[str, str]:
    """What the docstring of a model says of each attribute."""
    _, _, section = inspect.cleandoc(model.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for match in re.finditer(r"^ {4}(\w+): (.+(?:\n {8}\S.*)*)", section, re.MULTILINE):
        text = " ".join(match[2].split())
        found[match[1]] = text[:1].upper() + text[1:]
    return found


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
    if field.kind == "json":
        with contextlib.suppress(ValueError):
            return json.loads(text)
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


def _place(problem: Problem) -> str:
    """The field that a problem is about: that of its path, else the first that its text names."""
    names = [field.name for field in fields()]
    path = ".".join(str(part) for part in problem.path)
    for wanted in (path, problem.message.split(" ")[0]):
        if not wanted:
            continue
        for name in names:
            if name == wanted or name.startswith(f"{wanted}.") or wanted.startswith(f"{name}."):
                return name
    return ""
