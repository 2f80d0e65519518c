"""What a judge says, asked as a lesson asks."""

from typing import Any

from gladia_nb.course.lessons import TASKS
from gladia_nb.course.worlds import World


def says(task: str, value: Any, world: World, *evidence: Any) -> str:
    """What is said about a wrong answer; fails when it was right."""
    ruling = TASKS[task].judge(value, world, *evidence)
    assert not ruling.right, f"{value!r} passed {task}: {ruling.text}"
    assert ruling.text
    return ruling.text


def passes(task: str, value: Any, world: World, *evidence: Any) -> bool:
    """Whether an answer is right."""
    ruling = TASKS[task].judge(value, world, *evidence)
    return ruling.right
