"""Strings and numbers inside a JSON text, replaced where they stand: all else stays as it is.

A text that was read and written again has lost its spaces, the order of its fields and how its
numbers were written. What is replaced here leaves the rest as the service wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

__all__ = ["Path", "replaced"]

#: Names of the objects' fields on the way to a value, from the outside; lists have none.
Path = tuple[str, ...]

_SIGNS = frozenset("{}[],:")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|-?\d[\d.eE+-]*', re.DOTALL)


def replaced(
    text: str,
    *,
    value: Callable[[Path, str], str],
    key: Callable[[Path, str], str] = lambda _, name: name,
    number: Callable[[Path, str], str] = lambda _, digits: digits,
) -> str:
    """The text with other strings in it.

    Args:
        text: valid JSON; of other text anything may come.
        value: from the path of a string, and itself, to what shall stand there.
        key: from the path of an object, and the name of a field of it, to the name.
        number: from the path of a number, and how it is written, to another one.

    Example:
        >>> replaced('{"a": [ "x", 1.50 ]}', value=lambda path, text: f"{path[-1]}={text}")
        '{"a": [ "a=x", 1.50 ]}'
    """
    # Of each open object the name of the field that is being read; of each list None.
    names: list[str | None] = []
    is_key = False
    parts: list[str] = []
    done = 0
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece in _SIGNS:
            if piece in "{[":
                names.append("" if piece == "{" else None)
            elif piece in "}]":
                names.pop()
            is_key = piece == "{" or (piece == "," and names[-1] is not None)
            continue
        if piece[0] != '"':
            new = number(_path(names), piece)
        else:
            said: str = json.loads(piece)
            told = (key(_path(names[:-1]), said)) if is_key else value(_path(names), said)
            if is_key:
                names[-1] = said
            new = piece if told == said else json.dumps(told, ensure_ascii=False)
        parts += text[done : found.start()], new
        done = found.end()
    parts.append(text[done:])
    return "".join(parts)


def _path(names: list[str | None]) -> Path:
    return tuple(name for name in names if name)
