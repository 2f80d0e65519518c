"""What every model of settings stands on: strict, immutable, described where its fields stand.

The string below a field is its description, and the schema of a model carries it together with its
default, its limits and its title. The Lab's form and the command line read them from there.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Container, Mapping
from typing import Any, ClassVar

import pydantic
from pydantic import BaseModel, ConfigDict
from pydantic.fields import ComputedFieldInfo, FieldInfo

from gladia_nb.config.problems import Problem, as_config_error, problems_of

__all__ = ["Part", "Settings", "field_lines", "title", "with_fields"]


def title(name: str, info: FieldInfo | ComputedFieldInfo | None = None) -> str:  # noqa: ARG001
    """A field's name for people, where it has no title of its own.

    Args:
        name: of the field.
        info: what pydantic knows of it.

    Example:
        >>> title("receive_speech_events")
        'Speech events'
    """
    words = name.removeprefix("receive_").replace("_", " ")
    return words[:1].upper() + words[1:]


class Part(BaseModel):
    """Strict and immutable: a number in quotes is a mistake, not a number."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        protected_namespaces=(),
        use_attribute_docstrings=True,
        field_title_generator=title,
    )


def field_lines(model: type[BaseModel], names: Container[str], *, indent: int) -> str:
    """What the fields of a model do, for the list in a docstring.

    Args:
        model: its fields are described by the strings below them.
        names: fields to list, in the order of the model.
        indent: characters before each line.

    Example:
        >>> from gladia_nb.config import LanguageConfig
        >>> field_lines(LanguageConfig, {"code_switching"}, indent=4)
        '    code_switching: detect anew at each utterance.'
    """
    return "\n".join(
        textwrap.fill(
            f"{name}: {text[:1].lower()}{text[1:]}",
            width=100,
            initial_indent=indent * " ",
            subsequent_indent=(indent + 4) * " ",
        )
        for name, info in model.model_fields.items()
        if name in names and (text := info.description)
    )


def with_fields(doc: str, place: str, model: type[BaseModel], names: Container[str]) -> str:
    """A docstring with what some fields do, on lines in place of `{place}`.

    Since Python 3.13 docstrings come without the indentation of their source.

    Args:
        doc: the docstring.
        place: what its line says between braces.
        model: as for `field_lines`.
        names: likewise.

    Example:
        >>> from gladia_nb.config import LanguageConfig
        >>> with_fields("  {all}", "all", LanguageConfig, {"code_switching"})
        '  code_switching: detect anew at each utterance.'
    """
    return re.sub(
        rf"^( *)\{{{place}\}}",
        lambda found: field_lines(model, names, indent=len(found[1])),
        doc,
        flags=re.MULTILINE,
    )


class Settings(Part):
    """Settings that one makes by hand: what is wrong is a `ConfigError` in words.

    Where the docstring of a model says `{fields}`, its fields are listed with what they do.

    Raises:
        ConfigError: naming each field that is unknown or out of range, the value and what is
            allowed.
    """

    field_noun: ClassVar[str] = "a field"

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except pydantic.ValidationError as error:
            raise as_config_error(error, type(self)) from None

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        if cls.__doc__ is not None:  # as with `python -OO`
            cls.__doc__ = with_fields(cls.__doc__, "fields", cls, cls.model_fields)

    @classmethod
    def problems_in(cls, data: Mapping[str, Any]) -> list[Problem]:
        """Everything wrong with data for this model; empty when it is right."""
        try:
            # Not through the class: its own errors are sentences, without path and kind.
            BaseModel.__init__(cls.__new__(cls), **{str(key): data[key] for key in data})
        except pydantic.ValidationError as error:
            return problems_of(error, cls)
        return []
