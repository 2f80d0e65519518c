"""Text of others on a terminal."""

from __future__ import annotations

from gladia_nb.plain_text import visible

__all__ = ["plain", "plain_lines"]

#: Bytes of a path that are no text, without those that are control characters of some terminals.
_BYTES = "".join(map(chr, range(0xDCA0, 0xDD00)))


def plain(text: object) -> str:
    r"""On one line, control characters as escapes: what comes from outside steers no terminal.

    Args:
        text: a text, or what has one, such as a path, of which bytes that are no text stay.

    Example:
        >>> plain("good\x1b[2J\nbye")
        'good\\x1b[2J\\nbye'
    """
    return visible(str(text), keep=_BYTES)


def plain_lines(text: object) -> str:
    r"""As `plain`, of a text that may have several lines.

    Example:
        >>> plain_lines("good\x1b[2J\nbye")
        'good\\x1b[2J\nbye'
    """
    return visible(str(text), keep="\n")
