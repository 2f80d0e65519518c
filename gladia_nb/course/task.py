"""A task of a lesson: what is asked, hints from soft to strong, and who judges the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gladia_nb.course.judging import Ruling

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        name: such as `1a`: the number of the lesson, and a letter.
        ask: what is asked, in a few words.
        judge: called with the answer, the world of the student, and what else the lesson hands in,
            such as the run.
        needs: what it hands in, in words; for whoever forgets it.
        hints: from soft to strong.
        harder: whether it is for the quick ones.
    """

    name: str
    ask: str
    judge: Callable[..., Ruling]
    hints: tuple[str, ...]
    needs: tuple[str, ...] = ()
    harder: bool = False
