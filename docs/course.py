"""Write the solutions of the course anew from its lessons, so that the two cannot drift apart.

    python docs/course.py

A solution notebook is its lesson: the same cells, but those with the tag `task` hold an answer, and
one with the tag `checks` may stand at the end. Whoever changes a lesson runs this; the answers are
kept, by the ids of the cells. `tests/course/test_books.py` says when it was forgotten.
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

BOOKS = Path(__file__).resolve().parents[1] / "notebooks" / "course"
#: The tags of cells that a solution has by itself.
TASK, CHECKS = "task", "checks"


def tagged(cell: dict[str, Any], tag: str) -> bool:
    """Whether a cell has a tag."""
    return tag in cell["metadata"].get("tags", ())


def solved(lesson: dict[str, Any], solution: dict[str, Any]) -> dict[str, Any]:
    """The lesson with the answers of a solution.

    Args:
        lesson: a notebook.
        solution: its solution as it was; only answers and checks are taken from it.

    Raises:
        ValueError: a task has no answer, or an answer no task.
    """
    answers = {cell["id"]: cell for cell in solution["cells"] if tagged(cell, TASK)}
    tasks = {cell["id"] for cell in lesson["cells"] if tagged(cell, TASK)}
    if answers.keys() != tasks:
        apart = ", ".join(sorted(answers.keys() ^ tasks))
        raise ValueError(f"these cells are a task in one of the two only: {apart}")
    whole = copy.deepcopy(lesson)
    whole["cells"] = [answers.get(cell["id"], cell) for cell in whole["cells"]]
    whole["cells"] += [cell for cell in solution["cells"] if tagged(cell, CHECKS)]
    return whole


def text_of(book: dict[str, Any]) -> str:
    """A notebook as it stands in its file."""
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def pairs() -> list[tuple[Path, Path]]:
    """Each lesson with its solution."""
    return [
        (path, BOOKS / "solutions" / path.name) for path in sorted(BOOKS.glob("0[1-9]_*.ipynb"))
    ]


def main() -> int:
    """Write what differs; returns 1 when a lesson and its solution do not belong together."""
    for lesson, solution in pairs():
        old = solution.read_text(encoding="utf-8")
        try:
            new = text_of(solved(json.loads(lesson.read_text(encoding="utf-8")), json.loads(old)))
        except ValueError as error:
            print(f"{solution.name}: {error}", file=sys.stderr)
            return 1
        if new != old:
            solution.write_text(new, encoding="utf-8")
            print(f"{solution.name} was written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
