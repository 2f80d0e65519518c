"""All lessons: their titles, and their tasks by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gladia_nb.course import (
    lesson_1,
    lesson_2,
    lesson_3,
    lesson_4,
    lesson_5,
    lesson_6,
    lesson_7,
    lesson_8,
    lesson_9,
)
from gladia_nb.course.task import Task

__all__ = ["TASKS", "TITLES"]

_MODULES = (
    lesson_1,
    lesson_2,
    lesson_3,
    lesson_4,
    lesson_5,
    lesson_6,
    lesson_7,
    lesson_8,
    lesson_9,
)

#: Number of a lesson -> its title; 8 and 9 are extra.
TITLES: Mapping[int, str] = MappingProxyType(
    {number: module.TITLE for number, module in enumerate(_MODULES, 1)}
)

#: Name -> task, in the order of the lessons.
TASKS: Mapping[str, Task] = MappingProxyType(
    {task.name: task for module in _MODULES for task in module.TASKS}
)
