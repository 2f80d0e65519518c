"""What is wrong with the data of a model, in words: each field, the value, and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pydantic
from pydantic import BaseModel

from gladia_nb.errors import ConfigError

__all__ = ["Problem", "as_config_error", "problems_of"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration.

    Attributes:
        path: keys from the top to the field.
        kind: `unknown` for a key that the API does not have, else `invalid`.
        message: a sentence beginning with the field's dotted path.
    """

    path: tuple[str | int, ...]
    kind: Literal["unknown", "invalid"]
    message: str


def as_config_error(error: pydantic.ValidationError, model: type[BaseModel]) -> ConfigError:
    """Pydantic's error about a `model` as one of ours, with a sentence for each problem."""
    found = problems_of(error, model)
    messages = [problem.message for problem in found]
    return ConfigError("; ".join(messages), messages, found)


def problems_of(error: pydantic.ValidationError, model: type[BaseModel]) -> list[Problem]:
    """What an error says of the data of a `model`, each sentence once."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if not _is_branch(part))
        problem = _problem(model, path, detail)
        if problem.message not in seen:
            seen.add(problem.message)
            problems.append(problem)
    return problems


def _is_branch(part: int | str) -> bool:
    """Pydantic names the branch of a union in the location; it is no key of the data."""
    return part in ("str", "VocabularyEntry")


def _problem(model: type[BaseModel], path: tuple[str | int, ...], detail: Any) -> Problem:
    name = ".".join(str(part) for part in path) or "the configuration"
    kind, context, value = detail["type"], detail.get("ctx", {}), detail.get("input")
    if kind == "extra_forbidden":
        return Problem(path, "unknown", _unknown(model, path))
    if kind == "missing":
        return Problem(path, "invalid", f"{name} is required")
    if kind == "value_error":
        text = str(context.get("error", detail["msg"]))
        return Problem(path, "invalid", f"{name} {text}" if path else text)
    rule = _rule(_limits(model, path), kind, context)
    return Problem(path, "invalid", f"{name} {rule} (got {_short(value)})")


def _rule(limits: tuple[float, float] | None, kind: str, context: Mapping[str, Any]) -> str:
    if limits and kind in {
        "greater_than_equal",
        "less_than_equal",
        "float_type",
        "int_type",
        "finite_number",
        "int_from_float",
    }:
        whole = "a whole number " if kind in {"int_type", "int_from_float"} else ""
        return f"must be {whole}between {limits[0]:g} and {limits[1]:g}"
    if kind == "literal_error":
        expected = str(context["expected"])
        if "," not in expected:
            return f"must be {expected}"
        return f"must be one of {expected.replace(' or ', ', ')}"
    rules = {
        "bool_type": "must be true or false",
        "string_type": "must be a string",
        "string_too_short": "must not be empty",
        "string_pattern_mismatch": "must be an http or https URL",
        "too_short": "must have at least one item",
        "float_type": "must be a number",
        "int_type": "must be a whole number",
        "dict_type": "must be an object",
        "list_type": "must be a list",
        "tuple_type": "must be a list",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
    }
    return rules.get(kind, "is not valid")


def _field(model: type[BaseModel], path: tuple[str | int, ...]) -> pydantic.fields.FieldInfo | None:
    field: pydantic.fields.FieldInfo | None = None
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return None
        model = _model_of(field.annotation) or model
    return field


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_of(inner):
            return found
    return None


def _limits(model: type[BaseModel], path: tuple[str | int, ...]) -> tuple[float, float] | None:
    field = _field(model, path)
    if field is None:
        return None
    inside = [*field.metadata]
    for inner in getattr(field.annotation, "__args__", ()):
        for extra in getattr(inner, "__metadata__", ()):
            inside.extend(getattr(extra, "metadata", ()))
    low = next((float(item.ge) for item in inside if hasattr(item, "ge")), None)
    high = next((float(item.le) for item in inside if hasattr(item, "le")), None)
    return None if low is None or high is None else (low, high)


def _unknown(top: type[BaseModel], path: tuple[str | int, ...]) -> str:
    name = ".".join(str(part) for part in path)
    parent = _field(top, path[:-1]) if len(path) > 1 else None
    model = (_model_of(parent.annotation) if parent else None) or top
    near = difflib.get_close_matches(str(path[-1]), list(model.model_fields), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(model.model_fields)}"
    # What its fields are called is said by the model on top, where the data came from.
    return f"{name} is not {getattr(top, 'field_noun', 'a field')}; {hint}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
