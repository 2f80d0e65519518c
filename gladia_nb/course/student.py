"""A student: a name that makes all numbers one's own, checks, hints, predictions, progress."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd

from gladia_nb.course.answers import Answer
from gladia_nb.course.diary import Diary, last_name, progress_directory
from gladia_nb.course.judging import Ruling, as_number
from gladia_nb.course.lessons import TASKS, TITLES
from gladia_nb.course.worlds import World, make_world
from gladia_nb.errors import ConfigError
from gladia_nb.plots.palette import BLUE

__all__ = ["Student"]

_GUEST = "Guest"
_NOTHING = (
    "Nothing is there yet: put your answer in place of the three dots and run the cell again."
)


def _tidy(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())[:60]


def _unanswered(value: Any) -> bool:
    """Whether three dots still stand where an answer is to come, in a function too.

    Example:
        >>> _unanswered((0.1, ...)), _unanswered(lambda k: ...), _unanswered(0)
        (True, True, False)
    """
    if isinstance(value, list | tuple):
        return any(item is ... for item in value)
    if isinstance(value, dict):
        return ... in value.values() and set(map(type, value.values())) == {type(...)}
    return value is ... or ... in getattr(getattr(value, "__code__", None), "co_consts", ())


def _seed(name: str) -> int:
    return int(hashlib.sha256(name.casefold().encode()).hexdigest()[:8], 16) % 10_000


class Student:
    """Who does the course.

    The name decides the numbers of all tasks, the same on every machine, so that neighbours have
    other answers. Progress is kept in a file of this folder and survives a restart; nothing is sent
    anywhere.

    Args:
        name: of the student; an empty one takes the name that was used last here, or is a guest,
            of whom nothing is kept.
        keep: whether progress is kept in a file.
        folder: where; by default `GLADIA_NB_COURSE`, else `course-progress`.

    Attributes:
        name: tidied.
        seed: number that the name makes.

    Example:
        >>> ada = Student("Ada Lovelace", keep=False)
        >>> ada.check("2a", {"sample_rate": 44100}).text[:32]
        "encoding has to be 'wav/pcm', fo"
        >>> ada.check("1a", ...).kind
        'open'
    """

    def __init__(
        self, name: str = "", *, keep: bool = True, folder: str | Path | None = None
    ) -> None:
        if not isinstance(name, str):
            raise ConfigError(f"A name is text, in quotes (got {type(name).__name__}).")
        place = progress_directory() if folder is None else Path(folder)
        self.name = _tidy(name) or (last_name(place) if keep else "") or _GUEST
        self.seed = _seed(self.name)
        stem = re.sub(r"[^a-z0-9]+", "-", self.name.casefold()).strip("-") or "student"
        known = keep and self.name != _GUEST
        self._diary = Diary(place / f"{stem}-{self.seed:04d}.jsonl" if known else None)
        self._worlds: dict[int, World] = {}

    # -- what a lesson gives --

    def world(self, lesson: int) -> World:
        """Sound, words and service of a lesson, with this student's own numbers.

        Raises:
            ConfigError: there is no such lesson.
        """
        if lesson not in self._worlds:
            self._worlds[lesson] = make_world(lesson, self.seed)
        return self._worlds[lesson]

    # -- what a student does --

    def predict(self, question: str, value: Any) -> Answer:
        """Keep a prediction; the first one counts, because later ones know more.

        Args:
            question: its name.
            value: what is predicted.
        """
        title = f"Prediction “{question}”"
        if value is ...:
            return Answer(
                "open", title, "Guess first; a wrong guess costs nothing and teaches most."
            )
        before = self.prediction(question)
        if before is not None:
            return Answer("note", title, f"You said {before}; the first guess counts.")
        self._write(question=question, value=value)
        return Answer("note", title, f"{value} is written down. We shall see.")

    def prediction(self, question: str) -> Any:
        """What was predicted, or None."""
        for entry in self._diary.entries():
            if entry.get("question") == question:
                return entry.get("value")
        return None

    def look_back(self, question: str, actual: Any, unit: str = "", *, task: str = "") -> Answer:
        """Lay a prediction beside what came out.

        Args:
            question: its name.
            actual: a number; three dots while it is not known.
            unit: of both.
            task: which has to be done before, so that what is laid beside it is right.
        """
        title, said = f"Prediction “{question}”", self.prediction(question)
        if task and not self.done(task):
            return Answer("open", title, f"Do task {task} first.")
        actual = as_number(actual) if actual is not ... else "Do the task above first."
        if isinstance(actual, str):
            return Answer("open", title, actual)
        came = f"{actual:.4g} {unit}".strip()
        if said is None:
            return Answer("note", title, f"It came out as {came}; you had not guessed.")
        guess = as_number(said)
        if isinstance(guess, str) or not guess or not actual:
            return Answer("note", title, f"You said {said}; it came out as {came}.")
        ratio = guess / actual
        how = (
            "close"
            if 0.8 <= ratio <= 1.25
            else f"{ratio:.1f} times as much"
            if ratio > 1
            else f"{ratio:.2f} of it"
        )
        return Answer("note", title, f"You said {guess:g}, it came out as {came}: {how}.")

    def check(self, task: str, value: Any, *evidence: Any) -> Answer:
        """Check an answer.

        Args:
            task: name, such as `1a`.
            value: the answer.
            *evidence: what the lesson says to hand in with it, such as the run.

        Returns:
            An answer that is true when the task is done, and says what went wrong when not.

        Raises:
            ConfigError: there is no such task.
        """
        found = self._task(task)
        title = f"Task {found.name}"
        if _unanswered(value):
            return Answer("open", title, _NOTHING)
        if len(evidence) != len(found.needs):
            wanted = ", ".join(("your answer", *found.needs))
            return Answer("wrong", title, f"This check wants {wanted}, in this order.")
        ruling = self._judged(found.judge, value, evidence)
        self._write(task=found.name, right=ruling.right)
        tries = self._tries(found.name)
        if ruling.right:
            return Answer("right", title, ruling.text)
        more = "" if tries < 3 else f"\nme.hint({found.name!r}) has a hint."
        return Answer("wrong", title, ruling.text + more)

    def _judged(self, judge: Any, value: Any, evidence: tuple[Any, ...]) -> Ruling:
        lesson = int(judge.__module__.rpartition("_")[2])
        try:
            ruling: Ruling = judge(value, self.world(lesson), *evidence)
        except Exception as error:  # noqa: BLE001 - of a student's own code, or of foreign data
            return Ruling(
                False,
                f"The answer could not be judged: {type(error).__name__}: {str(error)[:200]}. Is "
                "it of the kind that the task asks for?",
            )
        return ruling

    def hint(self, task: str) -> Answer:
        """The next hint of a task; after the last one it begins again."""
        found = self._task(task)
        given = sum(entry.get("hint") == found.name for entry in self._diary.entries())
        self._write(hint=found.name)
        number = given % len(found.hints)
        title = f"Hint {number + 1} of {len(found.hints)} for task {found.name}"
        return Answer("note", title, found.hints[number])

    def progress(self) -> pd.DataFrame:
        """All tasks: which are done, after how many tries, with how many hints.

        Returns:
            Indexed by task: `lesson`, `ask`, `harder`, `done`, `tries`, `hints`.
        """
        entries = self._diary.entries()
        rows = [
            {
                "task": task.name,
                "lesson": TITLES[int(task.name[:-1])],
                "ask": task.ask,
                "harder": task.harder,
                "done": any(e.get("task") == task.name and e.get("right") is True for e in entries),
                "tries": sum(e.get("task") == task.name for e in entries),
                "hints": sum(e.get("hint") == task.name for e in entries),
            }
            for task in TASKS.values()
        ]
        return pd.DataFrame(rows).set_index("task")

    def done(self, *tasks: str) -> bool:
        """Whether all these tasks are done."""
        table = self.progress()
        return all(bool(table["done"][self._task(task).name]) for task in tasks)

    # -- within --

    def _task(self, name: str) -> Any:
        found = TASKS.get(name) if isinstance(name, str) else None
        if found is None:
            raise ConfigError(f"There is no task {name!r}; there are {', '.join(TASKS)}.")
        return found

    def _tries(self, task: str) -> int:
        return sum(entry.get("task") == task for entry in self._diary.entries())

    def _write(self, **entry: Any) -> None:
        if not self._diary.entries():
            entry = {"name": self.name, **entry}
        self._diary.add(**entry)

    def _where(self) -> str:
        path = self._diary.path
        return "Nothing is kept." if path is None else f"Progress is kept in {path.name}."

    def __repr__(self) -> str:
        done = int(self.progress()["done"].sum())
        return (
            f"{self.name}, number {self.seed}: {done} of {len(TASKS)} tasks done. {self._where()}"
        )

    def _repr_html_(self) -> str:
        table = self.progress()
        by = table.groupby(table.index.str[:-1], sort=False)["done"]
        boxes = "".join(
            f"<span style='margin-right:.9em' title='{html.escape(TITLES[int(lesson)])}'>"
            f"{lesson} {'●' * int(done.sum())}{'○' * int((~done).sum())}</span>"
            for lesson, done in by
        )
        told = "" if self.name != _GUEST else " Put your name between the quotes to keep progress."
        return (
            f"<div style='border-left:4px solid {BLUE};padding:.45em .8em;line-height:1.5'>"
            f"<b>{html.escape(self.name)}</b>, number {self.seed}. {self._where()}{told}"
            f"<div style='margin-top:.25em'>{boxes}</div></div>"
        )
