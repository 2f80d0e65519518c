"""Text of others on a terminal."""

from __future__ import annotations

__all__ = ["plain"]


def plain(text: str) -> str:
    r"""Without control characters, line ends excepted: what a service sends steers no terminal.

    Example:
        >>> plain("good\x1b[2Jbye")
        'good [2Jbye'
    """
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
