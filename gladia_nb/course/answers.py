"""What a student gets to see after a check: a sentence that says what was right or went wrong."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal

from gladia_nb.plots.palette import BLUE, GREEN, GREY, RED

__all__ = ["Answer", "Kind"]

Kind = Literal["right", "wrong", "open", "note"]

#: Sign, word and colour of the edge of each kind; readable on a light and on a dark page.
_LOOKS: dict[Kind, tuple[str, str, str]] = {
    "right": ("✓", "Right", GREEN),
    "wrong": ("✗", "Not yet", RED),
    "open": ("…", "To do", GREY),
    "note": ("•", "Note", BLUE),
}


@dataclass(frozen=True)
class Answer:
    """An answer; true when the task is done.

    Attributes:
        kind: `right`, `wrong`, `open` (nothing was handed in), or `note`.
        title: what it is about, such as `Task 1a`.
        text: what to know, in a sentence or two; paragraphs are divided by line ends.

    Example:
        >>> Answer("wrong", "Task 1a", "That is the mean. Take the median.")
        ✗ Task 1a · Not yet. That is the mean. Take the median.
        >>> bool(Answer("right", "Task 1a", "640 ms."))
        True
    """

    kind: Kind
    title: str
    text: str

    def __bool__(self) -> bool:
        return self.kind == "right"

    def __repr__(self) -> str:
        sign, word, _ = _LOOKS[self.kind]
        said = self.title if self.kind == "note" else f"{self.title} · {word}."
        return f"{sign} {said} {self.text}".rstrip()

    def _repr_html_(self) -> str:
        sign, word, colour = _LOOKS[self.kind]
        said = "" if self.kind == "note" else f" · {word}"
        lines = "".join(
            f"<div style='margin-top:.25em'>{_emphasised(html.escape(line))}</div>"
            for line in self.text.splitlines()
        )
        return (
            f"<div style='border-left:4px solid {colour};padding:.45em .8em;max-width:46em;"
            "line-height:1.45'>"
            f"<b><span style='color:{colour}'>{sign}</span> {html.escape(self.title)}{said}</b>"
            f"{lines}</div>"
        )


def _emphasised(text: str) -> str:
    """What stands between asterisks as HTML has it."""
    return re.sub(r"\*(\w[^*]*)\*", r"<em>\1</em>", text)
