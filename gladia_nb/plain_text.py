"""Text that comes from outside, made harmless to show."""

from __future__ import annotations

import unicodedata

__all__ = ["visible"]

#: They join and part the letters of some scripts, and do nothing else.
_JOINERS = "\u200c\u200d"


def visible(text: str, keep: str = "") -> str:
    r"""Text of others with each control character as an escape, so that it steers no terminal.

    Args:
        text: from a service, a file, anywhere.
        keep: control characters to leave as they are.

    Example:
        >>> visible("good\x1b[2J\nbye")
        'good\\x1b[2J\\nbye'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _shown(c) for c in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    if character in _JOINERS:
        return character
    return character.encode("unicode_escape").decode()
