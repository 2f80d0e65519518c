"""A corpus in memory: its items in order, and what could not be read."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, overload

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.record.schema import Schema, to_frame
from gladia_nb.sessions.formats.base import Problem
from gladia_nb.studies.corpora.items import Item

__all__ = ["CORPUS", "Corpus"]

#: One row an item.
CORPUS: Schema = MappingProxyType(
    {
        "name": "str",
        "granularity": "str",  # word, segment, text
        "words": "int64",  # spoken, between blanks
        "left_out": "int64",  # marks of the reference that are no words
        "duration_s": "float64",
        "sample_rate": "int64",
        "channels": "int64",
        "speaker": "str",  # missing where it is not known, or several
        "language": "str",
        "path": "str",  # of the sound file; missing for sound from memory
        "start_s": "float64",  # in that file
        "end_s": "float64",  # NaN for its end
    }
)

#: How many problems are shown, and how many items.
_SHOWN = 5


class Corpus(Sequence[Item]):
    """Recordings with what was said in them. Made by `gladia_nb.corpus`.

    A slice is a corpus; `corpus["name"]` is the item of that name.

    Attributes:
        problems: what could not be read: `file`, `line` and `sentence` each.
        notes: what else is to be known, a sentence each.
    """

    def __init__(
        self,
        items: Iterable[Item],
        *,
        problems: Iterable[Problem] = (),
        notes: Iterable[str] = (),
    ) -> None:
        self._items = tuple(items)
        self._names = {item.name: item for item in self._items}
        self.problems = tuple(problems)
        self.notes = tuple(notes)

    @overload
    def __getitem__(self, key: int | str) -> Item: ...
    @overload
    def __getitem__(self, key: slice) -> Corpus: ...
    def __getitem__(self, key: int | str | slice) -> Item | Corpus:
        if isinstance(key, slice):
            return Corpus(self._items[key], problems=self.problems, notes=self.notes)
        if isinstance(key, str):
            try:
                return self._names[key]
            except KeyError:
                raise ConfigError(
                    f"There is no item {key!r} in this corpus; table() lists all names."
                ) from None
        return self._items[key]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @property
    def granularity(self) -> str | None:
        """The coarsest of the items: what is known of all of them; None without any."""
        found = {item.granularity for item in self._items}
        return next((name for name in ("text", "segment", "word") if name in found), None)

    @property
    def duration_s(self) -> float:
        """Length of all recordings together, seconds; looks into each file.

        Raises:
            AudioError: one cannot be read.
        """
        return sum(item.duration_s for item in self._items)

    def table(self) -> pd.DataFrame:
        """One row an item; columns in `CORPUS`. Looks into each file.

        Raises:
            AudioError: one cannot be read.
        """
        columns: dict[str, list[Any]] = {name: [] for name in CORPUS}
        for item in self._items:
            row = {
                **{name: getattr(item, name) for name in CORPUS if hasattr(item, name)},
                "words": len(item.reference.text.split()),
                "left_out": item.reference.left_out,
                "path": None if item.path is None else str(item.path),
            }
            for name, value in row.items():
                columns[name].append(value)
        return to_frame(columns, CORPUS)

    def __repr__(self) -> str:
        return f"Corpus({', '.join(self._facts())})"

    def _facts(self) -> list[str]:
        kinds = [item.granularity for item in self._items]
        facts = [_many(len(self._items), "item")]
        facts += [f"{kinds.count(kind)} by {kind}" for kind in dict.fromkeys(kinds)]
        if self.problems:
            facts.append(_many(len(self.problems), "problem"))
        return facts

    def _repr_html_(self) -> str:
        # Names and texts are foreign: everything is escaped.
        names = [item.name for item in self._items[:_SHOWN]]
        more = ["..."] if len(self._items) > _SHOWN else []
        parts = [
            f"<p><b>Corpus</b> · {html.escape(' · '.join(self._facts()))}</p>",
            f"<p>{html.escape(', '.join([*names, *more]))}</p>",
        ]
        said = [str(problem) for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            said.append(f"{len(self.problems) - _SHOWN} more in problems")
        said += self.notes[:_SHOWN]
        if said:
            rows = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in said)
            parts.append(f"<ul>{rows}</ul>")
        return f"<div>{''.join(parts)}</div>"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
