"""Text of others on a terminal."""

from __future__ import annotations

from gladia_nb.plain_text import visible

__all__ = ["plain", "plain_lines"]


def plain(text: object) -> str:
    r"""On one line, control characters as escapes: what comes from outside steers no terminal.

    Args:
        text: a text, or what has one, such as a path.

    Example:
        >>> plain("good\x1b[2J\nbye")
        'good\\x1b[2J\\nbye'
    """
    return visible(str(text))


def plain_lines(text: object) -> str:
    r"""As `plain`, of a text that may have several lines.

    Example:
        >>> plain_lines("good\x1b[2J\nbye")
        'good\\x1b[2J\nbye'
    """
    return visible(str(text), keep="\n")
