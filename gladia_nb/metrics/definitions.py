"""The glossary: our names, those of the field, how they differ, and an example of each."""

from __future__ import annotations

import html
import textwrap
from types import MappingProxyType
from typing import Any

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.definition import Definition
from gladia_nb.metrics.defined_latencies import LATENCIES
from gladia_nb.metrics.defined_measures import MEASURES
from gladia_nb.metrics.defined_words import WORDS
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["DEFINITIONS", "GLOSSARY", "field_name", "glossary", "latency_label"]

#: All of them, in the order of the glossary.
DEFINITIONS: tuple[Definition, ...] = (*LATENCIES, *MEASURES, *WORDS)

#: One row a definition.
GLOSSARY: Schema = MappingProxyType(
    {
        "name": "str",  # ours
        "field_names": "str",  # what the field calls it; missing where nobody names it
        "meaning": "str",
        "difference": "str",  # what the field's names mean elsewhere; missing without any
        "source": "str",  # of the field's names; missing without any
        "unit": "str",  # missing for words
        "found_in": "str",  # what computes it, of `gn` and `run`
        "example": "str",  # with its result
        "session": "str",  # that the example is about: what was spoken, and which messages came
    }
)

_BY_NAME = {definition.name: definition for definition in LATENCIES}


def glossary(word: str | None = None) -> pd.DataFrame:
    """What each number means, how the field calls it, and how the two differ.

    The tables of this package, the definitions in a report and this glossary are made from the same
    place, and each worked example is computed by a test.

    Args:
        word: only what mentions it: a name of ours or of the field, such as "TTFS".

    Returns:
        Columns in `GLOSSARY`. Printed, it is a list to read.

    Raises:
        ConfigError: nothing mentions the word.

    Example:
        >>> glossary("PR50")["name"].tolist()
        ['speech_end -> last_word_seen']
    """
    chosen = [d for d in DEFINITIONS if word is None or _mentions(d, word)]
    if not chosen:
        raise ConfigError(
            f"The glossary does not know {word!r}; glossary() shows all that it knows."
        )
    columns: dict[str, list[Any]] = {
        "name": [d.name for d in chosen],
        "field_names": ["; ".join(d.field) or None for d in chosen],
        "meaning": [d.meaning for d in chosen],
        "difference": [d.difference or None for d in chosen],
        "source": [d.source or None for d in chosen],
        "unit": [d.unit or None for d in chosen],
        "found_in": [d.found_in for d in chosen],
        "example": [d.worked_example for d in chosen],
        "session": [d.script.sentence for d in chosen],
    }
    return _Glossary(to_frame(columns, GLOSSARY))


def latency_label(name: str) -> str:
    """A latency for people, as the tables have it; the clock is left out.

    Example:
        >>> latency_label("speech_end -> end_of_speech_detected @send")
        'utterance: end of speech detected'
    """
    return _BY_NAME[name.partition(" @")[0]].label


def field_name(name: str) -> str:
    """A latency as the field calls it, without its clock; our label where nobody names it.

    Example:
        >>> field_name("speech_end -> final @send"), field_name("first_partial -> final @arrival")
        ('time to final segment (TTFS)', 'utterance: first partial to final')
    """
    known = _BY_NAME[name.partition(" @")[0]]
    return known.field[0] if known.field else known.label


def _mentions(definition: Definition, word: str) -> bool:
    texts = (definition.name, definition.label, *definition.field, definition.difference)
    return any(word.lower() in text.lower() for text in texts)


class _Glossary(pd.DataFrame):
    """A table that is read, not scanned; parts of it are plain tables."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        return "\n\n".join(_entry(row) for row in self.to_dict("records"))

    def _repr_html_(self) -> str:
        left = "text-align:left;vertical-align:top"
        names = ("name", "field_names", "meaning", "difference", "example")
        heads = "".join(f'<th style="{left}">{name.replace("_", " ")}</th>' for name in names)
        wide = f"{left};white-space:normal;min-width:9em;max-width:22em"
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="{wide}">{"" if pd.isna(row[name]) else html.escape(row[name])}</td>'
                for name in names
            )
            + "</tr>"
            for row in self.to_dict("records")
        )
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _entry(row: dict[Any, Any]) -> str:
    """One definition as an entry of a dictionary."""
    lines = [row["name"] if pd.isna(row["unit"]) else f"{row['name']} [{row['unit']}]"]
    for name, head in (
        ("meaning", ""),
        ("field_names", "In the field: "),
        ("difference", "There: "),
        ("source", "Source: "),
        ("example", "Example: "),
    ):
        if not pd.isna(row[name]):
            lines += textwrap.wrap(
                f"{head}{row[name]}", 96, initial_indent="    ", subsequent_indent="      "
            )
    return "\n".join(lines)
